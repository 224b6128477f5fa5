"""The reports of health and of the time line."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from history_records import AT, alert, commit, state, status
from report_questions import MINUTE, ask, change, write

from monitor.history.reports.base import DAY_MS, HOUR_MS
from monitor.history.upkeep.rollup import Late, roll_up
from monitor.history.upkeep.slices import Pace
from monitor.history.writing.rows import TickRows
from monitor.model import AgentMetrics, Event, SystemHealth

# --- health ------------------------------------------------------------------------------------------------------


def health(at: int, **changes: Any) -> TickRows:
    record = SystemHealth(
        **{
            "status": "healthy",
            "last_check": at,
            "cpu_usage": 10.0,
            "memory_percent": 40.0,
            "api_latency": 3.0,
            **changes,
        }
    )
    return TickRows(at=at, health=record)


async def test_health_is_told_by_the_hour_alike_from_samples_and_from_roll_ups(tmp_path: Path) -> None:
    begin = AT - AT % HOUR_MS
    ticks = [
        health(
            begin + minute * MINUTE,
            cpu_usage=float(minute),
            status="unhealthy" if minute == 70 else "healthy",
            error_count=minute // 60,
        )
        for minute in range(600)
    ]
    await write(tmp_path, *ticks, now=begin)
    since, until = begin + 30 * MINUTE, begin + 9 * HOUR_MS + 15 * MINUTE
    before = await ask(tmp_path, "health", since, until)
    db = sqlite3.connect(state(tmp_path).database, isolation_level=None)
    db.row_factory = sqlite3.Row
    for _ in roll_up(db, begin + 24 * HOUR_MS, Pace(), Late()):
        pass
    db.execute(
        "DELETE FROM system_health WHERE timestamp BETWEEN ? AND ?",
        (begin + 2 * HOUR_MS, begin + 8 * HOUR_MS),
    )
    db.close()
    assert await ask(tmp_path, "health", since, until) == before
    assert [row.time for row in before] == [begin + hour * HOUR_MS for hour in range(10)]
    assert [row.status for row in before[:3]] == ["healthy", "unhealthy", "healthy"]
    assert (before[0].cpu, before[0].cpu_max, before[0].samples) == (44.5, 59, 30)
    assert before[2].errors == 2
    assert before[0].swap_max is None


async def test_a_short_interval_of_health_is_told_in_five_minutes_and_gaps_are_left_out(
    tmp_path: Path,
) -> None:
    begin = AT - AT % HOUR_MS
    await write(
        tmp_path,
        health(begin),
        health(begin + MINUTE, cpu_usage=30.0),
        health(begin + 20 * MINUTE),
        now=begin,
    )
    rows = await ask(tmp_path, "health", begin, begin + HOUR_MS)
    assert [(row.time - begin, row.cpu, row.cpu_max) for row in rows] == [(0, 20, 30), (20 * MINUTE, 10, 10)]


# --- time line ---------------------------------------------------------------------------------------------------


async def test_the_time_line_tells_everything_in_order(tmp_path: Path) -> None:
    def seen(at: int, word: str) -> TickRows:
        known = status("builder", status=word, status_since=at, status_reason=f"it is {word}")
        return TickRows(at=at, samples=[(known, AgentMetrics())])

    first, second = seen(AT, "active"), seen(AT + 4000, "blocked")
    first.events = [
        Event(
            timestamp=AT + 1000,
            type="activity",
            agent_id="builder",
            subject="progress",
            details={"text": "did it"},
        ),
        Event(
            timestamp=AT + 2000,
            type="process-stopped",
            agent_id="builder",
            details={"name": "claude", "pid": 7, "signal": 9},
        ),
        Event(
            timestamp=AT + 9000, type="gap", details={"since": AT + 8000, "until": AT + 9000, "samples": 3}
        ),
    ]
    second.commits = [commit(1, commit_timestamp=AT + 3000)]
    second.alerts = [
        alert(created_at=AT + 5000, acknowledged=True, acknowledged_by="ada", acknowledged_at=AT + 6000)
    ]
    second.task_events = [change(AT + 7000, "completed", "REVIEW", "DONE")]
    await write(tmp_path, first, second)
    await write(tmp_path, seen(AT + 20_000, "blocked"), now=AT + 20_000)  # a restart notes what holds again
    rows = await ask(tmp_path, "timeline", AT, AT + HOUR_MS)
    assert [row.time for row in rows] == sorted(row.time for row in rows)
    told = {(row.kind, row.text) for row in rows}
    assert told >= {
        ("status", "active: it is active"),
        ("progress", "did it"),
        ("process-stopped", "claude, pid 7, killed by SIGKILL"),
        ("commit", "0000001 work"),
        ("status", "blocked: it is blocked"),
        ("alert-fired", "warning: builder is blocked"),
        ("alert-acknowledged", "builder is blocked, by ada"),
        ("task-completed", "TASK-1: REVIEW → DONE"),
    }
    kinds = [row.kind for row in rows]
    assert kinds.count("status") == 2
    assert kinds.count("recorder-started") == 2
    assert kinds.count("gap") == 1
    assert {row.agent for row in rows if row.kind.startswith("alert")} == {"builder"}
    assert {row.agent for row in await ask(tmp_path, "timeline", AT, AT + HOUR_MS, "tester")} == {None}


async def test_a_recorder_that_told_no_end_was_killed_unless_it_is_the_last(tmp_path: Path) -> None:
    for number in range(3):
        await write(tmp_path, health(AT + number * HOUR_MS), now=AT + number * HOUR_MS)
    with sqlite3.connect(state(tmp_path).database) as db:
        db.execute("UPDATE recorders SET stopped_at = NULL WHERE recorder_id <> 2")
    db.close()
    rows = await ask(tmp_path, "timeline", AT - 1, AT + DAY_MS)
    kinds = [row.kind.removeprefix("recorder-") for row in rows if row.kind.startswith("recorder")]
    assert sorted(kinds) == ["killed", "started", "started", "started", "stopped"]
