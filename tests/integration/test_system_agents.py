"""An agent that several attached systems tell of is one agent of ours, and each of them knows which."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from monitor.collector.collector import Collector
from monitor.collector.sink import HistorySink
from monitor.config import AgentSettings, Settings, SystemSettings
from monitor.keystore import Keys, KeyStore
from monitor.model import SystemReading
from monitor.paths import sql_folder, state_paths


def dashboard(file: Path, name: str) -> str:
    """A dashboard with one employee of this name."""
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.executescript((sql_folder() / "systems/multi-agent-dashboard/schema.sqlite.sql").read_text())
        db.execute(
            "INSERT INTO employees (id, name, role, department, level, status, skills, system_prompt_template) "
            "VALUES ('e1', ?, 'PM', 'Executive', 'Senior', 'active', '[]', '')",
            (name,),
        )
    return str(file)


def was_read(store: KeyStore, system: str) -> bool:
    reading: SystemReading | None = store.get(Keys.system(system))
    return reading is not None and reading.agents != ()


@asynccontextmanager
async def collecting(folder: Path, *systems: SystemSettings) -> AsyncIterator[tuple[Collector, KeyStore]]:
    """A collector that knows one agent, and has read these systems."""
    store = KeyStore()
    settings = Settings(discover=False, agents=(AgentSettings(id="builder"),), systems=systems)
    paths = state_paths(str(folder / "state"))
    collector = Collector(settings, store, HistorySink(), paths, host="here", hold=False)
    try:
        async with asyncio.timeout(30):
            while not all(was_read(store, one.name) for one in systems):
                await collector.tick()
                collector.start_due()
                await collector.inputs.settle()
        yield collector, store
    finally:
        await collector.close()


async def test_each_system_says_which_of_our_agents_its_agent_is(tmp_path: Path) -> None:
    mapped = SystemSettings(
        name="one", url=dashboard(tmp_path / "one.db", "Alex"), agents={"Alex": "builder"}
    )
    named = SystemSettings(name="two", url=dashboard(tmp_path / "two.db", "Builder"))
    other = SystemSettings(name="three", url=dashboard(tmp_path / "three.db", "Kim"))
    async with collecting(tmp_path, mapped, named, other) as (collector, store):
        told = {name: store.get(Keys.system(name)).agents[0].ours for name in ("one", "two", "three")}
        assert told == {"one": "builder", "two": "builder", "three": "three:Kim"}
        assert set(store.get(Keys.AGENTS)) == {"builder", "three:Kim"}
        before = store.get(Keys.system("one"))
        await collector.tick()
        assert store.get(Keys.system("one")) is before
