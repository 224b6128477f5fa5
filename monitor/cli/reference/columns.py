"""What a column of the database means, and its unit, where the SQL beside it does not say."""

from __future__ import annotations

import re
from typing import Final

from monitor.model import STATUSES

TIME: Final = "time"
"""Milliseconds since the epoch, UTC."""

_UNITS: Final = (
    (r"(.*_)?(timestamp|at|since|first_seen|last_seen|last_activity|last_synced|last_updated|until)", TIME),
    (r".*_ms|(.*_)?(api_latency|average_response_time)", "ms"),
    (r".*_seconds", "s"),
    (r".*_percent|hit_rate|.*cpu(_usage)?", "%"),
    (r"(.*_)?(memory|memory_usage|disk_usage)", "bytes"),
    (r"(.*_)?(changes|uncommitted|files_changed)", "files"),
    (r"lines_.*", "lines"),
    (r"ahead|behind", "commits"),
    (
        r".*_count|(.*_)?(processes|patterns|queries|query_volume_last_hour|websocket_connections|file_watch_events)",
        "count",
    ),
    (r"(.*_)?load\d+", "processes"),
)

MEANINGS: Final = {
    "acknowledged": "1: a person has seen it",
    "acknowledged_at": "when",
    "acknowledged_by": "who",
    "agent_id": "the agent",
    "alert_id": "the alert",
    "applied_at": "when",
    "archived_at": "when it was moved here",
    "assigned_to": "agent or person",
    "attributed_at": "when the reflog told, if after `recorded_at`",
    "attribution": "`reflog`: the worktree's own log tells; `branch`: only the branch does",
    "author_email": "as git says",
    "author_name": "as git says",
    "boot_id": "of the host's start",
    "branch": "branch name",
    "changed_by": "by the board's word",
    "checksum": "SHA-256 of the file, hexadecimal",
    "commit_hash": "full hash",
    "commit_timestamp": "the commit's own time",
    "created_at": "when it fired",
    "description": "first line of the file",
    "event_type": "what happened",
    "execution_time_ms": "how long it took",
    "files_changed": "in the commit",
    "first_seen": "when it was first seen",
    "git_state": "`branch` when all is well, else the operation or trouble",
    "host": "host name",
    "id": "row number: grows",
    "interval_ms": "between two ticks",
    "kind": "agent program, or `custom`",
    "last_synced": "when the board was read",
    "last_updated": "by the board's own word",
    "lines_added": "in the commit",
    "lines_deleted": "in the commit",
    "load1": "average over a minute",
    "load15": "average over 15 minutes",
    "load5": "average over 5 minutes",
    "avg_load1": "average of `load1`",
    "max_load1": "highest `load1`",
    "measured_ms": "time in which the numbers are known; averages are over it",
    "memory_percent": "of the machine's memory",
    "message": "one sentence",
    "name": "as shown",
    "origin": "where it is known from",
    "overall_status": "of the host and its services",
    "path": "of the board's file",
    "pid": "process id",
    "previous_status": "the board's word; NULL: the task is new",
    "process_count": "in the tree",
    "query_volume_last_hour": "queries",
    "reason": "why it has this status",
    "recorded_at": "when the monitor saw it; NULL: at its timestamp",
    "recorder_id": "the recorder",
    "resolved": "1: over",
    "resolved_at": "when it was over",
    "role": "what the agent is for",
    "root": "the watched folder",
    "rule": "rule that raised it",
    "sample_count": "samples summed up",
    "severity": "how grave",
    "shape": "`v4` or `v3`; empty: no board",
    "short_hash": "first 7 characters",
    "source": "what told it",
    "sprint": "the board's word",
    "stale": "1: a probe failed; the status is the last one known",
    "started_at": "when it started",
    "stash_count": "stashes",
    "status": "the agent's status",
    "subject": "what it is about",
    "swap_percent": "of the swap space",
    "disk_percent": "of the fullest watched file system",
    "task_id": "the task",
    "thread_count": "in the tree",
    "timestamp": "when",
    "title": "a few words",
    "total_patterns": "patterns stored",
    "total_queries": "queries so far",
    "type": "which kind",
    "updated_by": "the board's word",
    "version": "the board's own",
}


def unit(column: str, kind: str) -> str:
    """The unit of a column; empty for texts, marks and numbers that count nothing."""
    if kind.startswith(("TEXT", "BLOB")):
        return ""
    return next((name for pattern, name in _UNITS if re.fullmatch(pattern, column)), "")


def meaning(column: str, remark: str) -> str:
    """What the SQL says of it, else what every column of that name means."""
    if remark:
        return remark
    if column in MEANINGS:
        return MEANINGS[column]
    aggregate, _, rest = column.partition("_")
    if aggregate in STATUSES:
        return f"time in status {aggregate}"
    words = {"avg": "average", "max": "highest"}
    return f"{words[aggregate]} {rest.replace('_', ' ')}" if aggregate in words else ""
