"""The overlap book: gathers what each worktree changes, and compares it again only when something of that is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from monitor.collector.git_desk import NOTHING_TO_READ
from monitor.rules.overlap_rules import FILE_OVERLAP
from monitor.rules.overlaps import FILES_LIMIT, Overlap, OverlapIndex, Work
from monitor.sources.git import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.collector.commits import CommitBook
    from monitor.collector.git_desk import GitDesk
    from monitor.collector.roster import Roster
    from monitor.config import Thresholds
    from monitor.model import Alert, Commit, Millis, WorktreeReading

_NEVER: Final = (-1, -1, -1)
_FAILED: Final = UNREADABLE - NOTHING_TO_READ
"""States of a worktree in which what is changed there may be what it was."""


class _Seen(NamedTuple):
    """What a worktree's work was made of."""

    reading: WorktreeReading | None
    agents: tuple[str, ...]
    logs: tuple[tuple[Commit, ...], ...]
    """The newest commits of each agent: the very tuples while nothing of them is new."""
    until: Millis | None
    """When the first of the commits that count is too old."""

    def is_of(
        self,
        reading: WorktreeReading | None,
        agents: tuple[str, ...],
        logs: tuple[tuple[Commit, ...], ...],
        now: Millis,
    ) -> bool:
        """Whether the work would be the same."""
        return (
            self.reading is reading
            and self.agents == agents
            and all(mine is theirs for mine, theirs in zip(self.logs, logs, strict=True))
            and (self.until is None or now < self.until)
        )


class OverlapBook:
    """Which worktrees change the same files (`Overlap`). An unreadable worktree changes what it was last seen to."""

    def __init__(self, roster: Roster, desk: GitDesk, commits: CommitBook, thresholds: Thresholds) -> None:
        self._roster = roster
        self._desk = desk
        self._commits = commits
        self._window: Millis = round(thresholds.overlap_minutes * 60_000)
        self._index = OverlapIndex()
        self._worktrees: dict[str, _Seen] = {}
        self._left_open: tuple[Overlap, ...] = ()
        self._overlaps: tuple[Overlap, ...] = ()
        self._versions = _NEVER
        self._looked_at: Millis = 0
        self._until: Millis | None = None

    def restore(self, alerts: Iterable[Alert]) -> None:
        """Take up the alerts that the last recorder left open: they hold until git has told of both worktrees."""
        known = (_of_alert(alert) for alert in alerts if alert.rule == FILE_OVERLAP)
        self._left_open = tuple(overlap for overlap in known if overlap is not None)
        self._versions = _NEVER

    def look(self, now: Millis) -> tuple[Overlap, ...]:
        """The overlaps now; the very tuple of before while nothing is new and no commit has grown old."""
        versions = (self._desk.version, self._commits.version, self._roster.version)
        set_back = now < self._looked_at
        self._looked_at = now
        if versions == self._versions and not set_back and (self._until is None or now < self._until):
            return self._overlaps
        self._versions = versions
        if set_back:
            self._worktrees.clear()
        self._gather(now)
        found = self._index.find()
        self._left_open = tuple(overlap for overlap in self._left_open if self._unread(overlap))
        told = {overlap.pair for overlap in found}
        self._overlaps = found + tuple(overlap for overlap in self._left_open if overlap.pair not in told)
        return self._overlaps

    def _gather(self, now: Millis) -> None:
        """Put into the index what is new of a worktree."""
        worktrees = self._roster.worktrees()
        for worktree in self._worktrees.keys() - set(worktrees):
            del self._worktrees[worktree]
            self._index.put(worktree, None)
        for worktree in worktrees:
            self._take(worktree, now)
        untils = [seen.until for seen in self._worktrees.values() if seen.until is not None]
        self._until = min(untils, default=None)

    def _take(self, worktree: str, now: Millis) -> None:
        seen = self._worktrees.get(worktree)
        reading = self._desk.readings.get(worktree)
        if reading is not None and reading.state in _FAILED and seen is not None:
            reading = seen.reading
        agents = tuple(self._roster.in_worktree(worktree))
        logs = tuple(self._commits.recent(agent_id) for agent_id in agents)
        if seen is not None and seen.is_of(reading, agents, logs, now):
            return
        recent = [
            commit
            for agent_id, log in zip(agents, logs, strict=True)
            for commit in log
            if _own(commit, agent_id) and now - commit.commit_timestamp < self._window
        ]
        oldest = min((commit.commit_timestamp for commit in recent), default=None)
        until = None if oldest is None else oldest + self._window
        self._worktrees[worktree] = _Seen(reading, agents, logs, until)
        if reading is None or reading.repository is None or not agents:
            self._index.put(worktree, None)
        else:
            files = frozenset(reading.changed_files)
            self._index.put(
                worktree,
                Work(repository=reading.repository, agents=agents, uncommitted=files, commits=tuple(recent)),
            )

    def _unread(self, overlap: Overlap) -> bool:
        """Whether git has not told yet of one of the worktrees, and both agents are still known."""
        members = [self._roster.get(agent_id) for agent_id in overlap.pair]
        worktrees = [member.agent.worktree for member in members if member is not None]
        return len(worktrees) == len(members) and any(
            worktree is not None and self._worktrees[worktree].reading is None for worktree in worktrees
        )


def _own(commit: Commit, agent_id: str) -> bool:
    """Whether the agent made it, and not by merging: what a merge brings was made elsewhere."""
    return commit.agent_id == agent_id and commit.attribution == "reflog" and (commit.parents or 0) < 2


def _of_alert(alert: Alert) -> Overlap | None:
    """What an earlier recorder found, as it wrote it; None when it cannot be told any more."""
    told: dict[str, Any] = alert.metadata
    agents, files, count = told.get("agents"), told.get("files"), told.get("count")
    if not isinstance(agents, list) or not isinstance(files, list) or not isinstance(count, int):
        return None
    first, _, second = alert.subject.partition("+")
    pairs = [(one, other) for one in agents for other in agents if f"{one}+{other}" == alert.subject]
    return Overlap(
        pair=pairs[0] if pairs else (first, second),
        agents=tuple(map(str, agents)),
        files=tuple(map(str, files[:FILES_LIMIT])),
        count=count,
    )
