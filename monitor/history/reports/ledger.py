"""`report waits`: how long each agent was blocked on a person, and for what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from monitor.history.queries import fetch, fetch_one
from monitor.history.reports.base import Percent, Query, Report, Seconds, seconds
from monitor.history.reports.people import agent_names
from monitor.model import Millis

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    import aiosqlite


class WaitRow(msgspec.Struct, frozen=True, kw_only=True):
    """One wait, as far as it lies in the interval."""

    since: Millis
    agent: str
    name: str
    waited_seconds: Seconds
    waited_for: str
    """`permission: Bash git`, `an answer`."""
    tool: str
    """For which permission was asked; empty for a question."""
    ended: str
    """`went on`, `turn over`, `session over`, or `waits still`."""


class WaitsRow(msgspec.Struct, frozen=True, kw_only=True):
    """All waits of an agent for one tool, or for answers."""

    agent: str
    name: str
    waited_for: str
    """`permission: Bash`, `an answer`."""
    waits: int
    waited_seconds: Seconds
    share: Percent
    """Of the interval."""
    longest_seconds: Seconds
    longest_since: Millis


async def waits(db: aiosqlite.Connection, query: Query) -> Report:
    """One row an agent and tool, or one a wait (`by` is `wait`), the longest first. Raises sqlite3.Error."""
    ledger = await _ledger(db, query)
    total = sum(row.waited_seconds for row in ledger)
    totals = {
        "waits": len(ledger),
        "waited_minutes": round(total / 60),
        "hours": round((query.until - query.since) / 3_600_000, 1),
    }
    rows = ledger if query.by == "wait" else _by_agent(ledger, query)
    return Report(
        name="waits",
        since=query.since,
        until=query.until,
        row_type=WaitRow if query.by == "wait" else WaitsRow,
        rows=tuple(rows),
        totals=totals,
    )


async def _ledger(db: aiosqlite.Connection, query: Query) -> list[WaitRow]:
    names = await agent_names(db)
    known = await fetch_one(db, "recorded_span")
    signs = [known[name] for name in ("ticked", "last_sample", "last_health")] if known is not None else []
    recorded = max((at for at in signs if at is not None), default=query.until)
    found = await fetch(db, "report_waits", since=query.since, until=query.until, agents=query.wanted)
    rows = [_wait(row, names, query, recorded) for row in found]
    return [row for row in rows if row.waited_seconds > 0]


def _wait(row: sqlite3.Row, names: dict[str, str], query: Query, recorded: Millis) -> WaitRow:
    """A wait that nobody saw end lasts as long as was recorded."""
    end = max(row["noted_at"], recorded) if row["ended_at"] is None else row["ended_at"]
    begin = max(row["began"], query.since)
    return WaitRow(
        since=begin,
        agent=row["agent_id"],
        name=names.get(row["agent_id"], row["agent_id"]),
        waited_seconds=seconds(min(end, query.until) - begin) or 0.0,
        waited_for=row["waiting_for"] or row["turn_state"],
        tool=row["tool"] if row["turn_state"] == "permission" else "",
        ended=_how_it_ended(row, query),
    )


def _how_it_ended(row: sqlite3.Row, query: Query) -> str:
    if row["ended_at"] is None or row["ended_at"] >= query.until:
        return "waits still"
    if row["next_session"] != row["session_id"] or row["next_state"] == "ended":
        return "session over"
    return "turn over" if row["next_state"] in {"idle", "error", "limited"} else "went on"


def _by_agent(ledger: Iterable[WaitRow], query: Query) -> list[WaitsRow]:
    groups: dict[tuple[str, str], list[WaitRow]] = {}
    for row in ledger:
        what = f"permission: {row.tool}" if row.tool else row.waited_for
        groups.setdefault((row.agent, what), []).append(row)
    rows = [_summed(what, rows, query) for (_, what), rows in groups.items()]
    return sorted(rows, key=lambda row: -row.waited_seconds)


def _summed(what: str, rows: list[WaitRow], query: Query) -> WaitsRow:
    waited = sum(row.waited_seconds for row in rows)
    longest = max(rows, key=lambda row: row.waited_seconds)
    return WaitsRow(
        agent=longest.agent,
        name=longest.name,
        waited_for=what,
        waits=len(rows),
        waited_seconds=round(waited, 3),
        share=100_000 * waited / (query.until - query.since),
        longest_seconds=longest.waited_seconds,
        longest_since=longest.since,
    )
