"""Decides which worktree git is asked about next, within a budget of CPU time (DESIGN.md §6).

Three things bound it. Each worktree has the interval it wants: short after a move of HEAD, `busy_interval` after any
other move, else `quiet_interval`. When all of them together would cost more than the budget, every worktree gets at
most the same share (max-min fairness), so the costly ones are asked less often and the cheap ones stay fresh; only one
whose HEAD moved is read at once, for a commit is what people wait for. And a sliding minute in which the budget is
spent admits nothing more. Times are seconds of the monotonic clock, costs are
CPU milliseconds.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

WINDOW: Final = 60.0
"""Seconds over which the budget is kept."""

URGENT_INTERVAL: Final = 2.0
"""Seconds at least between two readings of a worktree whose HEAD keeps moving."""
URGENT_SHARE: Final = 0.2
"""Share of the budget that one worktree whose HEAD moves all the time may take."""

SHARE_SECONDS: Final = 1.0
"""So long the fair share is taken to be as it was: it takes a look at every worktree."""

FIRST_WEIGHT: Final = 0.25
"""What a first reading counts of its cost: it is made once, and everybody waits for it. At its full cost, that of two
hundred worktrees took the whole minute's budget, and no commit was seen until the next."""

FIRST_EXTRA: Final = 0.5
"""What later readings cost of the first one, which reads configuration and history too."""

PLANNED: Final = 2 / 3
"""Share of the budget that readings without haste are planned to take; the rest is for commits and for what costs more
than it did."""
RESERVE: Final = 1 / 4
"""Share of the budget that is kept for worktrees whose HEAD moved, and as much for all others: neither can starve the
other."""

_FIRST_COST: Final = 10.0
_OCCUPIED: Final = 12.0
_GOLDEN: Final = 0.618034


class _Entry:
    """One worktree: what it wants, what it cost, when it was read."""

    __slots__ = (
        "added",
        "cost_ms",
        "due_at",
        "early",
        "hurried",
        "moved_at",
        "not_before",
        "read_at",
        "started_at",
        "urgent",
    )

    def __init__(self, added: float) -> None:
        self.added = added
        self.cost_ms = _FIRST_COST
        self.early = 0.0
        """Seconds that the next quiet reading comes sooner, so that worktrees first read together drift apart."""
        self.read_at: float | None = None
        """When the last reading started."""
        self.started_at: float | None = None
        """When the reading under way started."""
        self.moved_at: float | None = None
        """The first move that no reading has seen."""
        self.urgent = False
        self.hurried = False
        """Whether the reading under way is an urgent one."""
        self.not_before = 0.0
        self.due_at = added
        """Since when it has waited, or will; infinite while it is being read."""


class _Minute:
    """What was spent in the last minute."""

    def __init__(self) -> None:
        self._spent: deque[tuple[float, float]] = deque()

    def add(self, now: float, cost_ms: float) -> None:
        """Milliseconds were spent."""
        self._spent.append((now, cost_ms))

    def used(self, now: float) -> float:
        """Milliseconds spent since a minute ago."""
        while self._spent and self._spent[0][0] <= now - WINDOW:
            self._spent.popleft()
        return sum(cost for _, cost in self._spent)


