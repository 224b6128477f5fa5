"""A clock set back: nothing recorded lies ahead of it, nothing is lost, and now is what was written last."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from attached_records import event, full_state, line, metric
from history_records import AT, alert, commit, mute, recording, state, status, task, tick
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.history.connection import open_reader
from monitor.history.moments.follow import Follower
from monitor.history.moments.state import state_at
from monitor.history.writing.rows import TickRows
from monitor.history.writing.set_back import move_back, newest_time
from monitor.history.writing.writer import HistoryWriter
from monitor.model import (
    AgentMetrics,
    BoardState,
    Event,
    ProcessInfo,
    RagMetrics,
    SystemHealth,
    TaskEvent,
)

HOUR = 3_600_000
NOT_OURS = {"git_commits.commit_timestamp", "commit_agents.commit_timestamp", "schema_version.applied_at"}
"""Times that git told, and when the schema was made."""
TIME = re.compile(r"timestamp|since|first_seen|last_seen|\w+_at|done_until|last_synced|last_activity")


def task_event(name: str, at: int, **changes: str) -> TaskEvent:
    """A task is on the board as it is now."""
    return TaskEvent(
        task_id=name,
        event_type="updated",
        timestamp=at,
        previous_status="TODO",
        new_status="TODO",
        assigned_to=None,
        changed_by=None,
        task=task(name, **changes),
        changed=("title",),
        root="/shop",
    )


def full_tick(at: int, cpu: float = 1.5, word: str = "active", number: int = 1) -> TickRows:
    """A tick with a row for every table."""
    return TickRows(
        at=at,
        samples=[
            (
                status(status=word, status_since=at - 5, last_activity=at - 7, git_read_at=at - 9),
                AgentMetrics(pid=number, cpu_usage=cpu),
            )
        ],
        processes=[("builder", (ProcessInfo(pid=7, ppid=1, name="claude", state="S"),))],
        task_events=[task_event(f"T-{number}", at)],
        boards=[
            BoardState(
                root="/shop",
                path="/shop/b.json",
                version=str(number),
                shape="s",
                sprint="",
                last_synced=at - 3,
            )
        ],
        commits=[commit(number)],
        health=SystemHealth(status="healthy", last_check=at),
        rag=RagMetrics(timestamp=at, origin="file"),
        alerts=[
            alert(
                f"a-{number}",
                subject=f"s-{number}",
                created_at=at,
                acknowledged=True,
                acknowledged_by="me",
                acknowledged_at=at,
                resolved=True,
                resolved_at=at,
            )
        ],
        mutes=[mute(subject=f"s-{number % 2}", at=at, until=at + 10_000)],
        events=[Event(timestamp=at, type="source", subject="git", details={"number": number})],
        systems={"shop": full_state(at, word=str(number))},
        system_events=[event(number, at, resolved=False)],
        system_event_changes=[event(number, at, resolved=True, resolved_at=at)],
        system_logs=[(line(number, at - 7), at)],
        system_metrics=[(metric(number, at - 7), at)],
    )


def rows_of(folder: Path) -> dict[str, int]:
    """How many rows each table has."""
    with sqlite3.connect(state(folder).database) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        found = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}
    db.close()
    return {name: count for name, count in found.items() if name != "sqlite_sequence"}


def times_of(folder: Path) -> dict[str, int]:
    """The latest value of each column that holds a time of ours."""
    found = {}
    with sqlite3.connect(state(folder).database) as db:
        columns = db.execute(
            "SELECT m.name, c.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c "
            "WHERE m.type = 'table' AND c.type = 'INTEGER'"
        ).fetchall()
        for table, column in columns:
            if TIME.fullmatch(column) and f"{table}.{column}" not in NOT_OURS:
                newest = db.execute(f"SELECT max({column}) FROM {table}").fetchone()[0]
                if newest is not None:
                    found[f"{table}.{column}"] = newest
    db.close()
    return found


async def test_every_time_that_lies_ahead_moves_back_and_no_row_is_lost(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        for number in range(3):
            await writer.write(full_tick(AT + 2000 * number, number=number, cpu=number))
        with sqlite3.connect(state(tmp_path).database) as db:
            for table in ("agent_metrics_5min", "agent_metrics_hourly"):
                db.execute(
                    f"INSERT INTO {table} (agent_id, timestamp, sample_count, measured_ms, active_ms, idle_ms, "
                    "blocked_ms, error_ms, offline_ms) VALUES ('builder', ?, 0, 0, 0, 0, 0, 0, 0)",
                    (AT,),
                )
            db.execute("INSERT INTO rollups VALUES ('agent_metrics_5min', ?)", (AT + 5000,))
        db.close()
        before = rows_of(tmp_path)
        await writer.write(TickRows(at=AT - HOUR))
        times, after = times_of(tmp_path), rows_of(tmp_path)
    assert {name: time for name, time in times.items() if time > AT - HOUR} == {}
    assert after == before | {"agent_metrics_5min": 0, "agent_metrics_hourly": 0}
    assert {"events.timestamp", "alerts.resolved_at", "agents.first_seen", "recorders.last_tick_at"} <= set(
        times
    )


async def test_the_rows_keep_their_order_and_their_distance(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        for number in range(4):
            await writer.write(full_tick(AT + 2000 * number, cpu=float(number), number=number))
        await writer.write(full_tick(AT + 1000, cpu=9.0, number=9))
    with sqlite3.connect(state(tmp_path).database) as db:
        found = db.execute("SELECT timestamp - ?, cpu_usage FROM agent_metrics ORDER BY timestamp", (AT,))
        moved = found.fetchall()
    db.close()
    # From 6000 to 999: what lay after that came to lie before it.
    assert moved == [(-3001, 1.0), (-1001, 2.0), (0, 0.0), (999, 3.0), (1000, 9.0)]


async def test_where_two_passes_meet_in_one_millisecond_both_rows_stay(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        for number in range(10):
            await writer.write(full_tick(AT + 1000 * number, cpu=float(number), number=number))
        before = rows_of(tmp_path)
        # Back by a whole number of ticks: each moved row finds its new time taken.
        await writer.write(TickRows(at=AT + 5001))
    assert rows_of(tmp_path) == before


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        # No tick has the label of the one before it: the collector's clock sees to that.
        st.tuples(st.integers(1, 5000), st.just(0) | st.integers(-3 * HOUR, HOUR)).filter(sum),
        min_size=1,
        max_size=12,
    )
)
async def test_however_the_clock_jumps_no_sample_vanishes_and_now_is_the_tick_written_last(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("clock")
    at = AT
    async with recording(state(folder), now=AT - 1) as writer, open_reader(state(folder).database) as db:
        await writer.load(AT - 1)
        follower = Follower(db)
        for number, (passed, leapt) in enumerate(steps, start=1):
            at += passed + leapt
            word = "active" if number % 2 else "blocked"
            told = full_tick(at, cpu=float(number), word=word, number=number)
            again = task_event("same", at, title=str(number))
            await writer.write(replace(told, task_events=[*told.task_events, again]))
            for seen in (await follower.look(at), await state_at(db, at)):
                metrics = seen.metrics["builder"]
                assert metrics is not None
                assert (metrics.cpu_usage, seen.statuses["builder"].status) == (number, word)
                titles = {found.id: found.title for found in seen.board.tasks}
                assert (len(titles), titles["same"]) == (number + 1, str(number))
                assert [board.version for board in seen.board.boards] == [str(number)]
                assert seen.statuses["builder"].status_since <= at
    counts = rows_of(folder)
    assert counts["agent_metrics"] == counts["system_health"] == len(steps)
    assert counts["task_events"] == 2 * len(steps)


async def test_a_recorder_that_starts_after_the_clock_was_set_back_goes_on_where_history_ends(
    tmp_path: Path,
) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(full_tick(AT, number=1))
        await writer.write(
            tick(AT + 5000, "builder", alerts=[alert("open", subject="builder", created_at=AT + 5000)])
        )
    async with recording(state(tmp_path), now=AT - HOUR) as writer:
        snapshot = await writer.load(AT - HOUR)
    assert list(snapshot.statuses) == ["builder"]
    assert [(found.alert_id, found.created_at) for found in snapshot.alerts] == [("open", AT - HOUR)]
    assert [found.id for found in snapshot.board.tasks] == ["T-1"]


async def test_an_attached_viewer_shows_what_is_written_after_the_clock_was_set_back(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer, open_reader(state(tmp_path).database) as db:
        follower = Follower(db)
        await writer.write(full_tick(AT, cpu=1.0))
        await follower.look(AT + 100)
        await writer.write(full_tick(AT - HOUR, cpu=2.0))
        seen = await follower.look(AT - HOUR + 100)
        assert seen.metrics["builder"] is not None
        assert seen.metrics["builder"].cpu_usage == 2.0
        assert seen.last_tick == AT - HOUR


async def test_a_clock_that_lost_its_time_moves_nothing_and_finds_its_rows_again(tmp_path: Path) -> None:
    """A board without a battery wakes up decades ago until the network tells it the time."""
    async with recording(state(tmp_path)) as writer:
        made = await _made_at(writer)
        await writer.write(full_tick(made + 1000, cpu=1.0, number=1))
        await writer.write(full_tick(made - 20 * 365 * 24 * HOUR, cpu=2.0, number=2))
        await writer.write(full_tick(made + 500, cpu=3.0, number=3))
    with sqlite3.connect(state(tmp_path).database) as db:
        found = db.execute("SELECT cpu_usage, timestamp - ? FROM agent_metrics", (made,)).fetchall()
    db.close()
    assert dict(found) == {1.0: 499, 2.0: -20 * 365 * 24 * HOUR, 3.0: 500}


async def _made_at(writer: HistoryWriter) -> int:
    rows = await writer._db.execute_fetchall("SELECT max(applied_at) FROM schema_version")
    made: int = next(iter(rows))[0]
    return made


async def test_stopped_half_way_the_move_is_taken_up_again(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        for number in range(5):
            await writer.write(full_tick(AT + 2000 * number, number=number))
        before = rows_of(tmp_path)
    with sqlite3.connect(state(tmp_path).database, isolation_level=None) as db:
        calls = 0

        def stop() -> int:
            nonlocal calls
            calls += 1
            return calls > 40

        db.set_progress_handler(stop, 50)
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            move_back(db, AT - HOUR)
        db.set_progress_handler(None, 0)
        assert newest_time(db, AT - HOUR) > AT - HOUR
        move_back(db, AT - HOUR)
        assert newest_time(db, AT - HOUR) <= AT - HOUR
    db.close()
    assert rows_of(tmp_path) == before
