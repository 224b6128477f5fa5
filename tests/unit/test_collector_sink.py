"""Rows on their way to the database: never in the tick's way, never lost silently."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from history_records import status

from monitor.collector import ring as rings
from monitor.collector import sink as sinks
from monitor.collector.sink import HistorySink
from monitor.history.writing.rows import TickRows
from monitor.history.writing.writer import HistoryWriter
from monitor.model import AgentMetrics, Event
from monitor.paths import StatePaths, state_paths

NOW = 1_700_000_000_000


@pytest.fixture
def paths(tmp_path: Path) -> StatePaths:
    return state_paths(str(tmp_path / "state"))


@pytest.fixture
async def writer(paths: StatePaths) -> AsyncIterator[HistoryWriter]:
    opened = await HistoryWriter.open(
        paths, host="h", boot_id="b", version="1", interval_seconds=1.0, now=NOW
    )
    yield opened
    await opened.close(NOW)


def tick(number: int) -> TickRows:
    at = NOW + 1000 * number
    return TickRows(at=at, events=[Event(timestamp=at, type="activity", subject=f"tick {number}")])


def measured(number: int) -> TickRows:
    """The same with a sample, which is what falls out of the ring."""
    rows = tick(number)
    rows.samples.append((status(), AgentMetrics(cpu_usage=float(number))))
    return rows


def recorded(paths: StatePaths, kind: str = "activity") -> list[str]:
    with sqlite3.connect(f"file:{paths.database}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT subject FROM events WHERE type = ? ORDER BY timestamp", (kind,))
        return [subject for (subject,) in rows]


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "in vain"
        await asyncio.sleep(0.02)


async def test_rows_are_written_in_their_order(paths: StatePaths, writer: HistoryWriter) -> None:
    sink = HistorySink()
    sink.use(writer)
    for number in range(5):
        sink.put(tick(number))
    await until(lambda: len(recorded(paths)) == 5)
    assert recorded(paths) == [f"tick {number}" for number in range(5)]
    assert sink.problem == ""


async def test_a_locked_database_delays_rows_and_loses_none(
    paths: StatePaths, writer: HistoryWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks, "RETRY_SECONDS", 0.1)
    sink = HistorySink()
    sink.use(writer)
    with sqlite3.connect(paths.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        number = 0
        deadline = time.monotonic() + 20
        while not sink.problem:
            begin = time.monotonic()
            sink.put(tick(number))
            assert time.monotonic() - begin < 0.5, "handing over never waits for the database"
            number += 1
            assert time.monotonic() < deadline, "the problem has to show"
            await asyncio.sleep(0.2)
        assert str(paths.database) in sink.problem
        other.execute("ROLLBACK")
    await asyncio.sleep(0.1)
    sink.put(tick(number))
    await until(lambda: sink.problem == "" and len(recorded(paths)) == number + 1)


async def test_what_falls_out_of_the_full_ring_is_recorded_as_a_gap(
    paths: StatePaths, writer: HistoryWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(rings, "MAX_WAITING_SAMPLES", 1)
    sink = HistorySink()
    sink.use(writer)
    for number in range(4):
        sink.put(measured(number))
    await until(lambda: recorded(paths) == [f"tick {number}" for number in range(4)])
    assert recorded(paths, "gap") == [""]
    with sqlite3.connect(f"file:{paths.database}?mode=ro", uri=True) as connection:
        times = connection.execute("SELECT timestamp FROM agent_metrics").fetchall()
    connection.close()
    assert times == [(NOW + 3000,)]


async def test_without_a_database_rows_go_nowhere_and_nothing_fails() -> None:
    sink = HistorySink()
    sink.put(tick(0))
    assert (sink.recording, sink.size(), sink.samples_waiting) == (False, None, 0)
    await sink.close(NOW)


async def test_closing_writes_what_still_waits(paths: StatePaths) -> None:
    sink = HistorySink()
    sink.use(
        await HistoryWriter.open(paths, host="h", boot_id="b", version="1", interval_seconds=1.0, now=NOW)
    )
    sink.put(tick(0))
    sink.put(tick(1))
    await sink.close(NOW + 5000)
    assert recorded(paths) == ["tick 0", "tick 1"]
