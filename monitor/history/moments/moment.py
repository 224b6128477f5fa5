"""The parts of a moment's state, each by its own query: `state` puts them together, a follower reads some again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from monitor.history.moments import decode
from monitor.history.queries import first, rows
from monitor.history.writing.encode import DETAILS_REPEAT_MS, SAMPLE_REPEAT_MS, SEEN_REPEAT_MS
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
    Mute,
    ProcessInfo,
    RagMetrics,
    SourceStatus,
    SystemHealth,
    TaskEvent,
    task_metrics,
)
from monitor.rules.mutes import MUTE_MS, in_order

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

TASK_HISTORY_LIMIT: Final = 50
"""Changes read per task."""
COMMAND_AGE_MS: Final = 86_400_000
"""A person may have resolved an alert this long before the tick that took the command (`inbox.MAX_AGE_SECONDS`)."""
_SOURCE_RANK: Final = {"failing": 0, "degraded": 1, "ok": 2, "off": 3}


class Recorder(msgspec.Struct, frozen=True, kw_only=True):
    """A start of a recorder (table `recorders`), as far as it had come by a moment."""

    recorder_id: int
    host: str
    boot_id: str
    pid: int
    version: str
    interval_ms: int
    """Between two ticks, then."""
    started_at: Millis
    last_tick_at: Millis
    stopped_at: Millis | None
    """None while it ran, and when it was killed."""

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
    last_tick: Millis | None = None
    """The newest sign of the recorder: a sample, or a row of the host's health."""
    holds_until: Millis | None = None
    """After this, without newer samples, the numbers are unknown."""


def read_recorder(db: sqlite3.Connection, at: Millis) -> Recorder | None:
    """The recorder that ran at that moment, or had run last; its `last_tick_at` may be a later one."""
    row = first(db, "recorder_at", at=at)
    return msgspec.convert(dict(row), Recorder) if row is not None else None


def read_agents(
    db: sqlite3.Connection, at: Millis, recorder: Recorder | None, health_at: Millis | None = None
) -> Agents:
    """The agents that had a sample in the last ticks by then; `health_at` is the time of the newest health row.

    A sample is written at least every 10 s, so an agent without one had left. When the newest sign of the recorder is
    older, it stood still itself: a gap, in which statuses are stale and numbers unknown.
    """
    if recorder is None:
        return Agents()
    seen_since = min(at, recorder.last_tick_at) - 2 * SEEN_REPEAT_MS
    known = rows(db, "agents_at", at=at, seen_since=seen_since)
    samples = [row["sampled_at"] for row in known if row["sampled_at"] is not None]
    last_tick = max((*samples, *(() if health_at is None else (health_at,))), default=None)
    followed = [row for row in known if not samples or _followed(row, last_tick or at, recorder)]
    holds_until = None if last_tick is None else last_tick + recorder.carry_ms
    gap = holds_until is None or at > holds_until
    statuses = {row["agent_id"]: decode.agent_status(row, gap=gap) for row in followed}
    return Agents(
        agents=tuple((decode.agent(row), _seen_at(row)) for row in followed),
        statuses=statuses,
        metrics={
            row["agent_id"]: None if gap else decode.agent_metrics(row, at, recorder.boot_id)
            for row in followed
        },
        sampled_at={row["agent_id"]: row["sampled_at"] for row in followed if row["sampled_at"] is not None},
        last_tick=last_tick,
        holds_until=holds_until,
    )


def _followed(row: sqlite3.Row, last_tick: Millis, recorder: Recorder) -> bool:
    """Whether an agent was among those of the last tick; a recorder samples all of them in its first."""
    since = last_tick - recorder.carry_ms
    if last_tick >= recorder.started_at:
        since = max(since, recorder.started_at)
    return row["sampled_at"] is not None and row["sampled_at"] >= since and row["left_at"] is None


def _seen_at(row: sqlite3.Row) -> Millis:
    """When its process was last seen; without one, when its status last changed."""
    sampled: Millis | None = row["sampled_at"]
    since: Millis | None = row["since"]
    if since is None or (sampled is not None and row["pid"] is not None):
        return sampled if sampled is not None else row["first_seen"]
    return since if sampled is None else min(sampled, since)


def read_processes(
    db: sqlite3.Connection, at: Millis, agents: Agents, wanted: Iterable[str]
) -> dict[str, tuple[ProcessInfo, ...] | None]:
    """The process trees of the agents of `wanted` that were followed, as recorded last (DESIGN.md §5).

    Empty while no process was seen; None when unknown: in a gap, and as long as only the tree of an earlier process
    was recorded.
    """
    found: dict[str, tuple[ProcessInfo, ...] | None] = {}
    for agent_id in agents.statuses.keys() & set(wanted):
        metrics = agents.metrics[agent_id]
        found[agent_id] = None if metrics is None else ()
        if metrics is not None and metrics.pid is not None:
            row = first(db, "processes_at", at=at, agent_id=agent_id)
            tree = decode.processes(row["tree"]) if row is not None else None
            found[agent_id] = tree if tree and tree[0].pid == metrics.pid else None
    return found


def read_activity(db: sqlite3.Connection, at: Millis, agent_id: str) -> tuple[Activity, ...]:
    """What an agent did, newest first, at most `ACTIVITY_LIMIT`."""
    found = rows(db, "activity_at", at=at, agent_id=agent_id, limit=ACTIVITY_LIMIT)
    return tuple(decode.activity(row, agent_id) for row in found)


