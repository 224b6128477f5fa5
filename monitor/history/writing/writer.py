"""The writer: the one connection that writes, one transaction a tick (DESIGN.md §5)."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

from monitor.errors import DatabaseError
from monitor.history.connection import BUSY_TIMEOUT_SECONDS, MEBIBYTE, explain, in_one_go, open_writer
from monitor.history.lock import RecorderLock
from monitor.history.migrations import migrate
from monitor.history.moments.state import Snapshot, state_at
from monitor.history.queries import sql
from monitor.history.upkeep.maintenance import Maintenance
from monitor.history.upkeep.rollup import Late
from monitor.history.writing.encode import Encoder, Statement
from monitor.history.writing.set_back import clock_floor, move_back

if TYPE_CHECKING:
    import aiosqlite

    from monitor.config import Retention
    from monitor.history.writing.columns import Row
    from monitor.history.writing.rows import TickRows
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
        self._late = Late()
        self._touched: Millis = 0
        self._newest: Millis = 0
        self._floor: Millis = 0
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
        held: RecorderLock | None = None,
    ) -> Self:
        """Take the lock, unless it is `held` already, make or migrate the database, and note this recorder's start.

        Raises RecorderBusyError, DatabaseVersionError, or DatabaseError.
        """
        lock = held
        if lock is None:
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
        except BaseException as error:
            if held is None:
                lock.release()
            if isinstance(error, sqlite3.Error):
                raise explain(error, paths.database) from error
            raise
        writer = cls(paths, db, lock, recorder_id or 0, wal_limit_mb)
        writer.interval_seconds = interval_seconds
        return writer

    async def load(self, now: Millis) -> Snapshot:
        """The state that the history holds, to go on from after a restart. Raises DatabaseError.

        What was recorded under times later than `now`, before the clock was set back, is moved back with it.
        """
        try:
            await in_one_go(self._db, lambda db: self._follow_clock(db, now))
            snapshot = await state_at(self._db, now)
        except sqlite3.Error as error:
            raise explain(error, self._paths.database) from error
        systems = [reading.state for reading in snapshot.systems.by_name.values()]
        self._encoder.remember(snapshot.sessions.by_agent, systems)
        return snapshot

    async def let_go(self) -> RecorderLock:
        """Close a database that cannot be gone on with, as it stands; returns the lock, still held."""
        with suppress(sqlite3.Error):  # it may fail to move its log into what is damaged
            await self._db.close()
        return self._lock

    async def write(self, rows: TickRows) -> None:
        """Write a tick in one transaction: all of it or nothing.

        Raises DatabaseError; the same rows may be written again then, and once too often does no harm. A tick from
        before the last one says that the clock was set back: what lies ahead of it is moved back first.
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
            await in_one_go(self._db, lambda db: self._run(db, statements, rows.at))
        except sqlite3.Error as error:
            raise explain(error, self._paths.database) from error
        self._newest = max(self._newest, rows.at)
        self._encoder.accept()
        self._interval_told = self.interval_seconds
        if touch:
            self._touched = rows.at

    async def close(self, now: Millis) -> None:
        """Note the end of this recorder, as far as the database can be written, and let go of it."""
        try:
            at = max(now, self._newest)
            await self._db.execute(sql("stop_recorder"), {"recorder_id": self.recorder_id, "at": at})
        except sqlite3.Error as error:
            log.warning("%s", explain(error, self._paths.database))
        finally:
            try:
                await self._db.close()
            finally:
                self._lock.release()

    def maintenance(self, retention: Retention) -> Maintenance:
        """What keeps this database summed up and within its retention, between the ticks."""
        return Maintenance(self._db, self._paths.database, retention, self._late)

    def size(self) -> int:
        """Bytes of the database and its write-ahead log."""
        file = self._paths.database
        return sum(_size(part) for part in (str(file), f"{file}-wal"))

    def _follow_clock(self, db: sqlite3.Connection, at: Millis) -> None:
        """In the connection's thread: see that nothing lies ahead of the clock."""
        move_back(db, at)
        self._floor, self._newest = clock_floor(db), at

    def _run(self, db: sqlite3.Connection, statements: list[Statement], at: Millis) -> None:
        """In the connection's thread: all of them or none."""
        if at < self._newest or self._newest < self._floor <= at:
            self._follow_clock(db, at - 1)
        # IMMEDIATE: a read transaction that becomes a writing one fails at once when another has written.
        db.execute("BEGIN IMMEDIATE")
        try:
            for name, bound in statements:
                self._run_one(db, name, bound)
            if self._late.note(at):
                db.execute(sql("reopen_rollups"), {"at": at})
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
