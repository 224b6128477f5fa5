"""Other systems that run agents and keep their state in databases: what each of them tells, in one shape for all.

Every record carries the name of its `system`. `status` is our word, `system_status` the one that the system uses.
Prompts, payloads, results and secrets have no field here: they are never read.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from monitor.model.board import Task
from monitor.model.words import Millis, Severity, SourceState, Status

WorkStatus = Literal[
    "pending", "delayed", "running", "paused", "done", "failed", "timeout", "expired", "cancelled", "unknown"
]
"""Of what is queued, executed, assigned or flows: a superset of what the systems tell apart."""
LogLevel = Literal["debug", "info", "warning", "error", "critical", "unknown"]
LOG_LEVELS: Final[tuple[LogLevel, ...]] = ("debug", "info", "warning", "error", "critical")
OPEN_WORK: Final[frozenset[WorkStatus]] = frozenset({"pending", "delayed", "running", "paused"})
"""What has not ended; an unknown word tells nothing."""


class SystemAgent(msgspec.Struct, frozen=True, kw_only=True):
    """An employee, worker or agent of a system (the five names of one idea, checklist XX-01)."""

    system: str
    id: str
    ours: str = ""
    """Id of the agent of this host that it is; empty until that is known."""
    name: str = ""
    kind: str = ""
    """The agent program, when the system names one."""
    role: str = ""
    group: str = ""
    """Department, team or level."""
    status: Status = "offline"
    system_status: str = ""
    pid: int | None = None
    cwd: str | None = None
    current_task: str = ""
    heartbeat_at: Millis | None = None
    started_at: Millis | None = None
    stopped_at: Millis | None = None
    updated_at: Millis | None = None
    workload: float | None = None
    """What it has to do, in the system's own measure; `capacity` is what it may have."""
    capacity: float | None = None
    capabilities: tuple[str, ...] = ()
    tasks_done: int | None = None
    success_rate: float | None = None
    """As the system tells it: some mean a share, some percent."""
    errors: int | None = None
    cpu_usage: float | None = None
    """Percent of one core, as the system says."""
    memory_usage: int | None = None
    """Bytes, as the system says (it tells MB or bytes: XX-13)."""
    timeout_seconds: int | None = None
    context_size: int | None = None
    """Tokens."""
    extra: dict[str, str] = {}


