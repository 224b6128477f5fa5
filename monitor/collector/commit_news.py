"""What git tells of commits between the ticks: whose they are, and whose lists have to be shown anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.collector import events

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.collector.commits import CommitBook
    from monitor.collector.publish import Publisher
    from monitor.collector.roster import Roster
    from monitor.model import Commit


class CommitNews:
    """Collects what git tells, and gives it once a tick: a commit may be that of every agent."""

    def __init__(self, book: CommitBook, roster: Roster, publisher: Publisher) -> None:
        self._book = book
        self._roster = roster
        self._publisher = publisher
        self._committers: set[str] = set()
        """Agents whose newest commits have to be shown anew."""
        self._changed: list[Commit] = []

    def restore(self, commits: Iterable[Commit]) -> None:
        """Go on with the commits that history knows."""
        commits = tuple(commits)
        self._book.restore(commits)
        self._committers.update(agent_id for commit in commits for agent_id in commit.agent_ids)

    def read(self, worktree: str, commits: tuple[Commit, ...], reached: tuple[str, ...] = ()) -> None:
        """Git told a worktree's newest commits, and which older ones it has (called between ticks)."""
        agent_ids = self._roster.in_worktree(worktree)
        if not agent_ids:
            return
        changed, made = self._book.apply(agent_ids, commits, reached)
        self._changed.extend(changed)
        self._committers.update(agent_ids)
        for commit in changed:
            self._committers.update(commit.agent_ids)
        for commit in reversed(made):
            self._publisher.activity(events.of_commit(commit))

    def take(self) -> list[Commit]:
        """Show what git told since the last tick, and give the commits that are to be recorded."""
        if self._committers:
            known = [agent_id for agent_id in self._committers if self._roster.get(agent_id)]
            self._publisher.commits(self._book, known)
            self._committers.clear()
        changed, self._changed = self._changed, []
        return changed
