"""The records: what a source reads, what the rules conclude, what the panes show.

All are immutable. Units, everywhere: times are integer milliseconds since the epoch in UTC (`Millis`), durations
and ages in seconds unless the name says otherwise, sizes in bytes, CPU in percent of one core, other percentages of the
whole. `None` means unknown: it is never written as zero. Names are those of seed 001 where it has one.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

Millis = Annotated[int, "time: milliseconds since the epoch, UTC"]

Status = Literal["active", "idle", "blocked", "error", "offline"]
Severity = Literal["info", "warning", "error", "critical"]
AlertType = Literal["agent", "task", "system", "performance"]
OverallStatus = Literal["healthy", "degraded", "unhealthy"]
TaskEventType = Literal["created", "updated", "assigned", "blocked", "completed"]
Attribution = Literal["reflog", "branch"]
Origin = Literal["config", "board", "discovered"]
ServiceState = Literal["up", "down", "unknown"]
SourceState = Literal["ok", "degraded", "failing", "off"]

STATUSES: tuple[Status, ...] = ("active", "idle", "blocked", "error", "offline")
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error", "critical")

# --- identity -------------------------------------------------------------------------------------------------


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that works in a worktree. `id` survives restarts (DESIGN.md §4)."""

    id: str
    name: str
    kind: str
    """Agent program (`claude-code`, `codex`, …) or `custom`."""
    role: str = ""
    worktree: str | None = None
    """Absolute path, symlinks resolved."""
    host: str = ""
    origin: Origin = "discovered"


class ProcessKey(msgspec.Struct, frozen=True):
    """A process for ever: pids are reused, this is not.

    `start` is field 22 of `/proc/<pid>/stat` (clock ticks since boot) on Linux and the creation time in
    milliseconds elsewhere.
    """

    boot_id: str
    pid: int
    start: int


# --- what the sources read ------------------------------------------------------------------------------------


class ProcessInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One process of an agent's tree. Numbers are None when the process denied or lost them."""

    pid: int
    ppid: int
    name: str
    state: str
    """One letter, as ps prints it: R S D T Z I."""
    depth: int = 0
    cpu_usage: float | None = None
    memory_usage: int | None = None
    thread_count: int | None = None
    started: Millis | None = None


