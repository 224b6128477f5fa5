"""The sink: hands each tick's rows to the writer without ever holding the tick up.

While the database cannot be written, rows wait in a bounded ring and are written once it can be again, under their
own times; what falls out of the ring is recorded as a gap.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from monitor.collector.ring import Ring
from monitor.errors import DatabaseDamagedError, DatabaseError

if TYPE_CHECKING:
    from monitor.history.writing.rows import TickRows
    from monitor.history.writing.writer import HistoryWriter
    from monitor.model import Millis

RETRY_SECONDS: Final = 5.0

log = logging.getLogger(__name__)


class HistorySink:
    """Writes rows in order, one transaction a tick; until a writer is given it drops them.

    `problem` is empty, or says why nothing can be written.
    """

    def __init__(self) -> None:
        self._writer: HistoryWriter | None = None
        self._awaiting = False
        self._ring = Ring()
        self._task: asyncio.Task[None] | None = None
        self._retry_at = 0.0
        self.problem = ""
        self.damaged = asyncio.Event()
        """Set when the database turned out to be damaged: rows wait for another writer."""

    def use(self, writer: HistoryWriter) -> None:
        """Write through this one from now on, and close it at the end."""
        self._writer = writer
        self._awaiting = False
        self._retry_at = 0.0
        self.damaged.clear()

    async def detach(self) -> HistoryWriter | None:
        """Take the writer back, once it has stopped writing: rows wait in the ring for another one."""
        writer, self._writer = self._writer, None
        self._awaiting = True
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        return writer

    def give_up(self, problem: str) -> None:
        """There will be no writer any more: rows are dropped from now on."""
        self._awaiting = False
        self._ring = Ring()
        self.problem = problem

    @property
    def writer(self) -> HistoryWriter | None:
        """What writes now; None while there is no database."""
        return self._writer

    def found_damaged(self, error: DatabaseDamagedError) -> None:
        """Somebody else has met damage in the database that is being written."""
        self.problem = str(error)
        self.damaged.set()

    @property
    def recording(self) -> bool:
        """Whether there is a database to write to."""
        return self._writer is not None

    @property
    def samples_waiting(self) -> int:
        """Samples held in memory because they could not be written yet."""
        return self._ring.samples if self.problem else 0

    def set_interval(self, seconds: float) -> None:
        """Record from now on that ticks come this often."""
        if self._writer is not None:
            self._writer.interval_seconds = seconds

    def size(self) -> int | None:
        """Bytes of the database and its write-ahead log; None without one."""
        return self._writer.size() if self._writer is not None else None

    def put(self, rows: TickRows) -> None:
        """Have these rows written soon."""
        if rows.empty or (self._writer is None and not self._awaiting):
            return
        self._ring.append(rows)
        idle = self._task is None or self._task.done()
        if self._writer is not None and idle and time.monotonic() >= self._retry_at:
            self._task = asyncio.create_task(self._drain(self._writer), name="history")

    async def close(self, now: Millis) -> None:
        """Write what waits, once more, and close the database."""
        if self._writer is None:
            return
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await self._drain(self._writer)
        if self._ring:
            log.warning("what waited in memory could not be written: %d samples are lost", self._ring.samples)
        await self._writer.close(now)

    async def _drain(self, writer: HistoryWriter) -> None:
        while self._ring:
            rows = self._ring.oldest()
            try:
                await writer.write(self._ring.with_gap(rows))
            except DatabaseError as error:
                self.problem = str(error)
                self._retry_at = time.monotonic() + RETRY_SECONDS
                if isinstance(error, DatabaseDamagedError):
                    self.damaged.set()
                return
            self._ring.written(rows)
        self.problem = ""
