"""What the rules look at: the facts of one agent, and the situation of the whole host at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import (
    Agent,
    AgentMetrics,
    AgentStatus,
    Board,
    HostReading,
    Millis,
    PostMortem,
    ProcessExit,
    ProcessGroup,
    Recovery,
    ServiceStatus,
    Session,
    Severity,
    SourceStatus,
    Task,
    WorktreeReading,
)
from monitor.rules.attached_digest import Digest
from monitor.rules.overlaps import Overlap
from monitor.rules.spend import Spend
from monitor.rules.system_words import SystemWord

if TYPE_CHECKING:
    from collections.abc import Iterable

_TASK_ORDER: Final = {"IN_PROGRESS": 0, "BLOCKED": 1, "REVIEW": 2}
"""Statuses that make a task somebody's current one, the most telling first."""
_EVERYBODY: Final = "all"
"""`assignedTo` of a task that is everybody's, and so nobody's current one (SIB-03)."""


class SessionNotes(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a session only by having watched it (`SessionWatch`); None means unknown or not so."""

    tokens_since_change: int | None = None
    """Tokens spent, those read from the cache not counted, since a file changed or a commit was made."""
    recent_errors: int | None = None
    """API errors within `rules.session_watch.ERRORS_WINDOW`."""
    post_mortem: PostMortem | None = None
    """The agent's process ended in the middle of a tool call, and no new one runs."""


class AgentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one agent at one moment; None and empty mean unknown or not there."""

    agent: Agent
    process: ProcessGroup | None = None
    process_seen: bool = False
    """Whether a process of it was ever seen, by this recorder or an earlier one."""
    exited: ProcessExit | None = None
    """The end of its last process, while no new one runs."""
    worktree: WorktreeReading | None = None
    files_changed_at: Millis | None = None
    """When the file watcher last saw its worktree move."""
    last_commit_at: Millis | None = None
    log_at: Millis | None = None
    """Newest progress log entry or line of its session log."""
    log_error: str = ""
    """The error that its log ends in."""
    waiting_for: str = ""
    """What a person has to give it: a permission, an answer."""
    session: Session | None = None
    """Its newest session, as its own log tells."""
    notes: SessionNotes = SessionNotes()
    """What watching it added to that."""
    told: SystemWord | None = None
    """What an attached system says of it."""
    cpu_active_at: Millis | None = None
    """Last time its CPU was above `Thresholds.active_cpu_percent`."""
    task: Task | None = None
    """Its current task (`current_task`)."""
    failed_probes: tuple[str, ...] = ()
    """What should have been read of it and could not be, a sentence each."""


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """All that the alert rules look at, at one moment. Mappings of agents are by agent id."""

    now: Millis
    statuses: tuple[AgentStatus, ...] = ()
    metrics: Mapping[str, AgentMetrics] = {}
    facts: Mapping[str, AgentFacts] = {}
    board: Board = Board()
    host: HostReading | None = None
    services: tuple[ServiceStatus, ...] = ()
    service_severity: Mapping[str, Severity] = {}
    """By service name, as configured."""
    sources: tuple[SourceStatus, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    """Agents that change the same files in different worktrees."""
    tasks: tuple[Task, ...] | None = None
    """Tasks of our own boards; None: all of the board's. Those of attached systems are looked at by rules of their own:
    there may be thousands."""
    systems: tuple[Digest, ...] = ()
    """What the attached systems tell, as far as it may be worth an alert."""
    growth: Mapping[tuple[str, str], int] = {}
    """By system and queue: by how much it has grown within a quarter of an hour."""
    words: Mapping[str, SystemWord] = {}
    """What they say of our agents, by our id."""
    spend: Spend = Spend()
    """What the agents cost today."""
    last_commit_at: Millis | None = None
    """Newest commit of any agent, recorded earlier or now."""
    watching_since: Millis = 0
    """When this recorder started to look."""
    database_problem: str = ""
    """Why the history database cannot be written; empty when it can."""
    database_recovery: Recovery | None = None
    """The history database was damaged and replaced since the last look."""
    database_free_bytes: int | None = None
    """Free space on the file system that holds the database."""
    database_given_up: int = 0
    """Bytes of history that were pruned early for it, since it was last enough."""

    @property
    def own_tasks(self) -> tuple[Task, ...]:
        """The tasks of our own boards."""
        return self.board.tasks if self.tasks is None else self.tasks


def current_task(agent_id: str, agent_name: str, tasks: Iterable[Task]) -> Task | None:
    """Find the task an agent is at: its newest IN_PROGRESS one, else BLOCKED, else REVIEW; None without one.

    Work that goes on outranks a task that was set aside as blocked. Boards write the id or the name, in any
    case; a task for `all` is nobody's.
    """
    names = {agent_id.casefold(), agent_name.casefold()} - {_EVERYBODY, ""}
    best, best_key = None, (len(_TASK_ORDER), 0)
    for task in tasks:
        order = _TASK_ORDER.get(task.status)
        if order is None or task.assigned_to is None or task.assigned_to.casefold() not in names:
            continue
        key = (order, -(task.updated_at or task.created_at or 0))
        if key < best_key:
            best, best_key = task, key
    return best
