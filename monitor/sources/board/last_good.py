"""The last version of a board in git that can be read: what a person restores of a broken one (seed 001 L399)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.errors import SourceError
from monitor.model import Millis
from monitor.sources.board.shapes import parse_board
from monitor.sources.board.source import BOARD, SIZE_LIMIT
from monitor.sources.git.environment import Environments
from monitor.sources.git.errors import GitError
from monitor.sources.git.layout import layout_of, worktree_of
from monitor.sources.git.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Callable

VERSIONS: Final = 50
"""How many versions are looked at."""


class BoardVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a root's board in a commit."""

    commit_hash: str
    committed_at: Millis
    tasks: int
    worktree: str
    path: str
    """Relative to the worktree."""


def last_good(root: str, timeout: float = 10.0) -> BoardVersion | None:
    """The newest commit that HEAD reaches with a board that can be read; None when there is none among the newest.

    Blocks for git, which is run as everywhere (DESIGN.md §6), and nothing is written. Raises SourceError when git
    cannot tell.
    """
    worktree = worktree_of(root)
    if worktree is None:
        return None
    path = os.path.relpath(os.path.join(os.path.realpath(root), BOARD), worktree)
    runner = Runner(timeout)
    try:
        layout = layout_of(worktree)
        environment = Environments(runner).of(layout)

        def run(*arguments: str) -> bytes:
            return runner.run(layout.worktree, environment, arguments)

        listing = run(
            "rev-list", f"--max-count={VERSIONS}", "--timestamp", "HEAD", "--", f":(top,literal){path}"
        )
        for line in listing.decode("ascii", "replace").splitlines():
            seconds, _, commit = line.partition(" ")
            tasks = _tasks(run, f"{commit}:{path}", root)
            if tasks is not None:
                return BoardVersion(
                    commit_hash=commit,
                    committed_at=1000 * int(seconds),
                    tasks=tasks,
                    worktree=layout.worktree,
                    path=path,
                )
    except GitError as error:
        raise SourceError(error.sentence) from error
    return None


def _tasks(run: Callable[..., bytes], name: str, root: str) -> int | None:
    """How many tasks a version holds; None when it is no board, or one too large for git's runner."""
    try:
        data = run("cat-file", "blob", name)
        if len(data) > SIZE_LIMIT:
            return None
        reading = parse_board(data, root, os.path.join(root, BOARD), 0)
        return None if reading.state.error else len(reading.tasks)
    except (GitError, SourceError):  # deleted in that commit, too large, or not to be parsed
        return None
