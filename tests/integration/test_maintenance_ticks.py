"""Maintenance beside a recorder: a tick waits for a slice at most, and a kill in the middle loses nothing."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from history_recorder import AT, sample

from monitor.config import Retention
from monitor.history.writing.rows import TickRows
from monitor.history.writing.writer import HistoryWriter
from monitor.paths import StatePaths

DAY = 86_400_000
SAMPLES = 60_000
AGENTS = 10
DAYS = 4
TABLES = ("agent_metrics", "agent_metrics_5min", "agent_metrics_hourly", "agent_metrics_daily")
KEPT = Retention(agent_metrics_days=1)
NOW = AT + DAYS * DAY
MAINTAIN = """
import asyncio, sys
from pathlib import Path
from monitor.config import Retention
from monitor.history.writing.writer import HistoryWriter
from monitor.paths import StatePaths

async def maintain(folder, now):
    writer = await HistoryWriter.open(
        StatePaths(folder, folder / "monitor.db"), host="h", boot_id="b", version="1", interval_seconds=2.0, now=now
    )
    maintenance = writer.maintenance(Retention(agent_metrics_days=1))
    while await maintenance.step(now):
        print("slice", flush=True)
    await writer.close(now)
    print("done", flush=True)

asyncio.run(maintain(Path(sys.argv[1]), int(sys.argv[2])))
"""


async def opened(folder: Path) -> HistoryWriter:
    return await HistoryWriter.open(
        StatePaths(folder, folder / "monitor.db"),
        host="here",
        boot_id="boot",
        version="1",
        interval_seconds=2.0,
        now=AT,
    )


async def fill(writer: HistoryWriter, samples: int) -> None:
    every = DAYS * DAY * AGENTS // samples
    await writer._db.execute("BEGIN")
    await writer._db.executemany(
        "INSERT INTO agent_metrics (agent_id, timestamp, status, cpu_usage, current_task, branch, stale)"
        " VALUES (?, ?, 'active', 1.5, '', 'main', 0)",
        ((f"agent-{agent}", at) for agent in range(AGENTS) for at in range(AT, NOW, every)),
    )
    await writer._db.executemany(
        "INSERT INTO agents VALUES (?, '', 'codex', '', 'here', NULL, 'config', ?, ?)",
        [(f"agent-{agent}", AT, NOW) for agent in range(AGENTS)],
    )
    await writer._db.execute("COMMIT")


async def test_a_tick_waits_for_a_slice_at_most_while_many_rows_are_deleted(tmp_path: Path) -> None:
    writer = await opened(tmp_path)
    await fill(writer, SAMPLES)
    maintenance = writer.maintenance(KEPT)
    slices, waited = 0, []

    async def ticks() -> None:
        for number in range(10**6):
            rows = TickRows(at=NOW + number, samples=[sample(agent, number) for agent in range(20)])
            before = slices
            await writer.write(rows)
            waited.append(slices - before)
            await asyncio.sleep(0)

    ticking = asyncio.create_task(ticks())
    while await maintenance.step(NOW):
        slices += 1
        await asyncio.sleep(0)
    ticking.cancel()
    await asyncio.gather(ticking, return_exceptions=True)
    await writer.close(NOW)
    assert maintenance.deleted["agent_metrics"] > SAMPLES / 2
    assert slices > 10
    assert len(waited) > slices / 2  # they went on all the time
    assert max(waited) <= 2  # the one that was at work, and the one that its end let in


def tables(folder: Path) -> dict[str, Any]:
    with sqlite3.connect(folder / "monitor.db") as db:
        found = {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}
        found["integrity"] = db.execute("PRAGMA integrity_check").fetchall()
    db.close()
    return found


async def recorded(folder: Path) -> None:
    writer = await opened(folder)
    await fill(writer, 5_000)
    await writer.close(AT)


def test_killed_anywhere_it_goes_on_where_it_was(tmp_path: Path) -> None:
    folders = [tmp_path / "killed", tmp_path / "whole"]
    for folder in folders:
        asyncio.run(recorded(folder))
    killed = 0
    for slices in (1, 6, 20):
        with subprocess.Popen(
            [sys.executable, "-c", MAINTAIN, str(folders[0]), str(NOW)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for _, line in zip(range(slices), process.stdout, strict=False):
                assert line in ("slice\n", "done\n")
            process.send_signal(signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
    assert killed
    for folder in folders:
        subprocess.run(
            [sys.executable, "-c", MAINTAIN, str(folder), str(NOW)], check=True, stdout=subprocess.PIPE
        )
    assert tables(folders[0]) == tables(folders[1])
    assert tables(folders[0])["integrity"] == [("ok",)]
