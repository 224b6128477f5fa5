"""The state of a moment, rebuilt from history: for replay, for a viewer that attaches, and after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from monitor.history import moment
from monitor.history.moment import Recorder
from monitor.keystore import FEED_LIMIT, Keys, KeyStore
from monitor.model import (
    Activity,
    Agent,
    AgentMetrics,
    AgentStatus,
    Alert,
    Board,
    Commit,
    Event,
    Millis,
    RagMetrics,
    SourceStatus,
    SystemHealth,
    TaskEvent,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    import aiosqlite


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of one moment."""

    at: Millis
    recorder: Recorder | None = None
    """The recorder that ran then, or had run last."""
    last_tick: Millis | None = None
    """Time of the newest sample."""
    agents: tuple[tuple[Agent, Millis], ...] = ()
    """The agents that were followed, each with when it was last seen at work."""
    statuses: dict[str, AgentStatus] = {}
    metrics: dict[str, AgentMetrics | None] = {}
    """None in a gap: nobody recorded."""
    sampled_at: dict[str, Millis] = {}
    activity: dict[str, tuple[Activity, ...]] = {}
    board: Board = Board()
    task_history: dict[str, tuple[TaskEvent, ...]] = {}
    commits: tuple[Commit, ...] = ()
    """Newest first: those of the feed, and those of each agent's list that are older."""
    recent_commits: dict[str, tuple[Commit, ...]] = {}
    health: SystemHealth | None = None
    rag: RagMetrics | None = None
    alerts: tuple[Alert, ...] = ()
    """Those that were open."""
    sources: tuple[SourceStatus, ...] = ()
    events: tuple[Event, ...] = ()


async def state_at(db: aiosqlite.Connection, at: Millis) -> Snapshot:
    """Rebuild the state of a moment; nothing recorded later is in it. Raises sqlite3.Error."""
    recorder = await moment.read_recorder(db, at)
    agents = await moment.read_agents(db, at, recorder)
    board = await moment.read_board(db, at)
    recent = {agent_id: await moment.read_recent_commits(db, at, agent_id) for agent_id in agents.statuses}
    return Snapshot(
        at=at,
        recorder=recorder,
        last_tick=agents.last_tick,
        agents=agents.agents,
        statuses=agents.statuses,
        metrics=agents.metrics,
        sampled_at=agents.sampled_at,
        activity={agent_id: await moment.read_activity(db, at, agent_id) for agent_id in agents.statuses},
        board=board,
        task_history=await moment.read_task_history(db, at, (task.id for task in board.tasks)),
        commits=merge_commits(await moment.read_commit_feed(db, at), recent.values()),
        recent_commits=recent,
        health=await moment.read_health(db, at),
        rag=await moment.read_rag(db, at),
        alerts=await moment.read_alerts(db, at),
        sources=await moment.read_sources(db, at, recorder.started_at if recorder is not None else at),
        events=await moment.read_events(db, at),
    )


def merge_commits(feed: Iterable[Commit], lists: Iterable[Iterable[Commit]]) -> tuple[Commit, ...]:
    """All these commits, each once, newest first."""
    every = {commit.commit_hash: commit for commit in feed}
    for commits in lists:
        every.update((commit.commit_hash, commit) for commit in commits)
    return tuple(sorted(every.values(), key=lambda commit: commit.commit_timestamp, reverse=True))


def fill(store: KeyStore, snapshot: Snapshot) -> None:
    """Set every key to what the snapshot says, and remove what is gone; the caller flushes."""
    _remove_gone(store, snapshot)
    store.set(Keys.CLOCK, snapshot.at)
    store.set(Keys.AGENTS, tuple(agent.id for agent, _ in snapshot.agents))
    for agent_id, status in snapshot.statuses.items():
        store.set(Keys.status(agent_id), status)
        store.set(Keys.metrics(agent_id), snapshot.metrics.get(agent_id) or AgentMetrics())
        store.set(Keys.last_updated(agent_id), snapshot.sampled_at.get(agent_id))
        store.set(Keys.activity(agent_id), snapshot.activity.get(agent_id, ()))
        store.set(Keys.recent_commits(agent_id), snapshot.recent_commits.get(agent_id, ()))
    store.set(Keys.TASKS, snapshot.board)
    for task_id, history in snapshot.task_history.items():
        store.set(Keys.task_history(task_id), history)
    store.set(Keys.COMMIT_FEED, snapshot.commits[:FEED_LIMIT])
    store.set(Keys.HEALTH, snapshot.health)
    store.set(Keys.ALERTS, snapshot.alerts)
    store.set(Keys.SOURCES, snapshot.sources)
    store.set(Keys.RAG, snapshot.rag)
    store.set(Keys.RAG_PATTERNS, snapshot.rag.top_patterns if snapshot.rag is not None else ())
    store.set(Keys.EVENTS, snapshot.events)


def _remove_gone(store: KeyStore, snapshot: Snapshot) -> None:
    """Remove the keys of agents and tasks that the snapshot does not have."""
    agent_ids = set(store.get(Keys.AGENTS, ()))
    if agent_ids != snapshot.statuses.keys():
        for agent_id in agent_ids - snapshot.statuses.keys():
            for key in (
                Keys.status,
                Keys.metrics,
                Keys.activity,
                Keys.processes,
                Keys.last_updated,
                Keys.recent_commits,
            ):
                store.delete(key(agent_id))
    board: Board | None = store.get(Keys.TASKS)
    if board is not None and board is not snapshot.board:
        for task_id in {task.id for task in board.tasks} - snapshot.task_history.keys():
            store.delete(Keys.task_history(task_id))
