"""Series: the same numbers from whatever rows they are read, gaps as gaps."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maintenance_records import (
    DAY,
    HOUR,
    MINUTE,
    START,
    Sample,
    database,
    prune,
    put,
    roll_up,
    sampled_every,
    steady,
)

from monitor.history.series.agents import agent_series, choose
from monitor.history.series.host import HostSeries, host_series
from monitor.model import STATUSES, Series

T = TypeVar("T")


def ask(db: Any, question: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T:
    """Ask a copy of the database through the kind of connection that viewers have."""

    async def asking(file: str) -> T:
        async with aiosqlite.connect(file, isolation_level=None) as copy:
            copy.row_factory = db.row_factory
            return await question(copy)

    with tempfile.NamedTemporaryFile() as file:
        copy = sqlite3.connect(file.name)
        db.backup(copy)
        copy.close()
        return asyncio.run(asking(file.name))


def series(db: Any, start: int, end: int, points: int = 200) -> Series:
    return ask(db, lambda copy: agent_series(copy, "builder", start, end, points))


def host(db: Any, start: int, end: int, points: int = 200) -> HostSeries:
    return ask(db, lambda copy: host_series(copy, start, end, points))


def recorded(found: Series) -> int:
    return sum(sum(getattr(point, f"{word}_ms") for word in STATUSES) for point in found.points)


def cpu_time(found: Series) -> float:
    return sum((point.avg_cpu or 0.0) * point.measured_ms for point in found.points)


def test_the_rows_are_chosen_by_the_length_of_the_interval() -> None:
    assert choose(HOUR, 200, 2000) == "samples"
    assert choose(DAY, 200, 2000) == "5min"
    assert choose(30 * DAY, 200, 2000) == "hourly"
    assert choose(365 * DAY, 200, 2000) == "daily"
    assert choose(HOUR, 200, 100) == "5min"  # ten samples a second are too many to read for an hour


@pytest.mark.parametrize(("days", "rows"), [(0.3, "samples"), (1, "5min"), (8, "hourly"), (200, "daily")])
def test_every_kind_of_rows_tells_the_same(days: float, rows: str) -> None:
    db = database()
    end = START + 9 * DAY
    put(db, "builder", steady(START, START + 4 * DAY, every=MINUTE, cpu=20.0, memory=5000))
    put(db, "builder", steady(START + 4 * DAY, end, every=MINUTE, cpu=40.0, memory=7000, status="idle"))
    sampled_every(db, 25_000)  # so that a sample holds for a minute
    roll_up(db, end)
    found = series(db, end - int(days * DAY), end)
    assert found.resolution == rows
    assert len(found.points) <= 200
    assert recorded(found) == pytest.approx(min(days, 9) * DAY, rel=0.001)
    assert found.points[-1].avg_cpu == pytest.approx(40.0)
    assert found.points[-1].status == "idle"
    assert max(point.max_memory or 0 for point in found.points) == 7000
    if days >= 8:
        assert cpu_time(found) == pytest.approx(((min(days, 9) - 5) * 20 + 5 * 40) * DAY, rel=0.01)


def test_a_gap_is_unknown_and_not_zero() -> None:
    db = database()
    put(db, "builder", steady(START, START + HOUR - 10_000))
    put(db, "builder", steady(START + 3 * HOUR, START + 4 * HOUR))
    found = series(db, START, START + 4 * HOUR, points=20)
    assert [point.status for point in found.points] == ["active"] * 5 + [None] * 10 + ["active"] * 5
    nothing = found.points[7]
    assert (nothing.avg_cpu, nothing.max_memory, nothing.measured_ms) == (None, None, 0)


def test_a_short_interval_has_no_holes_between_samples_that_still_hold() -> None:
    db = database()
    put(db, "builder", steady(START, START + HOUR))  # unchanged ones, every ten seconds
    found = series(db, START + 10 * MINUTE, START + 13 * MINUTE)
    assert found.bucket_ms < 1000
    assert {point.status for point in found.points} == {"active"}


def test_what_is_not_summed_up_yet_is_read_from_finer_rows() -> None:
    db = database()
    end = START + 9 * DAY + 2 * HOUR + 12 * MINUTE
    put(db, "builder", steady(START, end, every=MINUTE, cpu=10.0))
    sampled_every(db, 25_000)
    roll_up(db, end)
    for days in (1, 9, 150):
        found = series(db, end - days * DAY, end)
        known = min(days * DAY, end - START)
        assert recorded(found) == pytest.approx(known, rel=0.001), found.resolution
        assert found.points[-1].status == "active"


def test_what_retention_has_taken_is_read_from_coarser_rows() -> None:
    db = database()
    end = START + 9 * DAY
    put(db, "builder", steady(START + 5 * HOUR + 7 * MINUTE, end, every=MINUTE, cpu=10.0))
    sampled_every(db, 25_000)
    roll_up(db, end + HOUR)
    whole = series(db, START, START + 8 * HOUR)
    assert whole.resolution == "samples"
    prune(db, end, agent_metrics_days=3, agent_metrics_5min_days=6)
    found = series(db, START, START + 8 * HOUR)  # its samples and five-minute rows are gone: hours are left
    assert recorded(found) == recorded(whole)
    across = series(db, START + 6 * DAY - 4 * HOUR, START + 6 * DAY + 4 * HOUR)
    assert recorded(across) == 8 * HOUR
    assert cpu_time(across) == pytest.approx(8 * HOUR * 10.0)


@settings(max_examples=30, deadline=None)
@given(
    begins=st.integers(0, 3 * DAY),
    ends=st.integers(1, 3 * DAY),
    rolled=st.integers(0, 4 * DAY),
    pruned=st.integers(1, 4),
    start=st.integers(-DAY, 3 * DAY),
    length=st.integers(1000, 5 * DAY),
    points=st.integers(1, 300),
)
def test_no_moment_counts_twice_and_none_is_lost(
    begins: int, ends: int, rolled: int, pruned: int, start: int, length: int, points: int
) -> None:
    db = database()
    sampled_every(db, 295_000)  # so that a sample holds for ten minutes
    put(db, "builder", steady(START + begins, START + begins + ends, every=10 * MINUTE, cpu=10.0))
    roll_up(db, START + rolled)
    prune(db, START + 4 * DAY, agent_metrics_days=pruned, agent_metrics_5min_days=pruned)
    found = series(db, START + start, START + start + length, points)
    assert len(found.points) <= points
    last = begins + (ends - 1) // (10 * MINUTE) * 10 * MINUTE
    known = max(0, min(start + length, last + 10 * MINUTE) - max(start, begins))
    # Coarser rows, where they are all there is, do not tell where in a period an agent came or went.
    assert recorded(found) == pytest.approx(known, abs=2 * DAY if found.resolution == "daily" else 2 * HOUR)
    if recorded(found) > 1000:
        assert cpu_time(found) == pytest.approx(10.0 * recorded(found), rel=0.05)


def test_an_unknown_agent_has_a_series_of_gaps() -> None:
    found = series(database(), START, START + DAY)
    assert len(found.points) == 200
    assert {point.status for point in found.points} == {None}


def test_an_interval_has_to_have_a_length() -> None:
    with pytest.raises(ValueError, match="no series"):
        series(database(), START, START)
    with pytest.raises(ValueError, match="no series"):
        host(database(), START, START - 1)


def put_health(db: Any, since: int, until: int, cpu: float, status: str = "healthy") -> None:
    db.executemany(
        "INSERT INTO system_health (timestamp, overall_status, cpu_usage, error_count, details)"
        " VALUES (?, ?, ?, 2, '{}')",
        [(at, status, cpu) for at in range(since, until, 10_000)],
    )


@pytest.mark.parametrize(("days", "rows"), [(1, "samples"), (8, "hourly")])
def test_the_host_has_a_series_too(days: int, rows: str) -> None:
    db = database()
    end = START + 9 * DAY + 20 * MINUTE
    put_health(db, START + 8 * DAY, end, 50.0)
    roll_up(db, end)
    found = host(db, end - days * DAY, end)
    assert found.resolution == rows
    known = [point for point in found.points if point.sample_count]
    assert sum(point.sample_count for point in known) == 6 * 60 * 24 + (120 if days == 8 else 0)
    assert {(point.avg_cpu, point.status, point.max_errors) for point in known} == {(50.0, "healthy", 2)}
    assert all(point.status is None and point.avg_cpu is None for point in found.points if point not in known)


def test_the_host_before_its_rows_begin_is_read_from_hours(tmp_path: Path) -> None:
    db = database()
    put_health(db, START, START + DAY, 10.0)
    put_health(db, START + DAY, START + 2 * DAY, 30.0, "degraded")
    roll_up(db, START + 2 * DAY + HOUR)
    prune(db, START + 2 * DAY, system_health_days=1)
    found = host(db, START + DAY // 2, START + 2 * DAY)
    assert found.resolution == "samples"
    assert sum(point.sample_count for point in found.points) == 6 * 60 * 36
    assert [point.status for point in found.points if point.status] == ["healthy"] * 12 + ["degraded"] * 24


def test_a_sample_carried_into_the_interval_is_in_it() -> None:
    db = database()
    sampled_every(db, HOUR)
    put(db, "builder", [Sample(START, cpu=70.0)])
    found = series(db, START + 30 * MINUTE, START + HOUR, points=3)
    assert [point.avg_cpu for point in found.points] == [70.0] * 3
