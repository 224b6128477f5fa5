"""The state of a moment: what was known then, and nothing that came later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from history_records import AT, agent, alert, commit, recording, state, status, task, tick

from monitor.history.connection import open_reader
from monitor.history.moments.state import Snapshot, fill, state_at
from monitor.history.queries import sql
from monitor.keystore import Keys, KeyStore
from monitor.model import (
    AgentMetrics,
    BoardState,
    CollectorHealth,
    DiskUsage,
    Event,
    RagMetrics,
    RagPattern,
    SystemHealth,
    TaskEvent,
)

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.history.writing.rows import TickRows

SECOND = 1000
MINUTE = 60 * SECOND


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


async def at(folder: Path, moment: int, *ticks: TickRows) -> Snapshot:
    """The state of `moment` after these ticks were recorded."""
    paths = state(folder)
    if ticks:
        async with recording(paths) as writer:
            for rows in ticks:
                await writer.write(rows)
    async with open_reader(paths.database) as db:
        return await state_at(db, moment)


def changed(number: int, **fields: Any) -> TaskEvent:
    known = fields.get("task", task())
    return TaskEvent(
        **{
            "task_id": known.id,
            "event_type": "updated",
            "timestamp": AT + number,
            "root": known.root,
            **fields,
        }
    )


async def test_a_sample_is_carried_for_ten_seconds_and_two_ticks(folder: Path) -> None:
    await at(folder, AT, tick(AT, "builder"))
    snapshot = await at(folder, AT + 14 * SECOND)
    assert snapshot.metrics["builder"] == AgentMetrics(pid=7, cpu_usage=1.5)
    assert not snapshot.statuses["builder"].stale


async def test_what_is_older_is_a_gap_with_numbers_unknown_and_the_last_status_stale(folder: Path) -> None:
    snapshot = await at(folder, AT + 15 * SECOND, tick(AT, "builder"))
    assert snapshot.metrics["builder"] is None
    assert snapshot.statuses["builder"] == status(stale=True)
    assert snapshot.last_tick == AT


async def test_an_agent_that_has_no_samples_any_more_while_others_have_has_left(folder: Path) -> None:
    ticks = [tick(AT, "builder", "visitor"), *(tick(AT + n * SECOND, "builder") for n in range(10, 40, 10))]
    snapshot = await at(folder, AT + 30 * SECOND, *ticks)
    assert set(snapshot.statuses) == {"builder"}
    assert set((await at(folder, AT + SECOND)).statuses) == {"builder", "visitor"}


async def test_nothing_recorded_later_is_seen(folder: Path) -> None:
    late = AT + MINUTE
    rows = tick(
        late,
        "builder",
        task_events=[changed(MINUTE, task=task())],
        commits=[commit()],
        alerts=[alert(created_at=late)],
        events=[Event(timestamp=late, type="activity", agent_id="builder")],
        health=SystemHealth(status="healthy", last_check=late),
        rag=RagMetrics(timestamp=late),
    )
    snapshot = await at(folder, late - 1, rows)
    assert snapshot == Snapshot(at=late - 1, recorder=snapshot.recorder)


async def test_an_empty_database_has_a_state_too(folder: Path) -> None:
    async with recording(state(folder)):
        pass
    assert (await at(folder, AT - 1)) == Snapshot(at=AT - 1)


async def test_configured_agents_come_before_those_of_a_board_and_those_that_were_found(folder: Path) -> None:
    origins = {"found": "discovered", "boarder": "board", "zed": "config"}
    rows = tick(AT, samples=[(status(name, origin=o), AgentMetrics()) for name, o in origins.items()])
    assert [known.id for known, _ in (await at(folder, AT, rows)).agents] == ["zed", "boarder", "found"]


async def test_an_agent_without_a_process_was_last_seen_when_its_status_changed(folder: Path) -> None:
    ended = (status(status="offline", status_since=AT), AgentMetrics())
    snapshot = await at(
        folder, AT + MINUTE, *(tick(AT + n * SECOND, samples=[ended]) for n in range(0, 70, 10))
    )
    assert snapshot.agents == ((agent(), AT),)


async def test_task_and_branch_last_until_they_change(folder: Path) -> None:
    def named(moment: int, cpu: float, **fields: Any) -> TickRows:
        return tick(AT + moment * SECOND, samples=[(status(**fields), AgentMetrics(cpu_usage=cpu))])

    ticks = [named(n, n, branch="main", current_task="TASK-1") for n in range(100)]
    await at(folder, AT, *ticks, named(100, 1.0, branch=None, current_task=None))
    before, after = await at(folder, AT + 99 * SECOND), await at(folder, AT + 100 * SECOND)
    assert (before.statuses["builder"].branch, before.statuses["builder"].current_task) == ("main", "TASK-1")
    assert (after.statuses["builder"].branch, after.statuses["builder"].current_task) == (None, None)


async def test_an_alert_is_open_between_its_raising_and_its_resolution(folder: Path) -> None:
    ticks = [
        tick(AT, alerts=[alert()]),
        tick(AT + 10, alerts=[alert(acknowledged=True, acknowledged_by="me", acknowledged_at=AT + 10)]),
        tick(
            AT + 20,
            alerts=[
                alert(
                    acknowledged=True,
                    acknowledged_by="me",
                    acknowledged_at=AT + 10,
                    resolved=True,
                    resolved_at=AT + 20,
                )
            ],
        ),
    ]
    assert (await at(folder, AT - 1, *ticks)).alerts == ()
    assert (await at(folder, AT)).alerts == (alert(),)
    assert (await at(folder, AT + 19)).alerts == (
        alert(acknowledged=True, acknowledged_by="me", acknowledged_at=AT + 10),
    )
    assert (await at(folder, AT + 20)).alerts == ()


async def test_the_gravest_alert_comes_first_then_the_newest(folder: Path) -> None:
    raised = [
        alert("old", subject="1"),
        alert("new", subject="2", created_at=AT + 1),
        alert("grave", subject="3", severity="critical"),
    ]
    snapshot = await at(folder, AT + 1, tick(AT, alerts=raised))
    assert [found.alert_id for found in snapshot.alerts] == ["grave", "new", "old"]


async def test_a_shared_commit_is_stored_once_with_all_its_agents(folder: Path) -> None:
    shared = commit(agent_ids=("builder", "tester"))
    ticks = [tick(AT, "builder", "tester", commits=[commit()]), tick(AT + SECOND, "tester", commits=[shared])]
    before, after = await at(folder, AT, *ticks), await at(folder, AT + SECOND)
    assert before.commits == (commit(),)
    assert before.recent_commits == {"builder": (commit(),), "tester": ()}
    assert after.commits == (shared,)
    assert after.recent_commits == {"builder": (shared,), "tester": (shared,)}


async def test_a_commit_whose_maker_became_known_belongs_to_the_maker(folder: Path) -> None:
    guessed = commit(attribution="branch", agent_ids=("builder", "tester"))
    known = commit(agent_id="tester", agent_ids=("builder", "tester"), branch="fix")
    snapshot = await at(folder, AT + 1, tick(AT, commits=[guessed]), tick(AT + 1, "tester", commits=[known]))
    assert snapshot.commits == (known,)
    assert [entry.kind for entry in snapshot.activity["tester"]] == ["status", "commit"]


async def test_a_commit_dated_in_the_future_is_shown_once_it_was_seen(folder: Path) -> None:
    odd = commit(commit_timestamp=AT + 10**12)
    assert (await at(folder, AT, tick(AT, "builder", commits=[odd]))).recent_commits["builder"] == (odd,)


async def test_ten_commits_of_an_agent_and_fifty_in_the_feed(folder: Path) -> None:
    made = [commit(number) for number in range(60)]
    snapshot = await at(folder, AT, tick(AT, "builder", commits=made))
    assert snapshot.commits == tuple(reversed(made))[:50]
    assert snapshot.recent_commits["builder"] == tuple(reversed(made))[:10]


async def test_the_board_is_as_the_last_events_left_it(folder: Path) -> None:
    doing, other = task(status="IN_PROGRESS"), task("TASK-2", root="/other")
    ticks = [
        tick(AT, task_events=[changed(0, task=task()), changed(0, task=other)]),
        tick(AT + 1, task_events=[changed(1, task=doing)]),
        tick(AT + 2, task_events=[changed(2, previous_status="IN_PROGRESS")]),
    ]
    assert (await at(folder, AT, *ticks)).board.tasks == (other, task())
    then = await at(folder, AT + 1)
    assert then.board.tasks == (other, doing)
    assert (then.board.metrics.in_progress, then.board.metrics.total) == (1, 2)
    assert [event.timestamp for event in then.task_history["TASK-1"]] == [AT + 1, AT]
    assert (await at(folder, AT + 2)).board.tasks == (other,)


async def test_a_task_that_came_back_is_on_the_board(folder: Path) -> None:
    events = [changed(0, task=task()), changed(1), changed(2, task=task())]
    assert (await at(folder, AT + 2, tick(AT, task_events=events))).board.tasks == (task(),)


async def test_two_roots_may_have_a_task_of_one_name(folder: Path) -> None:
    one, two = task(root="/one"), task(root="/two")
    events = [changed(0, task=one), changed(0, task=two)]
    assert (await at(folder, AT, tick(AT, task_events=events))).board.tasks == (one, two)


async def test_the_age_of_a_board_is_not_known_before_its_last_reading(folder: Path) -> None:
    board = BoardState(root="/shop", path="/shop/board.json", version="4", shape="v4", last_synced=AT + 5)
    rows = tick(AT + 5, boards=[board])
    assert (await at(folder, AT, rows)).board.last_synced is None
    now = (await at(folder, AT + 5)).board
    assert (now.last_synced, now.version, now.boards) == (AT + 5, "4", (board,))


async def test_health_details_are_carried_and_the_machine_goes_on_running(folder: Path) -> None:
    def health(seconds: int, **fields: Any) -> SystemHealth:
        disks = (DiskUsage(path="/", total=100, used=10 + seconds, percent=10.0),)
        return SystemHealth(
            status="healthy",
            last_check=AT + seconds * SECOND,
            disks=disks,
            uptime_seconds=100 + seconds,
            collector=CollectorHealth(pid=1, started_at=AT, interval_seconds=2, tick_ms=seconds),
            **fields,
        )

    ticks = [tick(AT + n * SECOND, health=health(n, cpu_usage=n)) for n in (0, 10, 20, 70)]
    then = (await at(folder, AT + 21 * SECOND, *ticks)).health
    assert then is not None
    assert (then.cpu_usage, then.uptime_seconds, then.disks) == (20.0, 120, health(0).disks)
    assert (await at(folder, AT + 70 * SECOND)).health == health(70, cpu_usage=70)


async def test_a_source_is_in_the_last_state_that_this_recorder_told(folder: Path) -> None:
    def source(moment: int, name: str, state: str) -> Event:
        details = {"name": name, "subject": "host", "state": state, "error": "", "since": moment}
        return Event(timestamp=moment, type="source", subject=f"{name} host", details=details)

    events = [source(AT - 10, "gone", "failing"), source(AT, "git", "failing"), source(AT + 5, "git", "ok")]
    events += [source(AT + 1, "board", "failing"), Event(timestamp=AT, type="source", subject="garbled")]
    snapshot = await at(folder, AT + 4, tick(AT, events=events))
    assert [(found.name, found.state) for found in snapshot.sources] == [
        ("board", "failing"),
        ("git", "failing"),
    ]
    assert [found.state for found in (await at(folder, AT + 5)).sources] == ["failing", "ok"]


async def test_activity_is_made_of_events_status_changes_and_commits_once_each(folder: Path) -> None:
    happened = [
        Event(
            timestamp=AT + 3,
            type="activity",
            agent_id="builder",
            subject="progress",
            details={"text": "done"},
        ),
        Event(
            timestamp=AT + 3,
            type="activity",
            agent_id="builder",
            subject="progress",
            details={"text": "more"},
        ),
        Event(
            timestamp=AT + 4,
            type="process-stopped",
            agent_id="builder",
            details={"name": "claude", "pid": 9, "signal": 9},
        ),
    ]
    await at(folder, AT, tick(AT, "builder", commits=[commit()], events=happened))
    snapshot = await at(folder, AT + 9, tick(AT + 5, "builder", events=happened))  # the recorder starts again
    assert [(entry.kind, entry.text) for entry in snapshot.activity["builder"]] == [
        ("process-stopped", "claude, pid 9, killed by SIGKILL"),
        ("progress", "more"),
        ("progress", "done"),
        ("status", "active: a file changed"),
        ("commit", "0000001 work"),
    ]


LARGE = {
    "agent_metrics",
    "agent_details",
    "agent_status_changes",
    "agent_profiles",
    "agent_processes",
    "session_states",
    "session_usage",
    "session_calls",
    "alert_changes",
    "alert_mutes",
    "task_events",
    "git_commits",
    "commit_files",
    "commit_agents",
    "system_health",
    "rag_metrics",
    "alerts",
    "events",
    "system_states",
    "system_events",
    "system_logs",
    "system_metrics",
}
BOUND = {"at": AT, "agent_id": "a", "limit": 10, "seen_since": 0, "since": 0, "after": 1, "task_ids": '["a"]'}
BOUND |= {
    "agents": '["a"]',
    "session_id": "s",
    "system": "dash",
    "hours": 48,
    "resolved_since": 0,
    "attributed_after": 0,
    "latest": AT,
}
QUERIES = [
    "recorder_at",
    "agents_at",
    "processes_at",
    "activity_at",
    "board_tasks_at",
    "task_history_at",
    "commit_feed_at",
    "recent_commits_at",
    "health_at",
    "rag_at",
    "active_alerts_at",
    "mutes_at",
    "sources_at",
    "events_at",
    "marks",
    "changed_tasks",
    "agents_with_new_commits",
    "agents_with_new_events",
    "session_marks_at",
    "session_at",
    "session_calls_at",
    "session_hours_at",
    "system_marks_at",
    "system_state_at",
    "system_events_at",
    "system_logs_at",
    "system_metrics_at",
]


FIRST = {  # a LIMIT 1 stops at the first entry of the index
    "board_tasks_at": "SCAN task_events USING COVERING INDEX idx_task_events_task_id",
    "sources_at": "SCAN events USING COVERING INDEX idx_events_source",
}


@pytest.mark.parametrize("name", QUERIES)
async def test_no_query_reads_a_large_table_from_end_to_end(folder: Path, name: str) -> None:
    async with recording(state(folder)):
        pass
    async with open_reader(state(folder).database) as db:
        plan = [row["detail"] for row in await db.execute_fetchall(f"EXPLAIN QUERY PLAN {sql(name)}", BOUND)]
    scans = [
        step for step in plan if step.startswith("SCAN") and not step.startswith(FIRST.get(name, "none"))
    ]
    aliases = {
        "m": "agent_metrics",
        "e": "events",
        "c": "git_commits",
        "h": "commit_agents",
        "d": "agent_details",
    }
    read = {aliases.get(step.split()[1], step.split()[1]) for step in scans}
    assert not read & LARGE, plan


async def test_filling_sets_every_key_and_removes_what_is_gone(folder: Path) -> None:
    store = KeyStore()
    store.set(Keys.AGENTS, ("old",))
    for key in (Keys.status, Keys.metrics, Keys.activity, Keys.last_updated, Keys.recent_commits):
        store.set(key("old"), "old")
    rag = RagMetrics(timestamp=AT, top_patterns=(RagPattern(name="auth", count=3),))
    rows = tick(
        AT,
        "builder",
        task_events=[changed(0, task=task())],
        commits=[commit()],
        alerts=[alert()],
        events=[Event(timestamp=AT, type="gap")],
        health=SystemHealth(status="healthy", last_check=AT),
        rag=rag,
    )
    snapshot = await at(folder, AT, rows)
    fill(store, snapshot)
    assert not store.keys("*:old:*")
    assert store.get(Keys.AGENTS) == ("builder",)
    assert store.get(Keys.status("builder")) == status()
    assert store.get(Keys.metrics("builder")) == AgentMetrics(pid=7, cpu_usage=1.5)
    assert store.get(Keys.last_updated("builder")) == AT
    assert store.get(Keys.activity("builder"))[0].kind == "status"
    assert store.get(Keys.recent_commits("builder")) == store.get(Keys.COMMIT_FEED) == (commit(),)
    assert store.get(Keys.TASKS).tasks == (task(),)
    assert store.get(Keys.task_history("TASK-1")) == (changed(0, task=task()),)
    assert store.get(Keys.ALERTS) == (alert(),)
    assert store.get(Keys.HEALTH) == SystemHealth(status="healthy", last_check=AT)
    assert (store.get(Keys.RAG), store.get(Keys.RAG_PATTERNS)) == (rag, rag.top_patterns)
    assert store.get(Keys.EVENTS) == (Event(timestamp=AT, type="gap"),)
    assert store.get(Keys.SOURCES) == ()
    assert store.get(Keys.CLOCK) == AT
    fill(store, await at(folder, AT + MINUTE))
    assert store.get(Keys.metrics("builder")) == AgentMetrics()
    fill(store, Snapshot(at=AT))
    assert not store.keys("*:builder:*")
    assert not store.keys("tasks:TASK-1:*")
