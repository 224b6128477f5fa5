"""`report health`: how the host and the monitor fared, hour by hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from monitor.history.queries import fetch
from monitor.history.reports.base import HOUR_MS, Bytes, Percent, Query, Report
from monitor.history.reports.tally import done_until
from monitor.model import Millis, OverallStatus

if TYPE_CHECKING:
    import sqlite3

    import aiosqlite

SHORT_MS: Final = 6 * HOUR_MS
"""An interval up to this long is told in steps of five minutes."""
FIVE_MINUTES_MS: Final = 300_000


class HealthRow(msgspec.Struct, frozen=True, kw_only=True):
    """An hour of the host, or five minutes of a short interval. CPU is percent of all cores."""

    time: Millis
    """Its start."""
    status: OverallStatus
    """The worst."""
    cpu: Percent | None
    cpu_max: Percent | None
    memory: Percent | None
    memory_max: Percent | None
    memory_peak: Bytes | None
    swap_max: Percent | None
    disk_max: Percent | None
    load: float | None
    """Average of the one-minute load."""
    load_max: float | None
    latency_ms: float | None
    """How long a tick took, on average."""
    latency_max_ms: float | None
    errors: int
    """Sources failing at once, at most."""
    viewers: int | None
    """At once, at most."""
    samples: int


async def health(db: aiosqlite.Connection, query: Query) -> Report:
    """Hour by hour; what nobody recorded is left out. Raises sqlite3.Error.

    Hours that are summed up come from there, and the rest, and all of a short interval, from the samples.
    """
    whole = (-(-query.since // HOUR_MS) * HOUR_MS, query.until // HOUR_MS * HOUR_MS)
    end = min(whole[1], await done_until(db, "system_health_hourly"))
    if query.until - query.since <= SHORT_MS:
        found = await _from_samples(db, query.since, query.until, FIVE_MINUTES_MS)
    elif end <= whole[0]:
        found = await _from_samples(db, query.since, query.until, HOUR_MS)
    else:
        found = [
            *await _from_samples(db, query.since, whole[0], HOUR_MS),
            *await fetch(db, "health_hours", since=whole[0], until=end),
            *await _from_samples(db, end, query.until, HOUR_MS),
        ]
    rows = tuple(msgspec.convert(dict(row), HealthRow) for row in found)
    return Report(name="health", since=query.since, until=query.until, row_type=HealthRow, rows=rows)


async def _from_samples(
    db: aiosqlite.Connection, since: Millis, until: Millis, period: int
) -> list[sqlite3.Row]:
    return await fetch(db, "health_periods", since=since, until=until, period=period)
