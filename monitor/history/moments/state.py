"""The state of a moment, rebuilt from history: for replay, for a viewer that attaches, and after a restart."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.history.connection import in_one_go
from monitor.history.moments import moment
from monitor.history.moments.moment import Agents, Recorder
from monitor.history.moments.sessions import Sessions, read_sessions
from monitor.history.moments.systems import Systems, read_systems
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
    Mute,
    ProcessInfo,
    RagMetrics,
    Session,
    SourceStatus,
    SystemHealth,
    TaskEvent,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator

    import aiosqlite


UNRECORDED: Final = {
    "sources": "when each was last read, how long that took and what it cost: only their states are recorded",
    "evidence": "what a status rested on is that of the moment at which status or reason changed",
    "numbers": "CPU is told to 0.1 %, memory up to the next 64 KiB; in process trees to 1 % and 1 MiB",
    "processes": "a tree is up to a minute old, or ten seconds when its processes are others",
    "health": "rows come as often as `intervals.health` says; numbers of disks, services and the monitor, each minute",
    "tasks": "the order of the tasks inside the board's file",
    "commits": "that a rebase or another branch took one out of an agent's list; the order of those of one second",
    "agents": "the order of agents of one origin that came in one tick",
    "sessions": "numbers are up to ten seconds old, details of one at work up to a minute; an hour's usage is that "
    "of its end; what the turn's state rests on is in the evidence of the agent's status",
    "systems": "of an attached one its state, counts and queue depths, its events, and the lines and numbers that came "
    "while it was attached; its agents and tasks as all are. Not its executions, workflows, assignments, results, "
    "messages, projects, templates, configuration, documents, nor what is in its queues. Counts are up to a minute "
    "old; what has no time of its own, or one still to come, is told under that of the tick that noted it",
    "viewers": "who looked; how many did is a number of health",
    "future": "an event dated later than the tick that noted it is told when its time has come",
}
"""What a rebuilt moment does not have as the recorder had it, and why (docs/explanation/recorded.md)."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of one moment."""

    at: Millis
    recorder: Recorder | None = None
    """The recorder that ran then, or had run last."""
    last_tick: Millis | None = None
    """The newest sign of the recorder: a sample, or a row of the host's health."""
    holds_until: Millis | None = None
    """Until then numbers are known without a newer sample; later is a gap."""
    agents: tuple[tuple[Agent, Millis], ...] = ()
    """The agents that were followed, each with when it was last seen at work."""
    statuses: dict[str, AgentStatus] = {}
    metrics: dict[str, AgentMetrics | None] = {}
    """None in a gap: nobody recorded."""
    sampled_at: dict[str, Millis] = {}
    processes: dict[str, tuple[ProcessInfo, ...] | None] = {}
    """Process trees, of the agents that were asked for: empty without a process, None when unknown."""
    activity: dict[str, tuple[Activity, ...]] = {}
    board: Board = Board()
    task_history: dict[str, tuple[TaskEvent, ...]] = {}
    commits: tuple[Commit, ...] = ()
    """Newest first: those of the feed, and those of each agent's list that are older."""
    recent_commits: dict[str, tuple[Commit, ...]] = {}
    health: SystemHealth | None = None
    """None in a gap too."""
    rag: RagMetrics | None = None
    alerts: tuple[Alert, ...] = ()
    """Those that were open."""
    mutes: tuple[Mute, ...] = ()
    sources: tuple[SourceStatus, ...] = ()
    events: tuple[Event, ...] = ()
    sessions: Sessions = Sessions()
    systems: Systems = Systems()


async def state_at(db: aiosqlite.Connection, at: Millis, *, processes_of: Collection[str] = ()) -> Snapshot:
    """Rebuild the state of a moment; nothing recorded later is in it. Raises sqlite3.Error.

    Process trees are unpacked only of the agents of `processes_of` (`looked_at`).
    """
    return await in_one_go(db, lambda connection: read_state(connection, at, processes_of))


def read_state(db: sqlite3.Connection, at: Millis, processes_of: Collection[str] = ()) -> Snapshot:
    """The same in the connection's own thread."""
    with one_look(db):
        agents = read_agents(db, at, processes_of)
        board = moment.read_board(db, at)
        recent = {agent_id: moment.read_recent_commits(db, at, agent_id) for agent_id in agents["statuses"]}
        return Snapshot(
            at=at,
            activity={agent_id: moment.read_activity(db, at, agent_id) for agent_id in agents["statuses"]},
            board=board,
            task_history=moment.read_task_history(db, at, (task.id for task in board.tasks)),
            commits=merge_commits(moment.read_commit_feed(db, at), recent.values()),
            recent_commits=recent,
            rag=moment.read_rag(db, at),
            alerts=moment.read_alerts(db, at),
            mutes=moment.read_mutes(db, at),
            sources=read_sources(db, at, agents["recorder"]),
            events=moment.read_events(db, at),
            sessions=read_sessions(db, at, agents["statuses"]),
            systems=read_systems(db, at),
            **agents,
        )


