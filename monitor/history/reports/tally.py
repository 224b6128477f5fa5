"""How long each agent was in each status, and what it used: from roll-ups, and from samples at the edges.

A long interval is cut into pieces: whole days from the daily rows, what they leave over from the hourly ones, then from
those of five minutes, and at last from the samples, a sample holding until the next one but no longer than
`Recorder.carry_ms`. So a month costs some hundred rows an agent and not half a million.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from monitor.history.queries import fetch, fetch_one
from monitor.history.reports.base import DAY_MS, HOUR_MS, Query
from monitor.history.writing.encode import SAMPLE_REPEAT_MS
from monitor.model import STATUSES, Millis, Status

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    import aiosqlite

LEVELS: Final = {
    "agent_metrics_daily": DAY_MS,
    "agent_metrics_hourly": HOUR_MS,
    "agent_metrics_5min": 300_000,
}
"""Roll-ups, the coarsest first, each with the length of its periods."""
SAMPLES: Final = "agent_metrics"
SLICE_MS: Final = DAY_MS
"""Samples read in one query of one agent: no read transaction lasts longer, and progress can be told."""


class Level(msgspec.Struct, frozen=True):
    """A roll-up, or the samples, and for which time it has rows."""

    table: str
    period: Millis
    """Length of its periods; 1 for samples."""
    held_from: Millis
    """Earlier rows are gone, or never were."""
    done_until: Millis
    """Periods that end later are not summed up yet."""


class Piece(msgspec.Struct, frozen=True):
    """A part of an interval and the level that tells of it."""

    level: Level
    since: Millis
    until: Millis


class Tally(msgspec.Struct):
    """What an agent came to. Mutable: pieces are added."""

    status_ms: dict[Status, float]
    cpu_ms: float | None = None
    """CPU time; None when it was never known."""
    peak_memory: int | None = None

    def add(self, row: sqlite3.Row) -> None:
        """Add the sums of a piece: queries `rolled_sums` and `sample_sums`."""
        for status in STATUSES:
            self.status_ms[status] += row[f"{status}_ms"] or 0
        if row["cpu_ms"] is not None:
            self.cpu_ms = (self.cpu_ms or 0.0) + row["cpu_ms"]
        if row["peak_memory"] is not None:
            self.peak_memory = max(self.peak_memory or 0, row["peak_memory"])

    @property
    def recorded_ms(self) -> float:
        """Time in which the agent's status is known."""
        return sum(self.status_ms.values())


async def done_until(db: aiosqlite.Connection, table: str) -> Millis:
    """Up to when a roll-up is done; 0 when it was never begun."""
    row = await fetch_one(db, "rolled_until", rollup=table)
    return row["done_until"] if row is not None else 0


async def read_tallies(db: aiosqlite.Connection, query: Query) -> dict[str, Tally]:
    """The tally of each agent that was recorded in the interval. Raises sqlite3.Error."""
    tallies: dict[str, Tally] = {}
    levels = await _levels(db)
    since, until = await _recorded(db, query)
    cut = list(pieces(since, until, levels))
    total = sum(_cost(piece) for piece in cut)
    done = 0.0
    for piece in cut:
        for row in await _sums(db, piece, query):
            if row["agent_id"] not in tallies:
                tallies[row["agent_id"]] = Tally(dict.fromkeys(STATUSES, 0.0))
            tallies[row["agent_id"]].add(row)
        done += _cost(piece)
        query.tell(done / total)
    return {agent_id: tally for agent_id, tally in tallies.items() if tally.recorded_ms}


async def _recorded(db: aiosqlite.Connection, query: Query) -> tuple[Millis, Millis]:
    """The part of the interval between the first recorder's start and the last sign of one."""
    row = await fetch_one(db, "recorded_span")
    if row is None or row["started"] is None:
        return query.since, query.until
    last = [row[name] for name in ("ticked", "last_sample", "last_health") if row[name] is not None]
    return max(query.since, row["started"]), min(query.until, max(last, default=query.until))


def pieces(since: Millis, until: Millis, levels: tuple[Level, ...]) -> Iterator[Piece]:
    """Cut an interval into pieces, each told by the coarsest level whose whole periods it is made of.

    What no finer level holds any more is told by a share of the coarser one's period.
    """
    if since >= until:
        return
    *coarser, samples = levels
    for level in coarser:
        first = -(-max(since, level.held_from) // level.period) * level.period
        last = min(until, level.done_until) // level.period * level.period
        if first < last:
            yield from pieces(since, first, levels)
            yield Piece(level, first, last)
            yield from pieces(last, until, levels)
            return
    held = max(since, min(until, samples.held_from))
    yield from _shares(since, held, coarser)
    for start in range(held, until, SLICE_MS):
        yield Piece(samples, start, min(start + SLICE_MS, until))


def _shares(since: Millis, until: Millis, coarser: list[Level]) -> Iterator[Piece]:
    """A part whose samples are gone: the finest level that held on to it.

    Not by its first period: in that the recording may have begun, and a share of it would be told of the time before.
    """
    for level in reversed(coarser):
        start, end = max(since, level.held_from + level.period), min(until, level.done_until)
        if start < end:
            yield from _shares(since, start, coarser)
            yield Piece(level, start, end)
            yield from _shares(end, until, coarser)
            return


async def _levels(db: aiosqlite.Connection) -> tuple[Level, ...]:
    held = {row["name"]: row["held_from"] for row in await fetch(db, "held_from")}
    rolled = [
        Level(table, period, held[table], await done_until(db, table))
        for table, period in LEVELS.items()
        if held[table] is not None
    ]
    return (*rolled, Level(SAMPLES, 1, held[SAMPLES] or 0, 0))


def _cost(piece: Piece) -> float:
    """In rows, roughly: samples come every few seconds."""
    return (piece.until - piece.since) / max(piece.level.period, 5000)


async def _sums(db: aiosqlite.Connection, piece: Piece, query: Query) -> list[sqlite3.Row]:
    if piece.level.table != SAMPLES:
        return await fetch(
            db,
            "rolled_sums",
            level=piece.level.table,
            period=piece.level.period,
            since=piece.since,
            until=piece.until,
            agents=query.wanted,
        )
    found = []
    agents = await fetch(db, "report_agents", agents=query.wanted)
    for start, end, carry in await _carries(db, piece):
        for row in agents:
            found += await fetch(
                db, "sample_sums", agent_id=row["agent_id"], since=start, until=end, carry=carry
            )
    return found


async def _carries(db: aiosqlite.Connection, piece: Piece) -> list[tuple[Millis, Millis, Millis]]:
    """The stretches of a piece, each with how long a sample holds in it: the recorder's interval may change."""
    rows = await fetch(db, "report_intervals", since=piece.since, until=piece.until)
    changes = [(row["timestamp"], SAMPLE_REPEAT_MS + 2 * row["interval_ms"]) for row in rows]
    return list(_stretches(piece.since, piece.until, changes))


def _stretches(
    since: Millis, until: Millis, changes: Iterable[tuple[Millis, Millis]]
) -> Iterator[tuple[Millis, Millis, Millis]]:
    start, carry = since, SAMPLE_REPEAT_MS
    for at, new in changes:
        if at > start and new != carry:
            yield start, at, carry
            start = at
        carry = new
    yield start, until, carry
