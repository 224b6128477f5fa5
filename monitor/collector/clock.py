"""The clock of the ticks: what time a tick is labelled with, and what befell the clocks since the one before it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.keystore import Keys
from monitor.model import Activity, Event, Leap, Millis, TaskEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.keystore import KeyStore

LEAP_MS: Final = 2_000
"""A wall clock that moved by more than this beyond the time that passed was set; smaller steps are its discipline."""
STOP_MS: Final = 2_000
STOP_TICKS: Final = 5
"""A gap: more than this many intervals, and more than `STOP_MS`, since the tick before."""

_BOOT_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def wall_clock() -> Millis:
    """Now, for labels; durations come from the monotonic clock."""
    return time.time_ns() // 1_000_000


def boot_clock() -> Millis:
    """Milliseconds since boot, time asleep included; Linux's monotonic clock leaves that out."""
    return time.clock_gettime_ns(_BOOT_CLOCK) // 1_000_000


def awake_clock() -> Millis:
    """Milliseconds of the monotonic clock."""
    return time.monotonic_ns() // 1_000_000


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What the clocks say at a tick."""

    now: Millis
    """The tick's label: the wall clock, and always later than the label before, unless the clock was set back."""
    leap: Leap | None = None
    """The wall clock was set since the last tick, or nobody looked: the machine slept, or this process was stopped."""
    events: tuple[Event, ...] = ()
    """Of type `clock` (`seconds` it was set by, `from`, `to`) and `gap` (`since`, `until`, `seconds`, `reason`)."""


class TickClock:
    """Compares wall clock and time since boot from tick to tick (faults.md: clock jump, suspend).

    The clocks are given in milliseconds; tests bring their own.
    """

    def __init__(
        self,
        wall: Callable[[], Millis] = wall_clock,
        boot: Callable[[], Millis] = boot_clock,
        awake: Callable[[], Millis] = awake_clock,
    ) -> None:
        self._clocks = (wall, boot, awake)
        self._last: tuple[Millis, Millis, Millis] | None = None
        self._label: Millis = 0

    def look(self, interval_seconds: float) -> Look:
        """The time of the tick that begins now; ticks come every `interval_seconds`."""
        reading = tuple(clock() for clock in self._clocks)
        wall, boot, awake = reading
        last, self._last = self._last, (wall, boot, awake)
        if last is None:
            self._label = wall
            return Look(now=wall)
        passed = max(0, boot - last[1])
        expected = last[0] + passed
        behind = self._label - wall
        leapt = wall - expected if abs(wall - expected) > LEAP_MS else 0
        if behind > LEAP_MS:
            leapt = -behind - passed
        # A small step back holds the label still, a millisecond a tick, until the clock has caught up.
        self._label = wall if behind < 0 or leapt < 0 else self._label + 1
        events = []
        if leapt:
            events.append(_clock_event(self._label, leapt))
        unwatched = passed if passed > max(STOP_MS, 1000 * STOP_TICKS * interval_seconds) else 0
        if unwatched:
            asleep = passed - max(0, awake - last[2]) > passed // 2
            events.append(_gap_event(self._label, unwatched, "suspended" if asleep else "stopped"))
        leap = Leap(now=self._label, by=leapt, unwatched=unwatched) if events else None
        return Look(now=self._label, leap=leap, events=tuple(events))


def move_lists(store: KeyStore, leap: Leap) -> None:
    """No list in the key store tells of something that we saw later than now; what others dated keeps its date."""
    for key in (*store.keys(Keys.activity("*")), *store.keys(Keys.task_history("*")), Keys.EVENTS):
        entries: tuple[Activity | Event | TaskEvent, ...] = store.get(key, ())
        moved = (
            msgspec.structs.replace(entry, timestamp=leap.moved(entry.timestamp)) if _ours(entry) else entry
            for entry in entries
        )
        store.set(key, tuple(moved))


def _ours(entry: Activity | Event | TaskEvent) -> bool:
    """Whether our clock dated it: not a commit or an entry of a progress log."""
    if isinstance(entry, Activity):
        return entry.kind == "status" or entry.kind.startswith("process-")
    return isinstance(entry, TaskEvent) or entry.type != "activity"


def _clock_event(now: Millis, leapt: Millis) -> Event:
    details = {"seconds": round(leapt / 1000, 1), "from": now - leapt, "to": now}
    return Event(timestamp=now, type="clock", details=details)


def _gap_event(now: Millis, unwatched: Millis, reason: str) -> Event:
    details = {
        "since": now - unwatched,
        "until": now,
        "seconds": round(unwatched / 1000, 1),
        "reason": reason,
    }
    return Event(timestamp=now, type="gap", details=details)
