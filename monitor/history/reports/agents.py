"""`report agents`: what each agent did with its time, and what came of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from monitor.history.queries import fetch
from monitor.history.reports.base import Bytes, Query, Report, Seconds, seconds
from monitor.history.reports.people import agent_names
from monitor.history.reports.tally import Tally, read_tallies
from monitor.history.reports.tasks import is_of
from monitor.history.reports.waits import Wait, longest_waits
from monitor.model import STATUSES, Millis

if TYPE_CHECKING:
    import sqlite3

    import aiosqlite


class AgentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An agent in the interval; the times in each status and the unrecorded time are all of it."""

    agent: str
    name: str
    active_seconds: Seconds
    idle_seconds: Seconds
    blocked_seconds: Seconds
    error_seconds: Seconds
    offline_seconds: Seconds
    unrecorded_seconds: Seconds
    """Nobody recorded, or the agent was not there."""
    cpu_seconds: Seconds | None
    """CPU time of its process tree; None when it was never seen."""
    peak_memory: Bytes | None
    """Of its process tree."""
    commits: int
    """That its own reflog shows it made."""
    lines_added: int
    lines_deleted: int
    tasks_done: int
    longest_wait_seconds: Seconds | None
    """The longest time it was blocked at a stretch; None when it never was."""
    longest_wait_since: Millis | None
    longest_wait_reason: str


async def agents(db: aiosqlite.Connection, query: Query) -> Report:
    """One row an agent that was recorded, committed or finished a task in the interval. Raises sqlite3.Error."""
    names = await agent_names(db)
    commits = {
        row["agent_id"]: row
        for row in await fetch(db, "own_commits", since=query.since, until=query.until, agents=query.wanted)
    }
    done = await _tasks_done(db, query, names)
    waits = await longest_waits(db, query)
    tallies = await read_tallies(db, query)
    seen = [agent_id for agent_id in names if agent_id in tallies or agent_id in commits or done[agent_id]]
    rows = tuple(
        _row(
            agent_id,
            names[agent_id],
            query.until - query.since,
            tallies.get(agent_id) or Tally(dict.fromkeys(STATUSES, 0.0)),
            commits.get(agent_id),
            done[agent_id],
            waits.get(agent_id),
        )
        for agent_id in seen
        if query.wants(agent_id)
    )
    return Report(name="agents", since=query.since, until=query.until, row_type=AgentRow, rows=rows)


async def _tasks_done(db: aiosqlite.Connection, query: Query, names: dict[str, str]) -> Counter[str]:
    """How many tasks were completed that were each agent's then: a task counts once."""
    rows = await fetch(db, "completed_events", since=query.since, until=query.until)
    tasks = {(row["task_id"], row["root"], row["assigned_to"]) for row in rows}
    return Counter(
        agent_id
        for _, _, assigned_to in tasks
        for agent_id in names
        if is_of(assigned_to, (agent_id,), names)
    )


def _row(
    agent_id: str,
    name: str,
    length: Millis,
    tally: Tally,
    commits: sqlite3.Row | None,
    tasks_done: int,
    wait: Wait | None,
) -> AgentRow:
    times = {f"{status}_seconds": seconds(tally.status_ms[status]) or 0.0 for status in STATUSES}
    return AgentRow(
        agent=agent_id,
        name=name,
        **times,
        unrecorded_seconds=seconds(length - tally.recorded_ms) or 0.0,
        cpu_seconds=seconds(tally.cpu_ms),
        peak_memory=tally.peak_memory,
        commits=commits["commits"] if commits is not None else 0,
        lines_added=commits["lines_added"] if commits is not None else 0,
        lines_deleted=commits["lines_deleted"] if commits is not None else 0,
        tasks_done=tasks_done,
        longest_wait_seconds=seconds(wait.duration) if wait is not None else None,
        longest_wait_since=wait.start if wait is not None else None,
        longest_wait_reason=wait.reason if wait is not None else "",
    )
