"""Makes `fixtures/schema_N.db`, a small recording at an earlier schema: `python tests/integration/make_recording.py N`.

Beside it `schema_N.json` says what the program of that time saw in it at some moments. When a migration is added, run
this once with the number of the schema before it, and check both files in. Everything in them is made up. Those of
schema 1 were made by the program of that time.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from monitor.history.connection import open_reader, open_writer
from monitor.history.migrations import migrate
from monitor.history.moments.state import Snapshot, state_at
from monitor.history.writing.rows import TickRows
from monitor.history.writing.writer import HistoryWriter
from monitor.model import (
    AgentMetrics,
    AgentStatus,
    Alert,
    BoardState,
    Commit,
    Event,
    Evidence,
    RagMetrics,
    RagPattern,
    SystemHealth,
    Task,
    TaskEvent,
)
from monitor.paths import StatePaths

AT = 1_750_000_000_000
ROOT = "/home/sam/project"
AGENTS = ("architect", "builder", "tester")
TICKS = 40
MOMENTS = (1, 21, 45, 71, 79)
"""Seconds from the beginning."""


def status(name: str, number: int) -> AgentStatus:
    """Each agent changes its status every ten ticks."""
    phase = (number // 10 + AGENTS.index(name)) % 3
    return AgentStatus(
        id=name,
        name=name.title(),
        kind="claude-code",
        role="does its part",
        worktree=f"{ROOT}/agents/{name}",
        host="demo-host",
        origin="board",
        status=("active", "idle", "blocked")[phase],
        status_since=AT + 2000 * (number - number % 10),
        status_reason=("files changed", "process lives, no activity", "task T-1 is BLOCKED")[phase],
        status_evidence=(Evidence(kind="files", at=AT + 2000 * number, text="files changed"),),
        branch=f"work/{name}",
        git_state="branch",
        git_read_at=AT + 20_000 * (number // 10),
        uncommitted_changes=number // 4,
        current_task="T-1" if phase == 2 else None,
        last_activity=AT + 2000 * number,
    )


def task_event(number: int) -> TaskEvent:
    """A task that goes through its life."""
    words = ("TODO", "IN_PROGRESS", "BLOCKED", "DONE")
    kinds = ("created", "assigned", "blocked", "completed")
    task = Task(id="T-1", title="Build it", status=words[number], assigned_to="builder", root=ROOT)
    return TaskEvent(
        task_id="T-1",
        event_type=kinds[number],  # type: ignore[arg-type]
        timestamp=AT + 20_000 * number,
        previous_status=words[number - 1] if number else None,
        new_status=words[number],
        assigned_to="builder",
        changed_by="architect",
        task=task,
        changed=("status",),
        root=ROOT,
    )


def commit(number: int) -> Commit:
    """One by each agent, and one that all have."""
    holders = AGENTS if number == 0 else (AGENTS[number - 1],)
    return Commit(
        commit_hash=f"{number + 1:040x}",
        short_hash=f"{number + 1:07x}",
        agent_id=holders[0],
        agent_ids=holders,
        author_name="Sam",
        author_email="sam@example.org",
        message=f"Step {number}",
        branch="main",
        files_changed=number,
        lines_added=10 * number,
        lines_deleted=number,
        commit_timestamp=AT + 20_000 * number - 500,
        attribution="reflog" if number else "branch",
        repository=f"{ROOT}/.git",
    )


def alert(number: int, **changes: object) -> Alert:
    """An alert on an agent."""
    known = {
        "alert_id": f"alert-{number}",
        "rule": "agent-blocked",
        "subject": AGENTS[number],
        "type": "agent",
        "severity": ("warning", "error", "critical")[number],
        "title": f"{AGENTS[number].title()} is blocked",
        "message": "Task T-1 is BLOCKED.",
        "source": "status",
        "created_at": AT + 20_000 * number,
    }
    return Alert(**known | changes)  # type: ignore[arg-type]


def tick(number: int) -> TickRows:
    """What was recorded in one tick."""
    at = AT + 2000 * number
    rows = TickRows(at=at)
    for name in AGENTS:
        numbers = AgentMetrics(
            pid=4200 + AGENTS.index(name),
            process="claude",
            cpu_usage=number * 1.5,
            memory_usage=(200 + number) << 20,
            memory_percent=2.5,
            thread_count=12,
            process_count=3,
            uptime_seconds=600 + 2 * number,
        )
        rows.samples.append((status(name, number), numbers))
    rows.events.append(
        Event(timestamp=at, type="activity", agent_id="builder", details={"text": f"line {number}"})
    )
    if number % 5 == 0:
        rows.health = SystemHealth(status="healthy", last_check=at, cpu_usage=12.5, memory_usage=8 << 30)
    if number % 10 == 0:
        step = number // 10
        rows.task_events.append(task_event(step))
        rows.commits.append(commit(step))
        state = BoardState(
            root=ROOT,
            path=f"{ROOT}/coordination/task-board.json",
            version=f"1.{step}",
            shape="tasks",
            last_synced=at,
        )
        rows.boards.append(state)
        rows.rag = RagMetrics(
            timestamp=at,
            origin="file",
            total_patterns=100 + step,
            top_patterns=(RagPattern(name="retry", count=7),),
        )
        source = {
            "name": "git",
            "subject": ROOT,
            "state": "ok" if step % 2 else "failing",
            "error": "",
            "since": at,
        }
        rows.events.append(Event(timestamp=at, type="source", subject=f"git {ROOT}", details=source))
        if step < len(AGENTS):
            rows.alerts.append(alert(step))
    if number == 35:
        rows.alerts.append(alert(0, acknowledged=True, acknowledged_by="sam", acknowledged_at=at))
        rows.alerts.append(alert(1, resolved=True, resolved_at=at))
    return rows


async def record(paths: StatePaths) -> None:
    """Through the recorder's own writer."""
    writer = await HistoryWriter.open(
        paths, host="demo-host", boot_id="demo-boot", version="0.1", interval_seconds=2.0, now=AT
    )
    for number in range(TICKS):
        await writer.write(tick(number))
    await writer.close(AT + 2000 * TICKS)


