"""The system log: what of the attached systems is to be recorded: each event, line and number once, in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

import msgspec

from monitor.model import LogLine, SystemEvent, SystemMetric, SystemReading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.history.writing.rows import TickRows
    from monitor.model import Leap, Millis

BATCH: Final = 100
"""So many that wait are written at once (checklist 000-108). All that wait are written then: it bounds no batch."""
BATCH_MS: Final = 5_000
"""They are written this long after the first of them came, however few they are (000-109)."""
PAST_MS: Final = 86_400_000
"""How far back events are recorded that a system told of before it was attached."""
REMEMBERED: Final = 4_000
"""Ids of a list that are remembered beside those that it shows."""

Told = TypeVar("Told", LogLine, SystemMetric)


class SystemLog:
    """`note` what the systems tell, then `put` what is due into a tick's rows.

    What was put is the sink's, which keeps it until it is written: no line is lost where the database cannot be.
    """

    def __init__(self) -> None:
        self._lines: _Batch[LogLine] = _Batch()
        self._metrics: _Batch[SystemMetric] = _Batch()
        self._events: dict[str, dict[str, SystemEvent]] = {}
        """By system and id, as they were told last."""
        self._seen: dict[str, SystemReading] = {}
        self._since: dict[str, Millis] = {}
        """By system, the time before which what is settled is not told."""
        self._new: list[SystemEvent] = []
        self._changed: list[SystemEvent] = []

    def restore(self, readings: Mapping[str, SystemReading]) -> None:
        """Go on where the history ends."""
        for name, reading in readings.items():
            self._events[name] = {event.id: event for event in reading.events}
            since = reading.state.read_at
            self._lines.restore(name, reading.logs, since)
            self._metrics.restore(name, reading.metrics, since)

    def note(self, name: str, reading: SystemReading, now: Millis) -> None:
        """A system told this, for the first time or anew."""
        seen = self._seen.get(name)
        if seen is None or seen.events is not reading.events:
            self._note_events(name, reading.events, now)
        if seen is None or seen.logs is not reading.logs:
            self._lines.note(name, reading.logs, now)
        if seen is None or seen.metrics is not reading.metrics:
            self._metrics.note(name, reading.metrics, now)
        self._seen[name] = reading

    def put(self, rows: TickRows, *, all_of_it: bool = False) -> None:
        """Add what is due by then: events at once, lines and numbers in batches; at the end, all that waits."""
        rows.system_events, self._new = self._new, []
        rows.system_event_changes, self._changed = self._changed, []
        rows.system_logs = self._lines.take(rows.at, all_of_it=all_of_it)
        rows.system_metrics = self._metrics.take(rows.at, all_of_it=all_of_it)

    def tell_again(self, now: Millis) -> None:
        """Another database is written from now on, and knows nothing of what was recorded."""
        self._events.clear()
        self._lines.tell_again()
        self._metrics.tell_again()
        seen, self._seen = self._seen, {}
        for name, reading in seen.items():
            self.note(name, reading, now)

    def leap(self, leap: Leap) -> None:
        """The clock was set: nothing that waits came later than it shows."""
        self._lines.leap(leap)
        self._metrics.leap(leap)

    def _note_events(self, name: str, events: Iterable[SystemEvent], now: Millis) -> None:
        first = name not in self._seen
        if first:
            self._since[name] = now - PAST_MS
        known, since = self._events.get(name, {}), self._since[name]
        for event in events:
            old = known.get(event.id)
            if old is not None and (event.at is None or event.at > now or event.at == old.at):
                if _told(event, old) != _told(old, old):
                    self._changed.append(_resolved(event, now))
            elif event.resolved is False or (not first if event.at is None else event.at >= since):
                self._new.append(event)
        self._events[name] = {event.id: event for event in events}


class _Batch(Generic[Told]):
    """Lines, or numbers, that wait to be written."""

    def __init__(self) -> None:
        self.first_at: Millis = 0
        """When the first of those that wait came."""
        self._waiting: list[tuple[Told, Millis]] = []
        self._known: dict[str, dict[str, None]] = {}
        """By system, the ids told so far, the oldest first."""
        self._there: dict[str, frozenset[str]] = {}
        """By system, the ids that it told of when it was attached."""
        self._since: dict[str, Millis] = {}
        """By system, the time before which nothing is new."""

    def restore(self, name: str, told: Iterable[Told], since: Millis | None) -> None:
        """These are recorded; since that time the system was not looked at."""
        self._known[name] = dict.fromkeys(one.id for one in told)
        if since is not None:
            self._since[name] = since

    def note(self, name: str, told: tuple[Told, ...], now: Millis) -> None:
        """A system shows these: those that are new wait to be written."""
        known, since = self._known.setdefault(name, {}), self._since.get(name)
        if name not in self._there:
            # After a restart what came meanwhile is new, as far as it says when; else what is there was before.
            new = [
                one for one in told if since is not None and _came_after(one, since) and one.id not in known
            ]
            self._there[name] = frozenset(one.id for one in told) - {one.id for one in new}
            oldest = min((one.at for one in told if one.at is not None), default=None)
            if since is None and oldest is not None:
                self._since[name] = oldest
        else:
            new = [
                one
                for one in told
                if one.id not in known and (one.at is None or since is None or one.at >= since)
            ]
        if new and not self._waiting:
            self.first_at = now
        self._waiting += [(one, now) for one in reversed(new)]
        for one in reversed(told):
            known.pop(one.id, None)
            known[one.id] = None
        if (too_many := len(known) - len(told) - REMEMBERED) > 0:
            for identity in list(known)[:too_many]:
                del known[identity]

    def leap(self, leap: Leap) -> None:
        """The clock was set."""
        self.first_at = leap.moved(self.first_at)
        self._waiting = [(one, leap.moved(noted)) for one, noted in self._waiting]

    def take(self, now: Millis, *, all_of_it: bool) -> list[tuple[Told, Millis]]:
        """The batch, once it is due."""
        due = all_of_it or len(self._waiting) >= BATCH or not 0 <= now - self.first_at < BATCH_MS
        if not self._waiting or not due:
            return []
        batch, self._waiting = self._waiting, []
        return batch

    def tell_again(self) -> None:
        """What came since a system was attached is new again; what waits does so still."""
        self._known = {name: dict.fromkeys(there) for name, there in self._there.items()}
        for one, _ in self._waiting:
            self._known.setdefault(one.system, {})[one.id] = None


def _came_after(one: LogLine | SystemMetric, since: Millis) -> bool:
    return one.at is not None and one.at > since


def _told(event: SystemEvent, old: SystemEvent) -> tuple[object, ...]:
    """What is written anew when it differs; a time that the system does not tell is the one that was noted."""
    resolved_at = (
        event.resolved_at if event.resolved_at is not None or not event.resolved else old.resolved_at
    )
    return event.severity, event.system_severity, event.text, event.resolved, resolved_at


def _resolved(event: SystemEvent, now: Millis) -> SystemEvent:
    """An event that was resolved, with when: by now, where the system does not tell."""
    if not event.resolved or event.resolved_at is not None:
        return event
    return msgspec.structs.replace(event, resolved_at=now)
