"""Agents' process trees: which processes belong to which agent, and their sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import ProcessGroup, ProcessInfo, ProcessKey
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.sources.processes.table import Entry, ProcessTable

NAME_LIMIT: Final = 64
YOUNG_SECONDS: Final = 60
"""A reading of a tree older than this may be the last one again, if nothing but its age differs, ..."""
UPTIME_STEP: Final = 10
"""... and that by fewer seconds than this: whoever shows it shows minutes, and has nothing to do meanwhile."""


class Mark(msgspec.Struct, frozen=True):
    """What makes a process an agent's."""

    kind: str
    name: str
    """As it may be shown."""
    configured: str | None = None
    """Id of the configured agent that claims it."""


class Rates(msgspec.Struct, frozen=True):
    """What turns CPU time and bytes into percent."""

    tick: int
    percent_per_unit: float | None
    """Percent of one core for one unit of CPU time; None when too little time has passed to tell."""
    memory_total: int


class Group:
    """An agent's process tree. `members` holds parents before children, the topmost process first."""

    def __init__(self, top: Entry, mark: Mark, table: ProcessTable) -> None:
        self.top = top
        self.mark = mark
        self.key = ProcessKey(table.boot_id, top.pid, top.start)
        self.started = table.started(top)
        self.cwd: str | None = None
        self.members: list[Entry] = []
        self.depths: list[int] = []
        self.fresh = True
        """Whether there is no reading yet from which CPU could be counted."""
        self.cpu: float | None = None
        self._ended: float = 0
        self._ended_before: float = 0
        self._last: ProcessGroup | None = None

    def owe(self, entry: Entry, tick: int) -> None:
        """A child of a member ended: all its CPU time will show again, as that of the member's children.

        What was read of it in the very `tick` in which it ended was not counted yet, and never will be.
        """
        uncounted = entry.used + entry.reaped_delta if entry.tick == tick else 0
        self._ended += entry.own + entry.reaped - uncounted

    def reading(self, table: ProcessTable, rates: Rates) -> ProcessGroup:
        """Sum up this tick; to be called once a tick, after all members were read.

        It is the very record of the last tick when nothing new is in it.
        """
        tick = rates.tick
        memory = threads = 0
        used = reaped = 0.0
        problem = ""
        for entry in self.members:
            if entry.problem:
                problem = problem or f"{entry.problem} (pid {entry.pid})"
                continue
            memory += entry.memory
            threads += entry.threads
            if entry.tick == tick:
                used += entry.used
                reaped += entry.reaped_delta
        used += self._settle(reaped)
        known = not problem
        percent = rates.percent_per_unit
        self.cpu = used * percent if known and not self.fresh and percent is not None else None
        self.fresh = not known
        reading = ProcessGroup(
            key=self.key,
            kind=self.mark.kind,
            name=self.mark.name,
            cwd=self.cwd,
            configured=self.mark.configured,
            started=self.started,
            cpu_usage=self.cpu,
            memory_usage=memory if known else None,
            memory_percent=100 * memory / rates.memory_total if known else None,
            thread_count=threads if known else None,
            process_count=len(self.members),
            uptime_seconds=max(0, int(table.age(self.top))),
            unknown=problem,
        )
        if self._last is None or not _same_but_age(self._last, reading):
            self._last = reading
        return self._last

    def infos(self, table: ProcessTable, rates: Rates) -> tuple[ProcessInfo, ...]:
        """List its processes, depth first; looks up their ports, which costs some time."""
        percent = None if self.cpu is None else rates.percent_per_unit
        return tuple(
            self._info(entry, depth, table, rates.tick, percent)
            for entry, depth in zip(self.members, self.depths, strict=True)
        )

    @staticmethod
    def _info(entry: Entry, depth: int, table: ProcessTable, tick: int, percent: float | None) -> ProcessInfo:
        known = not entry.problem
        used = entry.used if entry.tick == tick else 0.0
        return ProcessInfo(
            pid=entry.pid,
            ppid=entry.ppid,
            name=clean(entry.name, NAME_LIMIT),
            state=entry.state,
            depth=depth,
            cpu_usage=used * percent if known and percent is not None else None,
            memory_usage=entry.memory if known else None,
            thread_count=entry.threads if known else None,
            started=table.started(entry),
            ports=() if entry.is_zombie else table.ports(entry),
        )

    def _settle(self, reaped: float) -> float:
        """CPU time of ended children that was not counted while they lived.

        A member's `reaped` grows by the whole life of each child that it waited for. What was counted already is
        taken off. The end of a child may be seen a moment before its parent has waited, so that what is not yet
        covered is held for one more tick; after that somebody else waited for it, and it will never show.
        """
        owed = self._ended_before + self._ended
        self._ended_before = min(self._ended, max(0.0, owed - reaped))
        self._ended = 0
        return max(0.0, reaped - owed)


