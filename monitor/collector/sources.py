"""The source book: how every source fares, so that a failing one is a record and never silence."""

from __future__ import annotations

import errno
from collections import deque
from typing import Any, Final

import msgspec

from monitor.errors import MonitorError, SourceError
from monitor.model import Event, Leap, Millis, SourceState, SourceStatus
from monitor.text import clean

COST_WINDOW_MS: Final = 60_000
ERROR_LIMIT: Final = 300


def describe(error: BaseException | str) -> str:
    """What went wrong, in words for people, safe to store and to show."""
    if isinstance(error, str):
        return clean(error, ERROR_LIMIT)
    if isinstance(error, SourceError | MonitorError):
        return clean(str(error), ERROR_LIMIT)
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        if error.errno in (errno.EMFILE, errno.ENFILE):
            return "file descriptors ran out (raise the limit: ulimit -n)"
        return clean(f"{place}{error.strerror}", ERROR_LIMIT)
    return clean(f"{type(error).__name__}: {error}", ERROR_LIMIT)


class _Entry:
    """What is known of one source on one subject."""

    __slots__ = ("costs", "error", "last_success", "latency_ms", "since", "state", "told")

    def __init__(self, since: Millis) -> None:
        self.state: SourceState = "ok"
        self.since = since
        self.last_success: Millis | None = None
        self.latency_ms: float | None = None
        self.costs: deque[tuple[Millis, float]] = deque()
        self.error = ""
        self.told = False


class SourceBook:
    """Success, failure, latency and cost of each (source, subject)."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._events: list[Event] = []
        self.version = 0
        """Grows when a source came or went, or a state or an error changed."""

    def succeeded(
        self, name: str, subject: str, at: Millis, latency_ms: float, cost_ms: float, degraded: str = ""
    ) -> None:
        """A reading was taken; `degraded` says why it is less than a full one. `cost_ms` is CPU time."""
        entry = self._entry(name, subject, at)
        entry.last_success = at
        entry.latency_ms = latency_ms
        entry.costs.append((at, cost_ms))
        while entry.costs[0][0] < at - COST_WINDOW_MS:
            entry.costs.popleft()
        self._become(name, subject, entry, "degraded" if degraded else "ok", clean(degraded, ERROR_LIMIT), at)

    def failed(self, name: str, subject: str, at: Millis, error: BaseException | str) -> None:
        """A reading could not be taken."""
        self._become(name, subject, self._entry(name, subject, at), "failing", describe(error), at)

    def off(self, name: str, subject: str, at: Millis, reason: str) -> None:
        """There is nothing to read, and that is no failure."""
        self._become(name, subject, self._entry(name, subject, at), "off", clean(reason, ERROR_LIMIT), at)

    def leap(self, leap: Leap) -> None:
        """The clock was set: what was spent stays as long ago, and nothing began after now."""
        self.version += 1
        for entry in self._entries.values():
            entry.since = leap.moved(entry.since)
            if entry.last_success is not None:
                entry.last_success = leap.moved(entry.last_success)
            entry.costs = deque((at + leap.by, cost) for at, cost in entry.costs)

    def forget(self, name: str, subject: str) -> None:
        """The subject is gone."""
        self.version += 1
        if self._entries.pop((name, subject), None) is not None:
            self._tell(name, subject, {"state": "gone"})

    def statuses(self) -> tuple[SourceStatus, ...]:
        """All sources: failing ones first, then by name and subject."""
        rank = {"failing": 0, "degraded": 1, "ok": 2, "off": 3}
        return tuple(
            SourceStatus(
                name=name,
                subject=subject,
                state=entry.state,
                since=entry.since,
                last_success=entry.last_success,
                latency_ms=None if entry.latency_ms is None else round(entry.latency_ms, 2),
                cost_ms_per_minute=round(sum(cost for _, cost in entry.costs), 1) if entry.costs else None,
                error=entry.error,
            )
            for (name, subject), entry in sorted(
                self._entries.items(), key=lambda item: (rank[item[1].state], item[0])
            )
        )

    def failing(self, name: str, subject: str) -> str:
        """The error of a failing source, else empty."""
        entry = self._entries.get((name, subject))
        return entry.error if entry is not None and entry.state == "failing" else ""

    def tell_again(self) -> None:
        """Another database knows nothing of these states: make an event of each."""
        for (name, subject), entry in self._entries.items():
            if entry.told:
                self._tell(name, subject, {"state": entry.state, "error": entry.error, "since": entry.since})

    def take_events(self, at: Millis) -> list[Event]:
        """Changes of state since the last call, for the history: noted at `at`, whenever they began."""
        events, self._events = self._events, []
        return [msgspec.structs.replace(event, timestamp=at) for event in events]

    def _entry(self, name: str, subject: str, at: Millis) -> _Entry:
        key = (name, subject)
        if key not in self._entries:
            self._entries[key] = _Entry(at)
            self.version += 1
        return self._entries[key]

    def _become(
        self, name: str, subject: str, entry: _Entry, state: SourceState, error: str, at: Millis
    ) -> None:
        if state != entry.state:
            entry.since = at
        if state != entry.state or error != entry.error or not entry.told:
            self.version += 1
            self._tell(name, subject, {"state": state, "error": error, "since": entry.since})
        entry.state, entry.error, entry.told = state, error, True

    def _tell(self, name: str, subject: str, details: dict[str, Any]) -> None:
        event = Event(
            timestamp=0,
            type="source",
            subject=f"{name} {subject}".strip(),
            details={"name": name, "subject": subject, **details},
        )
        self._events.append(event)
