"""Lists of what has been: alerts that are over, and tasks completed a day."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from monitor.history.moments import decode
from monitor.history.queries import rows
from monitor.keystore import ALERT_HISTORY_LIMIT
from monitor.model import Alert, DayCount, Millis

if TYPE_CHECKING:
    import sqlite3
    from datetime import date

VELOCITY_DAYS: Final = 14
"""Days of which completed tasks are counted."""


def read_alert_history(db: sqlite3.Connection, at: Millis) -> tuple[Alert, ...]:
    """The alerts that were resolved by then, the last one first, also archived ones. Raises sqlite3.Error."""
    found = rows(db, "resolved_alerts_at", at=at, limit=ALERT_HISTORY_LIMIT)
    return tuple(decode.alert(row) for row in found)


def read_velocity(db: sqlite3.Connection, at: Millis) -> tuple[DayCount, ...]:
    """Tasks completed on each of the last local days up to that moment, the oldest first. Raises sqlite3.Error."""
    today = local_day(at)
    first = today - timedelta(days=VELOCITY_DAYS - 1)
    since = round(datetime.combine(first, time()).astimezone().timestamp() * 1000)
    counts = dict.fromkeys(days_between(first, today), 0)
    for (completed,) in rows(db, "completed_by", since=since, at=at):
        counts[local_day(completed)] += 1
    return tuple(DayCount(day.isoformat(), count) for day, count in counts.items())


def local_day(at: Millis) -> date:
    """The day of this machine's zone that the moment lies in."""
    return datetime.fromtimestamp(at / 1000).astimezone().date()


def days_between(first: date, last: date) -> list[date]:
    """Every day from the first to the last."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
