"""`report velocity`: tasks completed a day (seed 001, L266-278)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from monitor.history.queries import fetch
from monitor.history.reports.base import Query, Report
from monitor.history.reports.people import agent_names
from monitor.history.reports.tasks import is_of
from monitor.history.series.past import days_between, local_day

if TYPE_CHECKING:
    import aiosqlite


class VelocityRow(msgspec.Struct, frozen=True, kw_only=True):
    """A day and how many tasks were completed in it."""

    date: str
    """In this machine's zone, `2026-11-22`."""
    completed_tasks: int


async def velocity(db: aiosqlite.Connection, query: Query) -> Report:
    """Completed events of each local day, the oldest first; a day without any has 0. Raises sqlite3.Error."""
    names = await agent_names(db)
    counts = dict.fromkeys(days_between(local_day(query.since), local_day(query.until - 1)), 0)
    for row in await fetch(db, "completed_events", since=query.since, until=query.until):
        if not query.agents or is_of(row["assigned_to"], query.agents, names):
            counts[local_day(row["timestamp"])] += 1
    rows = tuple(VelocityRow(date=day.isoformat(), completed_tasks=count) for day, count in counts.items())
    total = sum(counts.values())
    average = round(total / len(counts), 2) if counts else None
    return Report(
        name="velocity",
        since=query.since,
        until=query.until,
        row_type=VelocityRow,
        rows=rows,
        totals={"total": total, "average_per_day": average},
    )
