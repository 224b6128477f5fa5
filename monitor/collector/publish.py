"""The publisher: puts what the collector concluded under the key store's keys."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final, TypeVar

from monitor.history.moments.moment import TASK_HISTORY_LIMIT
from monitor.history.writing.encode import SAMPLE_REPEAT_MS
from monitor.keystore import ACTIVITY_LIMIT, EVENTS_LIMIT, Keys, KeyStore
from monitor.model import Activity, Event, TaskEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from monitor.collector.commits import CommitBook
    from monitor.history.moments.state import Snapshot
    from monitor.model import (
        Agent,
        AgentMetrics,
        AgentStatus,
        Alert,
        Board,
        Connection,
        Millis,
        Mute,
        ProcessInfo,
        RagMetrics,
        Session,
        SourceStatus,
        SystemHealth,
        SystemReading,
    )

_ORIGIN_RANK: Final = {"config": 0, "board": 1, "discovered": 2}

Told = TypeVar("Told", Activity, Event, TaskEvent)
"""What a list tells, with its time."""


class Publisher:
    """Writes one key store; `flush` ends a tick."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._looked_at: frozenset[str] = frozenset()
        self._looked_version = -1
        self._ids: tuple[str, ...] = ()
        self._shown: dict[str, tuple[AgentStatus, AgentMetrics, Millis]] = {}

    def restore(self, snapshot: Snapshot) -> None:
        """Show again what was recorded: each agent's activity, each task's history, events, and the rag metrics."""
        for agent_id, activity in snapshot.activity.items():
            self._store.set(Keys.activity(agent_id), tuple(activity[:ACTIVITY_LIMIT]))
        for task_id, history in snapshot.task_history.items():
            self._store.set(Keys.task_history(task_id), tuple(history[:TASK_HISTORY_LIMIT]))
        for agent_id, session in snapshot.sessions.by_agent.items():
            self.session(agent_id, session)
        self._store.set(Keys.EVENTS, tuple(snapshot.events[:EVENTS_LIMIT]))
        if snapshot.rag is not None:
            self.rag(snapshot.rag)

    def agents(self, agents: Sequence[Agent]) -> None:
        """Which agents there are: configured ones first, then a board's, then those found, as they became known."""
        self._ids = tuple(agent.id for agent in sorted(agents, key=lambda agent: _ORIGIN_RANK[agent.origin]))
        self._looked_version = -1
        self._store.set(Keys.AGENTS, self._ids)

    def agent(self, status: AgentStatus, metrics: AgentMetrics, now: Millis) -> None:
        """An agent's status and numbers; the very records of before cost nothing until they are a sample again."""
        shown, store = self._shown.get(status.id), self._store
        if (
            shown is not None
            and shown[0] is status
            and shown[1] is metrics
            and 0 <= now - shown[2] < SAMPLE_REPEAT_MS
        ):
            return
        self._shown[status.id] = (status, metrics, now)
        store.set(Keys.status(status.id), status)
        store.set(Keys.metrics(status.id), metrics)
        store.set(Keys.last_updated(status.id), now)

    def forget(self, agent_id: str) -> None:
        """The agent is gone for good."""
        self._shown.pop(agent_id, None)
        for key in (
            Keys.status,
            Keys.metrics,
            Keys.activity,
            Keys.processes,
            Keys.last_updated,
            Keys.recent_commits,
            Keys.session,
        ):
            self._store.delete(key(agent_id))

    def wants_processes(self, agent_id: str) -> bool:
        """Whether someone looks at this agent's process tree, which is not made otherwise."""
        if self._looked_version != self._store.subscriptions_version:
            self._looked_version = self._store.subscriptions_version
            self._looked_at = frozenset(
                agent_id for agent_id in self._ids if self._store.has_subscriber(Keys.processes(agent_id))
            )
        return agent_id in self._looked_at

    def processes(self, agent_id: str, tree: tuple[ProcessInfo, ...]) -> None:
        """An agent's process tree."""
        self._store.set(Keys.processes(agent_id), tree)

    def session(self, agent_id: str, session: Session | None) -> None:
        """What an agent's own log tells; None when it has none any more."""
        if session is None:
            self._store.delete(Keys.session(agent_id))
        else:
            self._store.set(Keys.session(agent_id), session)

    def activity(self, entry: Activity) -> None:
        """Something an agent did."""
        self._tell(Keys.activity(entry.agent_id), entry, ACTIVITY_LIMIT)

    def event(self, event: Event) -> None:
        """Something that happened, for whoever follows events."""
        self._tell(Keys.EVENTS, event, EVENTS_LIMIT)

    def task_events(self, events: Iterable[TaskEvent]) -> None:
        """Changes of tasks."""
        for event in events:
            self._tell(Keys.task_history(event.task_id), event, TASK_HISTORY_LIMIT)

    def told(self) -> tuple[list[Event], list[tuple[TaskEvent, ...]]]:
        """The events and the tasks' histories that are shown, each newest first."""
        histories = self._store.keys(Keys.task_history("*"))
        return list(self._store.get(Keys.EVENTS, ())), [self._store.get(key, ()) for key in histories]

    def board(self, board: Board) -> None:
        """The tasks of all roots."""
        self._store.set(Keys.TASKS, board)

    def commits(self, book: CommitBook, agent_ids: Iterable[str]) -> None:
        """The newest commits, over all and of these agents."""
        self._store.set(Keys.COMMIT_FEED, book.feed())
        for agent_id in agent_ids:
            self._store.set(Keys.recent_commits(agent_id), book.recent(agent_id))

    def alerts(self, alerts: tuple[Alert, ...], mutes: tuple[Mute, ...]) -> None:
        """The alerts that are not resolved, and which of them nobody wants to hear of."""
        self._store.set(Keys.ALERTS, alerts)
        self._store.set(Keys.MUTES, mutes)

    def sources(self, sources: tuple[SourceStatus, ...]) -> None:
        """How the sources fare."""
        self._store.set(Keys.SOURCES, sources)

    def health(self, health: SystemHealth) -> None:
        """Host, services, and the monitor itself."""
        self._store.set(Keys.HEALTH, health)

    def systems(self, readings: Mapping[str, SystemReading], changed: Iterable[str]) -> None:
        """What the attached systems tell, as far as it changed."""
        self._store.set(Keys.SYSTEMS, tuple(reading.state for reading in readings.values()))
        for name in changed:
            self._store.set(Keys.system(name), readings[name])

    def rag(self, metrics: RagMetrics) -> None:
        """The rag metrics, and their top patterns under a key of their own."""
        self._store.set(Keys.RAG, metrics)
        self._store.set(Keys.RAG_PATTERNS, metrics.top_patterns)

    def connections(self, viewers: tuple[Connection, ...]) -> None:
        """Who looks."""
        self._store.set(Keys.CONNECTIONS, viewers)

    def flush(self, now: Millis) -> None:
        """The tick is complete: tell the subscribers."""
        self._store.set(Keys.CLOCK, now)
        self._store.flush()

    def _tell(self, key: str, item: Told, limit: int) -> None:
        """Put something into a list, newest first, at its time; what is there already is not told twice."""
        old: tuple[Told, ...] = self._store.get(key, ())
        place: int = bisect_left(old, -item.timestamp, key=lambda told: -told.timestamp)
        equal_times = place
        while equal_times < len(old) and old[equal_times].timestamp == item.timestamp:
            if old[equal_times] == item:
                return
            equal_times += 1
        if place < limit:
            self._store.set(key, (*old[:place], item, *old[place:])[:limit])