class ProcessGroup(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's process tree, summed over its processes.

    A sum of which some part could not be read is None, and `unknown` says why.
    """

    key: ProcessKey
    kind: str
    name: str
    """Program name with allow-listed flags only; never the command line."""
    cwd: str | None = None
    configured: str | None = None
    """Id of the configured agent whose `match` or `pid_file` found it."""
    started: Millis | None = None
    cpu_usage: float | None = None
    memory_usage: int | None = None
    memory_percent: float | None = None
    thread_count: int | None = None
    process_count: int = 1
    uptime_seconds: int | None = None
    unknown: str = ""


class ProcessExit(msgspec.Struct, frozen=True, kw_only=True):
    """The end of an agent's topmost process. `exit_code` and `signal` are None where nobody but its parent can know."""

    key: ProcessKey
    kind: str
    name: str
    at: Millis
    cwd: str | None = None
    exit_code: int | None = None
    signal: int | None = None


class ProcessReading(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the process table."""

    at: Millis
    groups: tuple[ProcessGroup, ...]
    started: tuple[ProcessGroup, ...] = ()
    """Those of `groups` that were not there at the last look."""
    stopped: tuple[ProcessExit, ...] = ()
    total: int = 0
    """Processes on the host."""
    degraded: str = ""
    """Why this look is less than a full one ("file descriptors ran out"), else empty."""


GitState = Literal[
    "branch",
    "detached",
    "rebase",
    "merge",
    "cherry-pick",
    "revert",
    "bisect",
    "unborn",
    "bare",
    "shallow",
    "index-locked",
    "corrupt-index",
    "corrupt-head",
    "missing-objects",
    "pruned-worktree",
    "foreign-owner",
    "deleted",
    "not-a-repository",
    "timeout",
    "failed",
]


class WorktreeReading(msgspec.Struct, frozen=True, kw_only=True):
    """What git says of one worktree."""

    path: str
    at: Millis
    state: GitState
    """The most telling state; `branch` when all is well."""
    flags: tuple[GitState, ...] = ()
    """Every state that holds, `state` first."""
    repository: str | None = None
    """The common git folder: equal for all worktrees of one repository."""
    branch: str | None = None
    """Branch name; in a rebase or bisect the branch being worked on; None when detached."""
    head: str | None = None
    upstream: str | None = None
    ahead: int | None = None
    behind: int | None = None
    uncommitted_changes: int | None = None
    """modified + staged + untracked files, each file once."""
    modified: int | None = None
    staged: int | None = None
    untracked: int | None = None
    conflicted: int | None = None
    stash_count: int | None = None
    last_change: Millis | None = None
    """Newest modification time among the uncommitted files and the index, where known."""
    error: str = ""


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit, shown once with all the agents that have it (seed 001, git_commits)."""

    commit_hash: str
    short_hash: str
    agent_id: str
    agent_ids: tuple[str, ...]
    author_name: str
    author_email: str
    message: str
    """The subject line."""
    branch: str | None
    files_changed: int
    lines_added: int
    lines_deleted: int
    commit_timestamp: Millis
    attribution: Attribution
    repository: str = ""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A task of a coordination board (checklist SIB-03), `status` in the board's own upper-case word."""

    id: str
    title: str
    status: str
    description: str = ""
    priority: str = ""
    assigned_to: str | None = None
    """Agent id, `all`, or None."""
    created_by: str = ""
    created_at: Millis | None = None
    updated_at: Millis | None = None
    updated_by: str = ""
    dependencies: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    """Reasons, newest last."""
    estimated_hours: float | None = None
    actual_hours: float | None = None
    comments: int = 0
    completion_criteria: int = 0
    root: str = ""
    """The watched folder whose board holds it."""
    extra: dict[str, str] = {}
    """Keys the board added of its own, shortened to text."""


class TaskMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """Counts recomputed from the tasks; the board's own are hand-kept and wrong (SIB-06)."""

    total: int = 0
    todo: int = 0
    in_progress: int = 0
    review: int = 0
    blocked: int = 0
    done: int = 0
    """DONE, VERIFIED and completed."""
    other: int = 0
    """Statuses the board never declared."""


class BoardAgent(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as a board lists it; its worktree is `agents/<id>` under the board's root (SIB-01)."""

    id: str
    name: str
    role: str = ""
    worktree: str | None = None


class BoardState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the tasks of one root came from, and how old that reading is."""

    root: str
    path: str
    version: str = ""
    shape: str = ""
    """`v4` (a list of tasks), `v3` (tasks by status), or empty when there is no board."""
    sprint: str = ""
    last_synced: Millis | None = None
    """When the board shown was read; older than now when the newer file does not parse."""
    last_updated: Millis | None = None
    updated_by: str = ""
    error: str = ""
    partial: bool = False
    """The board was read, and `error` says what of it was left out."""


class BoardReading(msgspec.Struct, frozen=True, kw_only=True):
    """One reading of one root's board."""

    state: BoardState
    tasks: tuple[Task, ...] = ()
    agents: tuple[BoardAgent, ...] = ()


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks of all roots (key `tasks:current`)."""

    tasks: tuple[Task, ...] = ()
    metrics: TaskMetrics = TaskMetrics()
    last_synced: Millis | None = None
    version: str = ""
    boards: tuple[BoardState, ...] = ()


class TaskEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A change between two readings of the board (seed 001, task_events)."""

    task_id: str
    event_type: TaskEventType
    timestamp: Millis
    previous_status: str | None = None
    new_status: str | None = None
    assigned_to: str | None = None
    changed_by: str | None = None
    task: Task | None = None
    """The task after the change; None when it left the board."""
    changed: tuple[str, ...] = ()
    """Names of the fields that differ."""
    root: str = ""
    """The watched folder whose board holds or held it."""


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """Something an agent did or that happened to it (key `agents:{id}:activity`)."""

    timestamp: Millis
    agent_id: str
    kind: str
    """`commit`, `status`, `process-started`, `process-stopped`, `progress`, `task`, `files`."""
    text: str


class RagPattern(msgspec.Struct, frozen=True, kw_only=True):
    """A pattern of the shared memory and how often it was asked for."""

    name: str
    count: int | None = None


class RagMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """Seed 001's rag_metrics; what its origin does not tell is None (SIB-28)."""

    timestamp: Millis
    origin: str = ""
    """`file`, `http`, `prometheus` or `memory-bank`."""
    total_patterns: int | None = None
    total_queries: int | None = None
    average_response_time: float | None = None
    """Milliseconds."""
    hit_rate: float | None = None
    """Percent."""
    memory_usage: int | None = None
    query_volume_last_hour: int | None = None
    top_patterns: tuple[RagPattern, ...] = ()
    recent_queries: int | None = None
    """How many recent queries the origin lists; their text is never kept."""


class DiskUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The file system that holds a watched folder. Bytes."""

    path: str
    total: int
    used: int
    percent: float


class HostReading(msgspec.Struct, frozen=True, kw_only=True):
    """The machine as a whole. `cpu_usage` is percent of all cores together, as psutil.cpu_percent says."""

    at: Millis
    cpu_usage: float | None = None
    cpu_count: int = 1
    memory_usage: int | None = None
    memory_total: int | None = None
    memory_percent: float | None = None
    swap_percent: float | None = None
    load: tuple[float, float, float] | None = None
    disks: tuple[DiskUsage, ...] = ()
    uptime_seconds: int | None = None


class ServiceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One configured check."""

    name: str
    kind: str
    """`tcp`, `http` or `process`."""
    target: str
    """Passwords masked."""
    status: ServiceState
    since: Millis
    checked_at: Millis
    latency_ms: float | None = None
    error: str = ""


class SourceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How one source fares on one subject (an agent, a root, or the host)."""

    name: str
    subject: str
    state: SourceState
    since: Millis
    last_success: Millis | None = None
    latency_ms: float | None = None
    cost_ms_per_minute: float | None = None
    error: str = ""


# --- what the collector and the rules conclude ----------------------------------------------------------------


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One observation that a status rests on."""

    kind: str
    """`process`, `exit`, `task`, `commit`, `files`, `cpu`, `log`, `probe`."""
    at: Millis | None
    text: str


class AgentStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Key `agents:{id}:status`."""

    id: str
    name: str
    kind: str
    role: str
    worktree: str | None
    host: str
    origin: Origin
    status: Status
    status_since: Millis
    status_reason: str
    status_evidence: tuple[Evidence, ...] = ()
    branch: str | None = None
    git_state: GitState | None = None
    git_read_at: Millis | None = None
    uncommitted_changes: int | None = None
    ahead: int | None = None
    behind: int | None = None
    stash_count: int | None = None
    current_task: str | None = None
    last_activity: Millis | None = None
    stale: bool = False
    """A probe failed: the status is the last one known."""


class AgentMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """Key `agents:{id}:metrics`; all None while no process is seen."""

    pid: int | None = None
    process: str = ""
    """Program name, as far as it may be shown."""
    cpu_usage: float | None = None
    memory_usage: int | None = None
    memory_percent: float | None = None
    thread_count: int | None = None
    process_count: int | None = None
    uptime_seconds: int | None = None


class CollectorHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What the monitor itself costs."""

    pid: int
    started_at: Millis
    interval_seconds: float
    cpu_usage: float | None = None
    """Percent of one core, git and other children included."""
    memory_usage: int | None = None
    tick_ms: float | None = None
    """The last tick, from its start to its last write."""
    tick_ms_max: float | None = None
    """The longest of the last minute."""
    ticks: int = 0
    late_ticks: int = 0
    events_seen: int = 0
    """File events since the start."""
    git_budget_percent: float | None = None
    """Share of the git budget that the last minute used."""
    watching: str = ""
    """`watching N folders`, or why it polls."""
    database_bytes: int | None = None
    samples_waiting: int = 0
    """Samples held in memory because the database could not be written."""


class SystemHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Key `system:health:current`: seed 001's system_health and what it needs beside it."""

    status: OverallStatus
    last_check: Millis
    api_latency: float | None = None
    """Milliseconds: how long the last tick took, which is this program's only poll."""
    websocket_connections: int = 0
    """Viewers: terminals and browsers that look."""
    file_watch_events: int = 0
    """File events in the last minute."""
    error_count: int = 0
    """Sources failing now."""
    cpu_usage: float | None = None
    memory_usage: int | None = None
    memory_percent: float | None = None
    swap_percent: float | None = None
    disk_usage: int | None = None
    """Bytes used on the fullest watched file system."""
    disk_percent: float | None = None
    load: tuple[float, float, float] | None = None
    uptime_seconds: int | None = None
    disks: tuple[DiskUsage, ...] = ()
    services: tuple[ServiceStatus, ...] = ()
    collector: CollectorHealth | None = None


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's finding with a life: firing, acknowledged, resolved (seed 001, alerts)."""

    alert_id: str
    rule: str
    subject: str
    type: AlertType
    severity: Severity
    title: str
    message: str
    source: str
    metadata: dict[str, Any] = {}
    acknowledged: bool = False
    acknowledged_by: str | None = None
    acknowledged_at: Millis | None = None
    resolved: bool = False
    resolved_at: Millis | None = None
    created_at: Millis


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened at a time and is kept for ever (table events)."""

    timestamp: Millis
    type: str
    """`process-started`, `process-stopped`, `activity`, `source`, `recorder-started`, `recorder-stopped`, `gap`."""
    agent_id: str = ""
    subject: str = ""
    details: dict[str, Any] = {}


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What a viewer wants written; travels through the inbox to the one writer (DESIGN.md §1)."""

    kind: Literal["acknowledge", "resolve"]
    alert_id: str
    by: str
    at: Millis
    note: str = ""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """A viewer that looks at this database now (key `viewers:connections`)."""

    pid: int
    kind: Literal["terminal", "browser"]
    since: Millis


class FeedState(msgspec.Struct, frozen=True, kw_only=True):
    """What the header says of the feed (key `system:feed`)."""

    mode: Literal["live", "attached", "replay"]
    host: str
    interval_seconds: float
    database: str
    recording: bool = True
    recorder_pid: int | None = None
    problem: str = ""
    """`recorder gone since 12:03`, `database cannot be written: …`; empty when all is well."""


# --- what every layer has to agree on -------------------------------------------------------------------------

DONE_STATUSES: frozenset[str] = frozenset({"DONE", "VERIFIED"})
"""Task statuses that mean finished: the declared one, and the one that boards made up (SIB-04)."""

_METRIC_NAMES = {
    "TODO": "todo",
    "IN_PROGRESS": "in_progress",
    "REVIEW": "review",
    "BLOCKED": "blocked",
    **dict.fromkeys(DONE_STATUSES, "done"),
}


def is_done(status: str) -> bool:
    """Whether a task of this status is finished."""
    return status in DONE_STATUSES


def task_metrics(tasks: Iterable[Task]) -> TaskMetrics:
    """Count the tasks by status; a board's own counts are hand-kept and wrong (SIB-06)."""
    counts = Counter(_METRIC_NAMES.get(task.status, "other") for task in tasks)
    return TaskMetrics(total=counts.total(), **counts)
