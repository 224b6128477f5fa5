"""Housekeeping: what has to be done now and then beside the ticks, spread out so that neither they nor git wait."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from monitor.collector.clock import wall_clock
from monitor.collector.inputs import HOST
from monitor.collector.jobs import CpuMeter
from monitor.errors import DatabaseDamagedError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

    from monitor.collector.sink import HistorySink
    from monitor.collector.sources import SourceBook
    from monitor.config import Settings
    from monitor.history.upkeep.maintenance import Maintenance
    from monitor.history.writing.writer import HistoryWriter
    from monitor.model import Millis

MAINTENANCE: Final = "maintenance"
"""Name of the source record that tells how roll-ups and retention fare."""
LOOK_SECONDS: Final = 20.0
"""Between two looks whether a roll-up or the day's retention is due; a look that finds nothing costs nothing."""
RETRY_SECONDS: Final = 60.0
"""After a failure, for instance of a full disk."""
CORE_SHARE: Final = 0.02
"""Share of a core that maintenance takes while it has much to do."""
WAITING: Final = "waits for a program that reads the database without end"
MIN_PAUSE_SECONDS: Final = 0.05
"""Between two slices, so that what waits for the connection waits for one of them at most."""


class Job(Protocol):
    """Something else to be done periodically beside the ticks."""

    @property
    def name(self) -> str:
        """Name of its source record, as the health pane shows it."""

    @property
    def interval(self) -> float:
        """Seconds from the end of a run to the next; the first run is due at once."""

    async def run(self, now: Millis) -> None:
        """Do it. What it raises becomes a failing source record, and it runs again when it is due."""


class Housekeeping:
    """Runs roll-ups and retention on the database that the sink writes, and other jobs, each in a task of its own.

    Failures become source records in `book`, from which the failing-source rule raises an alert. A database found
    damaged is told to the sink.
    """

    def __init__(
        self, sink: HistorySink, settings: Settings, book: SourceBook, jobs: Iterable[Job] = ()
    ) -> None:
        self._sink = sink
        self._settings = settings
        self._book = book
        self._jobs = tuple(jobs)
        self._of: tuple[HistoryWriter, Maintenance] | None = None

    @property
    def maintenance(self) -> Maintenance | None:
        """The maintenance of the database that is written now; None without one."""
        writer = self._sink.writer
        if writer is None:
            return None
        if self._of is None or self._of[0] is not writer:
            self._of = (writer, writer.maintenance(self._settings.retention))
        return self._of[1]

    async def run(self) -> None:
        """Keep house until cancelled; a slice that has begun is finished by the database's thread."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._maintain(), name=MAINTENANCE)
            for job in self._jobs:
                group.create_task(self._repeat(job), name=job.name)

    async def _maintain(self) -> None:
        while True:
            maintenance = self.maintenance
            pause = LOOK_SECONDS
            if maintenance is not None and not self._sink.problem:
                pause = await self._step(maintenance)
            await asyncio.sleep(pause)

    async def _step(self, maintenance: Maintenance) -> float:
        """Do one slice; returns how many seconds the next one is to wait."""
        now, begin = wall_clock(), time.perf_counter()
        try:
            more = await maintenance.step(now)
        except DatabaseDamagedError as error:
            self._book.failed(MAINTENANCE, HOST, now, error)
            self._sink.found_damaged(error)
            return RETRY_SECONDS
        except Exception as error:  # noqa: BLE001 - the boundary of what runs beside the ticks: a failure is a record
            if maintenance is self.maintenance:  # of a database that was just replaced nothing is told
                self._book.failed(MAINTENANCE, HOST, now, error)
            return RETRY_SECONDS
        seconds = time.perf_counter() - begin
        held = maintenance.pace.last_seconds if more else 0.0
        if not more or not self._book.failing(MAINTENANCE, HOST):  # it is well again once all of it is done
            degraded = WAITING if maintenance.waiting else ""
            self._book.succeeded(MAINTENANCE, HOST, now, 1000 * seconds, 1000 * held, degraded)
        return max(MIN_PAUSE_SECONDS, held / CORE_SHARE) if more else LOOK_SECONDS

    async def _repeat(self, job: Job) -> None:
        while True:
            await self._run(job.name, job.run(now := wall_clock()), now)
            await asyncio.sleep(job.interval)

    async def _run(self, name: str, running: Coroutine[Any, Any, None], now: Millis) -> None:
        meter, begin = CpuMeter(running), time.perf_counter()
        try:
            await meter
        except Exception as error:  # noqa: BLE001 - as above
            self._book.failed(name, HOST, now, error)
        else:
            elapsed = 1000 * (time.perf_counter() - begin)
            self._book.succeeded(name, HOST, now, elapsed, 1000 * meter.seconds)
