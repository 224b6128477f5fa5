"""What the lines of the agents pane are made from: agents, headings of groups, and processes."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from monitor.model import AgentMetrics, AgentStatus, ProcessInfo, Session, Status


class AgentRow(msgspec.Struct, frozen=True):
    """An agent as its line shows it."""

    id: str
    status: AgentStatus | None
    metrics: AgentMetrics | None
    task: str = ""
    """Title of its current task, where a board tells."""
    tagged: bool = False
    overlap: str = ""
    """Who else changes the same file, as a short sentence; empty: nobody."""
    session: Session | None = None
    """What its own log tells."""


class GroupRow(msgspec.Struct, frozen=True):
    """The heading of a group, with what its agents come to."""

    key: str
    """What its agents have in common; empty for those that have none of it."""
    name: str
    place: str
    """Where it is, when its name is only the end of a path."""
    agents: int
    counts: tuple[tuple[Status, int], ...]
    """How many there are in each status, those that need a person first."""
    cpu_usage: float | None
    memory_usage: int | None
    folded: bool


class ProcessRow(msgspec.Struct, frozen=True):
    """A process of an agent, or a word in place of its processes."""

    agent_id: str
    process: ProcessInfo | None
    note: str = ""


AgentLine: TypeAlias = AgentRow | GroupRow | ProcessRow


def waits_for_a_person(row: AgentRow) -> bool:
    """Whether nothing moves until a person comes."""
    return row.status is not None and row.status.status in ("blocked", "error")