class QueueItem(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a system's queue: a queued task, a work order, an agent's task, a message to be delivered."""

    system: str
    id: str
    queue: str = ""
    task_id: str = ""
    agent_id: str = ""
    status: WorkStatus = "unknown"
    system_status: str = ""
    priority: str = ""
    attempts: int | None = None
    max_attempts: int | None = None
    enqueued_at: Millis | None = None
    claimed_at: Millis | None = None
    ended_at: Millis | None = None
    expires_at: Millis | None = None
    delay_until: Millis | None = None
    timeout_seconds: int | None = None
    error: str = ""
    extra: dict[str, str] = {}


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One run of something: a process, a task's execution, an activity of a workflow."""

    system: str
    id: str
    name: str = ""
    task_id: str = ""
    agent_id: str = ""
    workflow_id: str = ""
    status: WorkStatus = "unknown"
    system_status: str = ""
    pid: int | None = None
    exit_code: int | None = None
    started_at: Millis | None = None
    ended_at: Millis | None = None
    duration_seconds: float | None = None
    timeout_seconds: int | None = None
    error: str = ""
    extra: dict[str, str] = {}


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """A step of work given to an agent, perhaps handed over from another one or to another one."""

    system: str
    id: str
    agent_id: str = ""
    agent_kind: str = ""
    task_id: str = ""
    workflow_id: str = ""
    step: int | None = None
    step_name: str = ""
    status: WorkStatus = "unknown"
    system_status: str = ""
    assigned_at: Millis | None = None
    started_at: Millis | None = None
    ended_at: Millis | None = None
    handoff_from: str = ""
    handoff_to: str = ""
    extra: dict[str, str] = {}


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow with its place among others and how far it is."""

    system: str
    id: str
    name: str = ""
    kind: str = ""
    issue_id: str = ""
    """The issue or task that it works on."""
    parent_id: str = ""
    status: WorkStatus = "unknown"
    system_status: str = ""
    priority: str = ""
    step: int | None = None
    steps: int | None = None
    step_name: str = ""
    percent: float | None = None
    agent_id: str = ""
    created_at: Millis | None = None
    updated_at: Millis | None = None
    ended_at: Millis | None = None
    results: int | None = None
    best_confidence: float | None = None
    """0 to 1."""
    average_ms: float | None = None
    error: str = ""
    extra: dict[str, str] = {}


class WorkResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a workflow has brought: a result, a finding, a proof of concept; its content is never read."""

    system: str
    id: str
    workflow_id: str = ""
    kind: str = ""
    agent_kind: str = ""
    title: str = ""
    success: bool | None = None
    confidence: float | None = None
    """0 to 1."""
    quality: float | None = None
    """0 to 10."""
    duration_ms: float | None = None
    at: Millis | None = None
    error: str = ""
    extra: dict[str, str] = {}


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a system's log."""

    system: str
    id: str
    at: Millis | None = None
    level: LogLevel = "unknown"
    system_level: str = ""
    subject: str = ""
    """The process or execution that wrote it."""
    text: str = ""


class SystemEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in a system."""

    system: str
    id: str
    at: Millis | None = None
    kind: str = ""
    source: str = ""
    severity: Severity = "info"
    system_severity: str = ""
    text: str = ""
    resolved: bool | None = None
    """None: it is nothing that could be resolved."""
    resolved_at: Millis | None = None


class SystemMetric(msgspec.Struct, frozen=True, kw_only=True):
    """A number that a system measured, in its own unit."""

    system: str
    id: str
    at: Millis | None = None
    kind: str = ""
    name: str = ""
    value: float | None = None
    unit: str = ""
    subject: str = ""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message between agents and people, with its place in the conversation."""

    system: str
    id: str
    at: Millis | None = None
    conversation: str = ""
    sender: str = ""
    sender_kind: str = ""
    receiver: str = ""
    kind: str = ""
    text: str = ""
    parent_id: str = ""
    task_id: str = ""
    is_read: bool | None = None
    is_question: bool = False
    """It asks something; with no answer to it, somebody waits."""
    attachments: int | None = None


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A project, with its progress computed from its tasks (checklist 003-125)."""

    system: str
    id: str
    name: str = ""
    status: str = ""
    """In the system's own word: projects have no status of ours."""
    priority: str = ""
    progress: float | None = None
    """As the system says, 0 to 100."""
    tasks: int | None = None
    tasks_done: int | None = None
    average_progress: float | None = None
    """Of its tasks, 0 to 100."""
    starts_at: Millis | None = None
    ends_at: Millis | None = None
    updated_at: Millis | None = None
    budget: float | None = None
    cost: float | None = None
    extra: dict[str, str] = {}


class SystemItem(msgspec.Struct, frozen=True, kw_only=True):
    """What is only listed: a template, a setting, a document. Its content is never read."""

    system: str
    id: str
    part: Literal["templates", "configuration", "documents"] = "documents"
    title: str = ""
    kind: str = ""
    value: str = ""
    """Of a setting that is no secret."""
    version: str = ""
    updated_at: Millis | None = None
    extra: dict[str, str] = {}


class SystemState(msgspec.Struct, frozen=True, kw_only=True):
    """How an attached system fares, and how much it holds."""

    name: str
    kind: str = ""
    """The folder of `sql/systems` that knows it; empty while it is not known."""
    engine: str = ""
    """`sqlite`, `postgres`, `mongo` or `files`."""
    url: str = ""
    """Where it is, without user and password."""
    state: SourceState = "off"
    since: Millis | None = None
    problem: str = ""
    read_at: Millis | None = None
    """The last look that went well, whether or not it found something new."""
    counts: dict[str, int] = {}
    """How many there are of each part, also of those that are not shown."""
    tallies: dict[str, dict[str, int]] = {}
    """Part to the number of each of the system's own status words."""
    depths: dict[str, int] = {}
    """Queue to what waits or runs in it."""
    missing: tuple[str, ...] = ()
    """Parts that cannot be read, each with what is not there: `queue: no table task_queue`."""
    heartbeat_seconds: float = 0.0
    """An agent whose heartbeat is older is lost; 0: its age says nothing."""
    timeout_seconds: float = 0.0
    """For what runs without a limit of its own; 0: none."""
    max_processes: int = 0
    """That many may run at most; 0: no limit."""
    shown: dict[str, int] = {}
    """Parts of which only so many are shown, the open and newest ones."""


class SystemReading(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one system. A part in which nothing is new is the very tuple of before."""

    state: SystemState
    agents: tuple[SystemAgent, ...] = ()
    tasks: tuple[Task, ...] = ()
    queue: tuple[QueueItem, ...] = ()
    executions: tuple[Execution, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    results: tuple[WorkResult, ...] = ()
    logs: tuple[LogLine, ...] = ()
    events: tuple[SystemEvent, ...] = ()
    metrics: tuple[SystemMetric, ...] = ()
    messages: tuple[Message, ...] = ()
    projects: tuple[Project, ...] = ()
    items: tuple[SystemItem, ...] = ()
