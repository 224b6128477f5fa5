"""`report agents`: every second of the interval is told once, from samples or from roll-ups alike."""

from __future__ import annotations

import sqlite3
import tempfile
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from history_records import AT, commit, recording, state, status, task
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_recording import record

from monitor.errors import MonitorError
from monitor.history.connection import open_reader
from monitor.history.reports.agents import AgentRow, agents
from monitor.history.reports.base import HOUR_MS, Query
from monitor.history.reports.people import resolve_agents
from monitor.history.reports.tally import Level, pieces
from monitor.history.upkeep.rollup import Late, roll_up
from monitor.history.upkeep.slices import Pace
from monitor.history.writing.rows import TickRows
from monitor.model import AgentMetrics, TaskEvent

MIB = 1 << 20
TIMES = ("active", "idle", "blocked", "error", "offline", "unrecorded")


async def ask(folder: Path, since: int, until: int, *who: str) -> dict[str, AgentRow]:
    async with open_reader(state(folder).database) as db:
        report = await agents(db, Query(since=since, until=until, agents=who))
    rows = [row for row in report.rows if isinstance(row, AgentRow)]
    return {row.agent: row for row in rows}


def sample(
    at: int, word: str = "active", cpu: float | None = 50.0, memory: int = MIB, **changes: Any
) -> TickRows:
    known = {"status": word, "status_since": at, "status_reason": f"it is {word}", **changes}
    return TickRows(
        at=at, samples=[(status("builder", **known), AgentMetrics(cpu_usage=cpu, memory_usage=memory))]
    )


async def write(folder: Path, *ticks: TickRows, now: int = AT) -> None:
    async with recording(state(folder), now) as writer:
        for rows in ticks:
            await writer.write(rows)


def sum_up(file: Path, now: int) -> None:
    db = sqlite3.connect(file, isolation_level=None)
    db.row_factory = sqlite3.Row
    for _ in roll_up(db, now, Pace(), Late()):
        pass
    db.close()


async def test_a_sample_holds_until_the_next_and_what_is_older_is_unrecorded(tmp_path: Path) -> None:
    await write(
        tmp_path,
        sample(AT),
        sample(AT + 2_000, "idle", cpu=10.0, memory=3 * MIB),
        sample(AT + 100_000, "active", cpu=None),
        sample(AT + 104_000, "active", cpu=None),
    )
    row = (await ask(tmp_path, AT, AT + 104_000))["builder"]
    assert row.active_seconds == 2 + 4
    assert row.idle_seconds == 14  # ten seconds of repetition and two ticks of two seconds
    assert row.unrecorded_seconds == 84
    assert row.cpu_seconds == pytest.approx(0.5 * 2 + 0.1 * 14)
    assert row.peak_memory == 3 * MIB


async def test_the_interval_cuts_what_it_does_not_hold(tmp_path: Path) -> None:
    await write(tmp_path, *(sample(AT + second * 2_000) for second in range(10)))
    row = (await ask(tmp_path, AT + 5_000, AT + 9_500))["builder"]
    assert (row.active_seconds, row.unrecorded_seconds) == (4.5, 0)
    row = (await ask(tmp_path, AT - 60_000, AT + 2_000))["builder"]
    assert (row.active_seconds, row.unrecorded_seconds) == (2, 60)


async def test_numbers_that_were_never_known_are_none(tmp_path: Path) -> None:
    tick = TickRows(at=AT, samples=[(status("builder"), AgentMetrics())])
    await write(tmp_path, tick, sample(AT + 1000, cpu=None))
    row = (await ask(tmp_path, AT, AT + 1000))["builder"]
    assert row.cpu_seconds is None
    assert row.peak_memory is None
    assert row.longest_wait_seconds is None


async def test_an_agent_of_whom_nothing_is_known_in_the_interval_has_no_row(tmp_path: Path) -> None:
    await write(tmp_path, sample(AT), sample(AT + 2_000))
    assert await ask(tmp_path, AT + HOUR_MS, AT + 2 * HOUR_MS) == {}


async def test_commits_are_those_that_the_agents_own_reflog_tells(tmp_path: Path) -> None:
    rows = sample(AT + 5_000)
    rows.commits = [
        commit(1, lines_added=5, lines_deleted=1),
        commit(2, lines_added=7, lines_deleted=2),
        commit(3, attribution="branch", lines_added=100),
        commit(4, commit_timestamp=AT - HOUR_MS, lines_added=1000),
    ]
    await write(tmp_path, sample(AT), rows)
    row = (await ask(tmp_path, AT - 5_000, AT + 10_000))["builder"]
    assert (row.commits, row.lines_added, row.lines_deleted) == (2, 12, 3)


async def test_a_task_is_done_once_by_whom_it_was_assigned_to_by_id_or_name(tmp_path: Path) -> None:
    def done(name: str, who: str, at: int) -> TaskEvent:
        return TaskEvent(
            task_id=name,
            event_type="completed",
            timestamp=at,
            new_status="DONE",
            assigned_to=who,
            task=task(name, status="DONE"),
            root="/shop",
        )

    rows = sample(AT + 5_000)
    rows.task_events = [
        done("TASK-1", "builder", AT + 1),
        done("TASK-1", "builder", AT + 2),
        done("TASK-2", "BUILDER", AT + 3),
        done("TASK-3", "somebody", AT + 4),
    ]
    await write(tmp_path, sample(AT), rows)
    found = await ask(tmp_path, AT, AT + 10_000)
    assert found["builder"].tasks_done == 2
    assert found["somebody"].tasks_done == 1
    assert found["somebody"].unrecorded_seconds == 10


