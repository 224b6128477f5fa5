"""The writer: the one connection that writes, one transaction a tick (DESIGN.md §5)."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from typing import TYPE_CHECKING, Final, Self

from monitor.errors import DatabaseError
from monitor.history.connection import BUSY_TIMEOUT_SECONDS, MEBIBYTE, explain, in_one_go, open_writer
from monitor.history.encode import Encoder, Statement
from monitor.history.lock import RecorderLock
from monitor.history.migrations import migrate
from monitor.history.queries import sql
from monitor.history.state import Snapshot, state_at

if TYPE_CHECKING:
    import aiosqlite

    from monitor.history.columns import Row
    from monitor.history.rows import TickRows
    from monitor.model import Millis
    from monitor.paths import StatePaths

RECORDER_REPEAT_MS: Final = 10_000
"""`recorders.last_tick_at` is refreshed after this long."""

log = logging.getLogger(__name__)


class HistoryWriter:
    """Owns lock, connection and recorder row; made by `open`, ended by `close`."""

    def __init__(
        self,
        paths: StatePaths,
        db: aiosqlite.Connection,
        lock: RecorderLock,
        recorder_id: int,
        wal_limit_mb: int,
    ) -> None:
        self.recorder_id = recorder_id
        """This start of the recorder: its epoch in table `recorders`."""
        self.interval_seconds = 0.0
        """Recorded with the next tick; the collector sets it when its interval changes."""
        self.rejected = 0
        """Rows that broke a rule of the tables and were left out."""
        self._paths = paths
        self._db = db
        self._lock = lock
        self._wal_limit = wal_limit_mb * MEBIBYTE
        self._encoder = Encoder()
        self._touched: Millis = 0
        self._interval_told = 0.0

    @classmethod
    async def open(
        cls,
        paths: StatePaths,
        *,
        host: str,
        boot_id: str,
        version: str,
        interval_seconds: float,
        now: Millis,
        wal_limit_mb: int = 16,
    ) -> Self:
        """Take the lock, make or migrate the database, and note the start of this recorder.

        Raises RecorderBusyError, DatabaseVersionError, or DatabaseError.
        """
        lock = RecorderLock(paths, version=version, interval_seconds=interval_seconds, now=now)
        await asyncio.to_thread(lock.acquire)
        try:
            db = await open_writer(paths, wal_limit_mb)
            try:
                await migrate(db)
                cursor = await db.execute(
                    sql("insert_recorder"),
                    {
                        "host": host,
                        "boot_id": boot_id,
                        "pid": os.getpid(),
                        "version": version,
                        "interval_ms": round(interval_seconds * 1000),
                        "at": now,
                    },
                )
                recorder_id = cursor.lastrowid
            except BaseException:
                await db.close()
                raise
        except sqlite3.Error as error:
            lock.release()
            raise explain(error, paths.database) from error
        except BaseException:
            lock.release()
            raise
        writer = cls(paths, db, lock, recorder_id or 0, wal_limit_mb)
        writer.interval_seconds = interval_seconds
        return writer

    async def load(self, now: Millis) -> Snapshot:
        """The state that the history holds, to go on from after a restart. Raises DatabaseError."""
        try:
            return await state_at(self._db, now)
        except sqlite3.Error as error:
            raise explain(error, self._paths.database) from error

    async def write(self, rows: TickRows) -> None:
        """Write a tick in one transaction: all of it or nothing.

        Raises DatabaseError; the same rows may be written again then, and once too often does no harm.
        """
        statements = self._encoder.statements(rows)
        touch = not 0 <= rows.at - self._touched < RECORDER_REPEAT_MS
        if touch:
            interval_ms = round(self.interval_seconds * 1000)
            seen = {"recorder_id": self.recorder_id, "at": rows.at, "interval_ms": interval_ms}
            statements.append(("touch_recorder", [seen]))
        if self.interval_seconds != self._interval_told:
            interval_ms = round(self.interval_seconds * 1000)
            told = {"recorder_id": self.recorder_id, "at": rows.at, "interval_ms": interval_ms}
            statements.append(("insert_recorder_interval", [told]))
        try:
            await self._bound_log()
            await in_one_go(self._db, lambda db: self._run(db, statements))
        except sqlite3.Error as error:
            raise explain(error, self._paths.database) from error
        self._encoder.accept()
        self._interval_told = self.interval_seconds
        if touch:
            self._touched = rows.at

    async def close(self, now: Millis) -> None:
        """Note the end of this recorder, as far as the database can be written, and let go of it."""
        try:
            await self._db.execute(sql("stop_recorder"), {"recorder_id": self.recorder_id, "at": now})
        except sqlite3.Error as error:
            log.warning("%s", explain(error, self._paths.database))
        finally:
            try:
                await self._db.close()
            finally:
                self._lock.release()

    def size(self) -> int:
        """Bytes of the database and its write-ahead log."""
        file = self._paths.database
        return sum(_size(part) for part in (str(file), f"{file}-wal"))

    def _run(self, db: sqlite3.Connection, statements: list[Statement]) -> None:
        """In the connection's thread: all of them or none."""
        # IMMEDIATE: a read transaction that becomes a writing one fails at once when another has written.
        db.execute("BEGIN IMMEDIATE")
        try:
            for name, bound in statements:
                self._run_one(db, name, bound)
            db.commit()
        except BaseException:
            db.rollback()
            raise

    def _run_one(self, db: sqlite3.Connection, name: str, bound: list[Row]) -> None:
        try:
            db.executemany(sql(name), bound)
        except (sqlite3.IntegrityError, sqlite3.DataError):
            self._one_by_one(db, name, bound)

    def _one_by_one(self, db: sqlite3.Connection, name: str, bound: list[Row]) -> None:
        """A row that breaks a rule of the table is left out; its neighbours are written."""
        for row in bound:
            try:
                db.execute(sql(name), row)
            except (sqlite3.IntegrityError, sqlite3.DataError) as error:
                self.rejected += 1
                log.warning("%s: a row was left out (%s): %s", self._paths.database, name, error)

    async def _bound_log(self) -> None:
        """Keep the write-ahead log within its limit: when a reader will not let it start again, do not write on."""
        if _size(f"{self._paths.database}-wal") <= self._wal_limit:
            return
        await self._db.execute("PRAGMA busy_timeout = 0")  # readers are not waited for
        try:
            await self._db.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            log.warning("%s", explain(error, self._paths.database))
        finally:
            await self._db.execute(f"PRAGMA busy_timeout = {round(BUSY_TIMEOUT_SECONDS * 1000):d}")
        if _size(f"{self._paths.database}-wal") > self._wal_limit:
            raise DatabaseError(
                f"{self._paths.database}: its write-ahead log has reached {self._wal_limit // MEBIBYTE} MiB, because "
                "another program reads the database without end: close that program."
            )


def _size(file: str) -> int:
    try:
        return os.stat(file).st_size
    except FileNotFoundError:
        return 0