@contextmanager
def one_look(db: sqlite3.Connection) -> Iterator[None]:
    """All that is read in the block is of one state of the file; the read transaction ends with it."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.rollback()


def read_agents(db: sqlite3.Connection, at: Millis, processes_of: Collection[str]) -> dict[str, Any]:
    """The fields of a snapshot that tell of the agents, the recorder and the host."""
    recorder = moment.read_recorder(db, at)
    health = moment.read_health(db, at)
    agents = moment.read_agents(db, at, recorder, health.last_check if health is not None else None)
    return {
        "recorder": _as_of(recorder, agents),
        "last_tick": agents.last_tick,
        "holds_until": agents.holds_until,
        "agents": agents.agents,
        "statuses": agents.statuses,
        "metrics": agents.metrics,
        "sampled_at": agents.sampled_at,
        "processes": moment.read_processes(db, at, agents, processes_of),
        "health": health if moment.health_holds(agents, at) else None,
    }


def _as_of(recorder: Recorder | None, agents: Agents) -> Recorder | None:
    """The recorder without what it did later."""
    if recorder is None:
        return None
    last_tick = max(recorder.started_at, agents.last_tick or 0)
    return msgspec.structs.replace(recorder, last_tick_at=last_tick)


def read_sources(db: sqlite3.Connection, at: Millis, recorder: Recorder | None) -> tuple[SourceStatus, ...]:
    """The sources of that recorder."""
    return moment.read_sources(db, at, recorder.started_at if recorder is not None else at)


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
        _fill_processes(store, agent_id, snapshot.processes.get(agent_id))
        store.set(Keys.activity(agent_id), snapshot.activity.get(agent_id, ()))
        store.set(Keys.recent_commits(agent_id), snapshot.recent_commits.get(agent_id, ()))
        _fill_session(store, agent_id, snapshot.sessions.by_agent.get(agent_id))
    store.set(Keys.TASKS, snapshot.board)
    for task_id, history in snapshot.task_history.items():
        store.set(Keys.task_history(task_id), history)
    store.set(Keys.COMMIT_FEED, snapshot.commits[:FEED_LIMIT])
    store.set(Keys.HEALTH, snapshot.health)
    store.set(Keys.ALERTS, snapshot.alerts)
    store.set(Keys.MUTES, snapshot.mutes)
    store.set(Keys.SOURCES, snapshot.sources)
    store.set(Keys.RAG, snapshot.rag)
    store.set(Keys.RAG_PATTERNS, snapshot.rag.top_patterns if snapshot.rag is not None else ())
    store.set(Keys.EVENTS, snapshot.events)
    systems = snapshot.systems.by_name
    store.set(Keys.SYSTEMS, tuple(reading.state for reading in systems.values()))
    for name, reading in systems.items():
        store.set(Keys.system(name), reading)


def _fill_processes(store: KeyStore, agent_id: str, tree: tuple[ProcessInfo, ...] | None) -> None:
    """Without the key the tree is unknown: nobody recorded it, or nobody looked."""
    if tree is None:
        store.delete(Keys.processes(agent_id))
    else:
        store.set(Keys.processes(agent_id), tree)


def _fill_session(store: KeyStore, agent_id: str, session: Session | None) -> None:
    if session is None:
        store.delete(Keys.session(agent_id))
    else:
        store.set(Keys.session(agent_id), session)


def looked_at(store: KeyStore, agent_ids: Iterable[str]) -> frozenset[str]:
    """Those of the agents at whose process tree someone looks."""
    return frozenset(agent_id for agent_id in agent_ids if store.has_subscriber(Keys.processes(agent_id)))


def _remove_gone(store: KeyStore, snapshot: Snapshot) -> None:
    """Remove the keys of agents, systems and tasks that the snapshot does not have."""
    for state in store.get(Keys.SYSTEMS, ()):
        if state.name not in snapshot.systems.by_name:
            store.delete(Keys.system(state.name))
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
                Keys.session,
            ):
                store.delete(key(agent_id))
    board: Board | None = store.get(Keys.TASKS)
    if board is not None and board is not snapshot.board:
        for task_id in {task.id for task in board.tasks} - snapshot.task_history.keys():
            store.delete(Keys.task_history(task_id))