def _same_but_age(old: ProcessGroup, new: ProcessGroup) -> bool:
    """Whether a reading says what the last one said, of a process that is only a little older."""
    before, now = old.uptime_seconds or 0, new.uptime_seconds or 0
    return (
        YOUNG_SECONDS <= before <= now < before + UPTIME_STEP
        and old.cpu_usage == new.cpu_usage
        and old == msgspec.structs.replace(new, uptime_seconds=before)
    )


def arrange(table: ProcessTable, marks: Mapping[Entry, Mark]) -> dict[Entry, Mark]:
    """Find the topmost marked process of each tree, oldest first.

    A marked process inside another's tree belongs to it, unless it is claimed by a configured agent of its own. A
    claim of the same program passes up to its wrapper (`node …/codex` above `codex`).
    """
    tops: dict[Entry, Mark] = {}
    for entry in sorted(marks, key=lambda entry: _depth(table, entry)):
        mark, top = marks[entry], _top_above(table, entry, tops)
        if entry.is_zombie:
            continue
        if top is None:
            tops[entry] = mark
        elif mark.configured is not None and mark.configured != tops[top].configured:
            if tops[top].configured is None and tops[top].kind == mark.kind:
                tops[top] = msgspec.structs.replace(tops[top], configured=mark.configured)
            else:
                tops[entry] = mark
    return dict(sorted(tops.items(), key=lambda item: (item[0].start, item[0].pid)))


def _ancestors(table: ProcessTable, entry: Entry) -> Iterator[Entry]:
    """Parent, its parent, and so on; a table read in the midst of changes cannot lead it in a circle."""
    seen = {entry}
    parent = table.entries.get(entry.ppid)
    while parent is not None and parent not in seen:
        yield parent
        seen.add(parent)
        parent = table.entries.get(parent.ppid)


def _depth(table: ProcessTable, entry: Entry) -> int:
    return sum(1 for _ in _ancestors(table, entry))


def _top_above(table: ProcessTable, entry: Entry, tops: Mapping[Entry, Mark]) -> Entry | None:
    """Nearest ancestor among the topmost ones."""
    return next((ancestor for ancestor in _ancestors(table, entry) if ancestor in tops), None)


def members_of(table: ProcessTable, top: Entry, tops: Mapping[Entry, Mark]) -> tuple[list[Entry], list[int]]:
    """The processes below `top` that belong to it, parents first, and how deep each is."""
    members: list[Entry] = []
    depths: list[int] = []
    seen = {top}
    waiting = [(top, 0)]
    while waiting:
        entry, depth = waiting.pop()
        members.append(entry)
        depths.append(depth)
        below = [table.entries[pid] for pid in table.children.get(entry.pid, ())]
        below.sort(key=lambda child: (child.start, child.pid), reverse=True)
        for child in below:
            if child not in tops and child not in seen:
                seen.add(child)
                waiting.append((child, depth + 1))
    return members, depths
