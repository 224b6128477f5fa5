"""`make bench ARGS="--only history"`: what a month of history costs to look at, sum up, prune and copy.

usage: python -m tests.benchmarks.history [--recording FILE]

It makes a recording of 30 days of 10 agents at 5 s (5.2 million samples), unless one is named, which is only read.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from monitor.config import Retention
from monitor.history.connection import open_reader
from monitor.history.series.agents import agent_series
from monitor.history.writing.rows import TickRows
from monitor.history.writing.writer import HistoryWriter
from monitor.model import AgentMetrics, AgentStatus, Millis
from monitor.paths import StatePaths
from tests.benchmarks.answers import answers
from tests.benchmarks.headless import timed
from tests.benchmarks.recording import DAY, make_recording

SEEKS = 40
AGENTS = 10
TICK_SECONDS = 0.1
SPAN_ERROR = 60_000
SLICE_TARGET_MS = 20


def main() -> None:
    """Make or copy the recording, and measure each thing on it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--recording", type=Path, help="one made by tests.benchmarks.recording")
    run(parser.parse_args().recording)


def run(recording: Path | None = None) -> None:
    """Every figure of the history, on one recording."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "monitor.db")
        begin = time.perf_counter()
        if recording is not None:
            shutil.copy(recording, file)
        else:
            make_recording(file, end=time.time_ns() // 1_000_000)
        seconds = time.perf_counter() - begin
        os.sync()  # else the disk is still busy with what was just written
        samples, first, last = span(file)
        days = (last - first) / DAY
        print(f"\nhistory: {samples:,} samples of {AGENTS} agents over {days:.0f} days, ", end="")
        print(f"{file.stat().st_size / 2**20:.0f} MiB, made in {seconds:.0f} s")
        seek(file, first, last)
        asyncio.run(sum_up_and_prune(file))
        year = Path(folder, "year.db")
        make_recording(year, days=365, agents=1, step=300.0, end=last)
        asyncio.run(sum_up_and_prune(year, quiet=True))
        asyncio.run(draw(file, year, last))
        commands(file, folder)


def span(file: Path) -> tuple[int, Millis, Millis]:
    """Samples, and the times of the first and the last."""
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
        (samples,) = db.execute("SELECT count(*) FROM agent_metrics").fetchone()
        first, last = db.execute("SELECT min(started_at), max(last_tick_at) FROM recorders").fetchone()
    db.close()
    return samples, first, last


def seek(file: Path, first: Millis, last: Millis) -> None:
    """Go to random moments in the screen: from the key to the last byte of the picture."""
    roll = random.Random(2)
    moments = [roll.randrange(first + SPAN_ERROR, last - SPAN_ERROR) for _ in range(SEEKS)]
    texts = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at / 1000)).encode() for at in moments]
    command = [sys.executable, "-m", "monitor", "replay", str(file), "--paused"]
    found = answers(command, [(b"J" + text, b"\r") for text in texts])
    tell("seek to painted", [answer.milliseconds for answer in found], "target: ≤ 100 ms")
    print(f"{'':<34}{statistics.median(answer.bytes for answer in found):.0f} bytes to the terminal")


def tell(what: str, milliseconds: list[float], target: str = "") -> None:
    """A line with median and maximum."""
    middle, most = statistics.median(milliseconds), max(milliseconds)
    print(f"{what:<34}median {middle:>8.1f} ms   max {most:>8.1f} ms   {target}")


async def sum_up_and_prune(file: Path, *, quiet: bool = False) -> None:
    """Roll up and prune all that is due while ticks are written beside it."""
    paths = StatePaths(file.parent, file)
    now = time.time_ns() // 1_000_000
    writer = await HistoryWriter.open(
        paths, host="bench", boot_id="b", version="1", interval_seconds=TICK_SECONDS, now=now
    )
    await writer.load(now)
    maintenance = writer.maintenance(Retention())
    holds: list[float] = []
    ticks: list[float] = []
    before, begin = file.stat().st_size, time.perf_counter()
    ticking = asyncio.create_task(_tick(writer, ticks))
    while await maintenance.step(time.time_ns() // 1_000_000) or maintenance.waiting:
        holds.append(1000 * maintenance.pace.last_seconds)
    seconds = time.perf_counter() - begin
    ticking.cancel()
    await asyncio.gather(ticking, return_exceptions=True)
    await writer.close(time.time_ns() // 1_000_000)
    if quiet:
        return
    tell("a slice holds the writer up for", holds, "target: < 20 ms")
    over = sum(hold >= SLICE_TARGET_MS for hold in holds)
    print(f"{'':<34}99 of 100 below {sorted(holds)[len(holds) * 99 // 100]:.1f} ms, {over} over the target")
    tell("a tick's write meanwhile", ticks)
    deleted = sum(maintenance.deleted.values())
    print(
        f"{'':<34}{len(holds)} slices, {deleted:,} rows deleted, {before / 2**20:.0f} to "
        f"{file.stat().st_size / 2**20:.0f} MiB, {seconds:.0f} s without pauses"
    )


async def _tick(writer: HistoryWriter, took: list[float]) -> None:
    """Write ticks of 20 agents until cancelled."""
    number = 0
    while True:
        number += 1
        at = time.time_ns() // 1_000_000
        rows = TickRows(at=at, samples=[_sample(agent, number, at) for agent in range(20)])
        begin = time.perf_counter()
        await writer.write(rows)
        took.append(1000 * (time.perf_counter() - begin))
        await asyncio.sleep(TICK_SECONDS)


def _sample(agent: int, number: int, at: Millis) -> tuple[AgentStatus, AgentMetrics]:
    status = AgentStatus(
        id=f"beside-{agent}",
        name="",
        kind="custom",
        role="",
        worktree=None,
        host="bench",
        origin="config",
        status="active",
        status_since=at,
        status_reason="",
    )
    return status, AgentMetrics(cpu_usage=float(number % 100), memory_usage=number << 16)


async def draw(file: Path, year: Path, last: Millis) -> None:
    """The series of one agent in 200 points."""
    for what, database, days, target in (
        ("series of 30 days", file, 30, "target: ≤ 10 ms"),
        ("series of a year", year, 365, "target: ≤ 10 ms"),
        ("series of 7 days", file, 7, ""),
        ("series of 24 hours", file, 1, ""),
        ("series of an hour", file, 1 / 24, ""),
    ):
        async with open_reader(database) as db:
            series = partial(agent_series, db, "agent-000", last - round(days * DAY), last)
            tell(what, await repeat(series), target)


async def repeat(work: Callable[[], Awaitable[object]], times: int = 15) -> list[float]:
    """Milliseconds of each call; the first one, which loads the SQL, is left out."""
    found = []
    for _ in range(times + 1):
        begin = time.perf_counter()
        await work()
        found.append(1000 * (time.perf_counter() - begin))
    return found[1:]


def commands(file: Path, folder: str) -> None:
    """Whole commands, from start to end."""
    monitor = [sys.executable, "-m", "monitor", "--db", str(file)]
    for what, arguments in (
        ("report agents --since -30d", ["report", "agents", "--since", "-30d"]),
        ("report timeline --since -1d", ["report", "timeline", "--since", "-1d"]),
        ("status --at -10d --json", ["status", "--at", "-10d", "--json"]),
        ("db check --quick", ["db", "check", "--quick"]),
        ("export of a day", ["export", "--from", "-2d", "--to", "-1d", f"{folder}/day.db", "--force"]),
        ("db backup", ["db", "backup", f"{folder}/copy.db", "--force"]),
    ):
        print(f"{what:<34}{timed([*monitor, *arguments]):>15.2f} s as a command")


if __name__ == "__main__":
    main()
