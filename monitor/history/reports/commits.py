"""`report commits`: what was committed, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from monitor.history.queries import fetch
from monitor.history.reports.base import Query, Report
from monitor.model import Attribution, Millis

if TYPE_CHECKING:
    import aiosqlite


class CommitRow(msgspec.Struct, frozen=True, kw_only=True):
    """A commit, under the agent that made it, or had it first where no reflog tells who made it."""

    time: Millis
    """Of the commit; when it was seen, if that was earlier: a commit date in the future is a wrong clock."""
    commit: str
    agent: str
    branch: str | None
    files: int
    lines_added: int
    lines_deleted: int
    attribution: Attribution
    author: str
    message: str


async def commits(db: aiosqlite.Connection, query: Query) -> Report:
    """The commits of the interval. Raises sqlite3.Error."""
    found = await fetch(db, "report_commits", since=query.since, until=query.until, agents=query.wanted)
    rows = tuple(msgspec.convert(dict(row), CommitRow) for row in found)
    return Report(name="commits", since=query.since, until=query.until, row_type=CommitRow, rows=rows)
