"""What one tick writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.model import (
        Agent,
        AgentMetrics,
        AgentStatus,
        Alert,
        BoardState,
        Commit,
        Event,
        LogLine,
        Millis,
        Mute,
        ProcessInfo,
        RagMetrics,
        Session,
        SystemEvent,
        SystemHealth,
        SystemMetric,
        SystemState,
        TaskEvent,
    )


@dataclass(slots=True)
class TickRows:
    """The records of one tick, written in one transaction; writing them twice adds nothing."""

    at: Millis
    agents: list[Agent] = field(default_factory=list)
    """Agents that are new or have changed; all of them do no harm."""
    samples: list[tuple[AgentStatus, AgentMetrics]] = field(default_factory=list)
    """Every agent that is followed: one that is missing here has left."""
    status_changes: list[AgentStatus] = field(default_factory=list)
    """Statuses whose status, start, reason or evidence is to be recorded."""
    processes: list[tuple[str, tuple[ProcessInfo, ...]]] = field(default_factory=list)
    """Process trees to record, each with its agent's id."""
    task_events: list[TaskEvent] = field(default_factory=list)
    boards: list[BoardState] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    health: SystemHealth | None = None
    rag: RagMetrics | None = None
    alerts: list[Alert] = field(default_factory=list)
    """Alerts raised, changed, acknowledged or resolved."""
    mutes: list[Mute] = field(default_factory=list)
    """Mutes made or changed, and those ended: whose `until` has come."""
    events: list[Event] = field(default_factory=list)
    sessions: Mapping[str, Session] | None = None
    """Every agent's session by its id: an agent that is missing has none; None: nothing is told of any."""
    other_sessions: list[tuple[str, Session]] = field(default_factory=list)
    """Earlier sessions of the agents, of which the usage is recorded."""
    systems: Mapping[str, SystemState] | None = None
    """Every attached system by its name: one that is missing is attached no more; None: nothing is told of any."""
    system_events: list[SystemEvent] = field(default_factory=list)
    """What is newly known to have happened in them."""
    system_event_changes: list[SystemEvent] = field(default_factory=list)
    """What was recorded before, and has been resolved or is told otherwise now."""
    system_logs: list[tuple[LogLine, Millis]] = field(default_factory=list)
    """New lines of their logs, each with the tick that noted it."""
    system_metrics: list[tuple[SystemMetric, Millis]] = field(default_factory=list)
    """The same of what they measured."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return (
            self.health is None
            and self.rag is None
            and not any(
                (
                    self.agents,
                    self.samples,
                    self.status_changes,
                    self.processes,
                    self.task_events,
                    self.boards,
                    self.commits,
                    self.alerts,
                    self.mutes,
                    self.events,
                    self.sessions,
                    self.other_sessions,
                    self.systems,
                    self.system_events,
                    self.system_event_changes,
                    self.system_logs,
                    self.system_metrics,
                )
            )
        )
