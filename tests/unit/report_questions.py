"""Recordings of a few ticks, and what a report says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from history_records import AT, recording, state, task

from monitor.history.connection import open_reader
from monitor.history.reports.base import Query
from monitor.history.reports.names import REPORTS
from monitor.history.writing.rows import TickRows
from monitor.model import BoardState, TaskEvent

MINUTE = 60_000


async def ask(folder: Path, name: str, since: int, until: int, *who: str) -> list[Any]:
    async with open_reader(state(folder).database) as db:
        report = await REPORTS[name](db, Query(since=since, until=until, agents=who))
    assert report.name == name
    return list(report.rows)


async def write(folder: Path, *ticks: TickRows, now: int = AT) -> None:
    async with recording(state(folder), now) as writer:
        for rows in ticks:
            await writer.write(rows)


def change(
    at: int, kind: str, before: str | None, after: str | None, name: str = "TASK-1", **more: Any
) -> TaskEvent:
    return TaskEvent(
        task_id=name,
        event_type=kind,  # type: ignore[arg-type]
        timestamp=at,
        previous_status=before,
        new_status=after,
        task=task(name, status=after, title=f"Build {name}") if after else None,
        root="/shop",
        **{"assigned_to": "builder", **more},
    )


def board(at: int) -> BoardState:
    return BoardState(root="/shop", path="/shop/board.json", shape="v4", last_synced=at)
