"""Rows that fit their tables and cannot be true: orphans, impossible times, sums that do not add up, torn contents."""

from __future__ import annotations

import sqlite3
import zlib
from typing import TYPE_CHECKING, Final

from monitor.history.connection import in_one_go
from monitor.history.queries import fetch, sql
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    import aiosqlite

    from monitor.model import Millis

DAY_MS: Final = 86_400_000
SHOWN: Final = 20
"""Rows that one kind of problem names."""
ANEW: Final = "`agent-monitor db salvage` into a new file makes it whole"
TURNED: Final = f"bits have turned: a backup may have them right; {ANEW}"
QUESTIONS: Final = {
    "references": ANEW,
    "agents_without_row": ANEW,
    "orphans": ANEW,
    "commits_without_agent": ANEW,
    "impossible_orders": f"the clock was set back then, or {TURNED}",
    "impossible_futures": "more than a day ahead: the clock was wrong then; it stays hidden until that time comes",
    "impossible_rollups": f"does not add up: {TURNED}",
    "unmarked_rollups": f"{ANEW}, and sums them up again",
    "torn_json": f"cannot be read: {TURNED}",
}
"""Named queries that tell what should not be, and what that means or what to do."""


async def row_problems(
    db: aiosqlite.Connection, now: Millis, progress: Callable[[float], None] | None = None
) -> list[str]:
    """Everything of that kind in tables of the newest schema; reads most of them.

    A question that a damaged database cannot answer is a problem by itself.
    """
    problems = []
    for number, (name, remedy) in enumerate(QUESTIONS.items()):
        try:
            rows = await fetch(db, name, latest=now + DAY_MS, limit=SHOWN + 1)
        except sqlite3.DatabaseError as error:
            problems.append(f"{name.replace('_', ' ')}: cannot be looked for: {error}.")
            continue
        problems += [f"{clean(row['problem'])}: {remedy}." for row in rows[:SHOWN]]
        if len(rows) > SHOWN:
            problems.append(f"{name.replace('_', ' ')}: there are more than these {SHOWN}.")
        if progress is not None:
            progress((number + 1) / (len(QUESTIONS) + 1))
    torn: list[tuple[str, Millis]] = []
    try:
        await in_one_go(db, lambda connection: torn.extend(torn_trees(connection)))
    except sqlite3.DatabaseError as error:
        problems.append(f"process trees: cannot be looked at: {error}.")
    return problems + [
        f"agent_processes: the tree of {clean(agent_id)} at {timestamp} cannot be read: {TURNED}."
        for agent_id, timestamp in torn[:SHOWN]
    ]


def torn_trees(db: sqlite3.Connection) -> list[tuple[str, Millis]]:
    """Agent and time of each process tree whose compression's own checksum does not hold. Raises sqlite3.Error."""
    torn = []
    for agent_id, timestamp, tree in db.execute(sql("recorded_trees")):
        try:
            zlib.decompress(tree)
        except (zlib.error, TypeError):
            torn.append((agent_id, timestamp))
    return torn
