"""`report systems`: how attached systems fared, how deep their queues were, and what they told of."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from monitor.history.binding import parse
from monitor.history.queries import fetch
from monitor.history.reports.base import Query, Report, Seconds, seconds

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    import aiosqlite

    from monitor.model import Millis


class SystemRow(msgspec.Struct, frozen=True, kw_only=True):
    """One queue of a system; a row without a queue is about the system as a whole: all of its queues together."""

    system: str
    kind: str
    queue: str
    watched_seconds: Seconds
    """For which it was attached."""
    failing_seconds: Seconds | None
    """For which it could not be read; None for a queue."""
    mean_depth: float | None
    """What waited or ran in it, on the average of the time; None while nothing is known."""
    highest_depth: int | None
    last_depth: int | None
    events: int | None
    """None for a queue."""
    grave_events: int | None
    """Errors and critical ones."""
    log_errors: int | None
    """Log lines of level error and critical."""


class _Depths:
    """The depth of one queue over the interval."""

    def __init__(self) -> None:
        self.weighted = 0.0
        self.seconds = 0.0
        self.highest: int | None = None
        self.last: int | None = None

    def add(self, depth: int, millis: Millis) -> None:
        self.weighted += depth * millis
        self.seconds += millis
        self.highest = max(depth, self.highest or 0)
        self.last = depth

    @property
    def mean(self) -> float | None:
        return round(self.weighted / self.seconds, 2) if self.seconds else None


async def systems(db: aiosqlite.Connection, query: Query) -> Report:
    """A row for each system, and one for each of its queues; the agents asked for change nothing.

    Raises sqlite3.Error.
    """
    span = {"since": query.since, "until": query.until}
    states: dict[str, list[sqlite3.Row]] = defaultdict(list)
    for row in await fetch(db, "report_system_states", **span):
        states[row["name"]].append(row)
    told = {row["system"]: row for row in await fetch(db, "report_system_events", **span)}
    lines = {row["system"]: row["errors"] for row in await fetch(db, "report_system_lines", **span)}
    rows = [
        row
        for name, noted in states.items()
        for row in _rows(name, list(_spans(noted, query)), told.get(name), lines.get(name, 0))
    ]
    return Report(
        name="systems",
        since=query.since,
        until=query.until,
        row_type=SystemRow,
        rows=tuple(rows),
        totals={"systems": len(states)},
    )


def _spans(noted: list[sqlite3.Row], query: Query) -> Iterator[tuple[sqlite3.Row, Millis]]:
    """Each state with how long it held within the interval."""
    for row, following in zip(noted, [*noted[1:], None], strict=True):
        begin = max(row["timestamp"], query.since)
        end = query.until if following is None else following["timestamp"]
        yield row, max(0, end - begin)


def _rows(
    name: str, spans: list[tuple[sqlite3.Row, Millis]], told: sqlite3.Row | None, log_errors: int
) -> Iterable[SystemRow]:
    every = _Depths()
    queues: dict[str, _Depths] = defaultdict(_Depths)
    attached = [(row, millis) for row, millis in spans if row["attached"]]
    for row, millis in attached:
        if row["state"] not in ("ok", "degraded"):
            continue
        depths = parse(row["depths"], dict[str, int], {})
        every.add(sum(depths.values()), millis)
        for queue, depth in depths.items():
            queues[queue].add(depth, millis)
        for queue in queues.keys() - depths.keys():  # nothing is left in it
            queues[queue].add(0, millis)
    watched = seconds(sum(millis for _, millis in attached)) or 0.0
    kind = next((row["kind"] for row, _ in reversed(attached) if row["kind"]), "")
    failing = seconds(sum(millis for row, millis in attached if row["state"] == "failing"))
    yield SystemRow(
        system=name,
        kind=kind,
        queue="",
        watched_seconds=watched,
        failing_seconds=failing,
        mean_depth=every.mean,
        highest_depth=every.highest,
        last_depth=every.last,
        events=told["events"] if told is not None else 0,
        grave_events=told["grave"] if told is not None else 0,
        log_errors=log_errors,
    )
    for queue, known in sorted(queues.items()):
        yield SystemRow(
            system=name,
            kind=kind,
            queue=queue,
            watched_seconds=watched,
            failing_seconds=None,
            mean_depth=known.mean,
            highest_depth=known.highest,
            last_depth=known.last,
            events=None,
            grave_events=None,
            log_errors=None,
        )
