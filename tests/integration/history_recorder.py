"""A recorder of its own process, for tests that kill it: `history_recorder.py FOLDER [CASE…]`.

Each tick has one sample and one event an agent, all of the same number, so that a partial tick can be told.
A CASE `NAME:TARGET:NUMBER` migrates the database in FOLDER/NAME to schema TARGET, in a process of its own that kills
itself after so many statements of the migration; -1: before its COMMIT, -2: after it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from monitor.history.connection import open_writer
from monitor.history.migrations import migrate
from monitor.history.queries import sql
from monitor.history.writing.rows import TickRows
from monitor.history.writing.writer import HistoryWriter
from monitor.model import AgentMetrics, AgentStatus, Event
from monitor.paths import StatePaths

AT = 1_750_000_000_000
AGENTS = 20


def sample(agent: int, number: int) -> tuple[AgentStatus, AgentMetrics]:
    status = AgentStatus(
        id=f"agent-{agent}",
        name="",
        kind="custom",
        role="",
        worktree=None,
        host="here",
        origin="config",
        status="active",
        status_since=AT,
        status_reason="",
    )
    return status, AgentMetrics(thread_count=number)


def tell(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


async def record(paths: StatePaths) -> None:
    writer = await HistoryWriter.open(
        paths, host="here", boot_id="boot", version="1", interval_seconds=1.0, now=AT + os.getpid()
    )
    snapshot = await writer.load(AT + 10**12)
    number = max((event.details["number"] for event in snapshot.events), default=0)
    tell("ready")
    while True:
        number += 1
        at = AT + number * 1000
        rows = TickRows(at=at, samples=[sample(agent, number) for agent in range(AGENTS)])
        for agent in range(AGENTS):
            rows.events.append(
                Event(timestamp=at, type="activity", agent_id=f"agent-{agent}", details={"number": number})
            )
        await writer.write(rows)
        tell(number)


async def migrate_and_die(folder: Path, target: int, number: int) -> None:
    db = await open_writer(StatePaths(folder, folder / "monitor.db"), 16)
    traced: list[str] = []

    def count(statement: str) -> None:
        if traced or statement.startswith("BEGIN"):
            traced.append(statement)
        due = {-1: statement == "COMMIT", -2: traced[-2:-1] == ["COMMIT"]}.get(
            number, len(traced) == number + 2
        )
        if due:
            folder.joinpath("killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    await db.set_trace_callback(count)
    await migrate(db, target)
    await db.close()


def kill_each(folder: Path, cases: list[str]) -> None:
    """Each in a child of this process, which has everything imported already."""
    sql("schema_tables")
    for case in cases:
        name, target, number = case.split(":")
        child = os.fork()
        if child == 0:
            asyncio.run(migrate_and_die(folder / name, int(target), int(number)))
            os._exit(0)
        if not os.WIFSIGNALED(os.waitpid(child, 0)[1]):
            sys.exit(f"{case}: it lived on")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    if sys.argv[2:]:
        kill_each(folder, sys.argv[2:])
    else:
        asyncio.run(record(StatePaths(folder, folder / "monitor.db")))
