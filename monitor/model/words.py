"""The vocabularies: what a status, a severity or a state may be, and what a time is."""

from __future__ import annotations

from typing import Annotated, Literal

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
