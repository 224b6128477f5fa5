"""A small real recording: ten minutes with a gap in the middle, two alerts, changes of status, and process trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ui_fleet import MEGABYTE, NOW, alert, metrics, processes, status

from monitor.history.writing.rows import TickRows
from monitor.history.writing.writer import HistoryWriter
from monitor.model import Agent, AgentStatus, SystemHealth
from monitor.paths import StatePaths

if TYPE_CHECKING:
    from pathlib import Path

SECOND = 1000
START, END = NOW, NOW + 900 * SECOND
"""12:03:04 to 12:18:04."""
GAP = (START + 300 * SECOND, START + 600 * SECOND)
"""12:08:04 to 12:13:04."""
FIRST_ALERT, SECOND_ALERT = START + 100 * SECOND, START + 700 * SECOND
BLOCKED, FREED = START + 150 * SECOND, START + 200 * SECOND
NAMES = ("builder", "parser", "reviewer")


def _status_at(name: str, at: int) -> AgentStatus:
    known: dict[str, Any] = {
        "status_since": START,
        "last_activity": at,
        "git_read_at": START,
        "current_task": None,
    }
    if name == "builder" and at >= BLOCKED:
        if at < FREED:
            known |= {"status_since": BLOCKED, "status_reason": "waits for permission"}
            return status(name, "blocked", **known)
        known["status_since"] = FREED
    return status(name, **known)


def _alerts_at(at: int) -> list[Any]:
    if at == FIRST_ALERT:
        return [alert("a1", "critical", subject="host", title="disk nearly full", created_at=at)]
    if at == SECOND_ALERT:
        return [alert("a2", "warning", subject="builder", title="builder is quiet", created_at=at)]
    return []


def _tick(at: int, *, begins: bool) -> TickRows:
    statuses = [_status_at(name, at) for name in NAMES]
    loads = [metrics(1.0 + (at // SECOND + place) % 90, 300 + place, pid=5000) for place in range(len(NAMES))]
    moved = at in (BLOCKED, FREED)
    health = SystemHealth(
        status="healthy", last_check=at, cpu_usage=40.0, memory_usage=900 * MEGABYTE, memory_percent=30.0
    )
    return TickRows(
        at=at,
        agents=[Agent(id=one.id, name=one.name, kind=one.kind, host=one.host) for one in statuses] * begins,
        samples=list(zip(statuses, loads, strict=True)),
        status_changes=statuses if begins else statuses[:moved],
        processes=[("builder", processes())] * begins,
        health=health,
        alerts=_alerts_at(at),
    )


async def record(folder: Path) -> Path:
    """Make the recording in this folder; returns its database."""
    paths = StatePaths(folder, folder / "monitor.db")
    for start, end in ((START, GAP[0]), (GAP[1], END)):
        writer = await HistoryWriter.open(
            paths, host="forge", boot_id="boot", version="1", interval_seconds=5.0, now=start
        )
        for at in range(start, end + 1, 5 * SECOND):
            await writer.write(_tick(at, begins=at == start))
        await writer.close(end)
    return paths.database
