"""How far a commit is from its repository's default branch: counted once for each pair of commits."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.sources.git.errors import GitError

if TYPE_CHECKING:
    from monitor.sources.git.environment import Environment
    from monitor.sources.git.layout import Layout
    from monitor.sources.git.refs import References
    from monitor.sources.git.runner import Runner

_REMEMBERED: Final = 10_000


class Distance(msgspec.Struct, frozen=True):
    """Commits; None when unknown, and then `error` says why if there is a reason to tell."""

    ahead: int | None = None
    behind: int | None = None
    error: str = ""


class Distances:
    """Counts distances and remembers them, for two commits never move apart. Safe to use from several threads."""

    def __init__(self, runner: Runner, references: References) -> None:
        self._runner = runner
        self._references = references
        self._known: OrderedDict[tuple[str, str, str], Distance] = OrderedDict()
        self._lock = threading.Lock()

    def from_default(
        self, layout: Layout, environment: Environment, head: str, branch: str | None
    ) -> Distance:
        """Distance of `head` from the default branch; unknown for that branch itself. Raises PermissionError."""
        base = self._references.default_branch(layout.common_dir)
        if base is None or branch == base[0]:
            return Distance()
        key = (layout.common_dir, base[1], head)
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = self._count(layout, environment, base[1], head)
            with self._lock:
                self._known[key] = known
                if len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return known

    def _count(self, layout: Layout, environment: Environment, base: str, head: str) -> Distance:
        command = ["rev-list", "--left-right", "--count", f"{base}...{head}", "--"]
        try:
            behind, ahead = self._runner.run(layout.worktree, environment, command).split()
        except GitError as error:  # remembered as well: a history too long to count stays so
            return Distance(error=error.sentence)
        return Distance(int(ahead), int(behind))