async def test_the_longest_wait_goes_on_over_a_restart_and_ends_where_recording_ended(tmp_path: Path) -> None:
    since = AT + 1_000
    waiting: dict[str, Any] = {"status_since": since, "status_reason": "permission to run make"}
    await write(tmp_path, sample(AT), sample(AT + 2_000, "blocked", **waiting))
    again = AT + HOUR_MS
    await write(
        tmp_path,
        sample(again, "blocked", **waiting),
        sample(again + 2_000, "active"),
        sample(again + 4_000, "blocked", status_since=again + 4_000, status_reason="a question"),
        now=again,
    )
    row = (await ask(tmp_path, AT, again + HOUR_MS))["builder"]
    assert row.longest_wait_since == since
    assert row.longest_wait_seconds == (again + 2_000 - since) / 1000
    assert row.longest_wait_reason == "permission to run make"
    # Nobody saw the second one end: it lasts as long as somebody looked.
    row = (await ask(tmp_path, again + 3_000, again + HOUR_MS))["builder"]
    assert row.longest_wait_seconds == 14
    assert row.longest_wait_reason == "a question"


async def test_a_clock_that_was_set_back_makes_nothing_negative(tmp_path: Path) -> None:
    waiting = sample(AT + 60_000, "blocked", status_since=AT + 90_000)
    await write(tmp_path, sample(AT + 50_000), waiting, sample(AT + 20_000, "active"), now=AT + 50_000)
    for row in (await ask(tmp_path, AT, AT + 300_000)).values():
        assert all(getattr(row, f"{word}_seconds") >= 0 for word in TIMES)
        assert row.longest_wait_seconds is None or row.longest_wait_seconds >= 0


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32), ticks=st.integers(2, 25), places=st.tuples(st.floats(0, 1), st.floats(0, 1))
)
async def test_roll_ups_and_samples_come_to_the_same_and_every_second_is_told_once(
    seed: int, ticks: int, places: tuple[float, float]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        times = await record(state(folder), Random(seed), ticks)
        start, end = times[0] - HOUR_MS, times[-1] + HOUR_MS
        since, until = sorted(start + round(place * (end - start)) for place in places)
        from_samples = await ask(folder, since, until)
        sum_up(state(folder).database, times[-1] + 2 * 24 * HOUR_MS)
        from_roll_ups = await ask(folder, since, until)
    assert from_samples.keys() == from_roll_ups.keys()
    for agent_id, row in from_samples.items():
        other = from_roll_ups[agent_id]
        assert sum(getattr(row, f"{word}_seconds") for word in TIMES) == pytest.approx((until - since) / 1000)
        for word in TIMES:
            ours, theirs = getattr(row, f"{word}_seconds"), getattr(other, f"{word}_seconds")
            assert ours == pytest.approx(theirs, abs=0.02)
        assert (row.cpu_seconds is None) == (other.cpu_seconds is None)
        assert row.cpu_seconds is None or row.cpu_seconds == pytest.approx(
            other.cpu_seconds, rel=0.01, abs=0.02
        )
        assert row.peak_memory == other.peak_memory


async def test_what_retention_took_is_told_from_the_roll_ups_also_in_a_part_of_a_period(
    tmp_path: Path,
) -> None:
    begin = AT - AT % HOUR_MS
    ticks = [sample(begin + second * 1000) for second in range(0, 1800, 10)]
    await write(tmp_path, *ticks, now=begin)
    sum_up(state(tmp_path).database, begin + 2 * HOUR_MS)
    with sqlite3.connect(state(tmp_path).database) as db:
        db.execute("DELETE FROM agent_metrics WHERE timestamp < ?", (begin + 900_000,))
    db.close()
    row = (await ask(tmp_path, begin + 400_000, begin + 1_200_000))["builder"]
    assert row.active_seconds == pytest.approx(800)
    assert row.cpu_seconds == pytest.approx(400)


@given(
    since=st.integers(0, 10**9),
    length=st.integers(1, 10**9),
    held=st.lists(st.integers(0, 10**9), min_size=3, max_size=3),
    done=st.integers(0, 2 * 10**9),
)
def test_an_interval_is_cut_into_pieces_in_order_that_leave_out_only_what_nothing_holds(
    since: int, length: int, held: list[int], done: int
) -> None:
    levels = (
        Level("day", 86_400_000, held[0], done),
        Level("hour", 3_600_000, held[1], done),
        Level("samples", 1, held[2], 0),
    )
    found = list(pieces(since, since + length, levels))
    for before, after in pairwise(found):
        assert before.until <= after.since
    for piece in found:
        assert since <= piece.since < piece.until <= since + length
        if piece.level.table != "samples":
            assert piece.until <= done
    told = sum(piece.until - piece.since for piece in found)
    if held[2] <= since:
        assert told == length


async def test_an_agent_is_meant_by_id_or_name_in_any_case_and_an_unknown_one_names_the_known(
    tmp_path: Path,
) -> None:
    rows = sample(AT)
    rows.samples.append((status("claude-code:shop"), AgentMetrics()))
    await write(tmp_path, rows)
    async with open_reader(state(tmp_path).database) as db:
        assert await resolve_agents(db, ["BUILDER", "Claude-Code:Shop"]) == ("builder", "claude-code:shop")
        with pytest.raises(MonitorError, match=r"nobody: .*builder, claude-code:shop"):
            await resolve_agents(db, ["builder", "nobody"])
    assert set(await ask(tmp_path, AT - 1, AT + 1000, "builder")) <= {"builder"}
