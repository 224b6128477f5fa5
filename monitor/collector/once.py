"""One look, without a recorder: two quick readings, within a time limit, and nothing written."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING, Final

from monitor.collector.collector import Collector
from monitor.collector.sink import HistorySink

if TYPE_CHECKING:
    from monitor.config import Settings
    from monitor.history.moments.state import Snapshot
    from monitor.keystore import KeyStore
    from monitor.paths import StatePaths

CPU_WINDOW_SECONDS: Final = 0.3
"""Between the two readings: CPU is a difference."""
LIMIT_SECONDS: Final = 1.3
"""For everything that is asked in the background; what has not answered by then stays unknown."""


async def look(settings: Settings, paths: StatePaths, store: KeyStore, last: Snapshot | None) -> None:
    """Fill the store with the state of now. `last` is what history holds, if there is one to read."""
    collector = Collector(settings, store, HistorySink(), paths, host=socket.gethostname(), hold=False)
    begin = time.monotonic()
    try:
        if last is not None:
            collector.restore(last)
        await collector.tick()
        collector.start_due()
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                await collector.inputs.settle()
        except TimeoutError:
            pass
        await asyncio.sleep(max(0.0, CPU_WINDOW_SECONDS - (time.monotonic() - begin)))
        await collector.tick()
    finally:
        await collector.close()
