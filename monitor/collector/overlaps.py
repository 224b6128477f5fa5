"""Keeps what each agent changes, and finds who changes the same file; again only when something of it has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.rules.overlaps import Change, Overlap, WorkingSet, overlaps_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from monitor.collector.commits import CommitBook
    from monitor.model import AgentStatus, Millis, WorktreeReading

_PAUSE_MS: Final = 3_000
"""Between two looks at a repository: with a thousand agents in it one takes some hundredths of a second."""
_AGING_MS: Final = 60_000
"""After which a commit may be too old to count, though nothing has changed."""


class Overlaps:
    """The overlaps of every repository."""

    def __init__(self, minutes: float) -> None:
        """`minutes` is how long a commit counts."""
        self._lately_ms = round(minutes * 60_000)
        self._sets: dict[str, tuple[_Origin, WorkingSet]] = {}
        self._found: dict[str, list[Overlap]] = {}
        self._looked: dict[str, tuple[Millis, list[WorkingSet]]] = {}
        self._all: tuple[Overlap, ...] = ()

    def look(
        self,
        now: Millis,
        statuses: Iterable[AgentStatus],
        readings: Mapping[str, WorktreeReading],
        commits: CommitBook,
    ) -> tuple[Overlap, ...]:
        """All overlaps as they are now; the very same tuple while nothing is different."""
        by_repository: dict[str, list[WorkingSet]] = {}
        for status in statuses:
            one = self._set_of(status, readings, commits, now)
            if one is not None:
                by_repository.setdefault(one.repository, []).append(one)
        changed = [name for name in self._found if name not in by_repository]
        for name in changed:
            del self._found[name], self._looked[name]
        for name, sets in by_repository.items():
            if self._is_due(name, sets, now):
                found = overlaps_in(sets)
                if found != self._found.get(name):
                    changed.append(name)
                self._found[name] = found
        if changed:
            self._all = tuple(overlap for name in sorted(self._found) for overlap in self._found[name])
            self._sets = {
                agent_id: kept for agent_id, kept in self._sets.items() if kept[1].repository in self._found
            }
        return self._all

    def _is_due(self, name: str, sets: list[WorkingSet], now: Millis) -> bool:
        if len(sets) < 2 and not self._found.get(name):
            self._found.setdefault(name, [])
            self._looked[name] = (now, sets)
            return False
        looked_at, looked = self._looked.get(name, (0, []))
        same = len(sets) == len(looked) and all(one is other for one, other in zip(sets, looked, strict=True))
        if same or 0 <= now - looked_at < _PAUSE_MS:
            return False
        self._looked[name] = (now, sets)
        return True

    def _set_of(
        self, status: AgentStatus, readings: Mapping[str, WorktreeReading], commits: CommitBook, now: Millis
    ) -> WorkingSet | None:
        """What an agent changes; the very same record while its worktree and its commits are as they were."""
        reading = readings.get(status.worktree or "")
        if status.worktree is None or reading is None or reading.repository is None:
            return None
        origin = _Origin(reading, commits.version, now // _AGING_MS)
        known = self._sets.get(status.id)
        if known is not None and known[0] == origin:
            return known[1]
        made = WorkingSet(
            status.id,
            status.worktree,
            reading.repository,
            tuple(self._changes(status.id, reading, commits, now)),
        )
        if known is not None and known[1] == made:
            made = known[1]
        self._sets[status.id] = (origin, made)
        return made

    def _changes(
        self, agent_id: str, reading: WorktreeReading, commits: CommitBook, now: Millis
    ) -> Iterator[Change]:
        yield from map(Change, reading.changed_files)
        for commit in commits.recent(agent_id):
            lately = commit.commit_timestamp >= now - self._lately_ms
            # What a merge brings was changed by others.
            if lately and commit.agent_id == agent_id and (commit.parents or 0) < 2:
                holders = frozenset(commit.agent_ids)
                yield from (Change(change.path, holders) for change in commit.files or ())


class _Origin(NamedTuple):
    """What a working set was made of."""

    reading: WorktreeReading
    commits: int
    """Version of the commit book."""
    minute: int
