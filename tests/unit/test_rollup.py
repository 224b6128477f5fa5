"""Roll-ups: each period of each agent once, weighted by time, whatever path the sums take."""

from __future__ import annotations

import itertools
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from history_records import AT, recording, state, tick
from hypothesis import given, settings
from hypothesis import strategies as st
from maintenance_records import (
    DAY,
    HOUR,
    MINUTE,
    START,
    Sample,
    count,
    database,
    finish,
    put,
    roll_up,
    rows,
    sampled_every,
    steady,
)

from monitor.config import Retention
from monitor.history.upkeep import rollup
from monitor.history.upkeep.slices import Pace

PERIODS = {"agent_metrics_5min": 5 * MINUTE, "agent_metrics_hourly": HOUR, "agent_metrics_daily": DAY}
COLUMNS = (
    "sample_count, measured_ms, avg_cpu, max_cpu, avg_memory, max_memory, max_processes, max_uncommitted, active_ms,"
    " idle_ms, blocked_ms, error_ms, offline_ms"
)
STATUSES = ("active", "idle", "blocked", "error", "offline")


def expected(
    samples: list[Sample], carry: dict[int, int], period: int, until: int
) -> dict[int, dict[str, Any]]:
    """What the samples of one agent come to in each period, computed straight from them."""
    sums: dict[int, dict[str, Any]] = defaultdict(lambda: defaultdict(float))
    samples = sorted({one.at: one for one in reversed(samples)}.values())
    for one, after in itertools.zip_longest(samples, samples[1:]):
        end = min(one.at + carry[one.at], after.at if after else until)
        begin = one.at
        sums[begin - begin % period]["sample_count"] += 1
        while begin < end:
            start = begin - begin % period
            held = min(end, start + period) - begin
            mine = sums[start]
            mine[f"{one.status}_ms"] += held
            for name, value in (
                ("cpu", one.cpu),
                ("memory", one.memory),
                ("processes", one.processes),
                ("uncommitted", one.uncommitted),
            ):
                if value is not None:
                    mine[f"max_{name}"] = max(mine.get(f"max_{name}", value), value)
            if one.cpu is not None and one.memory is not None:
                mine["measured_ms"] += held
                mine["cpu"] += one.cpu * held
                mine["memory"] += one.memory * held
            begin += held
    return {start: values for start, values in sums.items() if start + period <= until}


def check(db: Any, agent: str, samples: list[Sample], carry: dict[int, int], now: int) -> None:
    for table, period in PERIODS.items():
        found = {
            at: dict(zip(COLUMNS.split(", "), values, strict=True))
            for at, *values in rows(db, f"SELECT timestamp, {COLUMNS} FROM {table} WHERE agent_id = ?", agent)
        }
        wanted = expected(samples, carry, period, rollup.horizon(now, period))
        assert found.keys() == wanted.keys(), table
        for at, row in found.items():
            want = wanted[at]
            for name in ("sample_count", "measured_ms", *(f"{word}_ms" for word in STATUSES)):
                assert row[name] == want.get(name, 0), (table, at, name)
            for name in ("max_cpu", "max_memory", "max_processes", "max_uncommitted"):
                assert row[name] == want.get(name), (table, at, name)
            if want.get("measured_ms"):
                assert row["avg_cpu"] == pytest.approx(want["cpu"] / want["measured_ms"])
                assert row["avg_memory"] == pytest.approx(want["memory"] / want["measured_ms"], abs=3)
            else:
                assert row["avg_cpu"] is None
                assert row["avg_memory"] is None


known = st.tuples(st.integers(0, 8000).map(lambda tenths: tenths / 10), st.integers(0, 2**40))
numbers = known | st.tuples(st.none(), st.none() | st.integers(0, 2**40))
samples = st.builds(
    lambda at, status, pair, processes, uncommitted: Sample(
        at, status, pair[0], pair[1], processes, uncommitted
    ),
    at=st.integers(START - DAY, START + DAY) | st.integers(START, START + 20 * MINUTE),
    status=st.sampled_from(STATUSES),
    pair=numbers,
    processes=st.none() | st.integers(0, 100),
    uncommitted=st.none() | st.integers(0, 100),
)


