"""`report tools`: which tools the agents called, how often these failed, and how long they took."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from monitor.history.queries import fetch
from monitor.history.reports.base import Query, Report, Seconds, seconds
from monitor.history.reports.people import agent_names

if TYPE_CHECKING:
    import aiosqlite


class ToolRow(msgspec.Struct, frozen=True, kw_only=True):
    """All calls of one tool by an agent that were begun in the interval."""

    agent: str
    name: str
    tool: str
    calls: int
    errors: int
    denied: int
    """A person refused them."""
    unknown: int
    """They had not ended, or the log never told how."""
    total_seconds: Seconds | None
    """Of the calls whose end is known; None when none is."""
    mean_seconds: Seconds | None
    longest_seconds: Seconds | None


async def tools(db: aiosqlite.Connection, query: Query) -> Report:
    """One row an agent and tool, the most used first. Raises sqlite3.Error."""
    names = await agent_names(db)
    found = await fetch(db, "report_calls", since=query.since, until=query.until, agents=query.wanted)
    rows = tuple(
        ToolRow(
            agent=row["agent_id"],
            name=names.get(row["agent_id"], row["agent_id"]),
            tool=row["name"],
            calls=row["calls"],
            errors=row["errors"],
            denied=row["denied"],
            unknown=row["unknown"],
            total_seconds=seconds(row["total_ms"]),
            mean_seconds=seconds(row["mean_ms"]),
            longest_seconds=seconds(row["longest_ms"]),
        )
        for row in found
    )
    totals = {"calls": sum(row.calls for row in rows)}
    return Report(
        name="tools", since=query.since, until=query.until, row_type=ToolRow, rows=rows, totals=totals
    )
