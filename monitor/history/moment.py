"""The parts of a moment's state, each by its own query: `state` puts them together, a follower reads some again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from monitor.history import decode
from monitor.history.encode import SAMPLE_REPEAT_MS, SEEN_REPEAT_MS
from monitor.history.queries import fetch, fetch_one
from monitor.keystore import ACTIVITY_LIMIT, EVENTS_LIMIT, FEED_LIMIT, RECENT_COMMITS_LIMIT
from monitor.model import (
    SEVERITIES,
    Activity,
    Agent,
    AgentMetrics,
    AgentStatus,
    Alert,
    Board,
    BoardState,
    Commit,
    Event,
    Millis,
    RagMetrics,
    SourceStatus,
    SystemHealth,
    TaskEvent,
    task_metrics,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    import aiosqlite

TASK_HISTORY_LIMIT: Final = 50
"""Changes read per task."""
_SOURCE_RANK: Final = {"failing": 0, "degraded": 1, "ok": 2, "off": 3}


class Recorder(msgspec.Struct, frozen=True, kw_only=True):
    """A start of a recorder (table `recorders`)."""

    recorder_id: int
    host: str
    boot_id: str
    pid: int
    version: str
    interval_ms: int
    started_at: Millis
    last_tick_at: Millis
    stopped_at: Millis | None

    @property
    def carry_ms(self) -> Millis:
        """For how long a sample holds: its repetition, and two ticks that may be late."""
        return SAMPLE_REPEAT_MS + 2 * self.interval_ms


class Agents(msgspec.Struct, frozen=True):
    """The agents that were followed at a moment."""

    agents: tuple[tuple[Agent, Millis], ...] = ()
    """Each with when it was last seen at work."""
    statuses: dict[str, AgentStatus] = {}
    metrics: dict[str, AgentMetrics | None] = {}
    """None in a gap."""
    sampled_at: dict[str, Millis] = {}

    @property
    def last_tick(self) -> Millis | None:
        """Time of the newest sample."""
        return max(self.sampled_at.values(), default=None)


async def read_recorder(db: aiosqlite.Connection, at: Millis) -> Recorder | None:
    """The recorder that ran at that moment, or had run last."""
    row = await fetch_one(db, "recorder_at", at=at)
    return msgspec.convert(dict(row), Recorder) if row is not None else None


async def read_agents(db: aiosqlite.Connection, at: Millis, recorder: Recorder | None) -> Agents:
    """The agents that had a sample in the last ticks by then.

    A sample is written at least every 10 s, so an agent without one had left. When the newest of all is older, the
    recorder itself stood still: a gap, in which statuses are stale and numbers unknown.
    """
    if recorder is None:
        return Agents()
    seen_since = min(at, recorder.last_tick_at) - 2 * SEEN_REPEAT_MS
    rows = await fetch(db, "agents_at", at=at, seen_since=seen_since)
    last_tick = max((row["sampled_at"] for row in rows if row["sampled_at"] is not None), default=None)
    followed = [
        row
        for row in rows
        if last_tick is None
        or (row["sampled_at"] is not None and row["sampled_at"] >= last_tick - recorder.carry_ms)
    ]
    gap = last_tick is None or at - last_tick > recorder.carry_ms
    statuses = {row["agent_id"]: decode.agent_status(row, gap=gap) for row in followed}
    return Agents(
        agents=tuple((decode.agent(row), _seen_at(row)) for row in followed),
        statuses=statuses,
        metrics={row["agent_id"]: None if gap else decode.agent_metrics(row) for row in followed},
        sampled_at={row["agent_id"]: row["sampled_at"] for row in followed if row["sampled_at"] is not None},
    )


def _seen_at(row: sqlite3.Row) -> Millis:
    """When its process was last seen; without one, when its status last changed."""
    sampled: Millis = row["sampled_at"] if row["sampled_at"] is not None else row["last_seen"]
    if row["pid"] is not None or row["since"] is None:
        return sampled
    since: Millis = row["since"]
    return min(sampled, since)


async def read_activity(db: aiosqlite.Connection, at: Millis, agent_id: str) -> tuple[Activity, ...]:
    """What an agent did, newest first, at most `ACTIVITY_LIMIT`."""
    rows = await fetch(db, "activity_at", at=at, agent_id=agent_id, limit=ACTIVITY_LIMIT)
    return tuple(decode.activity(row, agent_id) for row in rows)


async def read_board(db: aiosqlite.Connection, at: Millis) -> Board:
    """The tasks of all roots, as their last events left them."""
    found = [decode.task_details(row).task for row in await fetch(db, "board_tasks_at", at=at)]
    tasks = tuple(task for task in found if task is not None)  # None: it left the board
    board = Board(tasks=tasks, metrics=task_metrics(tasks))
    return with_states(board, await read_board_states(db, at))


async def read_board_states(db: aiosqlite.Connection, at: Millis) -> tuple[BoardState, ...]:
    """Where the tasks of each root came from."""
    return tuple(decode.board_state(row) for row in await fetch(db, "board_states_at", at=at))


def with_states(board: Board, states: tuple[BoardState, ...]) -> Board:
    """The board with these origins: it is as old as the oldest reading in it."""
    synced = [state.last_synced for state in states if state.last_synced is not None]
    return msgspec.structs.replace(
        board,
        boards=states,
        last_synced=min(synced, default=None),
        version=", ".join(dict.fromkeys(state.version for state in states if state.version)),
    )


async def read_task_history(
    db: aiosqlite.Connection, at: Millis, task_ids: Iterable[str]
) -> dict[str, tuple[TaskEvent, ...]]:
    """The changes of each of these tasks, newest first, at most `TASK_HISTORY_LIMIT`."""
    wanted = msgspec.json.encode(sorted(set(task_ids))).decode()
    found: dict[str, list[TaskEvent]] = {}
    for row in await fetch(db, "task_history_at", at=at, task_ids=wanted, limit=TASK_HISTORY_LIMIT):
        found.setdefault(row["task_id"], []).append(decode.task_event(row))
    return {task_id: tuple(events) for task_id, events in found.items()}


async def read_commit_feed(db: aiosqlite.Connection, at: Millis) -> tuple[Commit, ...]:
    """The newest commits over all agents, newest first, at most `FEED_LIMIT`."""
    return tuple(decode.commit(row) for row in await fetch(db, "commit_feed_at", at=at, limit=FEED_LIMIT))


async def read_recent_commits(db: aiosqlite.Connection, at: Millis, agent_id: str) -> tuple[Commit, ...]:
    """An agent's newest commits, newest first, at most `RECENT_COMMITS_LIMIT`."""
    rows = await fetch(db, "recent_commits_at", at=at, agent_id=agent_id, limit=RECENT_COMMITS_LIMIT)
    return tuple(decode.commit(row) for row in rows)