@settings(max_examples=40, deadline=None)
@given(
    held=st.lists(samples, max_size=60),
    others=st.lists(samples, max_size=10),
    intervals=st.lists(
        st.tuples(st.integers(START - DAY, START + DAY), st.sampled_from([100, 2000, 60_000, 3_600_000])),
        min_size=1,
        max_size=3,
        unique_by=lambda change: change[0],
    ),
    now=st.integers(START - HOUR, START + 3 * DAY),
    stops=st.integers(1, 40),
)
def test_sums_agree_over_every_path_from_samples_to_days(
    held: list[Sample],
    others: list[Sample],
    intervals: list[tuple[int, int]],
    now: int,
    stops: int,
) -> None:
    db = database()
    intervals.sort()
    for since, interval in intervals:
        sampled_every(db, interval, since)
    held = list({one.at: one for one in reversed(held)}.values())
    others = list({one.at: one for one in reversed(others)}.values())
    put(db, "builder", held)
    put(db, "tester", others)
    carry = {}
    for one in held + others:
        before = [interval for since, interval in intervals if since <= one.at] or [intervals[0][1]]
        carry[one.at] = 10_000 + 2 * before[-1]
    for at in (now - 7 * HOUR, now):  # as time passes, and interrupted anywhere
        work = rollup.roll_up(db, at, Pace(), rollup.Late())
        for _ in itertools.islice(work, stops):
            pass
        roll_up(db, at)
    check(db, "builder", held, carry, now)
    check(db, "tester", others, carry, now)


def test_only_periods_that_are_over_are_summed_up() -> None:
    db = database()
    put(db, "builder", steady(START, START + 2 * HOUR))
    end = START + HOUR
    roll_up(db, end + rollup.MARGIN_MS - 1)
    assert rows(db, "SELECT max(timestamp) FROM agent_metrics_5min") == [(end - 10 * MINUTE,)]
    assert count(db, "agent_metrics_hourly") == 0
    roll_up(db, end + rollup.MARGIN_MS)
    assert rows(db, "SELECT max(timestamp) FROM agent_metrics_5min") == [(end - 5 * MINUTE,)]
    assert rows(db, "SELECT timestamp FROM agent_metrics_hourly") == [(START,)]


def test_doing_it_again_gives_the_same_rows() -> None:
    db = database()
    put(db, "builder", steady(START, START + DAY + HOUR))
    roll_up(db, START + 2 * DAY)
    before = [rows(db, f"SELECT * FROM {table}") for table in PERIODS]
    db.execute("DELETE FROM rollups")
    roll_up(db, START + 2 * DAY)
    assert [rows(db, f"SELECT * FROM {table}") for table in PERIODS] == before
    assert count(db, "agent_metrics_daily") == 1


def test_a_gap_is_in_no_status_and_in_no_average() -> None:
    db = database()
    sampled_every(db, 2000)
    put(db, "builder", [Sample(START, cpu=100.0), Sample(START + 4 * MINUTE, cpu=50.0)])
    roll_up(db, START + HOUR)
    (row,) = rows(db, "SELECT measured_ms, active_ms, avg_cpu FROM agent_metrics_5min")
    assert row == (28_000, 28_000, 75.0)  # 10 s and two ticks each


def test_months_without_a_recorder_are_one_step() -> None:
    db = database()
    put(db, "builder", steady(START, START + HOUR))
    put(db, "builder", steady(START + 300 * DAY, START + 300 * DAY + HOUR))
    assert roll_up(db, START + 301 * DAY) < 60
    assert (
        count(db, "agent_metrics_hourly") == 2 + 2
    )  # each time the last sample is carried into the hour after


def test_a_year_of_a_day_has_its_date_in_utc() -> None:
    db = database()
    put(db, "builder", steady(START, START + HOUR))
    roll_up(db, START + 2 * DAY)
    assert rows(db, "SELECT date, timestamp FROM agent_metrics_daily") == [("2025-06-16", START)]


