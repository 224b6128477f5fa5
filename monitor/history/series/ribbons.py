"""The status of every agent over a stretch of time, for the time line: from samples, or roll-ups of long ones."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from monitor.history.queries import first, rows
from monitor.history.upkeep import rollup
from monitor.model import SEVERITIES, Millis, Ribbon, Ribbons, Status

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from monitor.history.series.windows import Window

_STATUSES: Final[tuple[Status | None, ...]] = (None, "offline", "idle", "active", "blocked", "error")
"""By urgency, as the queries number it: whoever did anything in a part was not just offline in it."""
_URGENCY: Final = {status: urgency for urgency, status in enumerate(_STATUSES)}
_FIVE_MINUTES: Final = 5 * rollup.MINUTE

_Cells = dict[str, list[int]]
"""The urgency of each part, by agent."""


def read_ribbons(db: sqlite3.Connection, window: Window, shown: Iterable[str] = ()) -> Ribbons:
    """The ribbons of a window: those of the agents `shown` first, in their order, then those of others that were there.

    In the connection's thread, within a transaction. Raises sqlite3.Error.
    """
    count = window.count
    every = [row["agent_id"] for row in rows(db, "agents_recorded")]
    cells: _Cells = {agent_id: [0] * count for agent_id in every}
    since = _read_rolled_up(db, window, cells)
    _read_samples(db, window, since, cells)
    commits: _Cells = {}
    parts = {"start": window.start, "end": window.end, "bucket": window.bucket}
    for agent_id, number, made in rows(db, "ribbon_commits", **parts):
        commits.setdefault(agent_id, [0] * count)[number] = made
    alerts = [None] * count
    for number, gravest in rows(db, "ribbon_alerts", **parts):
        alerts[number] = SEVERITIES[gravest]
    order = dict.fromkeys((*(agent_id for agent_id in shown if agent_id in cells), *sorted(every)))
    none = (0,) * count
    return Ribbons(
        start=window.start,
        end=window.end,
        bucket_ms=window.bucket,
        ribbons=tuple(
            Ribbon(
                agent_id=agent_id,
                statuses=tuple([_STATUSES[urgency] for urgency in cells[agent_id]]),
                commits=tuple(commits[agent_id]) if agent_id in commits else none,
            )
            for agent_id in order
            if agent_id in commits or any(cells[agent_id])
        ),
        alerts=tuple(alerts),
    )


def _read_rolled_up(db: sqlite3.Connection, window: Window, cells: _Cells) -> Millis:
    """What roll-ups tell of parts that are no shorter than their periods; returns from when on samples have to.

    A period that goes on beyond the moment is left out: it tells of what came later, too.
    """
    marks = first(db, "ribbon_marks")
    done_hourly, done_5min = (marks["done_hourly"], marks["done_5min"]) if marks is not None else (0, 0)
    since = window.start
    for name, period, done in (
        ("ribbon_hourly", rollup.HOUR, done_hourly),
        ("ribbon_5min", _FIVE_MINUTES, done_5min),
    ):
        if window.bucket % period == 0:
            until = min(done or 0, window.end - window.end % period)
            if until > since:
                bound = {"start": window.start, "since": since, "until": until, "bucket": window.bucket}
                for agent_id, number, urgency in rows(db, name, **bound):
                    parts = cells[agent_id]
                    parts[number] = max(parts[number], urgency)
                since = until
    return since


def _read_samples(db: sqlite3.Connection, window: Window, since: Millis, cells: _Cells) -> None:
    """What samples tell from then on."""
    carries = rollup.carries(db)
    begin = since - max(carry for _, carry in carries)
    for agent_id, parts in cells.items():
        found = rows(db, "ribbon_samples", agent_id=agent_id, since=begin, until=window.end)
        if found:
            _paint(found, carries, since, window, parts)


def _paint(
    samples: list[sqlite3.Row],
    carries: list[tuple[Millis, Millis]],
    since: Millis,
    window: Window,
    parts: list[int],
) -> None:
    """Give each part the most urgent status that held in it: a sample holds until the next, if that comes in time."""
    starts = [at for at, _ in carries]
    steady = carries[-1][1] if starts[-1] <= samples[0]["timestamp"] else None
    status: Status | None = None
    begun = held = since
    for at, word in samples:
        if word != status or at > held:
            _mark(parts, window, max(begun, since), min(held, at), _URGENCY[status])
            status, begun = word, at
        held = at + (steady or carries[bisect_right(starts, at) - 1][1])
    _mark(parts, window, max(begun, since), min(held, window.end), _URGENCY[status])


def _mark(parts: list[int], window: Window, begin: Millis, end: Millis, urgency: int) -> None:
    """A status held from `begin` up to, and without, `end`."""
    if end <= begin:
        return
    for number in range(
        (begin - window.start) // window.bucket, (end - 1 - window.start) // window.bucket + 1
    ):
        parts[number] = max(parts[number], urgency)
