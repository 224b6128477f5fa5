"""A recording at a glance: when somebody recorded, and when there were alerts and status changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from monitor.history.binding import parse
from monitor.history.queries import fetch
from monitor.model import Millis, Severity, Status, Timeline, TimelineSlice

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    import aiosqlite

    from monitor.history.replay.span import Span

SLICES: Final = 240
"""Parts of a time line: finer than a wide terminal has columns for."""
_SEVERITIES: Final[tuple[Severity, ...]] = ("info", "warning", "error", "critical")
"""By the number that query `alert_slices` gives."""
_STATUSES: Final[tuple[Status, ...]] = ("active", "idle", "offline", "blocked", "error")
"""By the number that query `status_slices` gives: how much each needs a person."""

Stretch = tuple[Millis, Millis]


class _Gap(msgspec.Struct):
    """`events.details` of a gap."""

    since: Millis = 0
    until: Millis = 0


async def read_timeline(db: aiosqlite.Connection, span: Span, slices: int = SLICES) -> Timeline:
    """The time line of a span in equal parts. It looks at no sample. Raises sqlite3.Error."""
    within = {"first": span.first, "last": span.last, "slices": slices}
    alerts = {row["slice"]: row for row in await fetch(db, "alert_slices", **within)}
    changes = {row["slice"]: row for row in await fetch(db, "status_slices", **within)}
    shares = recorded_shares(await read_recorded(db, span), span, slices)
    parts = (_slice(share, alerts.get(number), changes.get(number)) for number, share in enumerate(shares))
    return Timeline(first=span.first, last=span.last, slices=tuple(parts))


def _slice(recorded: float, alerts: sqlite3.Row | None, changes: sqlite3.Row | None) -> TimelineSlice:
    return TimelineSlice(
        recorded=recorded,
        alerts=alerts["alerts"] if alerts is not None else 0,
        severity=_SEVERITIES[alerts["severity"]] if alerts is not None else None,
        changes=changes["changes"] if changes is not None else 0,
        status=_STATUSES[changes["urgency"]] if changes is not None else None,
    )


async def read_recorded(db: aiosqlite.Connection, span: Span) -> list[Stretch]:
    """The stretches of a span in which somebody recorded, in order, none touching another. Raises sqlite3.Error."""
    rows = await fetch(db, "recorders_until", last=span.last)
    recorded = _joined((row["started_at"], row["ended_at"]) for row in rows)
    events = [parse(row["details"], _Gap, _Gap()) for row in await fetch(db, "gaps_since", first=span.first)]
    return list(_without(recorded, _joined((gap.since, gap.until) for gap in events)))


def recorded_shares(recorded: Iterable[Stretch], span: Span, slices: int) -> list[float]:
    """The share of each of the equal parts of a span that is covered; `recorded` as `read_recorded` gives it."""
    length = (span.last - span.first + 1) / slices
    covered = [0.0] * slices
    for begin, end in recorded:
        # The last moment counts as recorded for its millisecond: a span of one moment is not a gap.
        low, high = max(0, begin - span.first), min(span.last, end) + 1 - span.first
        for number in range(int(low / length), min(slices, int(high / length) + 1)):
            covered[number] += max(0.0, min(high, (number + 1) * length) - max(low, number * length))
    return [min(1.0, share / length) for share in covered]


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """In order, and those that touch as one."""
    found: list[Stretch] = []
    for begin, end in sorted(stretch for stretch in stretches if stretch[0] <= stretch[1]):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def _without(stretches: Iterable[Stretch], holes: list[Stretch]) -> Iterator[Stretch]:
    for begin, end in stretches:
        start = begin
        for low, high in holes:
            if high <= start or low >= end:
                continue
            if low > start:
                yield start, low
            start = high
        if start <= end:
            yield start, end