def test_an_hour_of_health_has_its_worst_status() -> None:
    db = database()
    for number, (word, cpu) in enumerate([("healthy", 10.0), ("unhealthy", 30.0), ("degraded", None)]):
        db.execute(
            "INSERT INTO system_health (timestamp, overall_status, cpu_usage, error_count) VALUES (?, ?, ?, ?)",
            (START + number * MINUTE, word, cpu, number),
        )
    roll_up(db, START + 2 * HOUR)
    assert rows(
        db,
        "SELECT timestamp, sample_count, overall_status, avg_cpu_usage, max_cpu_usage, max_error_count"
        " FROM system_health_hourly",
    ) == [(START, 3, "unhealthy", 20.0, 30.0, 2)]


def test_what_retention_has_taken_never_thins_out_what_was_summed_up() -> None:
    db = database()
    put(db, "builder", steady(START, START + 10 * MINUTE))
    roll_up(db, START + 2 * DAY)
    before = [rows(db, f"SELECT * FROM {table}") for table in PERIODS]
    db.execute("DELETE FROM agent_metrics WHERE timestamp < ?", (START + 4 * MINUTE,))
    db.execute("DELETE FROM rollups")
    roll_up(db, START + 2 * DAY)
    assert [rows(db, f"SELECT * FROM {table}") for table in PERIODS] == before


async def test_what_is_written_late_is_summed_up_again(tmp_path: Path) -> None:
    start = AT - AT % HOUR
    async with recording(state(tmp_path), now=start) as writer:
        maintenance = writer.maintenance(Retention())
        for minute in (0, 20, 59):
            await writer.write(tick(start + minute * MINUTE, "builder"))
        await finish(maintenance, start + 2 * HOUR)
        fetch = "SELECT sum(sample_count) FROM {}"
        tables = ("agent_metrics_5min", "agent_metrics_hourly")
        found = [next(iter(await writer._db.execute_fetchall(fetch.format(table))))[0] for table in tables]
        assert found == [3, 3]
        writer._newest = (
            0  # as after a restart: the row is older than the last one, and not by a clock set back
        )
        await writer.write(tick(start + 30 * MINUTE, "tester"))
        await finish(maintenance, start + 2 * HOUR)
        found = [next(iter(await writer._db.execute_fetchall(fetch.format(table))))[0] for table in tables]
        assert found == [4, 4]


def test_a_row_that_comes_while_its_window_is_at_work_is_not_missed() -> None:
    db = database()
    for number in range(40):
        put(db, f"agent-{number:02d}", steady(START, START + HOUR))
    late = rollup.Late()
    work = rollup.roll_up(db, START + 2 * HOUR, Pace(), late)
    next(work)  # found where to begin
    next(work)  # the first agents of the first window are done
    assert late.note(START + 1)
    db.execute("UPDATE agent_metrics SET cpu_usage = 99.0")
    for _ in work:
        pass
    assert rows(db, "SELECT DISTINCT max_cpu FROM agent_metrics_5min") == [(99.0,)]


def test_a_mark_that_was_set_back_meanwhile_is_not_set_forward_again() -> None:
    """As when the clock was set back, and what lay ahead of it was moved."""
    db = database()
    for number in range(40):
        put(db, f"agent-{number:02d}", steady(START, START + 4 * HOUR, every=MINUTE))
    roll_up(db, START + 2 * HOUR)
    work = rollup.roll_up(db, START + 5 * HOUR, Pace(), rollup.Late())
    next(work)
    next(work)
    db.execute("UPDATE agent_metrics SET cpu_usage = 99.0")
    db.execute("UPDATE rollups SET done_until = ?", (START + 12_345,))
    for _ in work:
        pass
    assert rows(db, "SELECT DISTINCT max_cpu FROM agent_metrics_5min") == [(99.0,)]
    assert rows(db, "SELECT DISTINCT max_cpu FROM agent_metrics_hourly") == [(99.0,)]


def test_what_is_written_in_time_is_not_late() -> None:
    late = rollup.Late()
    assert late.note(START)  # nothing is known of the roll-ups yet
    late.horizon = START
    assert not late.note(START)
    assert late.note(START - 1)
