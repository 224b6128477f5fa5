"""Rows to records: the way back from the tables."""

from __future__ import annotations

import signal
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.history.binding import parse
from monitor.history.writing.columns import HealthDetails
from monitor.model import (
    Activity,
    Agent,
    AgentMetrics,
    AgentStatus,
    Alert,
    BoardState,
    Commit,
    Event,
    Evidence,
    FileChange,
    Millis,
    Mute,
    ProcessInfo,
    ProcessKey,
    RagMetrics,
    RagPattern,
    SourceStatus,
    SystemHealth,
    Task,
    TaskEvent,
)

if TYPE_CHECKING:
    import sqlite3


TREE_BYTES: Final = 16 << 20
"""A tree that unpacks to more than this is none of ours."""


class TaskDetails(msgspec.Struct, frozen=True):
    """`task_events.details`."""

    changed: tuple[str, ...] = ()
    task: Task | None = None


_DETAILS: Final[dict[str, tuple[str | None, TaskDetails]]] = {}
"""By task, the newest of its details that were read, with the JSON that they were made of."""
_DETAILS_LIMIT: Final = 8192


class ListedFile(msgspec.Struct, frozen=True, array_like=True):
    """A row of `commit_files`, as query `commit_feed_at` tells it."""

    path: str
    lines_added: int | None
    lines_deleted: int | None


class Holder(msgspec.Struct, frozen=True, array_like=True):
    """An agent that has a commit."""

    agent_id: str
    own: bool
    """Its reflog tells that it made it."""
    branch: str | None


def agent(row: sqlite3.Row) -> Agent:
    """A row of query `agents_at`."""
    return Agent(
        id=row["agent_id"],
        name=row["name"],
        kind=row["kind"],
        role=row["role"],
        worktree=row["worktree"],
        host=row["host"],
        origin=row["origin"],
    )


def agent_status(row: sqlite3.Row, *, gap: bool) -> AgentStatus:
    """A row of query `agents_at`. In a gap the status is the last one known, marked stale."""
    changed = row["status"] is not None
    return AgentStatus(
        id=row["agent_id"],
        name=row["name"],
        kind=row["kind"],
        role=row["role"],
        worktree=row["worktree"],
        host=row["host"],
        origin=row["origin"],
        status=row["status"] if changed else row["sampled_status"],
        status_since=row["since"] if changed else row["sampled_at"],
        status_reason=row["reason"] if changed else "",
        status_evidence=parse(row["evidence"], tuple[Evidence, ...], ()),
        branch=row["branch"] or None,
        git_state=row["git_state"],
        git_read_at=row["git_read_at"],
        repository=row["repository"],
        uncommitted_changes=row["uncommitted_changes"],
        ahead=row["ahead"],
        behind=row["behind"],
        stash_count=row["stash_count"],
        current_task=row["current_task"] or None,
        last_activity=row["last_activity"],
        stale=gap or bool(row["stale"]),
        system=row["system"],
        system_status=row["system_status"],
    )


def agent_metrics(row: sqlite3.Row, at: Millis, boot_id: str) -> AgentMetrics:
    """The numbers of a row of query `agents_at`; the process went on running since that sample.

    `boot_id` is that of the host's start in which the recorder ran.
    """
    start = row["process_start"]
    uptime = row["uptime_seconds"]
    if uptime is not None:
        uptime += max(0, at - row["sampled_at"]) // 1000
    return AgentMetrics(
        pid=row["pid"],
        process=row["process"] or "",
        cpu_usage=row["cpu_usage"],
        memory_usage=row["memory_usage"],
        memory_percent=row["memory_percent"],
        thread_count=row["thread_count"],
        process_count=row["process_count"],
        uptime_seconds=uptime,
        process_key=None if None in (row["pid"], start) else ProcessKey(boot_id, row["pid"], start),
    )


