"""`report tasks`: how long each task took, and how long it was blocked."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.history.moments import decode
from monitor.history.queries import fetch
from monitor.history.reports.base import Query, Report, Seconds, between, seconds
from monitor.history.reports.people import agent_names
from monitor.model import Millis, is_done

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    import aiosqlite

IN_PROGRESS: Final = "IN_PROGRESS"
BLOCKED: Final = "BLOCKED"


class TaskRow(msgspec.Struct, frozen=True, kw_only=True):
    """A task that was open at the end of the interval, or changed in it; its life up to that end."""

    task: str
    status: str | None
    """The board's word for it; None when it has left the board."""
    assigned_to: str | None
    created: Millis | None
    """None when it stood on the board, without a date, before anybody recorded."""
    started: Millis | None
    """First in progress; None when it never was, or was before anybody recorded."""
    done: Millis | None
    age_seconds: Seconds | None
    """From its creation until it was done or left the board, else until the end of the interval."""
    cycle_seconds: Seconds | None
    """From its first start until it was done."""
    times_blocked: int
    blocked_seconds: Seconds | None
    title: str
    root: str
    """The folder whose board holds it."""


class _Life:
    """A task's changes, taken up one after the other in the order in which they were seen."""

    def __init__(self, watched_since: Millis) -> None:
        self._watched_since = watched_since
        self.status: str | None = None
        self.created: Millis | None = None
        self.started: Millis | None = None
        self.done: Millis | None = None
        self.left: Millis | None = None
        """When it left the board."""
        self.times_blocked = 0
        self._blocked_ms = 0
        self._blocked_at: Millis | None = None

    def take(self, event: sqlite3.Row) -> None:
        """Take up the next change."""
        at, status, is_new = event["timestamp"], event["new_status"], event["event_type"] == "created"
        if is_new and at != self._watched_since:
            self.created = at
        if status == self.status:
            return
        # What the first reading of a board found began before anybody looked.
        seen_coming = not is_new or at > self._watched_since
        if self._blocked_at is not None:
            self._blocked_ms += max(0, at - self._blocked_at)
        self._blocked_at = max(at, self._watched_since if is_new else at) if status == BLOCKED else None
        self.times_blocked += status == BLOCKED
        self.left = at if status is None else None
        if status == IN_PROGRESS and self.started is None and seen_coming:
            self.started = at
        if status is not None and not is_done(status):
            self.done = None
        elif status is not None and self.done is None and seen_coming:
            self.done = at
        self.status = status

    def blocked_ms(self, until: Millis) -> int:
        """How long it was blocked, up to `until`."""
        still = max(0, until - self._blocked_at) if self._blocked_at is not None else 0
        return self._blocked_ms + still


async def tasks(db: aiosqlite.Connection, query: Query) -> Report:
    """The tasks that were open at the end of the interval or changed in it. Raises sqlite3.Error."""
    names = await agent_names(db)
    titles = {
        (row["task_id"], row["root"]): row for row in await fetch(db, "newest_tasks", until=query.until)
    }
    watched = {row["root"]: row["since"] for row in await fetch(db, "boards_watched_since")}
    events = await fetch(db, "task_lives", until=query.until)
    rows = []
    for key, life in groupby(events, key=lambda event: (event["task_id"], event["root"])):
        changes = list(life)
        if key not in titles:
            continue
        row = _row(changes, titles[key], watched.get(key[1], 0), query)
        changed = any(query.since <= event["timestamp"] for event in changes)
        is_open = row.status is not None and not is_done(row.status)
        wanted = not query.agents or is_of(row.assigned_to, query.agents, names)
        if wanted and (changed or is_open):
            rows.append(row)
    rows.sort(key=lambda row: (row.root, row.created or 0, row.task))
    return Report(name="tasks", since=query.since, until=query.until, row_type=TaskRow, rows=tuple(rows))


def is_of(assigned_to: str | None, agents: Iterable[str], names: Mapping[str, str]) -> bool:
    """Whether a board's word for somebody means one of these agents: its id or its name, in any case."""
    if assigned_to is None:
        return False
    word = assigned_to.casefold()
    return any(word in (agent_id.casefold(), names.get(agent_id, "").casefold()) for agent_id in agents)


def _row(changes: list[sqlite3.Row], newest: sqlite3.Row, watched_since: Millis, query: Query) -> TaskRow:
    life = _Life(watched_since)
    for event in changes:
        life.take(event)
    task = decode.task_details(newest).task
    is_over = life.status is None or is_done(life.status)
    end = (life.done or life.left) if is_over else query.until
    return TaskRow(
        task=newest["task_id"],
        status=life.status,
        assigned_to=newest["assigned_to"],
        created=life.created,
        started=life.started,
        done=life.done,
        age_seconds=between(life.created, end),
        cycle_seconds=between(life.started, life.done),
        times_blocked=life.times_blocked,
        blocked_seconds=seconds(life.blocked_ms(query.until)),
        title=task.title if task is not None else "",
        root=newest["root"],
    )