def read_board(db: sqlite3.Connection, at: Millis) -> Board:
    """The tasks of all roots, as their last events left them."""
    found = [decode.task_details(row).task for row in rows(db, "board_tasks_at", at=at)]
    tasks = tuple(task for task in found if task is not None)  # None: it left the board
    board = Board(tasks=tasks, metrics=task_metrics(tasks))
    return with_states(board, read_board_states(db, at))


def read_board_states(db: sqlite3.Connection, at: Millis) -> tuple[BoardState, ...]:
    """Where the tasks of each root came from."""
    return tuple(decode.board_state(row) for row in rows(db, "board_states_at", at=at))


def with_states(board: Board, states: tuple[BoardState, ...]) -> Board:
    """The board with these origins: it is as old as the oldest reading in it. A root without a board is none."""
    states = tuple(state for state in states if state.shape or state.error)
    synced = [state.last_synced for state in states if state.last_synced is not None]
    return msgspec.structs.replace(
        board,
        boards=states,
        last_synced=min(synced, default=None),
        version=", ".join(dict.fromkeys(state.version for state in states if state.version)),
    )


def read_task_history(
    db: sqlite3.Connection, at: Millis, task_ids: Iterable[str]
) -> dict[str, tuple[TaskEvent, ...]]:
    """The changes of each of these tasks, newest first, at most `TASK_HISTORY_LIMIT`."""
    wanted = msgspec.json.encode(sorted(set(task_ids))).decode()
    found: dict[str, list[TaskEvent]] = {}
    for row in rows(db, "task_history_at", at=at, task_ids=wanted, limit=TASK_HISTORY_LIMIT):
        found.setdefault(row["task_id"], []).append(decode.task_event(row))
    return {task_id: tuple(events) for task_id, events in found.items()}


def read_commit_feed(db: sqlite3.Connection, at: Millis) -> tuple[Commit, ...]:
    """The newest commits over all agents, newest first, at most `FEED_LIMIT`."""
    return tuple(decode.commit(row) for row in rows(db, "commit_feed_at", at=at, limit=FEED_LIMIT))


def read_recent_commits(db: sqlite3.Connection, at: Millis, agent_id: str) -> tuple[Commit, ...]:
    """An agent's newest commits, newest first, at most `RECENT_COMMITS_LIMIT`."""
    found = rows(db, "recent_commits_at", at=at, agent_id=agent_id, limit=RECENT_COMMITS_LIMIT)
    return tuple(decode.commit(row) for row in found)


def read_health(db: sqlite3.Connection, at: Millis) -> SystemHealth | None:
    """The last health row, with the details that held then."""
    row = first(db, "health_at", at=at)
    return decode.health(row) if row is not None else None


def health_holds(agents: Agents, at: Millis) -> bool:
    """Whether the host's numbers are known at that moment: in a gap they are not.

    Without agents there is no other sign of the recorder than these rows, which come as seldom as it was set to.
    """
    return agents.holds_until is not None and at <= agents.holds_until + (
        0 if agents.statuses else DETAILS_REPEAT_MS
    )


def read_rag(db: sqlite3.Connection, at: Millis) -> RagMetrics | None:
    """The last rag metrics."""
    row = first(db, "rag_at", at=at)
    return decode.rag(row) if row is not None else None


def read_alerts(db: sqlite3.Connection, at: Millis) -> tuple[Alert, ...]:
    """The alerts that were open, the gravest first, then the newest."""
    alerts = [
        decode.alert(row, at)
        for row in rows(db, "active_alerts_at", at=at, resolved_since=at - COMMAND_AGE_MS)
    ]
    return tuple(sorted(alerts, key=lambda alert: (-SEVERITIES.index(alert.severity), -alert.created_at)))


def read_mutes(db: sqlite3.Connection, at: Millis) -> tuple[Mute, ...]:
    """The mutes that held, the one that ends first in front; of one rule and subject the newest."""
    found = (decode.mute(row) for row in rows(db, "mutes_at", at=at, latest=at + MUTE_MS))
    return in_order({(mute.rule, mute.subject): mute for mute in found}.values())


def read_sources(db: sqlite3.Connection, at: Millis, since: Millis) -> tuple[SourceStatus, ...]:
    """How each source fared, of those whose state changed since the recorder started: failing ones first."""
    found = [decode.source_status(row) for row in rows(db, "sources_at", at=at, since=since)]
    statuses = [status for status in found if status is not None]
    return tuple(
        sorted(statuses, key=lambda status: (_SOURCE_RANK[status.state], status.name, status.subject))
    )


def read_events(db: sqlite3.Connection, at: Millis) -> tuple[Event, ...]:
    """The newest events, newest first, at most `EVENTS_LIMIT`."""
    return tuple(decode.event(row) for row in rows(db, "events_at", at=at, limit=EVENTS_LIMIT))


def read_agents_with_events(db: sqlite3.Connection, after: int) -> set[str]:
    """The agents of events whose id is above `after`."""
    return {row["agent_id"] for row in rows(db, "agents_with_new_events", after=after)}


def read_agents_with_commits(db: sqlite3.Connection, after: int, attributed_after: Millis) -> set[str]:
    """Everyone who has a commit that someone was newly found to have, since the row `after`, or to have made."""
    found = rows(db, "agents_with_new_commits", after=after, attributed_after=attributed_after)
    return {row["agent_id"] for row in found}


def read_changed_tasks(db: sqlite3.Connection, after: int) -> set[str]:
    """The tasks of events whose id is above `after`."""
    return {row["task_id"] for row in rows(db, "changed_tasks", after=after)}