async def moments(paths: StatePaths) -> dict[str, Any]:
    """What is seen at some moments of the recording."""
    async with open_reader(paths.database) as db:
        return {str(AT + second * 1000): seen(await state_at(db, AT + second * 1000)) for second in MOMENTS}


def seen(snapshot: Snapshot) -> dict[str, Any]:
    """What of a state stays comparable from version to version."""
    metrics = {name: numbers for name, numbers in snapshot.metrics.items() if numbers is not None}
    return {
        "agents": {
            name: [
                status.status,
                status.status_since,
                status.status_reason,
                status.branch,
                status.current_task,
            ]
            for name, status in snapshot.statuses.items()
        },
        "numbers": {
            name: [found.cpu_usage, found.memory_usage, found.pid] for name, found in metrics.items()
        },
        "tasks": [[task.id, task.status] for task in snapshot.board.tasks],
        "commits": sorted(commit.short_hash for commit in snapshot.commits),
        "alerts": sorted([alert.alert_id, alert.severity, alert.acknowledged] for alert in snapshot.alerts),
        "health": snapshot.health and snapshot.health.cpu_usage,
        "rag": snapshot.rag and snapshot.rag.total_patterns,
        "events": len(snapshot.events),
    }


async def lower(paths: StatePaths, version: int) -> None:
    """Back to an earlier schema."""
    db = await open_writer(paths, 16)
    await migrate(db, version)
    await db.close()


def main() -> None:
    """Write both files."""
    version, target = int(sys.argv[1]), Path(__file__).parents[1] / "fixtures"
    file = target / f"schema_{version}.db"
    with tempfile.TemporaryDirectory() as folder:
        paths = StatePaths(Path(folder), Path(folder, "monitor.db"))
        asyncio.run(record(paths))
        told = msgspec.json.format(msgspec.json.encode(asyncio.run(moments(paths))))
        file.with_suffix(".json").write_bytes(told + b"\n")
        asyncio.run(lower(paths, version))
        with sqlite3.connect(paths.database) as db:
            db.execute("UPDATE recorders SET pid = 4242")
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("VACUUM")
        db.close()
        file.write_bytes(paths.database.read_bytes())
    sys.stdout.write(f"{file}: {file.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
