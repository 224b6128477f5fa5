"""What the rules conclude and what happened: statuses, numbers, alerts, events, commands."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from monitor.model.git import GitState
from monitor.model.words import AlertType, Millis, Origin, Severity, Status


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """Something an agent did or that happened to it (key `agents:{id}:activity`)."""

    timestamp: Millis
    agent_id: str
    kind: str
    """`commit`, `status`, `process-started`, `process-stopped`, `progress`, `task`, `files`."""
    text: str


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
    """`process-started`, `process-stopped`, `activity`, `source`, `recorder-started`, `recorder-stopped`, `gap`,
    `recovery`, `clock`, `pruned-early`."""
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