def processes(tree: bytes) -> tuple[ProcessInfo, ...] | None:
    """`agent_processes.tree`; None when it cannot be read, or is no tree."""
    try:
        found = parse(zlib.decompressobj().decompress(tree, TREE_BYTES), tuple[ProcessInfo, ...], ())
    except zlib.error:
        return None
    return found or None


def task_details(row: sqlite3.Row) -> TaskDetails:
    """The JSON of a row of `task_events`.

    Moments have most of their tasks in common: the newest of each task is remembered, and no more, however often a task
    changes.
    """
    text, task_id = row["details"], row["task_id"]
    known = _DETAILS.get(task_id)
    if known is not None and known[0] == text:
        return known[1]
    if len(_DETAILS) >= _DETAILS_LIMIT:
        _DETAILS.clear()
    details = parse(text, TaskDetails, TaskDetails())
    _DETAILS[task_id] = (text, details)
    return details


def task_event(row: sqlite3.Row) -> TaskEvent:
    """A row of `task_events`."""
    details = task_details(row)
    return TaskEvent(
        task_id=row["task_id"],
        event_type=row["event_type"],
        timestamp=row["timestamp"],
        previous_status=row["previous_status"],
        new_status=row["new_status"],
        assigned_to=row["assigned_to"],
        changed_by=row["changed_by"],
        task=details.task,
        changed=details.changed,
        root=row["root"],
    )


def board_state(row: sqlite3.Row) -> BoardState:
    """A row of `board_states`."""
    return BoardState(
        root=row["root"],
        path=row["path"],
        version=row["version"],
        shape=row["shape"],
        sprint=row["sprint"],
        last_synced=row["last_synced"],
        last_updated=row["last_updated"],
        updated_by=row["updated_by"],
        error=row["error"],
        partial=bool(row["partial"]),
    )


def commit(row: sqlite3.Row) -> Commit:
    """A row of `git_commits` with the JSON array `holders` of [agent, whether its reflog told by then, branch].

    Whose reflog told has made it; else the first that had it stands for all. Beside it `files` is an array of
    [path, lines added, lines deleted].
    """
    holders = parse(row["holders"], tuple[Holder, ...], ()) or (
        Holder(row["agent_id"], row["attribution"] == "reflog", row["branch"]),
    )
    maker = next((holder for holder in holders if holder.own), holders[0])
    return Commit(
        commit_hash=row["commit_hash"],
        short_hash=row["short_hash"],
        agent_id=maker.agent_id,
        agent_ids=tuple(holder.agent_id for holder in holders),
        author_name=row["author_name"],
        author_email=row["author_email"],
        message=row["message"],
        branch=maker.branch,
        files_changed=row["files_changed"],
        lines_added=row["lines_added"],
        lines_deleted=row["lines_deleted"],
        commit_timestamp=row["commit_timestamp"],
        attribution="reflog" if maker.own else "branch",
        repository=row["repository"],
        parents=row["parents"],
        files=None if row["files_listed"] is None else _files(row["files"]),
    )


@lru_cache(1024)
def _files(text: str) -> tuple[FileChange, ...]:
    """Moments, and agents, have most of their commits in common."""
    listed = parse(text, tuple[ListedFile, ...], ())
    return tuple(FileChange(file.path, file.lines_added, file.lines_deleted) for file in listed)


def health(row: sqlite3.Row) -> SystemHealth:
    """A row of query `health_at`; the machine went on running since the details were written."""
    details = parse(row["carried_details"], HealthDetails, HealthDetails())
    uptime = details.uptime_seconds
    load = (row["load1"], row["load5"], row["load15"])
    return SystemHealth(
        status=row["overall_status"],
        last_check=row["timestamp"],
        api_latency=row["api_latency"],
        websocket_connections=row["websocket_connections"] or 0,
        file_watch_events=row["file_watch_events"] or 0,
        error_count=row["error_count"],
        cpu_usage=row["cpu_usage"],
        memory_usage=row["memory_usage"],
        memory_percent=row["memory_percent"],
        swap_percent=row["swap_percent"],
        disk_usage=row["disk_usage"],
        disk_percent=row["disk_percent"],
        load=None if None in load else load,
        cpu_count=details.cpu_count,
        uptime_seconds=None if uptime is None else uptime + (row["timestamp"] - row["details_at"]) // 1000,
        disks=details.disks,
        services=details.services,
        collector=details.collector,
    )


