"""The key store rebuilt at a moment is the one that the recorder had then (issue: one state, any moment)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_keys import Comparison, values_of
from recorded_world import World

from monitor.collector.clock import wall_clock
from monitor.collector.collector import Collector
from monitor.collector.sink import HistorySink
from monitor.config import Settings, load
from monitor.demo.fleet import Fleet
from monitor.history.connection import open_reader
from monitor.history.moments.follow import Follower
from monitor.history.moments.state import fill, looked_at, state_at
from monitor.history.writing.writer import HistoryWriter
from monitor.keystore import Keys, KeyStore
from monitor.paths import StatePaths, state_paths


def watched_store() -> KeyStore:
    """A store at all of whose process trees somebody looks."""
    store = KeyStore()
    store.subscribe(Keys.processes("*"), lambda _: None)
    return store


async def check_all(database: Path, recorded: Comparison) -> None:
    """Rebuild every moment, after all of them were recorded: nothing later may be in an earlier one."""
    async with open_reader(database) as db:
        for number, (at, values) in enumerate(recorded.moments):
            store = watched_store()
            wanted = looked_at(store, values[Keys.AGENTS])
            fill(store, await state_at(db, at, processes_of=wanted))
            recorded.check(number, values_of(store))


# --- a fleet of real processes -----------------------------------------------------------------------------------


@asynccontextmanager
async def recorder(configured: Settings, paths: StatePaths) -> AsyncIterator[tuple[Collector, KeyStore]]:
    """A recorder whose ticks are the test's."""
    store, sink = watched_store(), HistorySink()
    collector = Collector(configured, store, sink, paths, host="here")
    try:
        writer = await HistoryWriter.open(
            paths,
            host="here",
            boot_id=collector.inputs.boot_id,
            version="1",
            interval_seconds=0.1,
            now=wall_clock(),
        )
        sink.use(writer)
        collector.restore(await writer.load(wall_clock()))
        collector.inputs.start_watching()
        yield collector, store
    finally:
        await collector.close()


@pytest.mark.parametrize("seed", [3])
async def test_a_recording_of_a_real_fleet_is_what_was_seen(tmp_path: Path, seed: int) -> None:
    paths, recorded = state_paths(str(tmp_path / "state")), Comparison(logs_read_late=True)
    with Fleet(tmp_path / "fleet", agents=3, seed=seed, pace=40) as fleet:
        loaded = load(fleet.config, environ={}).settings
        configured = msgspec.structs.replace(
            loaded,
            intervals=msgspec.structs.replace(loaded.intervals, tick=0.1, health=0.5, board=0.2),
            thresholds=msgspec.structs.replace(loaded.thresholds, status_hold_seconds=0.0),
        )
        for run in range(2):
            async with recorder(configured, paths) as (collector, store):
                for number in range(25):
                    await collector.tick()
                    recorded.note(store.get(Keys.CLOCK), values_of(store), restarted=number == 0)
                    collector.start_due()
                    if (run, number) == (0, 12):
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(fleet.pids[0], signal.SIGKILL)
                    await asyncio.sleep(0.08)
    last = recorded.moments[-1][1]
    assert last[Keys.COMMIT_FEED], "the recording tells of commits"
    assert last[Keys.TASKS].tasks, "and of tasks"
    await check_all(paths.database, recorded)


# --- readings that never were ------------------------------------------------------------------------------------


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.data_too_large,
    ],
)
@given(data=st.data())
async def test_whatever_is_recorded_is_what_was_seen(
    monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    recorded = Comparison()
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), monkeypatch)
        async with world, open_reader(world.paths.database) as db:
            follower, attached = Follower(db), watched_store()
            for number in range(data.draw(st.integers(5, 16), label="ticks")):
                restarted = await world.move(data.draw)
                at = await world.tick()
                recorded.note(at, values_of(world.store), restarted=restarted)
                wanted = looked_at(attached, world.store.get(Keys.AGENTS))
                fill(attached, await follower.look(at, wanted))
                recorded.check(number, values_of(attached))
        await check_all(world.paths.database, recorded)
