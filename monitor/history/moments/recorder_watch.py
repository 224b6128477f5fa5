"""Whether somebody still records, and since when not: for a viewer, without asking more often than it has to."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Final

from monitor.history.lock import Holder, holder
from monitor.history.writing.encode import DETAILS_REPEAT_MS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.history.moments.state import Snapshot
    from monitor.model import Millis

PATIENCE_SECONDS: Final = 1.0
"""The lock is not asked more often while the database is quiet."""


class RecorderWatch:
    """Follows who holds the recorder's lock. What is written says that somebody lives: the lock is asked in silence."""

    def __init__(self, lock: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = lock
        self._clock = clock
        self._known: tuple[int, Millis | None] | None = None
        self._due = -1.0
        self.who: Holder | None = None
        """Who records; None when nobody does."""

    def look(self, snapshot: Snapshot, *, changed: bool) -> None:
        """Take note of a look at the database, which had `changed`. Blocks for some milliseconds at most."""
        recorder = snapshot.recorder
        known = (recorder.recorder_id, recorder.stopped_at) if recorder is not None else None
        steady = self.who is not None and recorder is not None and recorder.stopped_at is None
        now = self._clock()
        if changed and steady and known == self._known:
            self._due = now + max(PATIENCE_SECONDS, 2 * _interval(snapshot))
        elif now >= self._due or known != self._known or changed or not steady:
            self.who = holder(self._lock)
            self._due = now + PATIENCE_SECONDS
        self._known = known

    def problem(self, snapshot: Snapshot) -> str:
        """What is wrong with the recorder: gone, or it holds its lock and writes nothing; empty when all is well."""
        recorder, now = snapshot.recorder, snapshot.at
        if self.who is None:
            ends = [] if recorder is None else [recorder.stopped_at or recorder.last_tick_at]
            ends += [] if snapshot.last_tick is None else [snapshot.last_tick]
            return f"recorder gone since {clock_time(max(ends), now)}" if ends else "nothing is recorded yet"
        if recorder is None:
            return ""
        last = max(snapshot.last_tick or 0, recorder.started_at)
        patience = recorder.carry_ms + (0 if snapshot.statuses else DETAILS_REPEAT_MS)
        return f"recorder silent since {clock_time(last, now)}" if now - last > patience else ""


def look_seconds(snapshot: Snapshot, asked: float) -> float:
    """How long to wait for the next look: as asked, and no longer than the recorder's own tick."""
    interval = _interval(snapshot)
    return min(asked, interval) if interval > 0 else asked


def clock_time(at: Millis, now: Millis) -> str:
    """The local time of day, with the date when that is not today's."""
    then, today = (datetime.fromtimestamp(moment / 1000).astimezone() for moment in (at, now))
    return f"{then:%H:%M}" if then.date() == today.date() else f"{then:%Y-%m-%d %H:%M}"


def _interval(snapshot: Snapshot) -> float:
    """Seconds between two ticks of the recorder; 0 when unknown."""
    return snapshot.recorder.interval_ms / 1000 if snapshot.recorder is not None else 0.0
