"""A recorder of its own process, for tests that kill it: `history_recorder.py FOLDER [KILL_AFTER]`.

Each tick has one sample and one event an agent, all of the same number, so that a partial tick can be told.
KILL_AFTER is the number of the statement after which the process kills itself while it migrates.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from monitor.history.connection import open_writer
from monitor.history.migrations import migrate
from monitor.history.rows import TickRows
from monitor.history.writer import HistoryWriter
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


async def migrate_and_die(paths: StatePaths, after: int) -> None:
    db = await open_writer(paths, 16)
    seen = 0

    def count(_: str) -> None:
        nonlocal seen
        seen += 1
        if seen > after:
            os.kill(os.getpid(), signal.SIGKILL)

    await db.set_trace_callback(count)
    await migrate(db)
    await db.close()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    state = StatePaths(folder, folder / "monitor.db")
    asyncio.run(record(state) if len(sys.argv) == 2 else migrate_and_die(state, int(sys.argv[2])))