async def read_health(db: aiosqlite.Connection, at: Millis) -> SystemHealth | None:
    """The last health row, with the details that held then."""
    row = await fetch_one(db, "health_at", at=at)
    return decode.health(row) if row is not None else None


async def read_rag(db: aiosqlite.Connection, at: Millis) -> RagMetrics | None:
    """The last rag metrics."""
    row = await fetch_one(db, "rag_at", at=at)
    return decode.rag(row) if row is not None else None


async def read_alerts(db: aiosqlite.Connection, at: Millis) -> tuple[Alert, ...]:
    """The alerts that were open, the gravest first, then the newest."""
    alerts = [decode.alert(row, at) for row in await fetch(db, "active_alerts_at", at=at)]
    return tuple(sorted(alerts, key=lambda alert: (-SEVERITIES.index(alert.severity), -alert.created_at)))


async def read_sources(db: aiosqlite.Connection, at: Millis, since: Millis) -> tuple[SourceStatus, ...]:
    """How each source fared, of those whose state changed since the recorder started: failing ones first."""
    found = [decode.source_status(row) for row in await fetch(db, "sources_at", at=at, since=since)]
    statuses = [status for status in found if status is not None]
    return tuple(
        sorted(statuses, key=lambda status: (_SOURCE_RANK[status.state], status.name, status.subject))
    )


async def read_events(db: aiosqlite.Connection, at: Millis) -> tuple[Event, ...]:
    """The newest events, newest first, at most `EVENTS_LIMIT`."""
    return tuple(decode.event(row) for row in await fetch(db, "events_at", at=at, limit=EVENTS_LIMIT))


async def read_agents_with_events(db: aiosqlite.Connection, after: int) -> set[str]:
    """The agents of events whose id is above `after`."""
    return {row["agent_id"] for row in await fetch(db, "agents_with_new_events", after=after)}


async def read_agents_with_commits(db: aiosqlite.Connection, after: int) -> set[str]:
    """Everyone who has a commit that someone was newly found to have, since the row `after`."""
    return {row["agent_id"] for row in await fetch(db, "agents_with_new_commits", after=after)}


async def read_changed_tasks(db: aiosqlite.Connection, after: int) -> set[str]:
    """The tasks of events whose id is above `after`."""
    return {row["task_id"] for row in await fetch(db, "changed_tasks", after=after)}
