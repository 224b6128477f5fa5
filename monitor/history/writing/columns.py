"""Records to rows: the columns of each table, sanitised for binding."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.history.binding import integer, json, real, text
from monitor.model import Agent, CollectorHealth, DiskUsage, ServiceStatus
from monitor.text import PATH_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import (
        AgentMetrics,
        AgentStatus,
        Alert,
        BoardState,
        Commit,
        Event,
        Millis,
        Mute,
        ProcessInfo,
        RagMetrics,
        SystemHealth,
        TaskEvent,
    )

MEMORY_STEP: Final = 65_536
"""Bytes; finer changes of memory are no change."""
TITLE_LIMIT: Final = 200
"""Characters of an alert's title (seed 001, L149)."""

Row = dict[str, Any]
"""Column names, and values that may be bound."""


class HealthDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The part of `SystemHealth` that `system_health.details` holds as JSON."""

    services: tuple[ServiceStatus, ...] = ()
    disks: tuple[DiskUsage, ...] = ()
    collector: CollectorHealth | None = None
    cpu_count: int | None = None
    uptime_seconds: int | None = None


def agent_of(status: AgentStatus) -> Agent:
    """The agent of a status record."""
    return Agent(
        id=status.id,
        name=status.name,
        kind=status.kind,
        role=status.role,
        worktree=status.worktree,
        host=status.host,
        origin=status.origin,
    )


def agent_row(agent: Agent, at: Millis) -> Row:
    """The row of `agents`, seen at `at`."""
    return {
        "agent_id": text(agent.id),
        "name": text(agent.name),
        "kind": text(agent.kind),
        "role": text(agent.role),
        "host": text(agent.host),
        "worktree": text(agent.worktree),
        "origin": agent.origin,
        "at": at,
    }


def sample_row(status: AgentStatus, metrics: AgentMetrics) -> Row:
    """A sample without its time and the process's age, which move by themselves."""
    cpu, memory_percent = real(metrics.cpu_usage), real(metrics.memory_percent)
    memory = integer(metrics.memory_usage)
    return {
        "agent_id": text(status.id),
        "status": status.status,
        "current_task": text(status.current_task or ""),
        "cpu_usage": None if cpu is None else round(cpu, 1),
        # Rounded up: what is there never becomes 0.
        "memory_usage": None if memory is None else integer(-(-memory // MEMORY_STEP) * MEMORY_STEP),
        "memory_percent": None if memory_percent is None else round(memory_percent, 1),
        "uncommitted_changes": integer(status.uncommitted_changes),
        "last_activity": integer(status.last_activity),
        "branch": text(status.branch or ""),
        "process_count": integer(metrics.process_count),
        "thread_count": integer(metrics.thread_count),
        "stale": int(status.stale),
    }


def details_row(status: AgentStatus, metrics: AgentMetrics) -> Row:
    """The row of `agent_details` without its time."""
    return {
        "agent_id": text(status.id),
        "pid": integer(metrics.pid),
        "process": text(metrics.process),
        "git_state": text(status.git_state),
        "git_read_at": integer(status.git_read_at),
        "ahead": integer(status.ahead),
        "behind": integer(status.behind),
        "stash_count": integer(status.stash_count),
        "repository": text(status.repository),
        "process_start": integer(metrics.process_key.start) if metrics.process_key is not None else None,
    }


def processes_row(agent_id: str, tree: tuple[ProcessInfo, ...], at: Millis) -> Row:
    """The row of `agent_processes`; large JSON is stored compressed (seed 001, L379)."""
    return {"agent_id": text(agent_id), "timestamp": at, "tree": zlib.compress(json(tree).encode())}


def status_change_row(status: AgentStatus, at: Millis) -> Row:
    """The row of `agent_status_changes` noted at `at`."""
    return {
        "agent_id": text(status.id),
        "timestamp": at,
        "since": integer(status.status_since),
        "status": status.status,
        "reason": text(status.status_reason),
        "system": text(status.system),
        "system_status": text(status.system_status),
        "evidence": json(status.status_evidence),
    }


def noted_late(timestamp: Millis, at: Millis) -> Millis | None:
    """`recorded_at` of what happened at `timestamp` and was noted by the tick of `at`: None when that is no later."""
    return at if integer(timestamp) < at else None


def task_event_row(event: TaskEvent, at: Millis) -> Row:
    """The row of `task_events`, noted at `at`."""
    return {
        "task_id": text(event.task_id),
        "event_type": event.event_type,
        "previous_status": text(event.previous_status),
        "new_status": text(event.new_status),
        "assigned_to": text(event.assigned_to),
        "changed_by": text(event.changed_by),
        "details": json({"changed": event.changed, "task": event.task}),
        "timestamp": integer(event.timestamp),
        "root": text(event.root),
        "recorded_at": noted_late(event.timestamp, at),
        "at": at,
    }


def board_row(board: BoardState, at: Millis) -> Row:
    """The row of `board_states`, noted at `at`."""
    return {
        "at": at,
        "root": text(board.root),
        "path": text(board.path),
        "version": text(board.version),
        "shape": text(board.shape),
        "sprint": text(board.sprint),
        "last_synced": integer(board.last_synced),
        "last_updated": integer(board.last_updated),
        "updated_by": text(board.updated_by),
        "error": text(board.error),
        "partial": int(board.partial),
    }


def commit_row(commit: Commit, at: Millis) -> Row:
    """The row of `git_commits`, seen at `at`."""
    return {
        "commit_hash": text(commit.commit_hash),
        "short_hash": text(commit.short_hash),
        "agent_id": text(commit.agent_id),
        "author_name": text(commit.author_name),
        "author_email": text(commit.author_email),
        "message": text(commit.message),
        "branch": text(commit.branch),
        "files_changed": integer(commit.files_changed),
        "lines_added": integer(commit.lines_added),
        "lines_deleted": integer(commit.lines_deleted),
        "commit_timestamp": integer(commit.commit_timestamp),
        "attribution": commit.attribution,
        "repository": text(commit.repository),
        "parents": integer(commit.parents),
        "files_listed": None if commit.files is None else len(commit.files),
        "at": at,
    }


def commit_file_rows(commit: Commit) -> Iterator[Row]:
    """The rows of `commit_files`."""
    for place, change in enumerate(commit.files or ()):
        yield {
            "commit_hash": text(commit.commit_hash),
            "place": place,
            "path": text(change.path)[:PATH_LIMIT],
            "lines_added": integer(change.lines_added),
            "lines_deleted": integer(change.lines_deleted),
        }


def commit_agent_rows(commit: Commit, at: Millis) -> Iterator[Row]:
    """One row an agent; only the one that made the commit is known by the reflog, and with the branch."""
    for agent_id in commit.agent_ids:
        own = agent_id == commit.agent_id
        yield {
            "commit_hash": text(commit.commit_hash),
            "agent_id": text(agent_id),
            "attribution": commit.attribution if own else "branch",
            "branch": text(commit.branch) if own else None,
            "commit_timestamp": integer(commit.commit_timestamp),
            "at": at,
        }


def steady_health(health: SystemHealth) -> Any:
    """What of the details is compared: not the numbers that move each time."""
    collector = health.collector
    return (
        [msgspec.structs.replace(service, checked_at=0, latency_ms=None) for service in health.services],
        [(disk.path, disk.total, round(disk.percent)) for disk in health.disks],
        health.cpu_count,
        collector and (collector.pid, collector.started_at, collector.interval_seconds, collector.watching),
    )


def health_row(health: SystemHealth, *, with_details: bool) -> Row:
    """The row of `system_health`."""
    load = health.load or (None, None, None)
    details = HealthDetails(
        services=health.services,
        disks=health.disks,
        collector=health.collector,
        cpu_count=health.cpu_count,
        uptime_seconds=health.uptime_seconds,
    )
    return {
        "timestamp": integer(health.last_check),
        "overall_status": health.status,
        "api_latency": real(health.api_latency),
        "websocket_connections": integer(health.websocket_connections),
        "file_watch_events": integer(health.file_watch_events),
        "error_count": integer(health.error_count),
        "cpu_usage": real(health.cpu_usage),
        "memory_usage": integer(health.memory_usage),
        "disk_usage": integer(health.disk_usage),
        "memory_percent": real(health.memory_percent),
        "swap_percent": real(health.swap_percent),
        "disk_percent": real(health.disk_percent),
        "load1": real(load[0]),
        "load5": real(load[1]),
        "load15": real(load[2]),
        "details": json(details) if with_details else None,
    }


def rag_row(rag: RagMetrics) -> Row:
    """The row of `rag_metrics`."""
    return {
        "timestamp": integer(rag.timestamp),
        "origin": text(rag.origin),
        "total_patterns": integer(rag.total_patterns),
        "total_queries": integer(rag.total_queries),
        "average_response_time": real(rag.average_response_time),
        "hit_rate": real(rag.hit_rate),
        "memory_usage": integer(rag.memory_usage),
        "query_volume_last_hour": integer(rag.query_volume_last_hour),
        "top_patterns": json(rag.top_patterns),
        "recent_queries": integer(rag.recent_queries),
    }


def alert_row(alert: Alert) -> Row:
    """The row of `alerts` for query `upsert_alert`."""
    return {
        "alert_id": text(alert.alert_id),
        "rule": text(alert.rule),
        "subject": text(alert.subject),
        "type": alert.type,
        "severity": alert.severity,
        "title": text(alert.title)[:TITLE_LIMIT],
        "message": text(alert.message),
        "source": text(alert.source),
        "metadata": json(alert.metadata),
        "acknowledged": int(alert.acknowledged),
        "acknowledged_by": text(alert.acknowledged_by),
        "acknowledged_at": integer(alert.acknowledged_at),
        "resolved": int(alert.resolved),
        "resolved_at": integer(alert.resolved_at),
        "created_at": integer(alert.created_at),
    }


def mute_row(mute: Mute, at: Millis) -> Row:
    """The row of `alert_mutes`, noted at `at`."""
    return {
        "rule": text(mute.rule),
        "subject": text(mute.subject),
        "at": at,
        "created_at": integer(mute.at),
        "until": integer(mute.until),
        "muted_by": text(mute.by),
        "note": text(mute.note),
    }


def event_row(event: Event, at: Millis) -> Row:
    """The row of `events`, noted at `at`."""
    return {
        "timestamp": integer(event.timestamp),
        "type": text(event.type),
        "agent_id": text(event.agent_id),
        "subject": text(event.subject),
        "details": json(event.details),
        "recorded_at": noted_late(event.timestamp, at),
    }
