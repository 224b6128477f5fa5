"""Series of one agent for charts and reports: an interval in a few hundred points, from the rows that suffice for it.

Samples, five-minute, hourly or daily rows are chosen by the length of the interval. What the chosen rows do not cover
comes from others: what is not summed up yet from finer ones, what retention has deleted from coarser ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.history.connection import in_one_go
from monitor.history.moments.state import one_look
from monitor.history.queries import first as first_row
from monitor.history.queries import rows as query
from monitor.history.upkeep import rollup
from monitor.history.writing.encode import SAMPLE_REPEAT_MS
from monitor.model import STATUSES, Millis, Resolution, Series, SeriesPoint

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    import aiosqlite

RESOLUTIONS: Final[tuple[Resolution, ...]] = ("samples", "5min", "hourly", "daily")
"""From the finest to the coarsest."""
PERIODS: Final[dict[Resolution, Millis]] = {
    "samples": 1,
    "5min": 5 * rollup.MINUTE,
    "hourly": rollup.HOUR,
    "daily": rollup.DAY,
}
MAX_SAMPLES: Final = 15_000
"""Samples read for one series, about; a longer interval, or a shorter tick, is read from five-minute rows."""
_PLACES: Final = {word: place for place, word in enumerate(STATUSES)}


class _Span(msgspec.Struct):
    """A stretch of time in which one row holds."""

    start: Millis
    end: Millis
    measured_ms: float
    cpu: float | None
    max_cpu: float | None
    memory: float | None
    max_memory: int | None
    processes: int | None
    uncommitted: int | None
    times: tuple[tuple[int, float], ...]
    """(place in `STATUSES`, milliseconds) of each status that it was in."""


async def agent_series(
    db: aiosqlite.Connection, agent_id: str, start: Millis, end: Millis, points: int = 200
) -> Series:
    """The agent's numbers from `start` to `end` in at most so many points. Raises sqlite3.Error, ValueError."""
    if end <= start or points < 1:
        raise ValueError(f"no series from {start} to {end} in {points} points")
    bucket = -(-(end - start) // points)

    def read(connection: sqlite3.Connection) -> Series:
        with one_look(connection):
            return read_series(connection, agent_id, start, end, bucket)

    return await in_one_go(db, read)


def read_series(db: sqlite3.Connection, agent_id: str, start: Millis, end: Millis, bucket: Millis) -> Series:
    """The agent's numbers in points of `bucket` from `start` on, or longer ones where the rows are, and as of `end`.

    What was noted at `end` or later is not looked at. In the connection's thread, within a transaction. Raises
    sqlite3.Error.
    """
    carries = rollup.carries(db)
    resolution = choose(end - start, -(-(end - start) // bucket), _interval(carries, end))
    bucket = max(bucket, PERIODS[resolution])
    buckets = [_Bucket() for _ in range(-(-(end - start) // bucket))]
    row = first_row(db, "series_marks", agent_id=agent_id)
    for part, since, until in plan(resolution, start, end, dict(row) if row is not None else {}):
        begin = since - since % PERIODS[part]
        found = query(db, f"series_{part}", agent_id=agent_id, start=begin, end=until)
        spans = _samples(found, carries, since, until) if part == "samples" else _rows(found, PERIODS[part])
        _distribute(spans, buckets, start, bucket, since, until)
    for number, commits in query(
        db, "series_commits", agent_id=agent_id, start=start, end=end, bucket=bucket
    ):
        buckets[number].commits = commits
    return Series(
        agent_id=agent_id,
        start=start,
        end=end,
        bucket_ms=bucket,
        resolution=resolution,
        points=tuple(one.point(start + number * bucket) for number, one in enumerate(buckets)),
    )


def choose(span: Millis, points: int, interval: Millis) -> Resolution:
    """The coarsest rows that still give at least half of the points."""
    for resolution in reversed(RESOLUTIONS[1:]):
        if span // PERIODS[resolution] >= points / 2:
            return resolution
    return "samples" if span / interval <= MAX_SAMPLES else "5min"


def plan(
    resolution: Resolution, start: Millis, end: Millis, marks: dict[str, Any]
) -> list[tuple[Resolution, Millis, Millis]]:
    """(rows, from, to) of the parts that cover the interval, in order. `marks` is the row of `series_marks`."""
    since = _available(resolution, start, marks)
    parts = _earlier(resolution, start, min(since, end), marks)
    return parts + _later(resolution, min(since, end), end, marks)


def _available(resolution: Resolution, start: Millis, marks: dict[str, Any]) -> Millis:
    """From when on rows of this kind are read: later than `start` when coarser ones are older than they are."""
    place = RESOLUTIONS.index(resolution)
    if resolution == "daily":
        return start
    coarser = RESOLUTIONS[place + 1]
    own: Millis | None = marks["first_sample" if resolution == "samples" else f"first_{resolution}"]
    older: Millis | None = marks[f"first_{coarser}"]
    done: Millis = marks[f"done_{coarser}"] or 0
    period = PERIODS[coarser]
    if older is None or older >= done or (own is not None and older >= own - own % period):
        return start
    if own is None:
        return max(start, done)
    return max(start, min(own + -own % period, done))


def _earlier(
    resolution: Resolution, start: Millis, end: Millis, marks: dict[str, Any]
) -> list[tuple[Resolution, Millis, Millis]]:
    if start >= end or resolution == "daily":
        return []
    coarser = RESOLUTIONS[RESOLUTIONS.index(resolution) + 1]
    since = min(_available(coarser, start, marks), end)
    return [*_earlier(coarser, start, since, marks), (coarser, since, end)]


def _later(
    resolution: Resolution, start: Millis, end: Millis, marks: dict[str, Any]
) -> list[tuple[Resolution, Millis, Millis]]:
    if start >= end:
        return []
    if resolution == "samples":
        return [("samples", start, end)]
    finer = RESOLUTIONS[RESOLUTIONS.index(resolution) - 1]
    first: Millis | None = marks["first_sample" if finer == "samples" else f"first_{finer}"]
    # A period that goes on beyond the end tells of what came later too: its part of it is in finer rows, if anywhere.
    whole = end - end % PERIODS[resolution] if first is not None and first < end else end
    done = max(start, min(whole, marks[f"done_{resolution}"] or 0))
    own: list[tuple[Resolution, Millis, Millis]] = [(resolution, start, done)] if done > start else []
    return own + _later(finer, done, end, marks)


def _interval(carries: list[tuple[Millis, Millis]], at: Millis) -> Millis:
    carry = _carry(carries, at)
    return max(1, (carry - SAMPLE_REPEAT_MS) // 2)


def _carry(carries: list[tuple[Millis, Millis]], at: Millis) -> Millis:
    """For how long a sample of that moment is carried forward."""
    return [carry for since, carry in carries if since <= at][-1]


def _samples(
    rows: list[sqlite3.Row], carries: list[tuple[Millis, Millis]], since: Millis, until: Millis
) -> Iterator[_Span]:
    """Each sample holds until the next one, at most as long as it is carried forward."""
    changes = [at for at, _ in carries if since < at < until]
    steady = None if changes else _carry(carries, since)
    for number, (at, status, cpu, memory, processes, uncommitted) in enumerate(rows):
        carry = steady if steady is not None and at >= since else _carry(carries, at)
        begin, end = max(at, since), min(at + carry, until)
        if number + 1 < len(rows):
            end = min(end, rows[number + 1][0])
        held = end - begin
        if held > 0:
            times = ((_PLACES[status], held),)
            known = held if cpu is not None else 0
            yield _Span(begin, end, known, cpu, cpu, memory, memory, processes, uncommitted, times)


def _rows(rows: Iterable[sqlite3.Row], period: Millis) -> Iterator[_Span]:
    for at, measured, cpu, max_cpu, memory, max_memory, processes, uncommitted, *times in rows:
        yield _Span(
            at,
            at + period,
            measured,
            cpu,
            max_cpu,
            memory,
            max_memory,
            processes,
            uncommitted,
            tuple((place, ms) for place, ms in enumerate(times) if ms),
        )


def _distribute(
    spans: Iterable[_Span],
    buckets: list[_Bucket],
    start: Millis,
    bucket: Millis,
    since: Millis,
    until: Millis,
) -> None:
    """Give each bucket its part of every span, as far as the span lies between `since` and `until`."""
    for span in spans:
        begin, end = max(span.start, since), min(span.end, until)
        number = (begin - start) // bucket
        while begin < end:
            edge = min(end, start + (number + 1) * bucket)
            buckets[number].add(span, (edge - begin) / (span.end - span.start))
            begin, number = edge, number + 1


class _Bucket:
    """Sums of what lies in one point."""

    __slots__ = (
        "commits",
        "cpu",
        "max_cpu",
        "max_memory",
        "measured",
        "memory",
        "processes",
        "remembered",
        "times",
        "uncommitted",
    )

    def __init__(self) -> None:
        self.measured = 0.0
        self.cpu = 0.0
        self.memory = 0.0
        self.remembered = 0.0
        """Milliseconds in which CPU and memory are known."""
        self.max_cpu: float | None = None
        self.max_memory: int | None = None
        self.processes: int | None = None
        self.uncommitted: int | None = None
        self.times = [0.0] * len(STATUSES)
        self.commits = 0

    def add(self, span: _Span, share: float) -> None:
        """Add this share of a span, by time."""
        measured = span.measured_ms * share
        self.measured += measured
        self.cpu += (span.cpu or 0.0) * measured
        if span.memory is not None:
            self.memory += span.memory * measured
            self.remembered += measured
        self.max_cpu = _largest(self.max_cpu, span.max_cpu)
        self.max_memory = _largest(self.max_memory, span.max_memory)
        self.processes = _largest(self.processes, span.processes)
        self.uncommitted = _largest(self.uncommitted, span.uncommitted)
        for place, ms in span.times:
            self.times[place] += ms * share

    def point(self, at: Millis) -> SeriesPoint:
        """The sums as a point that begins at `at`."""
        active, idle, blocked, error, offline = (round(time) for time in self.times)
        return SeriesPoint(
            at=at,
            measured_ms=round(self.measured),
            avg_cpu=self.cpu / self.measured if self.measured else None,
            max_cpu=self.max_cpu,
            avg_memory=round(self.memory / self.remembered) if self.remembered else None,
            max_memory=self.max_memory,
            max_processes=self.processes,
            max_uncommitted=self.uncommitted,
            active_ms=active,
            idle_ms=idle,
            blocked_ms=blocked,
            error_ms=error,
            offline_ms=offline,
            commits=self.commits,
        )


def _largest(one: Any, other: Any) -> Any:
    """The larger of two numbers, either of which may be unknown."""
    if other is None or (one is not None and one >= other):
        return one
    return other
