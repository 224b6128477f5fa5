"""The collector under a clock that is set: what it shows and records goes on, and no time lies ahead of now."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from history_records import AT

from monitor.collector.clock import TickClock
from monitor.collector.collector import Collector
from monitor.collector.sink import HistorySink
from monitor.config import AgentSettings, Settings, Thresholds
from monitor.history.connection import open_reader
from monitor.history.moments.state import fill, state_at
from monitor.history.writing.writer import HistoryWriter
from monitor.keystore import Keys, KeyStore
from monitor.model import Alert, Event
from monitor.paths import state_paths

HOUR = 3_600_000


class Bench:
    """A collector over this very process, with clocks that a test moves by hand."""

    def __init__(self, folder: Path) -> None:
        pid_file = folder / "agent.pid"
        pid_file.write_text(f"{os.getpid()}\n")
        agents = (
            AgentSettings(id="self", pid_file=str(pid_file)),
            AgentSettings(id="absent", worktree=str(folder)),
        )
        limits = Thresholds(status_hold_seconds=4.0, disk_free_mb=2**40)
        self.settings = Settings(agents=agents, discover=False, thresholds=limits)
        self.paths = state_paths(str(folder / "state"))
        self.wall, self.boot = AT, 50_000
        self.store = KeyStore()
        self.sink = HistorySink()
        clock = TickClock(lambda: self.wall, lambda: self.boot, lambda: self.boot)
        self.collector = Collector(self.settings, self.store, self.sink, self.paths, host="here", clock=clock)

    async def tick(self, passed: int = 2000, leapt: int = 0) -> None:
        """A tick after so many milliseconds, and its rows in the database."""
        self.wall += passed + leapt
        self.boot += passed
        await self.collector.tick()
        while self.sink._ring:
            assert not self.sink.problem
            await asyncio.sleep(0.005)

    async def rebuilt(self) -> KeyStore:
        """What an attached viewer sees now."""
        store = KeyStore()
        async with open_reader(self.paths.database) as db:
            fill(store, await state_at(db, self.wall))
        return store


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    made = Bench(folder)
    writer = await HistoryWriter.open(
        made.paths, host="here", boot_id="b", version="1", interval_seconds=2.0, now=AT
    )
    made.sink.use(writer)
    made.collector.restore(await writer.load(AT))
    try:
        yield made
    finally:
        await made.collector.close()


def ahead(store: KeyStore, now: int) -> list[str]:
    """Whatever in a key store lies ahead of now; an event's details are as they were told."""
    return [
        f"{key}: {path} {value}"
        for key in store.keys("*")
        for path, value in _times(msgspec.to_builtins(store.get(key)))
        if ".details" not in path
        if now < value < now + 10 * HOUR
    ]


def _times(value: object, path: str = "") -> Iterator[tuple[str, int]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _times(item, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _times(item, path)
    elif isinstance(value, int) and AT - 10 * HOUR < value < AT + 10 * HOUR:
        yield path, value


def events_of(store: KeyStore, kind: str) -> list[Event]:
    return [event for event in store.get(Keys.EVENTS, ()) if event.type == kind]


async def test_after_a_clock_set_back_screen_and_database_agree_on_now(tmp_path: Path) -> None:
    async with bench(tmp_path) as bench_:
        for _ in range(4):
            await bench_.tick()
        (before,) = bench_.store.get(Keys.ALERTS)
        await bench_.tick(leapt=-HOUR)
        for _ in range(3):
            store, rebuilt = bench_.store, await bench_.rebuilt()
            assert ahead(rebuilt, bench_.wall) == []
            assert ahead(store, bench_.wall) == []
            for agent_id in ("self", "absent"):
                live, shown = store.get(Keys.status(agent_id)), rebuilt.get(Keys.status(agent_id))
                assert (shown.status, shown.stale) == (live.status, False)
                assert rebuilt.get(Keys.metrics(agent_id)).thread_count == (
                    store.get(Keys.metrics(agent_id)).thread_count
                )
            assert [found.alert_id for found in rebuilt.get(Keys.ALERTS)] == [before.alert_id]
            await bench_.tick()
        (clock,) = events_of(rebuilt, "clock")
        assert clock.details["seconds"] == -3600.0
        assert clock.timestamp == clock.details["to"] == clock.details["from"] - HOUR


async def test_an_alert_acknowledged_after_the_clock_was_set_back_is_acknowledged_at_once(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as bench_:
        await bench_.tick()
        await bench_.tick()
        await bench_.tick(leapt=-HOUR)
        (alert,) = bench_.store.get(Keys.ALERTS)
        changed = bench_.collector._alerts.acknowledge(alert.alert_id, "me", bench_.wall)
        assert isinstance(changed, Alert)
        assert changed.acknowledged_at == bench_.wall
        bench_.collector._rows.alerts.append(changed)
        await bench_.tick()
        (seen,) = (await bench_.rebuilt()).get(Keys.ALERTS)
        assert (seen.acknowledged, seen.acknowledged_by) == (True, "me")


async def test_a_clock_set_forward_ends_no_wait_and_shows_no_spike(tmp_path: Path) -> None:
    async with bench(tmp_path) as bench_:
        await bench_.tick()
        await bench_.tick()
        status = bench_.store.get(Keys.status("self")).status
        await bench_.tick(leapt=HOUR)
        after = bench_.store.get(Keys.status("self"))
        assert after.status == status, "a new status has to hold, and an hour on the clock is no holding"
        assert (bench_.store.get(Keys.metrics("self")).cpu_usage or 0) < 100 * (os.cpu_count() or 1) + 50
        assert [event.details["seconds"] for event in events_of(await bench_.rebuilt(), "clock")] == [3600.0]


async def test_a_long_pause_is_a_gap_in_the_recording(tmp_path: Path) -> None:
    async with bench(tmp_path) as bench_:
        await bench_.tick()
        await bench_.tick(passed=60_000)
        rebuilt = await bench_.rebuilt()
        (gap,) = events_of(rebuilt, "gap")
        assert gap.details["until"] - gap.details["since"] == 60_000
        async with open_reader(bench_.paths.database) as db:
            within = await state_at(db, bench_.wall - 30_000)
        assert within.metrics["self"] is None
        assert within.statuses["self"].stale
