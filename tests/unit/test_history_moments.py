"""A moment gone by is told as it was: who the agents were, what was open, what ran, and how often somebody looked."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import pytest
from history_records import AT, agent, alert, commit, recording, state, status, task, tick

from monitor.history.commands import send_command
from monitor.history.connection import open_reader
from monitor.history.moments.state import Snapshot, fill, looked_at, state_at
from monitor.keystore import Keys, KeyStore
from monitor.model import (
    AgentMetrics,
    BoardState,
    Command,
    Event,
    ProcessInfo,
    SystemHealth,
    TaskEvent,
)

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.history.writing.rows import TickRows

SECOND = 1000
MINUTE = 60 * SECOND

TREE = (
    ProcessInfo(pid=7, ppid=1, name="claude", state="S", cpu_usage=3.0, memory_usage=1 << 20),
    ProcessInfo(pid=8, ppid=7, name="node", state="R", depth=1, ports=(3000, 8080)),
)


async def record(folder: Path, *ticks: TickRows, interval: float = 2.0) -> None:
    """A recorder writes these ticks, and stops."""
    async with recording(state(folder), ticks[0].at) as writer:
        writer.interval_seconds = interval
        for rows in ticks:
            await writer.write(rows)
        assert writer.rejected == 0


async def at(folder: Path, moment: int, *processes_of: str) -> Snapshot:
    async with open_reader(state(folder).database) as db:
        return await state_at(db, moment, processes_of=processes_of)


async def test_an_agent_is_who_it_was(tmp_path: Path) -> None:
    before = status(role="tester", worktree="/old", kind="custom", origin="board")
    after = status(name="builder", role="builder", worktree="/new", origin="config")
    ticks = [tick(AT + n * SECOND, samples=[(before if n < 5 else after, AgentMetrics())]) for n in range(10)]
    await record(tmp_path, *ticks)
    for moment, known in ((AT + 4 * SECOND, before), (AT + 5 * SECOND, after)):
        snapshot = await at(tmp_path, moment)
        assert snapshot.statuses["builder"] == known
        assert snapshot.agents[0][0].role == known.role
        assert snapshot.agents[0][0].worktree == known.worktree


async def test_an_agent_that_was_let_go_is_gone_at_once(tmp_path: Path) -> None:
    gone = Event(
        timestamp=AT + 2 * SECOND, type="agent-left", agent_id="visitor", subject="watched no longer"
    )
    await record(tmp_path, tick(AT, "builder", "visitor"), tick(AT + 2 * SECOND, "builder", events=[gone]))
    assert set((await at(tmp_path, AT + SECOND)).statuses) == {"builder", "visitor"}
    assert set((await at(tmp_path, AT + 2 * SECOND)).statuses) == {"builder"}


async def test_the_agents_of_a_recorder_are_those_of_its_first_tick(tmp_path: Path) -> None:
    await record(tmp_path, tick(AT, "builder", "unlisted"))
    await record(tmp_path, tick(AT + 3 * SECOND, "builder"))
    assert set((await at(tmp_path, AT + 3 * SECOND)).statuses) == {"builder"}


async def test_no_agent_is_shown_after_the_last_one_left_while_somebody_records(tmp_path: Path) -> None:
    ticks = [
        tick(AT + n * SECOND, health=SystemHealth(status="healthy", last_check=AT + n * SECOND))
        for n in range(40)
    ]
    ticks[0] = tick(AT, "builder", health=ticks[0].health)
    await record(tmp_path, *ticks)
    snapshot = await at(tmp_path, AT + 39 * SECOND)
    assert snapshot.agents == ()
    assert snapshot.health is not None


async def test_the_hosts_numbers_are_unknown_in_a_gap(tmp_path: Path) -> None:
    health = SystemHealth(status="healthy", last_check=AT, cpu_usage=5.0)
    await record(tmp_path, tick(AT, "builder", health=health))
    assert (await at(tmp_path, AT + 14 * SECOND)).health == health
    snapshot = await at(tmp_path, AT + 15 * SECOND)
    assert (snapshot.health, snapshot.metrics["builder"]) == (None, None)


async def test_a_sample_holds_as_long_as_the_interval_of_then_says(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        writer.interval_seconds = 60.0
        await writer.write(tick(AT, "builder"))
        writer.interval_seconds = 2.0
        await writer.write(tick(AT + 10 * MINUTE, "builder"))
    slow, fast = await at(tmp_path, AT + 2 * MINUTE), await at(tmp_path, AT + 11 * MINUTE)
    assert (slow.recorder and slow.recorder.interval_ms, slow.statuses["builder"].stale) == (60_000, False)
    assert (fast.recorder and fast.recorder.interval_ms, fast.statuses["builder"].stale) == (2_000, True)


async def test_a_recorder_is_told_without_what_it_did_later(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, "builder"))
        early = await writer.load(AT + SECOND)
        for n in range(1, 60):
            await writer.write(tick(AT + n * SECOND, "builder"))
    then = await at(tmp_path, AT + SECOND)
    assert then.recorder is not None
    assert then.recorder == early.recorder
    assert (then.recorder.last_tick_at, then.recorder.stopped_at) == (AT, None)
    now = await at(tmp_path, AT + MINUTE)
    assert now.recorder is not None
    assert now.recorder.stopped_at == AT + 59 * SECOND


async def test_the_age_of_a_process_grows_between_two_samples(tmp_path: Path) -> None:
    await record(tmp_path, tick(AT, samples=[(status(), AgentMetrics(pid=7, uptime_seconds=100))]))
    metrics = (await at(tmp_path, AT + 9_500)).metrics["builder"]
    assert metrics is not None
    assert metrics.uptime_seconds == 109


# --- process trees -----------------------------------------------------------------------------------------------


async def test_a_tree_holds_while_its_process_runs(tmp_path: Path) -> None:
    ended = [(status(status="offline"), AgentMetrics())]
    await record(
        tmp_path,
        tick(AT, "builder", processes=[("builder", TREE)]),
        tick(AT + 10 * SECOND, "builder"),
        tick(AT + 12 * SECOND, samples=ended),
    )
    assert (await at(tmp_path, AT + 11 * SECOND, "builder")).processes == {"builder": TREE}
    assert (await at(tmp_path, AT + 12 * SECOND, "builder")).processes == {"builder": ()}


async def test_a_tree_is_unknown_in_a_gap_and_while_only_that_of_an_earlier_process_is(
    tmp_path: Path,
) -> None:
    other = [(status(), AgentMetrics(pid=9))]
    await record(
        tmp_path,
        tick(AT, "builder", processes=[("builder", TREE)]),
        tick(AT + 10 * SECOND, samples=other),
    )
    assert (await at(tmp_path, AT + 10 * SECOND, "builder")).processes == {"builder": None}
    assert (await at(tmp_path, AT + 40 * SECOND, "builder")).processes == {"builder": None}


async def test_trees_are_read_only_of_agents_that_somebody_looks_at(tmp_path: Path) -> None:
    await record(tmp_path, tick(AT, "builder", "tester", processes=[("builder", TREE), ("tester", TREE)]))
    store = KeyStore()
    store.subscribe(Keys.processes("tester"), lambda _: None)
    wanted = looked_at(store, ("builder", "tester"))
    snapshot = await at(tmp_path, AT, *wanted)
    assert set(snapshot.processes) == {"tester"}
    store.set(Keys.processes("builder"), "an old one")
    fill(store, snapshot)
    assert store.keys("*:processes") == [Keys.processes("tester")]
    assert store.get(Keys.processes("tester")) == TREE


@pytest.mark.parametrize("bytes_there", [b"", b"x", b"x\x9c\x03\x00\x00\x00\x00\x01"])
async def test_a_tree_that_cannot_be_unpacked_is_unknown(tmp_path: Path, bytes_there: bytes) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, "builder", processes=[("builder", TREE)]))
        await writer._db.execute("UPDATE agent_processes SET tree = ?", (bytes_there,))
    assert (await at(tmp_path, AT, "builder")).processes == {"builder": None}


async def test_a_tree_that_was_recorded_before_ports_were_has_none(tmp_path: Path) -> None:
    told = zlib.compress(b'[{"pid":7,"ppid":1,"name":"claude","state":"S","depth":0}]')
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, "builder", processes=[("builder", TREE)]))
        await writer._db.execute("UPDATE agent_processes SET tree = ?", (told,))
    (process,) = (await at(tmp_path, AT, "builder")).processes["builder"] or ()
    assert (process.name, process.ports) == ("claude", ())


# --- boards and tasks --------------------------------------------------------------------------------------------


async def test_a_board_is_told_as_it_was_read_then(tmp_path: Path) -> None:
    def board(moment: int, **changes: Any) -> BoardState:
        known = {"root": "/shop", "path": "/shop/b", "version": "4", "shape": "v4", "last_synced": moment}
        return BoardState(**{**known, **changes})

    good, failed, none = board(AT), board(AT, error="does not parse"), board(AT, shape="")
    ticks = [tick(AT + n, "builder", boards=[known]) for n, known in enumerate((good, failed, none))]
    await record(tmp_path, *ticks)
    assert [(await at(tmp_path, AT + n)).board.boards for n in range(3)] == [(good,), (failed,), ()]


def changed(at_time: int, **fields: Any) -> TaskEvent:
    known = {
        "task_id": "TASK-1",
        "event_type": "updated",
        "timestamp": at_time,
        "task": task(),
        "root": "/shop",
    }
    return TaskEvent(**{**known, **fields})


async def test_a_change_that_was_noted_late_was_unknown_until_then(tmp_path: Path) -> None:
    first, late = changed(AT), changed(AT + 5, task=task(status="DONE"))
    await record(
        tmp_path,
        tick(AT, "builder", task_events=[first]),
        tick(AT + MINUTE, "builder", task_events=[late]),
    )
    then, later = await at(tmp_path, AT + 30), await at(tmp_path, AT + MINUTE)
    assert (then.board.tasks, then.task_history["TASK-1"]) == ((task(),), (first,))
    assert (later.board.tasks, later.task_history["TASK-1"]) == ((task(status="DONE"),), (late, first))


async def test_a_task_that_left_and_came_back_to_another_recorder_is_on_the_board_again(
    tmp_path: Path,
) -> None:
    created = changed(AT, event_type="created")
    await record(
        tmp_path,
        tick(AT, "builder", task_events=[created]),
        tick(AT + SECOND, "builder", task_events=[changed(AT + SECOND, task=None)]),
    )
    await record(tmp_path, tick(AT + MINUTE, "builder", task_events=[created]))
    assert (await at(tmp_path, AT + MINUTE - 1)).board.tasks == ()
    assert (await at(tmp_path, AT + MINUTE)).board.tasks == (task(),)


async def test_the_order_of_tasks_does_not_change_by_what_comes_later(tmp_path: Path) -> None:
    first, second = changed(AT + 5), changed(AT + 6, task_id="TASK-2", task=task("TASK-2"))
    early = changed(AT + 1, task_id="TASK-2", task=task("TASK-2"), event_type="assigned")
    await record(
        tmp_path,
        tick(AT + 6, "builder", task_events=[first, second]),
        tick(AT + MINUTE, "builder", task_events=[early]),
    )
    names = [
        [known.id for known in (await at(tmp_path, moment)).board.tasks] for moment in (AT + 6, AT + MINUTE)
    ]
    assert names == [["TASK-1", "TASK-2"]] * 2


# --- alerts ------------------------------------------------------------------------------------------------------


async def test_an_alert_has_the_words_of_its_moment(tmp_path: Path) -> None:
    graver = alert(severity="critical", title="it is worse", message="Now.", metadata={"tasks": 9})
    await record(tmp_path, tick(AT, alerts=[alert()]), tick(AT + 10, alerts=[graver]))
    assert (await at(tmp_path, AT + 9)).alerts == (alert(),)
    assert (await at(tmp_path, AT + 10)).alerts == (graver,)


async def test_an_alert_is_open_until_the_tick_that_notes_its_end(tmp_path: Path) -> None:
    ended = alert(resolved=True, resolved_at=AT + SECOND)  # by a person, whose command waited
    await record(tmp_path, tick(AT, alerts=[alert()]), tick(AT + MINUTE, alerts=[ended]))
    assert (await at(tmp_path, AT + MINUTE - 1)).alerts == (alert(),)
    assert (await at(tmp_path, AT + MINUTE)).alerts == ()


async def test_an_alert_that_another_took_the_place_of_ended_then(tmp_path: Path) -> None:
    next_one = alert("next", created_at=AT + MINUTE)
    await record(tmp_path, tick(AT, alerts=[alert()]), tick(AT + MINUTE, alerts=[next_one]))
    assert (await at(tmp_path, AT + MINUTE - 1)).alerts == (alert(),)
    assert (await at(tmp_path, AT + MINUTE)).alerts == (next_one,)


async def test_what_a_person_did_while_nobody_recorded_is_told_from_then_on(tmp_path: Path) -> None:
    await record(tmp_path, tick(AT, alerts=[alert()]))
    await send_command(state(tmp_path), Command(kind="acknowledge", alert_id="alert-1", by="me", at=AT + 50))
    before, after = (await at(tmp_path, AT + 49)).alerts[0], (await at(tmp_path, AT + 50)).alerts[0]
    assert (before.acknowledged, after.acknowledged, after.acknowledged_by) == (False, True, "me")


# --- commits and events ------------------------------------------------------------------------------------------


async def test_who_made_a_commit_is_told_from_when_the_reflog_told_it(tmp_path: Path) -> None:
    guessed = commit(attribution="branch", agent_ids=("builder", "tester"), branch="main")
    known = commit(agent_id="tester", agent_ids=("builder", "tester"), branch="fix")
    await record(
        tmp_path,
        tick(AT, "builder", "tester", commits=[guessed]),
        tick(AT + SECOND, "builder", "tester", commits=[known]),
    )
    before, after = await at(tmp_path, AT), await at(tmp_path, AT + SECOND)
    assert (before.commits, after.commits) == ((guessed,), (known,))
    assert before.recent_commits == {"builder": (guessed,), "tester": (guessed,)}
    kinds = [[entry.kind for entry in snapshot.activity["tester"]] for snapshot in (before, after)]
    assert kinds == [["status"], ["status", "commit"]]


async def test_an_event_told_late_was_unknown_until_then(tmp_path: Path) -> None:
    late = Event(
        timestamp=AT + 5, type="activity", agent_id="builder", subject="progress", details={"text": "done"}
    )
    await record(tmp_path, tick(AT, "builder"), tick(AT + MINUTE, "builder", events=[late]))
    then, later = await at(tmp_path, AT + 30), await at(tmp_path, AT + MINUTE)
    assert (then.events, later.events) == ((), (late,))
    assert [len(snapshot.activity["builder"]) for snapshot in (then, later)] == [1, 2]


async def test_a_status_is_in_the_activity_once_however_often_it_is_noted(tmp_path: Path) -> None:
    active, reason = status(), status(status_reason="a commit was made")
    idle = status(status="idle", status_since=AT + 5 * SECOND)
    for start, known in ((0, active), (2, reason), (6, idle), (7, idle)):  # each by a recorder of its own
        await record(tmp_path, tick(AT + start * SECOND, samples=[(known, AgentMetrics())], agents=[agent()]))
    texts = [entry.text for entry in (await at(tmp_path, AT + 9 * SECOND)).activity["builder"]]
    assert texts == ["idle: a file changed", "active: a file changed"]
