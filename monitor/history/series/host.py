"""Series of the host's health for charts and reports: an interval in a few hundred points.

Rows of health are read for as long as they are few enough, hourly rows otherwise; each fills in for what the other
lacks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from monitor.history.queries import fetch, fetch_one
from monitor.history.upkeep import rollup
from monitor.model import Millis, OverallStatus

if TYPE_CHECKING:
    import aiosqlite

MAX_DETAILED_MS: Final = 2 * rollup.DAY
"""The longest interval that is read from the rows themselves, some 17,000 of them at most."""
MIN_BUCKET_MS: Final = rollup.MINUTE
"""Health is recorded every ten seconds: shorter points would look like gaps where it is recorded less often."""
STATUSES: Final[tuple[OverallStatus, ...]] = ("healthy", "degraded", "unhealthy")
"""From the best to the worst."""


class HostPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of the series; None in a gap, and where something is unknown."""

    at: Millis
    """Its start."""
    sample_count: int = 0
    status: OverallStatus | None = None
    """The worst."""
    avg_cpu: float | None = None
    """Percent of all cores."""
    max_cpu: float | None = None
    avg_memory: float | None = None
    """Percent."""
    max_memory: float | None = None
    max_disk: float | None = None
    """Percent of the fullest watched file system."""
    avg_load: float | None = None
    """Over one minute."""
    max_load: float | None = None
    avg_latency: float | None = None
    """Milliseconds: how long ticks took."""
    max_latency: float | None = None
    max_errors: int | None = None
    """Sources failing."""


class HostSeries(msgspec.Struct, frozen=True, kw_only=True):
    """The host's numbers from `start` to `end`, in points of `bucket_ms` each, in order and without holes."""

    start: Millis
    end: Millis
    bucket_ms: Millis
    resolution: Literal["samples", "hourly"]
    """Of the rows that were chosen."""
    points: tuple[HostPoint, ...]


async def host_series(db: aiosqlite.Connection, start: Millis, end: Millis, points: int = 200) -> HostSeries:
    """The host's numbers from `start` to `end` in at most so many points. Raises sqlite3.Error, ValueError."""
    if end <= start or points < 1:
        raise ValueError(f"no series from {start} to {end} in {points} points")
    detailed = end - start <= MAX_DETAILED_MS
    row = await fetch_one(db, "host_marks")
    done, first = (row["done_hourly"] or 0, row["first_sample"]) if row is not None else (0, None)
    border = _border(done, first, detailed=detailed)
    hours_used = start < border and not (detailed and first is not None and first <= start)
    bucket = max(-(-(end - start) // points), rollup.HOUR if hours_used else MIN_BUCKET_MS)
    found: dict[int, dict[str, Any]] = {}
    if hours_used:
        bound = {"start": start - start % rollup.HOUR, "end": min(border, end), "origin": start}
        _merge(found, [dict(row) for row in await fetch(db, "host_hourly", **bound, bucket=bucket)])
    since = max(start, border) if hours_used else start
    if since < end:
        rows = await fetch(db, "host_samples", start=start, since=since, end=end, bucket=bucket)
        _merge(found, [dict(row) for row in rows])
    return HostSeries(
        start=start,
        end=end,
        bucket_ms=bucket,
        resolution="samples" if detailed else "hourly",
        points=tuple(_point(start + n * bucket, found.get(n)) for n in range(-(-(end - start) // bucket))),
    )


def _border(done: Millis, first: Millis | None, *, detailed: bool) -> Millis:
    """Until when hourly rows are read, and rows themselves from then on."""
    if not detailed or first is None:
        return done
    return min(done, first + -first % rollup.HOUR)


def _merge(found: dict[int, dict[str, Any]], rows: list[dict[str, Any]]) -> None:
    """Add rows to the points they lie in; an hour that began before the first point belongs to it."""
    for row in rows:
        number = max(0, row.pop("number"))
        other = found.get(number)
        found[number] = row if other is None else _joined(other, row)


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    joined: dict[str, Any] = {"sample_count": one["sample_count"] + other["sample_count"]}
    for name in one:
        known = [row for row in (one, other) if row[name] is not None]
        if name.startswith("avg_"):
            weight = sum(row["sample_count"] for row in known)
            joined[name] = sum(row[name] * row["sample_count"] for row in known) / weight if weight else None
        elif name != "sample_count":
            joined[name] = max((row[name] for row in known), default=None)
    return joined


def _point(at: Millis, row: dict[str, Any] | None) -> HostPoint:
    if row is None:
        return HostPoint(at=at)
    worst = row.pop("worst")
    return HostPoint(at=at, status=STATUSES[worst], **row)
