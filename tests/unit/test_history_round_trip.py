"""What the writer was given is what the state of that moment gives back."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from history_records import (
    AT,
    agent_metrics,
    agent_statuses,
    alerts,
    boards,
    commits,
    events,
    healths,
    rags,
    recording,
    state,
    task_events,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.history.connection import open_reader
from monitor.history.moments.state import Snapshot, state_at
from monitor.history.writing.rows import TickRows

if TYPE_CHECKING:
    from monitor.model import (
        AgentMetrics,
        AgentStatus,
        Alert,
        BoardState,
        Commit,
        Event,
        RagMetrics,
        SystemHealth,
        TaskEvent,
    )
    from monitor.paths import StatePaths

many = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


async def written(paths: StatePaths, *ticks: TickRows, at: int = AT) -> Snapshot:
    """The state of `at`, read by a viewer from what a recorder wrote."""
    async with recording(paths) as writer:
        for rows in ticks:
            await writer.write(rows)
        assert writer.rejected == 0
    async with open_reader(paths.database) as db:
        return await state_at(db, at)


async def written_anew(rows: TickRows) -> Snapshot:
    with tempfile.TemporaryDirectory() as folder:
        return await written(state(Path(folder)), rows)


@many
@given(st.lists(st.tuples(agent_statuses, agent_metrics), max_size=4, unique_by=lambda sample: sample[0].id))
async def test_agents_come_back_as_they_were_written(samples: list[tuple[AgentStatus, AgentMetrics]]) -> None:
    snapshot = await written_anew(TickRows(at=AT, samples=samples))
    assert snapshot.statuses == {status.id: status for status, _ in samples}
    assert snapshot.metrics == {status.id: metrics for status, metrics in samples}
    assert {agent.id for agent, _ in snapshot.agents} == snapshot.statuses.keys()


@many
@given(
    st.lists(task_events, max_size=4, unique_by=lambda event: event.task_id),
    st.lists(boards, max_size=2, unique_by=lambda board: board.root),
)
async def test_tasks_and_boards_come_back_as_they_were_written(
    changes: list[TaskEvent], states: list[BoardState]
) -> None:
    snapshot = await written_anew(TickRows(at=AT, task_events=changes, boards=states))
    assert {task.id: task for task in snapshot.board.tasks} == {
        event.task_id: event.task for event in changes
    }
    assert snapshot.task_history == {event.task_id: (event,) for event in changes}
    assert set(snapshot.board.boards) == {state for state in states if state.shape or state.error}
    assert snapshot.board.metrics.total == len(changes)


@many
@given(st.lists(commits, max_size=4, unique_by=lambda commit: commit.commit_hash))
async def test_commits_come_back_as_they_were_written(made: list[Commit]) -> None:
    snapshot = await written_anew(TickRows(at=AT, commits=made))
    assert {commit.commit_hash: commit for commit in snapshot.commits} == {
        commit.commit_hash: commit for commit in made
    }


@many
@given(healths, rags)
async def test_health_and_rag_metrics_come_back_as_they_were_written(
    health: SystemHealth, rag: RagMetrics
) -> None:
    health = msgspec.structs.replace(health, last_check=AT)  # an old one tells nothing of now
    snapshot = await written_anew(TickRows(at=AT, health=health, rag=rag))
    assert snapshot.health == health
    assert snapshot.rag == rag


@many
@given(
    st.lists(alerts, max_size=3, unique_by=lambda alert: (alert.rule, alert.subject)).filter(
        lambda found: len({alert.alert_id for alert in found}) == len(found)
    ),
    st.lists(
        events,
        max_size=3,
        unique_by=lambda event: (event.timestamp, event.type, event.agent_id, event.subject),
    ),
)
async def test_alerts_and_events_come_back_as_they_were_written(
    raised: list[Alert], happened: list[Event]
) -> None:
    snapshot = await written_anew(TickRows(at=AT, alerts=raised, events=happened))
    assert {alert.alert_id: alert for alert in snapshot.alerts} == {alert.alert_id: alert for alert in raised}
    assert len(snapshot.events) == len(happened)
    assert all(event in snapshot.events for event in happened)
