"""Tells by a handful of `stat()` calls whether git is worth asking about a worktree."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from monitor.sources.git.errors import GitError
from monitor.sources.git.files import ABSENT, stamp
from monitor.sources.git.layout import layout_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    from monitor.sources.git.files import Stamp
    from monitor.sources.git.layout import Layout

LOCK_SECONDS: Final = 3.0
"""A younger index.lock is a git command at work; an older one was left behind, or its command hangs."""

_WORKTREES: Final = 4096


class _Place:
    """Files of one worktree whose stamps tell, and the stamps for which these are the right files."""

    __slots__ = ("dot_git", "git_dir", "head", "index", "is_file", "lock", "log", "packed", "ref")

    def __init__(self, worktree: str, found: Layout) -> None:
        self.is_file = not os.path.isdir(f"{worktree}/.git")
        self.dot_git = stamp(f"{worktree}/.git")
        self.git_dir = found.git_dir
        self.head = stamp(f"{found.git_dir}/HEAD")
        self.index = f"{found.git_dir}/index"
        self.lock = f"{found.git_dir}/index.lock"
        self.log = f"{found.git_dir}/logs/HEAD"
        self.ref = f"{found.common_dir}/{found.head_ref}" if found.head_ref else ""
        self.packed = f"{found.common_dir}/packed-refs"

    def holds(self, dot_git: Stamp) -> bool:
        """Whether `.git` is still the same one: a folder's content may change, a gitfile's may not."""
        return dot_git == self.dot_git if self.is_file else dot_git[0] == self.dot_git[0]


class Signatures:
    """Makes signatures; remembers which files to look at. Safe to use from several threads."""

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}

    def of(self, worktree: str) -> Hashable:
        """A value that changes when HEAD, the index, the branch or an operation moved, or an index.lock grew old.

        Eight `stat()` calls; edits of files do not show. Never raises.
        """
        dot_git = stamp(f"{worktree}/.git")
        place = self._places.get(worktree)
        if place is None or not place.holds(dot_git) or place.head != stamp(f"{place.git_dir}/HEAD"):
            try:
                place = _Place(worktree, layout_of(worktree))
            except GitError as error:
                return (error.state, dot_git)
            if len(self._places) >= _WORKTREES:
                self._places.clear()
            self._places[worktree] = place
        ref = stamp(place.ref) if place.ref else ABSENT
        return (
            dot_git,
            place.head,
            stamp(place.git_dir) if place.is_file else dot_git,
            stamp(place.index),
            stamp(place.log),
            stamp(place.packed) if ref is ABSENT else ref,
            lock_age(place.lock, time.time()) >= LOCK_SECONDS,
        )


def lock_age(path: str, now: float) -> float:
    """Seconds since a lock file was made, at `now` (seconds since the epoch); -1 when there is none."""
    found = stamp(path)
    return -1.0 if found is ABSENT else max(0.0, now - found[2] / 1e9)
