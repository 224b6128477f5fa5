"""The reports of tasks, velocity, commits and alerts."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from history_records import AT, alert, commit, state, status
from report_questions import MINUTE, ask, board, change, write

from monitor.history.connection import open_reader
from monitor.history.reports.base import DAY_MS, HOUR_MS, Query
from monitor.history.reports.names import REPORTS, default_since
from monitor.history.writing.rows import TickRows
from monitor.model import AgentMetrics


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def moment(year: int, month: int, day: int, hour: int, minute: int = 0) -> int:
    return round(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp() * 1000)


# --- tasks -------------------------------------------------------------------------------------------------------


async def test_a_task_tells_when_it_started_how_long_it_took_and_how_long_it_was_blocked(
    tmp_path: Path,
) -> None:
    first = TickRows(at=AT, boards=[board(AT)])
    life = [
        change(AT + 1 * MINUTE, "created", None, "TODO"),
        change(AT + 2 * MINUTE, "updated", "TODO", "IN_PROGRESS"),
        change(AT + 3 * MINUTE, "blocked", "IN_PROGRESS", "BLOCKED"),
        change(AT + 5 * MINUTE, "updated", "BLOCKED", "IN_PROGRESS"),
        change(AT + 6 * MINUTE, "blocked", "IN_PROGRESS", "BLOCKED"),
        change(AT + 7 * MINUTE, "assigned", "BLOCKED", "BLOCKED"),
        change(AT + 9 * MINUTE, "updated", "BLOCKED", "IN_PROGRESS"),
        change(AT + 12 * MINUTE, "completed", "IN_PROGRESS", "DONE"),
    ]
    ticks = [TickRows(at=event.timestamp, task_events=[event]) for event in life]
    await write(tmp_path, first, *ticks)
    (row,) = await ask(tmp_path, "tasks", AT, AT + HOUR_MS)
    assert (row.created, row.started, row.done) == (AT + MINUTE, AT + 2 * MINUTE, AT + 12 * MINUTE)
    assert (row.age_seconds, row.cycle_seconds) == (660, 600)
    assert (row.times_blocked, row.blocked_seconds) == (2, 300)
    assert (row.title, row.status, row.assigned_to) == ("Build TASK-1", "DONE", "builder")
    # Asked as of a moment in between, nothing later is known.
    (row,) = await ask(tmp_path, "tasks", AT, AT + 4 * MINUTE)
    assert (row.status, row.done, row.cycle_seconds) == ("BLOCKED", None, None)
    assert (row.age_seconds, row.blocked_seconds) == (180, 60)


async def test_what_the_first_reading_of_a_board_found_has_no_known_start(tmp_path: Path) -> None:
    found = [
        change(AT, "created", None, "IN_PROGRESS", "TASK-1"),
        change(AT - DAY_MS, "created", None, "IN_PROGRESS", "TASK-2"),
        change(AT - DAY_MS, "created", None, "BLOCKED", "TASK-3"),
        change(AT - DAY_MS, "created", None, "DONE", "TASK-4"),
    ]
    done = change(AT + MINUTE, "completed", "IN_PROGRESS", "DONE", "TASK-1")
    await write(
        tmp_path,
        TickRows(at=AT, boards=[board(AT)], task_events=found),
        TickRows(at=AT + MINUTE, task_events=[done]),
    )
    rows = {row.task: row for row in await ask(tmp_path, "tasks", AT - 2 * DAY_MS, AT + HOUR_MS)}
    assert (rows["TASK-1"].created, rows["TASK-1"].started, rows["TASK-1"].done) == (None, None, AT + MINUTE)
    assert rows["TASK-1"].age_seconds is None
    assert rows["TASK-1"].cycle_seconds is None
    assert (rows["TASK-2"].created, rows["TASK-2"].started) == (AT - DAY_MS, None)
    assert rows["TASK-3"].blocked_seconds == 3600  # known to be so since somebody looked
    assert rows["TASK-4"].done is None


async def test_tasks_that_were_over_before_the_interval_are_left_out_and_open_ones_are_not(
    tmp_path: Path,
) -> None:
    await write(
        tmp_path,
        TickRows(at=AT, boards=[board(AT)]),
        TickRows(
            at=AT + MINUTE,
            task_events=[
                change(AT + MINUTE, "created", None, "DONE", "TASK-1"),
                change(AT + MINUTE, "created", None, "TODO", "TASK-2", assigned_to="Tester"),
                change(AT + MINUTE, "created", None, "TODO", "TASK-3"),
            ],
        ),
        TickRows(
            at=AT + 2 * MINUTE, task_events=[change(AT + 2 * MINUTE, "updated", "TODO", None, "TASK-3")]
        ),
        TickRows(at=AT + 3 * MINUTE, samples=[(status("tester"), AgentMetrics())]),
    )
    rows = await ask(tmp_path, "tasks", AT + HOUR_MS, AT + 2 * HOUR_MS)
    assert [row.task for row in rows] == ["TASK-2"]
    rows = await ask(tmp_path, "tasks", AT, AT + HOUR_MS)
    assert [(row.task, row.status, row.age_seconds) for row in rows] == [
        ("TASK-1", "DONE", 0),
        ("TASK-2", "TODO", 3540),
        ("TASK-3", None, 60),
    ]
    assert [row.task for row in await ask(tmp_path, "tasks", AT, AT + HOUR_MS, "tester")] == ["TASK-2"]


# --- velocity ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("berlin")
async def test_velocity_counts_by_local_day_the_oldest_first_and_shows_days_without_any(
    tmp_path: Path,
) -> None:
    # The last Sunday of October has 25 hours: clocks go back at 03:00.
    begin, end = moment(2025, 10, 24, 22), moment(2025, 10, 27, 22, 59)
    done = [
        change(moment(2025, 10, 25, 21, 59), "completed", None, "DONE", "TASK-1"),
        change(moment(2025, 10, 25, 22, 1), "completed", None, "DONE", "TASK-2"),
        change(moment(2025, 10, 26, 22, 59), "completed", None, "DONE", "TASK-3", assigned_to="tester"),
        change(moment(2025, 10, 26, 12), "updated", None, "DONE", "TASK-4"),
    ]
    people = [(status(name), AgentMetrics()) for name in ("builder", "tester")]
    await write(tmp_path, TickRows(at=end, task_events=done, samples=people), now=end)
    rows = await ask(tmp_path, "velocity", begin, end)
    assert [(row.date, row.completed_tasks) for row in rows] == [
        ("2025-10-25", 1),
        ("2025-10-26", 2),
        ("2025-10-27", 0),
    ]
    assert [row.completed_tasks for row in await ask(tmp_path, "velocity", begin, end, "tester")] == [0, 1, 0]
    async with open_reader(state(tmp_path).database) as db:
        report = await REPORTS["velocity"](db, Query(since=begin, until=end))
    assert report.totals == {"total": 3, "average_per_day": 1.0}


@pytest.mark.usefixtures("berlin")
def test_velocity_begins_with_the_first_of_seven_local_days_and_the_others_a_day_ago() -> None:
    now = moment(2025, 10, 28, 12)
    assert default_since("velocity", now) == moment(2025, 10, 21, 22)
    assert default_since("agents", now) == now - DAY_MS


# --- commits -----------------------------------------------------------------------------------------------------


async def test_commits_come_newest_first_and_one_dated_in_the_future_at_the_time_it_was_seen(
    tmp_path: Path,
) -> None:
    rows = TickRows(
        at=AT + MINUTE,
        commits=[
            commit(1, commit_timestamp=AT + 1000),
            commit(2, commit_timestamp=AT + DAY_MS, agent_id="tester", agent_ids=("tester",)),
            commit(3, commit_timestamp=AT - DAY_MS),
        ],
    )
    await write(tmp_path, rows)
    found = await ask(tmp_path, "commits", AT, AT + HOUR_MS)
    assert [(row.commit, row.time) for row in found] == [("0000002", AT + MINUTE), ("0000001", AT + 1000)]
    assert [row.commit for row in await ask(tmp_path, "commits", AT, AT + HOUR_MS, "builder")] == ["0000001"]


# --- alerts ------------------------------------------------------------------------------------------------------


async def test_an_alert_tells_when_it_fired_who_acknowledged_it_how_soon_and_when_it_was_over(
    tmp_path: Path,
) -> None:
    life = [
        alert(),
        alert(acknowledged=True, acknowledged_by="ada", acknowledged_at=AT + MINUTE),
        alert(
            acknowledged=True,
            acknowledged_by="ada",
            acknowledged_at=AT + MINUTE,
            resolved=True,
            resolved_at=AT + 10 * MINUTE,
        ),
    ]
    ticks = [TickRows(at=AT + number * 10 * MINUTE, alerts=[record]) for number, record in enumerate(life)]
    still = alert("alert-2", subject="tester", created_at=AT + 2 * MINUTE)
    await write(tmp_path, *ticks, TickRows(at=AT + 30 * MINUTE, alerts=[still]))
    first, second = await ask(tmp_path, "alerts", AT, AT + HOUR_MS)
    assert (first.fired, first.acknowledged, first.acknowledged_by) == (AT, AT + MINUTE, "ada")
    assert (first.acknowledged_after_seconds, first.open_seconds, first.state) == (60, 600, "resolved")
    assert (second.state, second.resolved, second.open_seconds) == ("firing", None, 58 * 60)
    assert [row.alert_id for row in await ask(tmp_path, "alerts", AT, AT + HOUR_MS, "tester")] == ["alert-2"]
    # It was open at some time of the interval, or it is not told.
    assert [row.alert_id for row in await ask(tmp_path, "alerts", AT + 9 * MINUTE, AT + HOUR_MS)] == [
        "alert-1",
        "alert-2",
    ]
    assert [row.alert_id for row in await ask(tmp_path, "alerts", AT + 11 * MINUTE, AT + HOUR_MS)] == [
        "alert-2"
    ]
    assert [row.alert_id for row in await ask(tmp_path, "alerts", AT, AT + MINUTE)] == ["alert-1"]


async def test_archived_alerts_are_told_and_a_clock_set_back_makes_no_negative_time(tmp_path: Path) -> None:
    back = alert(
        acknowledged=True,
        acknowledged_by="ada",
        acknowledged_at=AT - HOUR_MS,
        resolved=True,
        resolved_at=AT - HOUR_MS,
    )
    await write(tmp_path, TickRows(at=AT, alerts=[back]))
    with sqlite3.connect(state(tmp_path).database) as db:
        db.execute(
            "INSERT INTO alerts_archive SELECT 'old', rule, subject, type, 'critical', title, message, source,"
            " metadata, 0, NULL, NULL, ?, ?, ? FROM alerts",
            (AT - MINUTE, AT - HOUR_MS, AT),
        )
    db.close()
    rows = await ask(tmp_path, "alerts", AT - DAY_MS, AT + HOUR_MS)
    assert [(row.alert_id, row.open_seconds) for row in rows] == [("old", 3540), ("alert-1", 0)]
    assert rows[1].acknowledged_after_seconds == 0


@pytest.mark.parametrize("name", [name for name in REPORTS if name != "velocity"])
async def test_a_report_of_a_recording_in_which_nothing_happened_is_empty(tmp_path: Path, name: str) -> None:
    await write(tmp_path)
    assert await ask(tmp_path, name, AT - DAY_MS, AT - HOUR_MS) == []
