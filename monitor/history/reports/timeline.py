"""`report timeline`: everything that happened, in order, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from monitor.history.binding import parse
from monitor.history.moments.decode import process_text
from monitor.history.queries import fetch
from monitor.history.reports.base import Query, Report
from monitor.model import Millis
from monitor.when import format_when

if TYPE_CHECKING:
    import sqlite3

    import aiosqlite


class TimelineRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened."""

    time: Millis
    kind: str
    """`status`, `alert-fired`, `alert-acknowledged`, `alert-resolved`, `commit`, `task-` and what happened to it,
    `recorder-started`, `recorder-stopped`, `recorder-killed`, `gap`, `source`, `process-started`,
    `process-stopped`, or what an agent wrote of its progress."""
    agent: str | None
    text: str


async def timeline(db: aiosqlite.Connection, query: Query) -> Report:
    """Everything of the interval, the oldest first. Raises sqlite3.Error.

    Of some agents: what these did and what happened to them, and when nobody recorded.
    """
    rows = []
    for name in ("status_moments", "alert_moments", "commit_moments", "task_moments", "event_moments"):
        found = await fetch(db, name, since=query.since, until=query.until, agents=query.wanted)
        rows += [_row(row) for row in found]
    recorders = await fetch(db, "recorder_moments", since=query.since, until=query.until)
    rows += [_row(row) for row in recorders]
    rows.sort(key=lambda row: row.time)
    return Report(
        name="timeline", since=query.since, until=query.until, row_type=TimelineRow, rows=tuple(rows)
    )


def _row(row: sqlite3.Row) -> TimelineRow:
    kind, text = row["kind"], row["text"]
    if "details" in row.keys():  # noqa: SIM118 - a row has no `in` of its own
        kind, text = _event(kind, text, parse(row["details"], dict[str, Any], {}))
    return TimelineRow(time=row["timestamp"], kind=kind, agent=row["agent_id"] or None, text=text)


def _event(kind: str, subject: str, details: dict[str, Any]) -> tuple[str, str]:
    """Kind and text of a row of table `events`."""
    if kind == "activity":
        return subject, str(details.get("text", ""))
    if kind.startswith("process-"):
        return kind, process_text(details)
    if kind == "source":
        error = details.get("error")
        return kind, f"{subject}: {details.get('state', '')}" + (f": {error}" if error else "")
    if kind == "gap":
        since = details.get("since")
        begun = f" since {format_when(since)}" if isinstance(since, int) else ""
        return kind, f"nothing recorded{begun}: {details.get('samples', 0)} samples lost"
    return kind, subject
