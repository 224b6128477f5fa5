"""Records for the history's tests: plain ones, and strategies that make every field from foreign values."""

from __future__ import annotations

import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from monitor.history.writing.rows import TickRows
from monitor.history.writing.writer import HistoryWriter
from monitor.model import (
    Agent,
    AgentMetrics,
    AgentStatus,
    Alert,
    BoardState,
    CollectorHealth,
    Commit,
    DiskUsage,
    Event,
    Evidence,
    FileChange,
    Mute,
    ProcessKey,
    RagMetrics,
    RagPattern,
    ServiceStatus,
    SystemHealth,
    Task,
    TaskEvent,
)
from monitor.paths import StatePaths

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

AT = 1_750_000_000_000
"""The moment at which the tests' recordings begin."""


def state(folder: Path) -> StatePaths:
    return StatePaths(folder, folder / "monitor.db")


@asynccontextmanager
async def recording(paths: StatePaths, now: int = AT, **options: Any) -> AsyncIterator[HistoryWriter]:
    writer = await HistoryWriter.open(
        paths,
        host=socket.gethostname(),
        boot_id="boot",
        version="1",
        interval_seconds=2.0,
        now=now,
        **options,
    )
    try:
        yield writer
    finally:
        await writer.close(now)


def agent(name: str = "builder", **changes: Any) -> Agent:
    return Agent(**{"id": name, "name": name.title(), "kind": "claude-code", "host": "here", **changes})


def status(name: str = "builder", **changes: Any) -> AgentStatus:
    known = {
        "id": name,
        "name": name.title(),
        "kind": "claude-code",
        "role": "",
        "worktree": None,
        "host": "here",
        "origin": "discovered",
        "status": "active",
        "status_since": AT,
        "status_reason": "a file changed",
    }
    return AgentStatus(**{**known, **changes})


def tick(at: int = AT, *names: str, **changes: Any) -> TickRows:
    """One tick with a sample of each named agent."""
    samples = [(status(name), AgentMetrics(pid=7, cpu_usage=1.5)) for name in names]
    return TickRows(**{"at": at, "samples": samples, **changes})


def task(name: str = "TASK-1", **changes: Any) -> Task:
    return Task(**{"id": name, "title": "Build it", "status": "TODO", "root": "/shop", **changes})


def commit(number: int = 1, **changes: Any) -> Commit:
    known = {
        "commit_hash": f"{number:040x}",
        "short_hash": f"{number:07x}",
        "agent_id": "builder",
        "agent_ids": ("builder",),
        "author_name": "A",
        "author_email": "a@example.org",
        "message": "work",
        "branch": "main",
        "files_changed": 1,
        "lines_added": 2,
        "lines_deleted": 3,
        "commit_timestamp": AT - 1000 + number,
        "attribution": "reflog",
        "parents": 1,
        "files": (FileChange("src/parser.py", 2, 3),),
    }
    return Commit(**{**known, **changes})


def alert(name: str = "alert-1", **changes: Any) -> Alert:
    known = {
        "alert_id": name,
        "rule": "agent-blocked",
        "subject": "builder",
        "type": "agent",
        "severity": "warning",
        "title": "builder is blocked",
        "message": "It waits.",
        "source": "builder",
        "created_at": AT,
    }
    return Alert(**{**known, **changes})


def mute(rule: str = "agent-blocked", subject: str = "builder", **changes: Any) -> Mute:
    known = {
        "rule": rule,
        "subject": subject,
        "by": "ada",
        "at": AT,
        "until": AT + 3_600_000,
        "note": "known",
    }
    return Mute(**{**known, **changes})


# --- any value that a field may have ---------------------------------------------------------------------------

foreign = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20
) | st.sampled_from(
    ["'; DROP TABLE agents; --", "%s ? :at", "\x1b[31m", "\u202eevil", "日本語", '"'],
)
maybe_text = st.none() | foreign
count = st.integers(-(2**63), 2**63 - 1)
maybe_count = st.none() | count
positive = st.integers(0, 2**40)
number = st.floats(allow_nan=False, allow_infinity=False)
maybe_number = st.none() | number
times = st.integers(0, AT)
maybe_time = st.none() | times
statuses = st.sampled_from(["active", "idle", "blocked", "error", "offline"])
evidence = st.builds(Evidence, kind=foreign, at=maybe_time, text=foreign)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | foreign,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(foreign, below, max_size=3),
    max_leaves=8,
)
details = st.dictionaries(foreign, json_values, max_size=3)

