"""Damage done to real files, for the tests of recovery, salvage and check."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from history_records import AT, alert, commit, mute, state, status, task, tick

from monitor.history.writing.writer import HistoryWriter
from monitor.model import AgentMetrics, BoardState, Event, ProcessInfo, RagMetrics, SystemHealth, TaskEvent

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.history.writing.rows import TickRows

PAGE = 4096
AGENTS = ("builder", "tester")


def full_tick(number: int, agents: tuple[str, ...] = AGENTS) -> TickRows:
    """A tick with something for every table that a recorder writes."""
    at = AT + number * 10_000
    tree = (ProcessInfo(pid=7, ppid=1, name="claude", state="S"),)
    return tick(
        at,
        samples=[
            (
                status(name, status_since=at, last_activity=at),
                AgentMetrics(pid=7, cpu_usage=number % 90 + 0.5),
            )
            for name in agents
        ],
        processes=[(name, tree) for name in agents],
        task_events=[
            TaskEvent(
                task_id=f"T-{number}",
                event_type="created",
                timestamp=at,
                new_status="TODO",
                task=task(f"T-{number}", description="long words " * (600 if number % 25 == 0 else 1)),
                root="/shop",
            )
        ],
        boards=[BoardState(root="/shop", path="/shop/board.json", last_synced=at)],
        commits=[commit(number)],
        health=SystemHealth(status="healthy", last_check=at),
        rag=RagMetrics(timestamp=at, origin="file"),
        alerts=[alert(f"alert-{number}", subject=f"subject-{number}", created_at=at)],
        mutes=[mute(subject=f"subject-{number}", at=at, until=at + 60_000)],
        events=[Event(timestamp=at, type="activity", agent_id="builder", subject=f"work {number}")],
    )


async def recorded(folder: Path, ticks: int = 100, agents: tuple[str, ...] = AGENTS) -> Path:
    """A recording whose recorder has ended."""
    paths = state(folder)
    writer = await HistoryWriter.open(
        paths, host="here", boot_id="boot", version="1", interval_seconds=10.0, now=AT
    )
    for number in range(ticks):
        await writer.write(full_tick(number, agents))
    await writer.close(AT + ticks * 10_000)
    return paths.database


def query(file: Path, text: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        return db.execute(text).fetchall()


def rows_of(file: Path) -> dict[str, int]:
    """Rows of each table but the roll-ups' marks."""
    names = [
        name
        for (name,) in query(file, "SELECT name FROM sqlite_schema WHERE type = 'table'")
        if name != "rollups" and not name.startswith("sqlite_")
    ]
    return {name: query(file, f"SELECT count(*) FROM {name}")[0][0] for name in names}


def pages_of(file: Path, table: str) -> dict[str, list[int]]:
    """The pages of a table's tree by kind: `internal`, `leaf`, `overflow`."""
    found: dict[str, list[int]] = {"internal": [], "leaf": [], "overflow": []}
    for kind, page in query(file, f"SELECT pagetype, pageno FROM dbstat WHERE name = '{table}'"):
        found[kind].append(page)
    return found


def damage_page(file: Path, page: int, body: bytes = b"\xff" * PAGE, offset: int = 0) -> None:
    with file.open("r+b") as stream:
        stream.seek((page - 1) * PAGE + offset)
        stream.write(body)
