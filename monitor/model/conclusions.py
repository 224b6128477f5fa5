"""What the rules conclude and what happened: statuses, numbers, alerts, events, commands."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from monitor.model.git import GitState
from monitor.model.processes import ProcessKey
from monitor.model.words import AlertType, Millis, Origin, Severity, Status


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """Something an agent did or that happened to it (key `agents:{id}:activity`)."""

    timestamp: Millis
    agent_id: str
    kind: str
    """`commit`, `status`, `process-started`, `process-stopped`, `progress`, `task`, `files`, `session`."""
    text: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One observation that a status rests on."""

    kind: str
    """`process`, `exit`, `task`, `commit`, `files`, `cpu`, `log`, `registry`, `hook`, `wait`, `system`, `probe`."""
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
    repository: str | None = None
    """The common git folder: equal for all worktrees of one repository."""
    uncommitted_changes: int | None = None
    ahead: int | None = None
    behind: int | None = None
    stash_count: int | None = None
    current_task: str | None = None
    last_activity: Millis | None = None
    stale: bool = False
    """A probe failed: the status is the last one known."""
    system: str | None = None
    """Name of the attached system that knows it; None: none does."""
    system_status: str | None = None
    """The system's own word for its status."""


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
    process_key: ProcessKey | None = None
    """Which process `pid` is, for ever: what a signal may be sent to."""


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


class Mute(msgspec.Struct, frozen=True, kw_only=True):
    """A person does not want to hear of these alerts for a time (key `system:alerts:muted`).

    They are raised and recorded all the same, and stand back: below all others, in no count, in no exit code.
    """

    rule: str
    """Rule id; empty: every rule."""
    subject: str
    """Subject of the alert; empty: every subject. Rule and subject are never both empty."""
    by: str
    at: Millis
    until: Millis
    note: str = ""

    def covers(self, alert: Alert, now: Millis) -> bool:
        """Whether it keeps this alert quiet at that moment."""
        return (
            self.rule in ("", alert.rule)
            and self.subject in ("", alert.subject)
            and self.at <= now < self.until
        )


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What a viewer wants written; travels through the inbox to the one writer (DESIGN.md §1)."""

    kind: Literal["acknowledge", "resolve", "mute", "unmute"]
    by: str
    at: Millis
    alert_id: str = ""
    """The alert to acknowledge or to resolve."""
    note: str = ""
    rule: str = ""
    """Of what is muted or no longer muted, as in `Mute`."""
    subject: str = ""
    until: Millis | None = None
    """Until when it is muted."""


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
