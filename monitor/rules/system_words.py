"""What an attached system says of an agent, and where that cannot be true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import Evidence, Millis, Status
from monitor.rules.words import minutes

if TYPE_CHECKING:
    from monitor.model import SystemAgent

START_SLACK_MS: Final = 60_000
"""A process that was started later than this after the system noted its start is another one with the same number."""
ALIVE: Final = frozenset[Status]({"active", "idle", "blocked"})
"""Statuses of an agent that the system takes for alive."""


class SystemWord(msgspec.Struct, frozen=True, kw_only=True):
    """What a system says of one agent."""

    system: str
    agent_id: str
    """Its id there."""
    status: Status
    """In our words."""
    word: str
    """In its own."""
    at: Millis | None = None
    """When it was last heard of there."""
    contradiction: str = ""
    """Why that cannot be so; empty when it can."""

    @property
    def evidence(self) -> Evidence:
        """The same as an observation that a status rests on."""
        return Evidence(
            kind="system", at=self.at, text=self.contradiction or f"{self.system} says {self.word}"
        )


def word_of(
    agent: SystemAgent,
    now: Millis,
    *,
    heartbeat_seconds: float,
    is_local: bool,
    process_started: Millis | None,
) -> SystemWord:
    """What the system says, checked against the host.

    `process_started`: when the process with the number that it names was started, None without one; `is_local`:
    whether its processes are this host's.
    """
    heard = max((at for at in (agent.heartbeat_at, agent.updated_at) if at is not None), default=None)
    word = SystemWord(
        system=agent.system,
        agent_id=agent.id,
        status=agent.status,
        word=agent.system_status or agent.status,
        at=heard,
    )
    if agent.status not in ALIVE:
        return word
    why = _dead(agent, process_started) if is_local else ""
    if why:
        status: Status = "error"
    elif heartbeat_lost(agent, now, heartbeat_seconds):
        status, why = "offline", f"it has sent no heartbeat for more than {minutes(heartbeat_seconds / 60)}"
    else:
        return word
    return msgspec.structs.replace(
        word, status=status, contradiction=f"{agent.system} says {word.word}, but {why}"
    )


def heartbeat_lost(agent: SystemAgent, now: Millis, heartbeat_seconds: float) -> bool:
    """Whether an agent that sends heartbeats has sent none for too long."""
    return (
        heartbeat_seconds > 0
        and agent.heartbeat_at is not None
        and now - agent.heartbeat_at > heartbeat_seconds * 1000
    )


def _dead(agent: SystemAgent, started: Millis | None) -> str:
    if agent.pid is None or agent.pid <= 0:
        return ""
    if started is None:
        return f"process {agent.pid} is not there"
    if agent.started_at is not None and started > agent.started_at + START_SLACK_MS:
        return f"process {agent.pid} is another one, started later"
    return ""