agent_statuses = st.builds(
    AgentStatus,
    id=foreign.filter(bool),
    name=foreign,
    kind=foreign,
    role=foreign,
    worktree=maybe_text,
    host=foreign,
    origin=st.sampled_from(["config", "board", "discovered"]),
    status=statuses,
    status_since=times,
    status_reason=foreign,
    status_evidence=st.lists(evidence, max_size=3).map(tuple),
    branch=foreign.map(lambda branch: branch or None),
    git_state=st.none() | st.sampled_from(["branch", "rebase", "corrupt-index"]),
    git_read_at=maybe_time,
    repository=maybe_text,
    uncommitted_changes=maybe_count,
    ahead=maybe_count,
    behind=maybe_count,
    stash_count=maybe_count,
    current_task=foreign.map(lambda name: name or None),
    last_activity=maybe_time,
    stale=st.booleans(),
)
agent_metrics = st.builds(
    lambda process_key, **fields: AgentMetrics(
        pid=process_key and process_key.pid, process_key=process_key, **fields
    ),
    process_key=st.none() | st.builds(ProcessKey, boot_id=st.just("boot"), pid=count, start=count),
    process=foreign,
    cpu_usage=st.none() | st.integers(0, 10**7).map(lambda tenths: tenths / 10),
    memory_usage=st.none() | st.integers(0, 2**40).map(lambda steps: steps * 65_536),
    memory_percent=st.none() | st.integers(0, 1000).map(lambda tenths: tenths / 10),
    thread_count=maybe_count,
    process_count=maybe_count,
    uptime_seconds=maybe_count,
)
tasks = st.builds(
    Task,
    id=foreign,
    title=foreign,
    status=foreign,
    description=foreign,
    assigned_to=maybe_text,
    created_at=maybe_time,
    dependencies=st.lists(foreign, max_size=3).map(tuple),
    estimated_hours=maybe_number,
    comments=positive,
    root=foreign.filter(bool),
    extra=st.dictionaries(foreign, foreign, max_size=2),
)
task_events = st.builds(
    lambda task, **fields: TaskEvent(task_id=task.id, task=task, root=task.root, **fields),
    task=tasks,
    event_type=st.sampled_from(["created", "updated", "assigned", "blocked", "completed"]),
    timestamp=times,
    previous_status=maybe_text,
    new_status=maybe_text,
    assigned_to=maybe_text,
    changed_by=maybe_text,
    changed=st.lists(foreign, max_size=2).map(tuple),
)
boards = st.builds(
    BoardState,
    root=foreign,
    path=foreign,
    version=foreign,
    shape=foreign,
    sprint=foreign,
    last_synced=times,
    last_updated=maybe_time,
    updated_by=foreign,
    error=foreign,
)
files = st.builds(FileChange, foreign.filter(bool), maybe_count, maybe_count)
commits = st.builds(
    lambda agent_ids, **fields: Commit(agent_id=agent_ids[0], agent_ids=tuple(agent_ids), **fields),
    agent_ids=st.lists(foreign, min_size=1, max_size=3, unique=True),
    commit_hash=foreign,
    short_hash=foreign,
    author_name=foreign,
    author_email=foreign,
    message=foreign,
    branch=maybe_text,
    files_changed=count,
    lines_added=count,
    lines_deleted=count,
    commit_timestamp=st.integers(0, 2 * AT),
    attribution=st.sampled_from(["reflog", "branch"]),
    repository=foreign,
    parents=maybe_count,
    files=st.none() | st.lists(files, max_size=4).map(tuple),
)
services = st.builds(
    ServiceStatus,
    name=foreign,
    kind=foreign,
    target=foreign,
    status=st.sampled_from(["up", "down", "unknown"]),
    since=times,
    checked_at=times,
    latency_ms=maybe_number,
    error=foreign,
)
healths = st.builds(
    SystemHealth,
    status=st.sampled_from(["healthy", "degraded", "unhealthy"]),
    last_check=times,
    api_latency=maybe_number,
    websocket_connections=positive,
    file_watch_events=positive,
    error_count=positive,
    cpu_usage=maybe_number,
    memory_usage=maybe_count,
    memory_percent=maybe_number,
    swap_percent=maybe_number,
    disk_usage=maybe_count,
    disk_percent=maybe_number,
    load=st.none() | st.tuples(number, number, number),
    cpu_count=st.none() | positive,
    uptime_seconds=st.none() | positive,
    disks=st.lists(
        st.builds(DiskUsage, path=foreign, total=positive, used=positive, percent=number), max_size=2
    ).map(tuple),
    services=st.lists(services, max_size=2).map(tuple),
    collector=st.none()
    | st.builds(CollectorHealth, pid=positive, started_at=times, interval_seconds=number, watching=foreign),
)
rags = st.builds(
    RagMetrics,
    timestamp=times,
    origin=foreign,
    total_patterns=maybe_count,
    total_queries=maybe_count,
    average_response_time=maybe_number,
    hit_rate=maybe_number,
    memory_usage=maybe_count,
    query_volume_last_hour=maybe_count,
    top_patterns=st.lists(st.builds(RagPattern, name=foreign, count=maybe_count), max_size=3).map(tuple),
    recent_queries=maybe_count,
)
alerts = st.builds(
    Alert,
    alert_id=foreign,
    rule=foreign,
    subject=foreign,
    type=st.sampled_from(["agent", "task", "system", "performance"]),
    severity=st.sampled_from(["info", "warning", "error", "critical"]),
    title=foreign,
    message=foreign,
    source=foreign,
    metadata=details,
    created_at=times,
)
events = st.builds(Event, timestamp=times, type=foreign, agent_id=foreign, subject=foreign, details=details)
