"""The overlap book: gathers what each worktree changes, and compares it again only when something of that is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.collector.git_desk import NOTHING_TO_READ
from monitor.rules.overlap_rules import FILE_OVERLAP
from monitor.rules.overlaps import FILES_LIMIT, Overlap, Work, find_overlaps
from monitor.sources.git import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.collector.commits import CommitBook
    from monitor.collector.git_desk import GitDesk
    from monitor.collector.roster import Roster
    from monitor.config import Thresholds
    from monitor.model import Alert, Commit, Millis, WorktreeReading

_NEVER = (-1, -1, -1)


class OverlapBook:
    """Which worktrees change the same files (`Overlap`). An unreadable worktree changes what it was last seen to."""

    def __init__(self, roster: Roster, desk: GitDesk, commits: CommitBook, thresholds: Thresholds) -> None:
        self._roster = roster
        self._desk = desk
        self._commits = commits
        self._window: Millis = round(thresholds.overlap_minutes * 60_000)
        self._readings: dict[str, WorktreeReading] = {}
        self._left_open: tuple[Overlap, ...] = ()
        self._overlaps: tuple[Overlap, ...] = ()
        self._seen = _NEVER
        self._from: Millis = 0
        self._until: Millis | None = None

    def restore(self, alerts: Iterable[Alert]) -> None:
        """Take up the alerts that the last recorder left open: they hold until git has told of both worktrees."""
        known = (_of_alert(alert) for alert in alerts if alert.rule == FILE_OVERLAP)
        self._left_open = tuple(overlap for overlap in known if overlap is not None)
        self._seen = _NEVER

    def look(self, now: Millis) -> tuple[Overlap, ...]:
        """The overlaps now; the very tuple of before while nothing is new and no commit has grown old."""
        seen = (self._desk.version, self._commits.version, self._roster.version)
        in_time = self._from <= now and (self._until is None or now < self._until)
        if seen == self._seen and in_time:
            return self._overlaps
        self._seen, self._from, self._until = seen, now, None
        works = [work for worktree in self._roster.worktrees() if (work := self._work(worktree, now))]
        found = find_overlaps(works, [overlap.pair for overlap in self._overlaps])
        self._readings = {
            worktree: reading
            for worktree, reading in self._readings.items()
            if self._roster.in_worktree(worktree)
        }
        self._left_open = tuple(overlap for overlap in self._left_open if self._unread(overlap))
        told = {overlap.pair for overlap in found}
        self._overlaps = found + tuple(overlap for overlap in self._left_open if overlap.pair not in told)
        return self._overlaps

    def _work(self, worktree: str, now: Millis) -> Work | None:
        """What is changed in a worktree; None before git has told of it."""
        reading = self._desk.readings.get(worktree)
        if reading is not None and (reading.state not in UNREADABLE or reading.state in NOTHING_TO_READ):
            self._readings[worktree] = reading
        reading = self._readings.get(worktree)
        agents = tuple(self._roster.in_worktree(worktree))
        if reading is None or reading.repository is None or not agents:
            return None
        commits = tuple(
            commit for agent in agents for commit in self._commits.recent(agent) if _own(commit, agent)
        )
        recent = tuple(commit for commit in commits if now - commit.commit_timestamp < self._window)
        for commit in recent:
            old_at = commit.commit_timestamp + self._window
            self._until = old_at if self._until is None else min(self._until, old_at)
        return Work(
            repository=reading.repository,
            agents=agents,
            uncommitted=frozenset(reading.changed_files),
            commits=recent,
        )

    def _unread(self, overlap: Overlap) -> bool:
        """Whether git has not told yet of one of the worktrees, and both agents are still known."""
        members = [self._roster.get(agent_id) for agent_id in overlap.pair]
        worktrees = [member.agent.worktree for member in members if member is not None]
        return len(worktrees) == len(members) and any(
            worktree is not None and worktree not in self._readings for worktree in worktrees
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
