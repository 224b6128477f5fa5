"""The longest time that each agent waited for a person."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import msgspec

from monitor.history.queries import fetch
from monitor.model import Millis

if TYPE_CHECKING:
    import sqlite3

    import aiosqlite

    from monitor.history.reports.base import Query


class Wait(msgspec.Struct, frozen=True):
    """A stretch in which an agent was blocked, as far as it lies in the interval."""

    start: Millis
    end: Millis
    reason: str
    """What it waited for at the end."""

    @property
    def duration(self) -> Millis:
        """How long it lasted."""
        return max(0, self.end - self.start)


async def longest_waits(db: aiosqlite.Connection, query: Query) -> dict[str, Wait]:
    """The longest wait of each agent that had one. Raises sqlite3.Error.

    A wait goes on over a restart of the recorder that finds the agent blocked since the same moment; one that nobody
    saw end lasts as long as the agent was recorded.
    """
    rows = await fetch(db, "blocked_spans", since=query.since, until=query.until, agents=query.wanted)
    longest: dict[str, Wait] = {}
    for (agent_id, since), same in groupby(rows, key=lambda row: (row["agent_id"], row["since"])):
        wait = _wait(since, list(same), query)
        if wait.duration and (agent_id not in longest or wait.duration > longest[agent_id].duration):
            longest[agent_id] = wait
    return longest


def _wait(since: Millis, rows: list[sqlite3.Row], query: Query) -> Wait:
    end = max(row["until"] for row in rows)
    return Wait(max(since, query.since), min(end, query.until), rows[-1]["reason"])
