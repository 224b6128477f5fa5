"""The guard of the history database: opens it, and gets over its damage, at the start and while it is being written.

The recorder's lock is held from the first opening to the end, whatever becomes of the file.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

import msgspec

from monitor import __version__
from monitor.collector.clock import wall_clock
from monitor.errors import DatabaseDamagedError, DatabaseError
from monitor.history.check.quick import quick_check
from monitor.history.lock import RecorderLock
from monitor.history.recovery.rebuild import (
    altered_schema,
    damaged_schema,
    is_emptied,
    is_ours,
    keep_broken_log,
    put_aside,
    rebuild,
)
from monitor.history.writing.writer import HistoryWriter
from monitor.model import Recovery

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from monitor.collector.sink import HistorySink
    from monitor.config import Settings
    from monitor.history.moments.state import Snapshot
    from monitor.paths import StatePaths

MAX_RECOVERIES: Final = 3
"""Recoveries within `WINDOW_SECONDS`: a disk that damages every file must not be filled with them."""
WINDOW_SECONDS: Final = 600.0
RETRY_SECONDS: Final = 10.0
"""Between two attempts to begin a new database, for instance on a full disk."""
CHECK_SECONDS: Final = 60.0
"""The longest that a quick check may take."""
MISREAD: Final = (ValueError, TypeError, LookupError, ArithmeticError, msgspec.MsgspecError, zlib.error)
"""What reading values raises that no recorder writes."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A database that can be written, and the state that it holds."""

    writer: HistoryWriter
    snapshot: Snapshot
    recovery: Recovery | None = None
    """How it came to be, when the one before it was damaged."""


class Guard:
    """Opens the history, and opens it anew when it turns out to be damaged. One for the life of a recorder."""

    def __init__(self, settings: Settings, paths: StatePaths, *, host: str, boot_id: str) -> None:
        self._settings = settings
        self._paths = paths
        self._host = host
        self._boot_id = boot_id
        self._lock: RecorderLock | None = None
        self._recoveries: deque[float] = deque()
        """When a database was put aside, on the monotonic clock."""
        self._recovery: Recovery | None = None
        """What was done so far for a database that could not be replaced yet."""
        self._backups = paths.backups_in(settings.backup.folder)

    async def open(self, interval: float) -> Opened:
        """Take the lock and open the database, in the place of a damaged one if need be.

        Raises RecorderBusyError, DatabaseVersionError; DatabaseError when it cannot be made, is damaged and not this
        program's, or has been damaged too often.
        """
        lock = RecorderLock(self._paths, version=__version__, interval_seconds=interval, now=wall_clock())
        await asyncio.to_thread(lock.acquire)
        self._lock = lock
        try:
            broken = await asyncio.to_thread(keep_broken_log, self._paths.database.resolve(), wall_clock())
            try:
                opened = await self._open(interval)
            except DatabaseDamagedError as error:
                if not await is_ours(self._paths, self._backups):
                    raise
                return await self._replace(str(error), interval)
            return Opened(opened.writer, opened.snapshot, broken)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let go of the lock, where no writer has taken it over; the end."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    async def replacements(
        self, sink: HistorySink, interval: Callable[[], float]
    ) -> AsyncIterator[Opened | None]:
        """Replace the database each time it is found damaged, beside the ticks, until it happens too often.

        Gives None when the old database is about to be closed, and the new one before the sink writes to it.
        """
        while True:
            await sink.damaged.wait()
            problem = sink.problem = sink.problem or f"{self._paths.database}: is damaged."
            writer = await sink.detach()
            yield None
            if writer is not None:
                self._lock = await writer.let_go()
            while sink.damaged.is_set():
                if self._too_often():
                    sink.give_up(self._gives_up())
                    return
                try:
                    opened = await self._replace(problem, interval())
                except DatabaseError as error:
                    sink.problem = str(error)
                    await asyncio.sleep(RETRY_SECONDS)
                else:
                    yield opened
                    sink.use(opened.writer)

    async def _replace(self, problem: str, interval: float) -> Opened:
        """Put the database aside, and open a new one with the last state in it. Raises DatabaseError.

        An attempt that failed is gone on with by the next one, unless the new database is damaged as well.
        """
        if self._too_often():
            raise DatabaseError(self._gives_up())
        now = wall_clock()
        if self._recovery is None:
            aside = await asyncio.to_thread(put_aside, self._paths.database.resolve(), now)
            self._recoveries.append(time.monotonic())
            self._recovery = Recovery(at=now, problem=problem, aside=str(aside), origin="nothing")
        if not await asyncio.to_thread(self._paths.database.exists):
            self._recovery = await rebuild(self._paths, self._backups, self._recovery)
        try:
            opened = await self._open(interval)
        except DatabaseDamagedError:
            self._recovery = None
            raise
        recovery, self._recovery = self._recovery, None
        return Opened(opened.writer, opened.snapshot, recovery)

    def _gives_up(self) -> str:
        return (
            f"{self._paths.database}: was damaged {MAX_RECOVERIES} times within {WINDOW_SECONDS / 60:.0f} minutes and "
            "is not recorded to any more: see to the disk, then start the recorder again."
        )

    def _too_often(self) -> bool:
        while self._recoveries and time.monotonic() - self._recoveries[0] > WINDOW_SECONDS:
            self._recoveries.popleft()
        return len(self._recoveries) >= MAX_RECOVERIES

    async def _open(self, interval: float) -> Opened:
        """Open the database with the lock that is held, and read its state."""
        if await asyncio.to_thread(is_emptied, self._paths, self._backups):
            raise DatabaseDamagedError(f"{self._paths.database}: is empty, and was not always.")
        try:
            writer = await HistoryWriter.open(
                self._paths,
                host=self._host,
                boot_id=self._boot_id,
                version=__version__,
                interval_seconds=interval,
                now=wall_clock(),
                wal_limit_mb=self._settings.database.wal_limit_mb,
                held=self._lock,
            )
        except (DatabaseError, *MISREAD) as error:
            await self._misread(error)
        try:
            snapshot = await writer.load(wall_clock())
        except (DatabaseError, *MISREAD) as error:
            await writer.let_go()
            await self._misread(error)
        except BaseException:
            await writer.let_go()
            raise
        self._lock = None  # the writer's, which lets go of it when it is closed
        return Opened(writer, snapshot)

    async def _misread(self, error: Exception) -> NoReturn:
        """Tell damage, which the file itself shows, from another fault. Raises DatabaseDamagedError, or the error."""
        database = self._paths.database
        if isinstance(error, DatabaseError):
            problem = await damaged_schema(database, error)
        else:
            problem = await altered_schema(database) or await self._quick_problem()
        if not problem:
            raise error
        raise DatabaseDamagedError(f"{database}: is damaged: {problem}.") from error

    async def _quick_problem(self) -> str:
        """What a quick check finds first; empty when it finds nothing."""
        found = await asyncio.to_thread(quick_check, self._paths.database, CHECK_SECONDS)
        return next(iter(found.damage + found.rules), "")
