"""The free-space watermark: it gives up the oldest history, never the last day, and says so."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from history_records import AT, recording, state, status

from monitor.collector.watermark import LOOK_SECONDS, Watermark, free_bytes
from monitor.config import Retention, Thresholds
from monitor.history.upkeep.maintenance import Maintenance
from monitor.history.writing.rows import TickRows
from monitor.model import AgentMetrics, Board, Event
from monitor.rules.alerts import find_all
from monitor.rules.facts import Situation
from monitor.rules.lifecycle import AlertBook

DAY = 86_400_000
MIB = 1 << 20
NOW = AT + DAY + 12 * 3_600_000
LIMIT = 100_000
"""Bytes that there should be free."""


@asynccontextmanager
async def a_day_and_a_half(folder: Path) -> AsyncIterator[Maintenance]:
    """A recording with a sample a minute for a day and a half."""
    async with recording(state(folder)) as writer:
        await writer.write(TickRows(at=AT, samples=[(status(), AgentMetrics(cpu_usage=1.0))]))
        with closing(sqlite3.connect(state(folder).database, isolation_level=None)) as db:
            db.execute(
                "WITH RECURSIVE n (at) AS (SELECT ? UNION ALL SELECT at + 60000 FROM n WHERE at < ?) "
                "INSERT INTO agent_metrics (agent_id, timestamp, status, cpu_usage, stale) "
                "SELECT 'builder', at, 'active', at % 100, 0 FROM n",
                (AT + 1, NOW - 60_000),
            )
        yield writer.maintenance(Retention())


def oldest(folder: Path) -> int:
    with closing(sqlite3.connect(state(folder).database)) as db:
        found: int = db.execute("SELECT min(timestamp) FROM agent_metrics").fetchone()[0]
        return found


def watermark(folder: Path, maintenance: Maintenance, told: list[Event], *free: int) -> Watermark:
    """One that finds so much free at each look, of `LIMIT`."""
    looks = iter(free)
    return Watermark(folder, LIMIT, lambda: maintenance, told.append, lambda _: next(looks))


async def test_enough_free_space_prunes_nothing(tmp_path: Path) -> None:
    told: list[Event] = []
    async with a_day_and_a_half(tmp_path) as maintenance:
        await watermark(tmp_path, maintenance, told, LIMIT).run(NOW)
    assert (told, oldest(tmp_path)) == ([], AT)


async def test_too_little_prunes_the_oldest_samples_and_tells_how_much_that_gave(tmp_path: Path) -> None:
    told: list[Event] = []
    async with a_day_and_a_half(tmp_path) as maintenance:
        job = watermark(tmp_path, maintenance, told, LIMIT - 1)
        await job.run(NOW)
    (event,) = told
    assert event.type == "pruned-early"
    assert (event.details["free"], event.details["limit"]) == (LIMIT - 1, LIMIT)
    assert event.details["bytes"] >= LIMIT / 0.95 - LIMIT, "what the alert needs to end"
    assert AT < oldest(tmp_path) < NOW - DAY, "no more than it takes"


async def test_the_last_day_stays_however_little_is_free_and_it_is_not_tried_over_and_over(
    tmp_path: Path,
) -> None:
    told: list[Event] = []
    async with a_day_and_a_half(tmp_path) as maintenance:
        job = watermark(tmp_path, maintenance, told, *[0] * 10)
        for _ in range(5):
            await job.run(NOW)
        steps = maintenance.deleted.total()
        await job.run(NOW)
        assert maintenance.deleted.total() == steps
    assert NOW - DAY - 60_000 <= oldest(tmp_path) <= NOW - DAY + 60_000
    assert 1 <= len(told) <= 2


async def test_without_a_database_there_is_nothing_to_prune(tmp_path: Path) -> None:
    told: list[Event] = []
    await Watermark(tmp_path, MIB, lambda: None, told.append, lambda _: 0).run(NOW)
    assert told == []


async def test_a_folder_that_cannot_be_asked_is_a_failing_source(tmp_path: Path) -> None:
    told: list[Event] = []
    job = Watermark(tmp_path / "gone", MIB, lambda: None, told.append)
    with pytest.raises(FileNotFoundError):
        await job.run(NOW)
    assert (job.name, job.interval) == ("disk space", LOOK_SECONDS)
    assert free_bytes(tmp_path) > 0


def test_the_alert_says_what_was_given_up() -> None:
    book = AlertBook()

    def look(second: int, given_up: int) -> list[str]:
        situation = Situation(
            now=NOW + second * 1000,
            statuses=(),
            metrics={},
            facts={},
            board=Board(),
            database_free_bytes=50 * MIB,
            database_given_up=given_up,
        )
        findings = find_all(situation, Thresholds(disk_free_mb=100), book.is_firing)
        return [alert.message for alert in book.update(findings, situation.now)]

    assert look(0, 0) == ["Free space: 50 MiB. Make room, or shorten the retention, before recording stops."]
    (message,) = look(10, 3 * MIB)
    assert message.startswith("Free space: 50 MiB. The oldest samples, 3.0 MiB of them, were pruned")
    assert look(20, 4 * MIB) == [], "not written again for each slice"
