"""The loop that collects: one tick after the other, and what is asked in the background between them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from monitor.collector.collector import Collector
from monitor.collector.live import LiveFeed
from monitor.config import Intervals, Settings
from monitor.keystore import KeyStore
from monitor.paths import state_paths


@asynccontextmanager
async def collecting(folder: Path, interval: float) -> AsyncIterator[LiveFeed]:
    settings = Settings(discover=False, intervals=Intervals(tick=interval))
    feed = LiveFeed(settings, state_paths(str(folder)), KeyStore())
    task = asyncio.create_task(feed.run())
    try:
        yield feed
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


async def test_a_new_interval_counts_at_once_also_right_after_a_tick(tmp_path: Path) -> None:
    async with collecting(tmp_path, 60.0) as feed:
        await until(lambda: feed.ticks == 1)
        feed.set_interval(0.1)
        await until(lambda: feed.ticks >= 4)


async def test_the_background_is_asked_some_time_after_the_tick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, float]] = []
    tick, start_due = Collector.tick, Collector.start_due

    async def noted_tick(collector: Collector) -> None:
        await tick(collector)
        told.append(("tick", time.monotonic()))

    def noted_start(collector: Collector) -> None:
        told.append(("asked", time.monotonic()))
        start_due(collector)

    monkeypatch.setattr(Collector, "tick", noted_tick)
    monkeypatch.setattr(Collector, "start_due", noted_start)
    async with collecting(tmp_path, 0.4) as feed:
        await until(lambda: feed.ticks >= 3)
    assert [what for what, _ in told][:4] == ["tick", "asked", "tick", "asked"]
    pauses = [after - before for (_, before), (what, after) in pairwise(told) if what == "asked"]
    assert min(pauses) >= 0.1
