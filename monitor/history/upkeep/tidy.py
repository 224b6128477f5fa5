"""Maintenance by hand, while nobody records: retention now, and all free space given back."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from monitor import __version__
from monitor.errors import DatabaseError, RecorderBusyError
from monitor.history.connection import explain, in_one_go, open_reader, open_writer
from monitor.history.lock import RecorderLock
from monitor.history.migrations import migrate
from monitor.history.queries import fetch_one
from monitor.history.upkeep import retention, vacuum
from monitor.history.upkeep.maintenance import Maintenance
from monitor.history.upkeep.slices import Pace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import aiosqlite

    from monitor.config import Retention
    from monitor.model import Millis
    from monitor.paths import StatePaths


RETRY_SECONDS: Final = 0.1
SUMMING_SHARE: Final = 0.8
"""Of the work, where all of it is yet to be done: summing a sample up takes longer than deleting it."""
WAL_PATIENCE_SECONDS: Final = 10.0
"""How long readers may keep the write-ahead log from being emptied, in all."""


class Pruned(msgspec.Struct, frozen=True, kw_only=True):
    """What retention deleted, or would delete. Bytes are those of the database file."""

    file: str
    dry_run: bool
    rows: dict[str, int]
    """Table to rows."""
    bytes_before: int
    bytes_after: int


class Compacted(msgspec.Struct, frozen=True, kw_only=True):
    """What `compact` made of a file. Bytes."""

    file: str
    rewritten: bool
    """The file was written anew as a whole, for its free pages could not be cut off."""
    bytes_before: int
    bytes_after: int


async def overdue(paths: StatePaths, kept: Retention, now: Millis) -> Pruned:
    """What retention would delete now; also while a recorder records. Raises DatabaseError."""
    rows: dict[str, int] = {}
    async with open_reader(paths.database) as db:
        await in_one_go(db, lambda connection: rows.update(retention.overdue(connection, kept, now)))
    size = paths.database.stat().st_size
    return Pruned(file=str(paths.database), dry_run=True, rows=rows, bytes_before=size, bytes_after=size)


async def prune_now(
    paths: StatePaths, kept: Retention, now: Millis, wal_limit_mb: int, progress: Callable[[float], None]
) -> Pruned:
    """Sum up and delete what is past its time, in one go.

    Raises RecorderBusyError while a recorder does that by itself, DatabaseError, DatabaseVersionError.
    """
    size = _size(paths)
    async with _writing(paths, now, wal_limit_mb) as db:
        rows: dict[str, int] = {}
        await in_one_go(db, lambda connection: rows.update(retention.overdue(connection, kept, now)))
        first = await _first_sample(db, now)
        maintenance = Maintenance(db, paths.database, kept)
        patience = WAL_PATIENCE_SECONDS
        while patience > 0 and (await maintenance.step(now) or maintenance.waiting):
            if maintenance.waiting:
                await asyncio.sleep(RETRY_SECONDS)
                patience -= RETRY_SECONDS
            summed_up = (await _summed_up_until(db) - first) / max(1, now - first)
            deleted = maintenance.deleted.total() / max(1, sum(rows.values()))
            progress(SUMMING_SHARE * max(0.0, summed_up) + (1 - SUMMING_SHARE) * deleted)
        if maintenance.waiting:
            raise DatabaseError(
                f"{paths.database}: another program reads it without end, which keeps its write-ahead log from being "
                "emptied: close that program, and run this again."
            )
    return Pruned(
        file=str(paths.database),
        dry_run=False,
        rows={name: maintenance.deleted[name] for name in [*rows, "agents"]},
        bytes_before=size,
        bytes_after=paths.database.stat().st_size,
    )


async def _first_sample(db: aiosqlite.Connection, now: Millis) -> Millis:
    """Where the roll-ups begin, or go on."""
    found: list[Millis | None] = []
    await in_one_go(db, lambda connection: found.append(retention.oldest(connection)["agent_metrics"]))
    return max(found[0] or now, await _summed_up_until(db))


async def _summed_up_until(db: aiosqlite.Connection) -> Millis:
    row = await fetch_one(db, "rollup_mark", rollup="agent_metrics_5min")
    return row["done_until"] if row is not None else 0


async def compact(
    paths: StatePaths, now: Millis, wal_limit_mb: int, progress: Callable[[float], None]
) -> Compacted:
    """Give all free pages back to the disk.

    Raises RecorderBusyError, DatabaseError, DatabaseVersionError.
    """
    size = _size(paths)
    async with _writing(paths, now, wal_limit_mb) as db:
        found: list[bool] = []
        await in_one_go(db, lambda connection: found.append(_compact(connection, progress)))
    return Compacted(
        file=str(paths.database),
        rewritten=found[0],
        bytes_before=size,
        bytes_after=paths.database.stat().st_size,
    )


def _compact(db: sqlite3.Connection, progress: Callable[[float], None]) -> bool:
    """In the connection's thread. True: the file was written anew, and can be shortened page by page from now on."""
    if vacuum.pragma(db, "auto_vacuum") != vacuum.INCREMENTAL:
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # takes effect with the next line
        db.execute("VACUUM")
        return True
    free = max(1, vacuum.free_bytes(db))
    for _ in vacuum.give_back(db, Pace(), everything=True):
        progress(1 - vacuum.free_bytes(db) / free)
    return False


def _size(paths: StatePaths) -> int:
    try:
        return paths.database.stat().st_size
    except OSError:
        raise DatabaseError(f"{paths.database}: is not there; `agent-monitor record` makes it.") from None


@asynccontextmanager
async def _writing(paths: StatePaths, now: Millis, wal_limit_mb: int) -> AsyncIterator[aiosqlite.Connection]:
    """The database at the newest schema, under the recorder's lock; its log is copied into the file at the end."""
    lock = RecorderLock(paths, version=__version__, interval_seconds=0.0, now=now)
    try:
        await asyncio.to_thread(lock.acquire)
    except RecorderBusyError as error:
        raise RecorderBusyError(f"{error} A recorder does this by itself, a little at a time.") from error
    try:
        db = await open_writer(paths, wal_limit_mb)
        try:
            await migrate(db)
            yield db
            await db.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise explain(error, paths.database) from error
        finally:
            await db.close()
    finally:
        lock.release()
