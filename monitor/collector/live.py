"""Collecting for real: the loop, and the feed that a live view and the recorder share."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING, Final

from monitor.collector.backups import ScheduledBackup
from monitor.collector.checkup import Checkup
from monitor.collector.collector import Collector
from monitor.collector.heap import share_one_heap
from monitor.collector.housekeeping import Housekeeping
from monitor.collector.recovery import Guard
from monitor.collector.sink import HistorySink
from monitor.collector.watermark import Watermark
from monitor.errors import DatabaseError, MonitorError
from monitor.history.series.desk import HistoryDesk
from monitor.keystore import Keys, KeyStore
from monitor.model import Command, FeedState

if TYPE_CHECKING:
    from monitor.config import Settings
    from monitor.paths import StatePaths

MIN_INTERVAL: Final = 0.1
REOPEN_SECONDS: Final = 10.0
"""Between two attempts to open a database that could not be written at the start, for instance on a full disk."""
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
        guard = Guard(self._settings, self._paths, host=self._host, boot_id=collector.inputs.boot_id)
        limit = self._settings.thresholds.disk_free_mb << 20
        watermark = Watermark(
            self._paths.database.parent, limit, lambda: housekeeping.maintenance, collector.pruned_early
        )
        folder = self._paths.backups_in(self._settings.backup.folder)
        checkup = Checkup(self._paths, folder, sink)
        jobs = (ScheduledBackup(self._settings, self._paths), watermark, checkup)
        housekeeping = Housekeeping(sink, self._settings, collector.sources, jobs)
        beside: list[asyncio.Task[None]] = []
        try:
            await self._open_history(guard, sink, collector)
            beside.append(asyncio.create_task(self._watch(guard, sink, collector), name="guard"))
            beside.append(asyncio.create_task(housekeeping.run(), name="housekeeping"))
            desk = HistoryDesk(self._store, self._paths.database, readable=lambda: sink.recording)
            beside.append(asyncio.create_task(desk.run(), name="history desk"))
            if not sink.recording:
                beside.append(asyncio.create_task(self._open_later(guard, sink, collector), name="opener"))
            collector.inputs.start_watching()
            self._collector = collector
            await self._loop(collector, sink)
        finally:
            self._collector = None
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await collector.close()
            guard.release()

    async def send(self, command: Command) -> None:
        """Apply a command; the next tick shows it."""
        if self._collector is not None:
            self._collector.apply(command)

    def set_interval(self, seconds: float) -> None:
        """Collect this often from now on."""
        self._interval = max(MIN_INTERVAL, seconds)
        self._changed.set()

    async def _open_history(self, guard: Guard, sink: HistorySink, collector: Collector) -> None:
        try:
            opened = await guard.open(self._interval)
        except DatabaseError as error:
            if self._need_history:
                raise
            sink.problem = f"not recording: {error}"
            return
        sink.use(opened.writer)
        collector.restore(opened.snapshot)
        if opened.recovery is not None:
            collector.recovered(opened.recovery)

    async def _open_later(self, guard: Guard, sink: HistorySink, collector: Collector) -> None:
        """Record once the database can be written after all; what memory knows by then goes into it."""
        while not sink.recording:
            await asyncio.sleep(REOPEN_SECONDS)
            try:
                opened = await guard.open(self._interval)
            except MonitorError as error:
                sink.problem = f"not recording: {error}"
                continue
            sink.use(opened.writer)
            collector.retell(opened.snapshot)
            if opened.recovery is not None:
                collector.recovered(opened.recovery)

    async def _watch(self, guard: Guard, sink: HistorySink, collector: Collector) -> None:
        """Replace the database when it turns out to be damaged; the ticks go on meanwhile."""
        async for opened in guard.replacements(sink, lambda: self._interval):
            if opened is not None:
                collector.retell(opened.snapshot)
                if opened.recovery is not None:
                    collector.recovered(opened.recovery)

    async def _loop(self, collector: Collector, sink: HistorySink) -> None:
        """Tick at the interval; a tick that is late is counted, and the missed ones are not made up for."""
        due = time.monotonic()
        while True:
            if time.monotonic() > due + self._interval:
                collector.late()
                due = time.monotonic()
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
