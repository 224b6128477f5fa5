"""Collecting for real: the loop, and the feed that a live view and the recorder share."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING, Final

from monitor import __version__
from monitor.collector.collector import Collector, wall_clock
from monitor.collector.heap import share_one_heap
from monitor.collector.sink import HistorySink
from monitor.errors import DatabaseError
from monitor.history.writer import HistoryWriter
from monitor.keystore import Keys, KeyStore
from monitor.model import Command, FeedState

if TYPE_CHECKING:
    from monitor.config import Settings
    from monitor.paths import StatePaths

MIN_INTERVAL: Final = 0.1
BACKGROUND_DELAY: Final = 0.25
"""From a tick to what it has asked in the background, as a share of the interval. By then database and screen have
done with the tick: threads at work at one time take the interpreter from each other at every system call, which cost
15 % of the CPU time of a tick of 20 agents."""
MAX_BACKGROUND_DELAY: Final = 0.25
"""The same in seconds, at most."""


class LiveFeed:
    """Collects in this process and records what it collects.

    With `need_history` a database that cannot be written is an error; without, the view stays live and says so. A
    database held by another recorder, newer, or altered is always an error (RecorderBusyError, DatabaseVersionError).
    """

    def __init__(
        self, settings: Settings, paths: StatePaths, store: KeyStore, *, need_history: bool = False
    ) -> None:
        self._settings = settings
        self._paths = paths
        self._store = store
        self._need_history = need_history
        self._interval = settings.intervals.tick
        self._changed = asyncio.Event()
        self._collector: Collector | None = None
        self._host = socket.gethostname()
        self.ticks = 0
        """Ticks done."""
        self.begun = asyncio.Event()
        """Set once the first tick is done."""

    async def run(self) -> None:
        """Collect until cancelled; then write what waits and close everything."""
        share_one_heap()
        sink = HistorySink()
        collector = Collector(self._settings, self._store, sink, self._paths, host=self._host)
        try:
            await self._open_history(sink, collector)
            collector.inputs.start_watching()
            self._collector = collector
            await self._loop(collector, sink)
        finally:
            self._collector = None
            await collector.close()

    async def send(self, command: Command) -> None:
        """Apply a command; the next tick shows it."""
        if self._collector is not None:
            self._collector.apply(command)

    def set_interval(self, seconds: float) -> None:
        """Collect this often from now on."""
        self._interval = max(MIN_INTERVAL, seconds)
        self._changed.set()

    async def _open_history(self, sink: HistorySink, collector: Collector) -> None:
        try:
            writer = await HistoryWriter.open(
                self._paths,
                host=self._host,
                boot_id=collector.inputs.boot_id,
                version=__version__,
                interval_seconds=self._interval,
                now=wall_clock(),
                wal_limit_mb=self._settings.database.wal_limit_mb,
            )
        except DatabaseError as error:
            if self._need_history:
                raise
            sink.problem = f"not recording: {error}"
            return
        sink.use(writer)
        collector.restore(await writer.load(wall_clock()))

    async def _loop(self, collector: Collector, sink: HistorySink) -> None:
        """Tick at the interval; a tick that is late is counted, and the missed ones are not made up for."""
        due = time.monotonic()
        while True:
            collector.interval = self._interval
            sink.set_interval(self._interval)
            self._store.set(Keys.FEED, self._state(sink))
            await collector.tick()
            self.ticks += 1
            self.begun.set()
            self._changed.clear()
            due += self._interval
            if due < time.monotonic():
                collector.late()
                due = time.monotonic()
            await asyncio.sleep(min(MAX_BACKGROUND_DELAY, BACKGROUND_DELAY * self._interval))
            collector.start_due()
            due = await self._sleep_until(due)

    async def _sleep_until(self, due: float) -> float:
        """Wait for the next tick, or for a new interval, which counts from now."""
        try:
            async with asyncio.timeout(max(0.0, due - time.monotonic())):
                await self._changed.wait()
        except TimeoutError:
            return due
        return time.monotonic()

    def _state(self, sink: HistorySink) -> FeedState:
        return FeedState(
            mode="live",
            host=self._host,
            interval_seconds=self._interval,
            database=str(self._paths.database),
            recording=sink.recording and not sink.problem,
            problem=sink.problem,
        )
