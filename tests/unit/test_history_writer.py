"""Writing ticks: whole or not at all, as often as one likes, and small."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from history_records import AT, agent, alert, commit, mute, recording, state, status, task, tick
from session_records import full_session
from system_records import log_line, measured, system_event, system_state

from monitor.collector.trees import TreeLog
from monitor.errors import DatabaseError
from monitor.history.connection import open_reader
from monitor.history.moments.state import state_at
from monitor.model import (
    AgentMetrics,
    Alert,
    BoardState,
    Event,
    ProcessGroup,
    ProcessInfo,
    ProcessKey,
    RagMetrics,
    SystemHealth,
    TaskEvent,
)

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.history.writing.rows import TickRows

SECOND = 1000


def rows_of(folder: Path, query: str) -> list[Any]:
    """What another program finds in the file."""
    with sqlite3.connect(state(folder).database) as db:
        found = db.execute(query).fetchall()
    db.close()
    return found


def count(folder: Path, table: str = "agent_metrics") -> int:
    number: int = rows_of(folder, f"SELECT count(*) FROM {table}")[0][0]
    return number


def full_tick(at: int = AT) -> TickRows:
    return tick(
        at,
        "builder",
        agents=[agent()],
        status_changes=[status()],
        task_events=[TaskEvent(task_id="TASK-1", event_type="created", timestamp=at, task=task())],
        processes=[("builder", (ProcessInfo(pid=7, ppid=1, name="claude", state="S"),))],
        boards=[BoardState(root="/shop", path="/shop/board")],
        commits=[commit()],
        health=SystemHealth(status="healthy", last_check=at),
        rag=RagMetrics(timestamp=at),
        alerts=[alert()],
        mutes=[mute()],
        events=[Event(timestamp=at, type="gap")],
        sessions={"builder": msgspec.structs.replace(full_session(at), calls=full_session(at).calls[:1])},
        systems={"dash": system_state()},
        system_events=[system_event(at)],
        system_logs=[(log_line(at), at)],
        system_metrics=[(measured(at), at)],
    )


TABLES = [
    "agents",
    "agent_metrics",
    "agent_details",
    "agent_status_changes",
    "task_events",
    "agent_profiles",
    "agent_processes",
    "session_states",
    "session_usage",
    "session_calls",
    "board_states",
    "git_commits",
    "commit_files",
    "commit_agents",
    "system_health",
    "rag_metrics",
    "alerts",
    "alert_changes",
    "alert_mutes",
    "events",
    "system_states",
    "system_events",
    "system_logs",
    "system_metrics",
]


async def test_one_tick_reaches_every_table_and_twice_adds_nothing(tmp_path: Path) -> None:
    for _ in range(2):  # the second time by a recorder that knows of nothing
        async with recording(state(tmp_path)) as writer:
            await writer.write(full_tick())
            await writer.write(full_tick())
        assert {table: count(tmp_path, table) for table in TABLES} == dict.fromkeys(TABLES, 1)


def test_rows_are_empty_until_something_is_in_them() -> None:
    assert tick().empty
    assert not full_tick().empty
    assert not tick(events=[Event(timestamp=AT, type="gap")]).empty


async def test_an_unchanged_sample_is_written_again_only_after_ten_seconds(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        for second in range(21):
            metrics = AgentMetrics(
                cpu_usage=1.51 + second / 1000, memory_usage=10**6 + second, uptime_seconds=second
            )
            await writer.write(tick(AT + second * SECOND, samples=[(status(), metrics)]))
    assert rows_of(tmp_path, "SELECT timestamp FROM agent_metrics") == [(AT,), (AT + 10_000,), (AT + 20_000,)]


async def test_a_changed_sample_is_written_at_once(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        for step, metrics in enumerate(
            [AgentMetrics(cpu_usage=1.5), AgentMetrics(cpu_usage=1.6), AgentMetrics()]
        ):
            await writer.write(tick(AT + step, samples=[(status(), metrics)]))
        await writer.write(tick(AT + 3, samples=[(status(branch="fix"), AgentMetrics())]))
    assert rows_of(tmp_path, "SELECT cpu_usage FROM agent_metrics") == [(1.5,), (1.6,), (None,), (None,)]


async def test_little_memory_is_not_none_at_all(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(samples=[(status(), AgentMetrics(memory_usage=1, memory_percent=0.26))]))
    assert rows_of(tmp_path, "SELECT memory_usage, memory_percent FROM agent_metrics") == [(65_536, 0.3)]


async def test_a_status_that_nobody_announced_is_recorded_with_its_sample(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        for step, known in enumerate([status(), status(), status(status="idle", status_since=AT + 2)]):
            await writer.write(tick(AT + step, samples=[(known, AgentMetrics())]))
    assert rows_of(tmp_path, "SELECT timestamp, status FROM agent_status_changes") == [
        (AT, "active"),
        (AT + 2, "idle"),
    ]


async def test_an_agent_is_recorded_anew_when_it_changed_and_seen_again_after_an_hour(tmp_path: Path) -> None:
    hour = 3600 * SECOND
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, "builder", agents=[agent()]))
        await writer.write(tick(AT + hour - 1, "builder"))
        assert rows_of(tmp_path, "SELECT first_seen, last_seen FROM agents") == [(AT, AT)]
        await writer.write(tick(AT + hour, "builder"))
        assert rows_of(tmp_path, "SELECT first_seen, last_seen FROM agents") == [(AT, AT + hour)]
        await writer.write(tick(AT + hour + 1, agents=[agent(role="tester")]))
    assert rows_of(tmp_path, "SELECT role, first_seen FROM agents") == [("tester", AT)]


async def test_a_row_that_breaks_a_rule_does_not_stop_its_neighbours(tmp_path: Path) -> None:
    bad = alert("bad", subject="other", severity="loud")
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, "builder", alerts=[bad, alert()]))
        assert writer.rejected == 2  # the alert, and its change
    assert rows_of(tmp_path, "SELECT alert_id FROM alerts") == [("alert-1",)]
    assert count(tmp_path) == 1


async def test_values_that_sqlite_refuses_are_stored_as_near_as_can_be(tmp_path: Path) -> None:
    poison = AgentMetrics(
        cpu_usage=float("nan"), memory_percent=float("inf"), thread_count=2**80, process="\ud800a\x00"
    )
    details = {"big": 2**80, "nan": float("nan"), "\udfff": "\ud800", "odd": {1, 2}}
    rows = tick(AT, samples=[(status(status_reason="\udcff"), poison)])
    rows.events.append(Event(timestamp=AT, type="activity", agent_id="builder", details=details))
    rows.alerts.append(alert(title="x" * 300, metadata={"deep": _deep(3000)}))
    async with recording(state(tmp_path)) as writer:
        await writer.write(rows)
        assert writer.rejected == 0
        snapshot = await writer.load(AT)
    metrics = snapshot.metrics["builder"]
    assert metrics == AgentMetrics(process="\ufffda\ufffd", thread_count=2**63 - 1)
    assert snapshot.statuses["builder"].status_reason == "\ufffd"
    assert snapshot.events[0].details == {"big": 2**80, "nan": None, "\ufffd": "\ufffd", "odd": [1, 2]}
    assert len(snapshot.alerts[0].title) == 200


def _deep(levels: int) -> Any:
    nested: Any = "end"
    for _ in range(levels):
        nested = [nested]
    return nested


async def test_hostile_text_is_bound_and_never_run(tmp_path: Path) -> None:
    name = "x'); DROP TABLE agents; --"
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, name))
        snapshot = await writer.load(AT)
    assert set(snapshot.statuses) == {name}
    assert set(snapshot.activity) == {name}


async def test_one_alert_is_open_a_rule_and_subject(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, alerts=[alert("first")]))
        await writer.write(
            tick(AT + 5, alerts=[alert("second", created_at=AT + 5), alert("third", created_at=AT + 5)])
        )
    found = rows_of(tmp_path, "SELECT alert_id, resolved, resolved_at FROM alerts ORDER BY id")
    assert found[0] == ("first", 1, AT + 5)
    assert sum(1 for row in found if not row[1]) == 1


async def test_the_last_word_of_a_tick_on_an_alert_counts(tmp_path: Path) -> None:
    ended: Alert = alert(resolved=True, resolved_at=AT)
    async with recording(state(tmp_path)) as writer:
        await writer.write(
            tick(AT, alerts=[alert(), alert(acknowledged=True), ended, alert("next", created_at=AT + 1)])
        )
    assert rows_of(tmp_path, "SELECT alert_id, resolved FROM alerts ORDER BY id") == [
        ("alert-1", 1),
        ("next", 0),
    ]


async def test_a_full_disk_loses_nothing_that_was_there_and_recording_goes_on_afterwards(
    tmp_path: Path,
) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, "builder"))
        pages = (await (await writer._db.execute("PRAGMA page_count")).fetchone() or [0])[0]
        await writer._db.execute(f"PRAGMA max_page_count = {pages}")
        big = tick(AT + 1, *(f"agent-{number}" for number in range(500)))
        with pytest.raises(DatabaseError, match=r"monitor\.db: the disk is full: free some space"):
            await writer.write(big)
        assert count(tmp_path) == 1
        await writer._db.execute("PRAGMA max_page_count = 100000")
        await writer.write(big)
        assert count(tmp_path) == 501


async def test_a_write_that_is_cancelled_leaves_no_transaction_open(tmp_path: Path) -> None:
    big = tick(AT, *(f"agent-{number}" for number in range(2000)))
    async with recording(state(tmp_path)) as writer:
        for delay in range(5):
            write = asyncio.create_task(writer.write(big))
            for _ in range(delay + 1):
                await asyncio.sleep(0)
            write.cancel()
            await asyncio.gather(write, return_exceptions=True)
            await writer._db.execute("SELECT 1")  # comes after what was begun, which ends by itself
            assert not writer._db.in_transaction
        await writer.write(big)
        assert count(tmp_path) == 2000


async def test_each_start_of_a_recorder_is_an_epoch_with_its_last_tick(tmp_path: Path) -> None:
    query = "SELECT last_tick_at, interval_ms, stopped_at FROM recorders"
    async with recording(state(tmp_path)) as writer:
        first = writer.recorder_id
        writer.interval_seconds = 0.5
        for second in range(12):
            await writer.write(tick(AT + second * SECOND, "builder"))
        assert rows_of(tmp_path, query) == [(AT + 10 * SECOND, 500, None)]
    assert rows_of(tmp_path, query) == [
        (AT + 11 * SECOND, 500, AT + 11 * SECOND)
    ]  # never before its last tick
    async with recording(state(tmp_path)) as again:
        assert again.recorder_id > first


async def test_size_counts_the_write_ahead_log_too(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        before = writer.size()
        await writer.write(tick(AT, *(f"agent-{number}" for number in range(100))))
        assert writer.size() > before > 0


async def test_twenty_busy_agents_cost_at_most_a_hundred_bytes_a_sample(tmp_path: Path) -> None:
    names, ticks, chance = [f"agent-{number:02}" for number in range(20)], 900, random.Random(1)
    clock = [0.0]
    trees = TreeLog(lambda: clock[0])
    async with recording(state(tmp_path)) as writer:
        for second in range(ticks):
            at = AT + second * SECOND
            samples = [_busy(name, at, chance) for name in names]
            rows = tick(at, samples=samples)
            rows.processes += [
                (status.id, told)
                for status, metrics in samples
                if trees.due(status.id, _group(metrics))
                and (told := trees.note(status.id, _group(metrics), _moving_tree(chance))) is not None
            ]
            clock[0] += 1.0
            if second % 10 == 0:
                rows.health = SystemHealth(
                    status="healthy", last_check=at, cpu_usage=33.3, load=(1.1, 2.2, 3.3)
                )
            await writer.write(rows)
    empty = 200_000  # an empty database has a page or more a table
    assert (state(tmp_path).database.stat().st_size - empty) / (ticks * len(names)) <= 100


def _group(metrics: AgentMetrics) -> ProcessGroup:
    return ProcessGroup(
        key=ProcessKey("boot", metrics.pid or 0, 1),
        kind="codex",
        name="codex",
        process_count=metrics.process_count or 0,
    )


def _moving_tree(chance: random.Random) -> tuple[ProcessInfo, ...]:
    """Eight processes, all of which move."""
    return tuple(
        ProcessInfo(
            pid=123_456 + place,
            ppid=123_456 if place else 1,
            name="claude" if place % 2 else "node",
            state=chance.choice("RS"),
            depth=min(place, 1),
            cpu_usage=chance.random() * 100,
            memory_usage=chance.randrange(10**7, 10**9),
            thread_count=chance.randrange(1, 30),
            started=AT - 10_000 + place,
        )
        for place in range(8)
    )


def _busy(name: str, at: int, chance: random.Random) -> Any:
    metrics = AgentMetrics(
        pid=123_456,
        process="claude",
        cpu_usage=chance.random() * 100,
        memory_usage=chance.randrange(10**8, 10**9),
        memory_percent=chance.random() * 20,
        thread_count=chance.randrange(20, 60),
        process_count=4,
        uptime_seconds=(at - AT) // SECOND + 10_000,
    )
    known = status(
        name, branch=f"feature/{name}", current_task="TASK-001", uncommitted_changes=3, last_activity=at
    )
    return known, metrics


def connection_threads() -> int:
    return sum("_connection_worker_thread" in thread.name for thread in threading.enumerate())


async def test_fifty_reopenings_leave_no_thread_behind(tmp_path: Path) -> None:
    before = connection_threads()
    for _ in range(50):
        async with recording(state(tmp_path)) as writer:
            await writer.write(tick(AT, "builder"))
            assert connection_threads() > before
        async with open_reader(state(tmp_path).database) as db:
            await state_at(db, AT)
    async with asyncio.timeout(5):
        while connection_threads() > before:  # noqa: ASYNC110 - only looking can tell
            await asyncio.sleep(0.01)
