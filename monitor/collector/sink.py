"""The sink: hands each tick's rows to the writer without ever holding the tick up.

While the database cannot be written, rows wait in a bounded ring and are written once it can be again; what
falls out of the ring is recorded as a gap.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from monitor.errors import DatabaseDamagedError, DatabaseError
from monitor.model import Event, Millis

if TYPE_CHECKING:
    from monitor.history.rows import TickRows
    from monitor.history.writer import HistoryWriter

MAX_WAITING_SAMPLES: Final = 100_000
RETRY_SECONDS: Final = 5.0


class HistorySink:
    """Writes rows in order, one transaction a tick; until a writer is given it drops them.

    `problem` is empty, or says why nothing can be written.
    """

    def __init__(self) -> None:
        self._writer: HistoryWriter | None = None
        self._waiting: deque[TickRows] = deque()
        self._samples = 0
        self._dropped: tuple[Millis, Millis, int] | None = None
        self._task: asyncio.Task[None] | None = None
        self._retry_at = 0.0
        self.problem = ""
        self.damaged = asyncio.Event()
        """Set when the database turned out to be damaged: rows wait for another writer."""

    def use(self, writer: HistoryWriter) -> None:
        """Write through this one from now on, and close it at the end."""
        self._writer = writer
        self._retry_at = 0.0
        self.damaged.clear()

    @property
    def recording(self) -> bool:
        """Whether there is a database to write to."""
        return self._writer is not None

    @property
    def samples_waiting(self) -> int:
        """Samples held in memory because they could not be written yet."""
        return self._samples if self.problem else 0

    def set_interval(self, seconds: float) -> None:
        """Record from now on that ticks come this often."""
        if self._writer is not None:
            self._writer.interval_seconds = seconds

    def size(self) -> int | None:
        """Bytes of the database and its write-ahead log; None without one."""
        return self._writer.size() if self._writer is not None else None

    def put(self, rows: TickRows) -> None:
        """Have these rows written soon."""
        if self._writer is None or rows.empty:
            return
        self._waiting.append(rows)
        self._samples += len(rows.samples)
        while self._samples > MAX_WAITING_SAMPLES and len(self._waiting) > 1:
            self._drop(self._waiting.popleft())
        if (self._task is None or self._task.done()) and time.monotonic() >= self._retry_at:
            self._task = asyncio.create_task(self._drain(self._writer), name="history")

    async def close(self, now: Millis) -> None:
        """Write what waits, once more, and close the database."""
        if self._writer is None:
            return
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await self._drain(self._writer)
        await self._writer.close(now)

    async def _drain(self, writer: HistoryWriter) -> None:
        while self._waiting:
            rows = self._waiting[0]
            self._add_gap(rows)
            try:
                await writer.write(rows)
            except DatabaseError as error:
                self.problem = str(error)
                self._retry_at = time.monotonic() + RETRY_SECONDS
                if isinstance(error, DatabaseDamagedError):
                    self.damaged.set()
                return
            self._dropped = None
            if self._waiting and self._waiting[0] is rows:
                self._waiting.popleft()
                self._samples -= len(rows.samples)
        self.problem = ""

    def _drop(self, rows: TickRows) -> None:
        self._samples -= len(rows.samples)
        since, _, samples = self._dropped or (rows.at, rows.at, 0)
        self._dropped = (since, rows.at, samples + len(rows.samples))

    def _add_gap(self, rows: TickRows) -> None:
        if self._dropped is None:
            return
        since, until, samples = self._dropped
        gap = Event(timestamp=until, type="gap", details={"since": since, "until": until, "samples": samples})
        if gap not in rows.events:
            rows.events.append(gap)