class GitSchedule:
    """A queue of worktrees under a budget. Pure: it knows no clock and no git. For one thread.

    `budget_percent` is percent of one core over a minute, intervals are seconds.
    """

    def __init__(
        self, budget_percent: float = 3.0, quiet_interval: float = 120.0, busy_interval: float = 20.0
    ) -> None:
        self._rate = 10.0 * budget_percent
        """Milliseconds a second."""
        self._budget = self._rate * WINDOW
        self._quiet = quiet_interval
        self._busy = busy_interval
        self._entries: dict[str, _Entry] = {}
        self._spent = {False: _Minute(), True: _Minute()}
        """What was spent on readings that were not urgent, and on those that were."""
        self._phase = 0.0
        self._reading: dict[str, _Entry] = {}
        self._share = math.inf
        self._shared_at = -math.inf

    @property
    def worktrees(self) -> tuple[str, ...]:
        """Those that are scheduled."""
        return tuple(self._entries)

    def add(self, worktree: str, at: float) -> None:
        """Schedule a worktree; its first reading is urgent. One that is scheduled already stays as it is."""
        if worktree not in self._entries:
            self._entries[worktree] = _Entry(at)

    def remove(self, worktree: str) -> None:
        """Forget a worktree."""
        self._entries.pop(worktree, None)
        self._reading.pop(worktree, None)

    def moved(self, worktree: str, at: float, *, head_moved: bool = False) -> None:
        """Something moved in a worktree; `head_moved`: HEAD, its log or its branch, so there may be a commit."""
        self.add(worktree, at)
        entry = self._entries[worktree]
        entry.moved_at = at if entry.moved_at is None else entry.moved_at
        entry.urgent = entry.urgent or head_moved
        if entry.started_at is None:
            entry.due_at = self._due_at(entry)

    def due(self, now: float, limit: int) -> list[str]:
        """At most `limit` worktrees to read now, the one that waited longest first; they count as being read.

        Call `finished` for each of them, whatever became of the reading.
        """
        room = self._budget - self._used(now) - self._under_way()
        if limit <= 0 or room <= 0:
            return []
        self._share_out(now)
        limit_of_each = (1 - RESERVE) * self._budget
        may = {urgent: minute.used(now) < limit_of_each for urgent, minute in self._spent.items()}
        # What is urgent counts as having waited longer; by a fixed time, so that nothing else starves.
        waiting = [
            (entry.due_at - self._busy if self._is_urgent(entry) else entry.due_at, worktree)
            for worktree, entry in self._entries.items()
            if entry.due_at <= now and may[entry.urgent]
        ]
        chosen = []
        for _, worktree in heapq.nsmallest(limit, waiting):
            if room <= 0:
                break
            entry = self._entries[worktree]
            entry.hurried = entry.urgent
            entry.started_at, entry.moved_at, entry.urgent = now, None, False
            entry.due_at = math.inf
            self._reading[worktree] = entry
            room -= entry.cost_ms
            chosen.append(worktree)
        return chosen

    def finished(self, worktree: str, cost_ms: float, now: float) -> None:
        """A reading ended and cost that much."""
        entry = self._reading.pop(worktree, None)
        is_first = entry is not None and entry.read_at is None
        hurried = entry is not None and entry.hurried
        self._spent[hurried].add(now, FIRST_WEIGHT * cost_ms if is_first else cost_ms)
        if entry is None or entry.started_at is None:
            return
        # A reading that only waits (a dead disk, a time limit) costs no CPU but holds a thread.
        entry.not_before = now + _OCCUPIED * (now - entry.started_at)
        if entry.read_at is None:
            entry.cost_ms = FIRST_EXTRA * cost_ms
            self._phase = (self._phase + _GOLDEN) % 1.0
            entry.early = self._phase * self._quiet / 2
        else:
            entry.cost_ms = (entry.cost_ms + cost_ms) / 2
            entry.early = 0.0
        entry.read_at, entry.started_at = entry.started_at, None
        entry.due_at = self._due_at(entry)

    def used_percent(self, now: float) -> float:
        """How much of the budget the last minute used, in percent."""
        return 100.0 * self._used(now) / self._budget

    def _used(self, now: float) -> float:
        """Milliseconds spent in the last minute."""
        return sum(minute.used(now) for minute in self._spent.values())

    def _under_way(self) -> float:
        """Milliseconds that the readings under way are expected to cost."""
        return sum(entry.cost_ms for entry in self._reading.values())

    def _is_urgent(self, entry: _Entry) -> bool:
        return entry.urgent or entry.read_at is None

    def _wanted(self, entry: _Entry) -> float:
        """Seconds between two readings that a worktree would have if nothing else cost anything, in the long run."""
        return self._quiet - entry.early if entry.moved_at is None else min(self._busy, self._quiet)

    def _due_at(self, entry: _Entry) -> float:
        """Since when a worktree has waited, or will, if it gets no more than the fair share."""
        if entry.read_at is None:
            return entry.added
        if entry.urgent:
            since = entry.read_at + max(URGENT_INTERVAL, entry.cost_ms / (URGENT_SHARE * self._rate))
        else:
            since = entry.read_at + max(self._wanted(entry), entry.cost_ms / self._share)
        return max(since, entry.not_before, since if entry.moved_at is None else entry.moved_at)

    def _share_out(self, now: float) -> None:
        """Find the most that one worktree may spend, in milliseconds a second, so that all together keep the budget."""
        if 0 <= now - self._shared_at < SHARE_SECONDS:
            return
        read = [entry for entry in self._entries.values() if entry.read_at is not None]
        self._share = fair_share(
            [entry.cost_ms / self._wanted(entry) for entry in read], PLANNED * self._rate
        )
        self._shared_at = now
        for entry in read:
            if entry.started_at is None:
                entry.due_at = self._due_at(entry)


def fair_share(demands: Iterable[float], capacity: float) -> float:
    """The level at which demands are cut so that their sum keeps the capacity; infinite when none has to be.

    Max-min fairness: whoever wants less than the level gets what it wants, the others get the same.
    """
    ascending = sorted(demands)
    left = capacity
    for index, demand in enumerate(ascending):
        level = left / (len(ascending) - index)
        if demand > level:
            return level
        left -= demand
    return math.inf
