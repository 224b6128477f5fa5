"""Housekeeping: what runs beside the ticks, a little at a time, and never fails in silence."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from history_records import AT, recording, state, tick

from monitor.collector import housekeeping as module
from monitor.collector.clock import wall_clock
from monitor.collector.housekeeping import MAINTENANCE, Housekeeping, Job
from monitor.collector.sink import HistorySink
from monitor.collector.sources import SourceBook
from monitor.config import Settings
from monitor.errors import DatabaseError
from monitor.history.writing.writer import HistoryWriter
from monitor.model import SourceStatus


class Counting:
    """A job that counts its runs, and fails as long as it is told to."""

    name = "counting"
    interval = 0.01

    def __init__(self) -> None:
        self.runs = 0
        self.fails: Exception | None = None

    async def run(self, now: int) -> None:
        assert abs(now - wall_clock()) < 60_000
        self.runs += 1
        if self.fails is not None:
            raise self.fails


@asynccontextmanager
async def keeping(sink: HistorySink, *jobs: Job) -> AsyncIterator[SourceBook]:
    """Housekeeping at work on what the sink writes."""
    book = SourceBook()
    task = asyncio.create_task(Housekeeping(sink, Settings(), book, jobs).run())
    try:
        yield book
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "in vain"
        await asyncio.sleep(0.01)


def told(book: SourceBook, name: str) -> SourceStatus | None:
    return next((source for source in book.statuses() if source.name == name), None)


def failing(book: SourceBook, name: str) -> str:
    source = told(book, name)
    return source.error if source is not None and source.state == "failing" else ""


def well(book: SourceBook, name: str) -> bool:
    source = told(book, name)
    return source is not None and source.state == "ok"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.02)
    monkeypatch.setattr(module, "MIN_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(module, "CORE_SHARE", 1.0)


def used(writer: HistoryWriter) -> HistorySink:
    sink = HistorySink()
    sink.use(writer)
    return sink


async def number(writer: HistoryWriter, query: str) -> int:
    found: int = next(iter(await writer._db.execute_fetchall(query)))[0]
    return found


async def until_summed_up(writer: HistoryWriter, rows: int) -> None:
    deadline = time.monotonic() + 15
    while await number(writer, "SELECT count(*) FROM agent_metrics_5min") < rows:
        assert time.monotonic() < deadline, "in vain"
        await asyncio.sleep(0.01)


async def test_roll_ups_are_made_beside_the_ticks(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, "builder"))
        async with keeping(used(writer)) as book:
            await until(lambda: well(book, MAINTENANCE))
            for second in range(50):
                await writer.write(tick(AT + 1000 * second, "builder"))
            await until_summed_up(writer, 1)
        source = told(book, MAINTENANCE)
        assert source is not None
        assert source.cost_ms_per_minute is not None


async def test_a_failure_is_a_failing_source_until_it_is_over(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, "builder"))
        await writer._db.execute("ALTER TABLE agent_metrics_5min RENAME TO hidden")
        async with keeping(used(writer)) as book:
            await until(lambda: "monitor.db" in failing(book, MAINTENANCE))
            for _ in range(20):  # it is tried again and again, and some of its slices would do
                await asyncio.sleep(0.01)
                assert failing(book, MAINTENANCE)
            await writer._db.execute("ALTER TABLE hidden RENAME TO agent_metrics_5min")
            await until(lambda: well(book, MAINTENANCE))
        assert [event.details["state"] for event in book.take_events(AT)] == ["ok", "failing", "ok"]


async def test_a_full_disk_is_waited_for(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer._db.executemany(
            "INSERT INTO agent_metrics (agent_id, timestamp, status, stale) VALUES ('builder', ?, 'active', 0)",
            [(AT + 300_000 * number,) for number in range(500)],
        )
        await writer._db.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = await number(writer, "PRAGMA page_count")
        await writer._db.execute_fetchall(f"PRAGMA max_page_count = {pages}")
        async with keeping(used(writer)) as book:
            await until(lambda: "disk is full" in failing(book, MAINTENANCE))
            await writer._db.execute_fetchall("PRAGMA max_page_count = 1000000")
            await until(lambda: well(book, MAINTENANCE))
            await until_summed_up(writer, 500)


async def test_a_damaged_database_is_told_to_the_sink(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        for second in range(200):
            await writer.write(tick(AT + 1000 * second, "builder", "tester"))
        await writer._db.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        root = await number(writer, "SELECT rootpage FROM sqlite_schema WHERE name = 'agent_metrics'")
        with state(tmp_path).database.open("r+b") as file:
            file.seek(4096 * (root - 1))
            file.write(b"\xff" * 4096)
        other = sqlite3.connect(state(tmp_path).database)
        other.execute("PRAGMA user_version = 1")  # another one's change: the writer's cache is read anew
        other.commit()
        other.close()
        sink = used(writer)
        async with keeping(sink) as book:
            await until(sink.damaged.is_set)
        assert "damaged" in sink.problem
        assert "damaged" in failing(book, MAINTENANCE)


async def test_jobs_run_again_and_again_and_their_failures_are_records() -> None:
    job = Counting()
    async with keeping(HistorySink(), job) as book:
        await until(lambda: job.runs > 3)
        assert well(book, "counting")
        job.fails = DatabaseError("the disk is full")
        await until(lambda: failing(book, "counting") == "the disk is full")
        job.fails = ZeroDivisionError("nobody thought of this")
        await until(lambda: "nobody thought" in failing(book, "counting"))
        job.fails = None
        await until(lambda: well(book, "counting"))


async def test_a_job_that_hangs_holds_up_no_other() -> None:
    class Hanging(Counting):
        name = "hanging"

        async def run(self, now: int) -> None:
            await asyncio.Event().wait()

    job = Counting()
    async with keeping(HistorySink(), Hanging(), job):
        await until(lambda: job.runs > 3)


async def test_without_a_database_there_is_nothing_to_maintain() -> None:
    housekeeping = Housekeeping(HistorySink(), Settings(), SourceBook())
    assert housekeeping.maintenance is None


async def test_a_new_database_is_looked_after_in_the_place_of_the_old(tmp_path: Path) -> None:
    async with recording(state(tmp_path / "one")) as one, recording(state(tmp_path / "two")) as two:
        sink = used(one)
        housekeeping = Housekeeping(sink, Settings(), SourceBook())
        first = housekeeping.maintenance
        assert first is housekeeping.maintenance
        sink.use(two)
        assert housekeeping.maintenance is not first
