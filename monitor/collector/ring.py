"""The ring: what waits in memory while the database cannot be written, bounded in samples and in bytes."""

from __future__ import annotations

import sys
from collections import deque
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.model import AgentMetrics, AgentStatus, Event, Session

if TYPE_CHECKING:
    from monitor.history.writing.rows import TickRows

MAX_WAITING_SAMPLES: Final = 100_000
"""20 agents every 2 s: 2 h 45 min."""
MAX_WAITING_BYTES: Final = 64 << 20
"""Of memory, as far as it can be told; a sample takes 320 bytes, one with a new status 1 kB."""
_GO_ON: Final = frozenset({"samples", "sessions", "systems"})
"""Fields that hold the same records tick after tick."""
_REFERENCE: Final = 8
"""Bytes of a place in a list, tuple or record."""


class Ring:
    """Ticks in their order. When it is full the oldest lose their measurements, which is a gap; what happened stays.

    Task events, commits, alerts, statuses and the like are written once and never again, and they are few: they are
    dropped only when they alone are too much.
    """

    def __init__(self) -> None:
        self._thinned: deque[tuple[TickRows, int]] = deque()
        """Ticks without measurements, older than all others; each with its weight."""
        self._whole: deque[tuple[TickRows, int]] = deque()
        self._bytes = 0
        self._counted: dict[str, tuple[AgentStatus, AgentMetrics]] = {}
        self._sessions: dict[str, Session] = {}
        self._lost: Event | None = None
        self.samples = 0
        """Samples that wait."""

    def __len__(self) -> int:
        return len(self._thinned) + len(self._whole)

    def append(self, rows: TickRows) -> None:
        """Keep these too."""
        weighs = self._weigh(rows) if self._whole else 0  # a tick that finds the ring empty hardly ever stays
        self._whole.append((rows, weighs))
        self._bytes += weighs
        self.samples += len(rows.samples)
        while self._full and len(self._whole) > 1:
            self._thin(*self._whole.popleft())
        while self._full and self._thinned:
            rows, weighs = self._thinned.popleft()
            self._bytes -= weighs
            self._lose(rows, records=_records(rows))

    def oldest(self) -> TickRows:
        """What is to be written first. IndexError when nothing waits."""
        return (self._thinned or self._whole)[0][0]

    def with_gap(self, rows: TickRows) -> TickRows:
        """These rows, with an event of type `gap` when some before them were lost."""
        return rows if self._lost is None else replace(rows, events=[*rows.events, self._lost])

    def written(self, rows: TickRows) -> None:
        """These are in the database, with the gap before them."""
        self._lost = None
        queue = self._thinned or self._whole
        if queue and queue[0][0] is rows:
            self._bytes -= queue.popleft()[1]
            self.samples -= len(rows.samples)
        if not queue:
            self._counted.clear()
            self._sessions.clear()

    @property
    def _full(self) -> bool:
        return self.samples > MAX_WAITING_SAMPLES or self._bytes > MAX_WAITING_BYTES

    def _weigh(self, rows: TickRows) -> int:
        """Bytes of memory that these rows take beyond those before them: a record that goes on counts once."""
        total = sum(weight(getattr(rows, field.name)) for field in fields(rows) if field.name not in _GO_ON)
        for agent_id, session in (rows.sessions or {}).items():
            total += 0 if self._sessions.get(agent_id) is session else weight(session)
            self._sessions[agent_id] = session
        for status, metrics in rows.samples:
            known = self._counted.get(status.id)
            total += 0 if known is not None and known[0] is status else weight(status)
            total += 0 if known is not None and known[1] is metrics else weight(metrics)
            total += sys.getsizeof((status, metrics)) + _REFERENCE
            self._counted[status.id] = (status, metrics)
        return total

    def _thin(self, rows: TickRows, was: int) -> None:
        """Let go of what was measured in this tick."""
        self._bytes -= was
        self.samples -= len(rows.samples)
        if rows.samples or rows.health or rows.rag:
            self._lose(rows)
        # Each tick tells of all sessions and systems: the next one that is written does.
        left = replace(rows, samples=[], processes=[], health=None, rag=None, sessions=None, systems=None)
        if not left.empty:
            weighs = sum(weight(getattr(left, field.name)) for field in fields(left))
            self._thinned.append((left, weighs))
            self._bytes += weighs

    def _lose(self, rows: TickRows, records: int = 0) -> None:
        known = {"since": rows.at, "until": rows.at, "samples": 0, "records": 0, "reason": "not written"}
        details: dict[str, Any] = self._lost.details if self._lost is not None else known
        details = details | {
            "since": min(details["since"], rows.at),
            "until": max(details["until"], rows.at),
            "samples": details["samples"] + len(rows.samples),
            "records": details["records"] + records,
        }
        self._lost = Event(timestamp=details["until"], type="gap", details=details)


def weight(value: Any) -> int:
    """Bytes of memory of a record with all it holds."""
    size = sys.getsizeof(value)
    if isinstance(value, list | tuple | set | frozenset):
        return size + sum(map(weight, value))
    if isinstance(value, dict):
        return size + sum(weight(key) + weight(item) for key, item in value.items())
    if isinstance(value, msgspec.Struct):
        return size + sum(weight(getattr(value, name)) for name in value.__struct_fields__)
    return size


def _records(rows: TickRows) -> int:
    """How many records of what happened there are."""
    return sum(len(part) for field in fields(rows) if isinstance(part := getattr(rows, field.name), list))
