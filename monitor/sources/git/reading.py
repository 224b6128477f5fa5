"""Puts together what git and the repository's files told of one worktree."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from monitor.model import WorktreeReading
from monitor.sources.git.files import stamp
from monitor.sources.git.layout import FOREIGN_REFS, branch_worked_on, operations
from monitor.sources.git.signature import LOCK_SECONDS, lock_age
from monitor.text import clean, clean_path

if TYPE_CHECKING:
    from monitor.model import GitState, Millis
    from monitor.sources.git.distance import Distance
    from monitor.sources.git.errors import GitError
    from monitor.sources.git.layout import Layout
    from monitor.sources.git.status import Status


def is_shallow(layout: Layout) -> bool:
    """Whether the repository's history is cut off."""
    return os.path.exists(f"{layout.common_dir}/shallow")


def current_branch(layout: Layout, seen: str | None = None) -> str | None:
    """The branch being worked on, in a rebase or bisect too; `seen` is what git named. None when detached.

    Raises PermissionError.
    """
    if seen is None and layout.head_ref not in {None, FOREIGN_REFS}:
        seen = str(layout.head_ref).removeprefix("refs/heads/")
    return branch_worked_on(layout.git_dir) or seen


def readable(
    layout: Layout, status: Status, branch: str | None, distance: Distance, now: Millis
) -> WorktreeReading:
    """The reading of a worktree of which git told. Raises PermissionError."""
    lock = f"{layout.git_dir}/index.lock"
    age = lock_age(lock, now / 1000)
    flags = _flags(layout, status, locked=age >= LOCK_SECONDS)
    error = distance.error
    if flags[0] == "index-locked":
        error = f"{clean(lock)} is {age:.0f} s old: if no git command runs there, remove it"
    return WorktreeReading(
        path=layout.worktree,
        at=now,
        state=flags[0],
        flags=flags,
        repository=layout.common_dir,
        branch=None if branch is None else clean(branch),
        head=status.head,
        upstream=None if status.upstream is None else clean(status.upstream),
        ahead=distance.ahead,
        behind=distance.behind,
        uncommitted_changes=status.changed,
        modified=status.modified,
        staged=status.staged,
        untracked=status.untracked,
        conflicted=status.conflicted,
        stash_count=_stashes(layout, status),
        changed_files=tuple(map(clean_path, status.paths)),
        last_change=_last_change(layout, status.paths),
        error=error,
    )


def unreadable(worktree: str, layout: Layout | None, error: GitError, now: Millis) -> WorktreeReading:
    """The reading of a worktree of which git told nothing: every number is unknown."""
    branch = None
    if layout is not None:
        with contextlib.suppress(OSError):
            branch = current_branch(layout)
    return WorktreeReading(
        path=worktree if layout is None else layout.worktree,
        at=now,
        state=error.state,
        flags=(error.state,),
        repository=None if layout is None else layout.common_dir,
        branch=None if branch is None else clean(branch),
        error=error.sentence,
    )


def _flags(layout: Layout, status: Status, *, locked: bool) -> tuple[GitState, ...]:
    """Every state that holds, the most telling first."""
    flags: list[GitState] = ["index-locked"] if locked else []
    flags += operations(layout.git_dir)
    if status.head is None:
        flags.append("unborn")
    elif status.branch is None:
        flags.append("detached")
    if is_shallow(layout):
        flags.append("shallow")
    if status.head is not None and status.branch is not None:
        flags.append("branch")
    return tuple(flags)


def _stashes(layout: Layout, status: Status) -> int | None:
    """How many stashes there are; None when there are some and git is too old to count them."""
    if status.stash_count is None and stamp(f"{layout.common_dir}/logs/refs/stash")[1] == 0:
        return 0
    return status.stash_count


def _last_change(layout: Layout, paths: tuple[bytes, ...]) -> Millis | None:
    """Newest modification time of the index and the changed files, of which the first ones are looked at."""
    newest = stamp(f"{layout.git_dir}/index")[2]
    root = os.fsencode(layout.worktree) + b"/"
    for path in paths:
        try:
            newest = max(newest, os.lstat(root + path).st_mtime_ns)
        except OSError:  # a deleted file, the most ordinary case
            continue
    return newest // 1_000_000 or None