def rag(row: sqlite3.Row) -> RagMetrics:
    """A row of `rag_metrics`."""
    return RagMetrics(
        timestamp=row["timestamp"],
        origin=row["origin"],
        total_patterns=row["total_patterns"],
        total_queries=row["total_queries"],
        average_response_time=row["average_response_time"],
        hit_rate=row["hit_rate"],
        memory_usage=row["memory_usage"],
        query_volume_last_hour=row["query_volume_last_hour"],
        top_patterns=parse(row["top_patterns"], tuple[RagPattern, ...], ()),
        recent_queries=row["recent_queries"],
    )


def alert(row: sqlite3.Row, at: Millis | None = None) -> Alert:
    """A row of `alerts`; with `at`, as far as its life had come by then."""
    acknowledged = bool(row["acknowledged"])
    resolved = bool(row["resolved"])
    if at is not None:
        acknowledged = acknowledged and (row["acknowledged_at"] or 0) <= at
        resolved = resolved and (row["resolved_at"] or 0) <= at
    return Alert(
        alert_id=row["alert_id"],
        rule=row["rule"],
        subject=row["subject"],
        type=row["type"],
        severity=row["severity"],
        title=row["title"],
        message=row["message"],
        source=row["source"],
        metadata=parse(row["metadata"], dict[str, Any], {}),
        acknowledged=acknowledged,
        acknowledged_by=row["acknowledged_by"] if acknowledged else None,
        acknowledged_at=row["acknowledged_at"] if acknowledged else None,
        resolved=resolved,
        resolved_at=row["resolved_at"] if resolved else None,
        created_at=row["created_at"],
    )


def mute(row: sqlite3.Row) -> Mute:
    """A row of query `mutes_at`."""
    return Mute(
        rule=row["rule"],
        subject=row["subject"],
        by=row["muted_by"],
        at=row["created_at"],
        until=row["until"],
        note=row["note"],
    )


def event(row: sqlite3.Row) -> Event:
    """A row of `events`."""
    return Event(
        timestamp=row["timestamp"],
        type=row["type"],
        agent_id=row["agent_id"],
        subject=row["subject"],
        details=parse(row["details"], dict[str, Any], {}),
    )


def source_status(row: sqlite3.Row) -> SourceStatus | None:
    """An event of type `source`, whose details are fields of `SourceStatus`; None when they are not."""
    details = parse(row["details"], dict[str, Any], {})
    known = {"name": row["subject"], "subject": row["agent_id"], "since": row["timestamp"]}
    try:
        return msgspec.convert({**known, **details}, SourceStatus, strict=False)
    except msgspec.ValidationError:
        return None


def activity(row: sqlite3.Row, agent_id: str) -> Activity:
    """A row of query `activity_at`."""
    details = parse(row["details"], dict[str, Any], {})
    kind, text = row["kind"], row["text"]
    if kind == "activity":
        kind, text = text, str(details.get("text", ""))
    elif kind.startswith("process-"):
        text = process_text(details)
    return Activity(timestamp=row["timestamp"], agent_id=agent_id, kind=kind, text=text)


def process_text(details: dict[str, Any]) -> str:
    """What a process event says in an agent's activity list: `claude, pid 4242, exit code 1`."""
    text = f"{details.get('name') or details.get('kind') or 'process'}, pid {details.get('pid', '?')}"
    if details.get("signal"):
        return f"{text}, killed by {signal_name(details['signal'])}"
    if details.get("exit_code") is not None:
        return f"{text}, exit code {details['exit_code']}"
    return text


def signal_name(number: Any) -> str:
    """`SIGKILL` for 9."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
