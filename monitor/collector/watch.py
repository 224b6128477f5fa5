"""Looking on, without a recorder: the state of now, tick by tick, and nothing written."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING

from monitor.collector.collector import Collector
from monitor.collector.once import CPU_WINDOW_SECONDS, LIMIT_SECONDS
from monitor.collector.sink import HistorySink

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from monitor.config import Settings
    from monitor.history.moments.state import Snapshot
    from monitor.keystore import KeyStore
    from monitor.paths import StatePaths


async def watch(
    settings: Settings, paths: StatePaths, store: KeyStore, last: Snapshot | None
) -> AsyncGenerator[None]:
    """Fill the store with the state of now, and go on with every tick; it ends when the iterator is closed.

    `last` is what history holds, if there is one to read. The first state comes once two readings can be
    compared.
    """
    collector = Collector(settings, store, HistorySink(), paths, host=socket.gethostname())
    interval = settings.intervals.tick
    try:
        if last is not None:
            collector.restore(last)
        collector.inputs.start_watching()
        due = time.monotonic() + min(interval, CPU_WINDOW_SECONDS)
        await collector.tick()
        collector.start_due()
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                await collector.inputs.settle()
        except TimeoutError:
            pass
        while True:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(due + interval, time.monotonic())
            await collector.tick()
            yield
            collector.start_due()
    finally:
        await collector.close()
