"""Attached systems are read in the background, one that is down less and less often, and each by itself."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from damage import damage_page, pages_of

from monitor.collector.sources import SourceBook
from monitor.collector.system_desk import PATIENCE, SystemDesk
from monitor.config import SystemSettings
from monitor.model import SourceState
from monitor.paths import sql_folder


class Reading:
    """A desk and what it says of its sources."""

    def __init__(self, *systems: SystemSettings) -> None:
        self.book = SourceBook()
        self.desk = SystemDesk(systems, self.book)
        self.time = 0.0

    async def look(self, seconds: float = 60.0) -> None:
        """Have read what is due after so long, and take it up."""
        self.time += seconds
        self.desk.start_due(time.time_ns() // 1_000_000, self.time)
        await self.desk.settle()
        self.desk.deliver()

    def state(self, name: str) -> tuple[SourceState, str]:
        (found,) = (status for status in self.book.statuses() if status.subject == name)
        return found.state, found.error


@asynccontextmanager
async def reading(*systems: SystemSettings) -> AsyncIterator[Reading]:
    found = Reading(*systems)
    try:
        yield found
    finally:
        await found.desk.close()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript((sql_folder() / "systems/multi-agent-dashboard/schema.sqlite.sql").read_text())
    return path


def attach(name: str, path: Path) -> SystemSettings:
    return SystemSettings(name=name, url=str(path), interval=5.0)


async def test_what_is_new_grows_the_version_and_what_is_not_does_not(shop: Path) -> None:
    async with reading(attach("shop", shop)) as found:
        assert found.desk.readings["shop"].state.kind == ""
        await found.look()
        assert found.desk.readings["shop"].state.kind == "multi-agent-dashboard"
        assert (found.desk.version, set(found.desk.read)) == (1, {"shop"})
        await found.look()
        assert found.desk.version == 1
        assert found.state("shop") == ("ok", "")


async def test_one_that_is_down_is_told_and_holds_up_nobody(shop: Path, tmp_path: Path) -> None:
    async with reading(attach("gone", tmp_path / "gone.db"), attach("shop", shop)) as found:
        await found.look()
        assert found.state("gone") == ("failing", f"{tmp_path}/gone.db is not there.")
        assert found.state("shop")[0] == "ok"
        assert found.desk.read == {"shop"}


async def test_one_that_is_down_is_asked_less_and_less_often_and_as_before_once_it_answers(
    shop: Path, tmp_path: Path
) -> None:
    place = tmp_path / "late.db"
    async with reading(attach("late", place)) as found:
        await found.look(0)
        job = found.desk._systems[0].job
        assert job is not None
        waits = []
        for _ in range(6):
            await found.look(PATIENCE)
            waits.append(job.interval)
        assert waits == [20.0, 40.0, 60.0, 60.0, 60.0, 60.0]
        place.write_bytes(shop.read_bytes())
        await found.look(PATIENCE)
        assert (found.state("late")[0], job.interval) == ("ok", 5.0)


async def test_a_part_that_cannot_be_read_degrades_the_system_and_leaves_the_rest(shop: Path) -> None:
    damage_page(shop, pages_of(shop, "system_events")["leaf"][0])
    async with reading(attach("shop", shop)) as found:
        await found.look()
        state, why = found.state("shop")
        assert (state, why) == ("degraded", "events: database disk image is malformed")
        told = found.desk.readings["shop"].state
        assert told.counts["tasks"] == 0
        assert why in told.missing


async def test_a_broken_view_of_another_program_hides_nothing_else(shop: Path) -> None:
    with closing(sqlite3.connect(shop, isolation_level=None)) as db:
        db.execute("CREATE VIEW overview AS SELECT no_such_column FROM tasks")
    async with reading(attach("shop", shop)) as found:
        await found.look()
        assert found.state("shop") == ("ok", "")
