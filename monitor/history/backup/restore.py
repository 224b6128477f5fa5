"""Going back to a backup: its database is put where the present one stands, which is kept beside it.

Until the last step, one rename, the present database stands where it stood; after it the restored one does. A restore
that was killed is run again.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from monitor import __version__
from monitor.errors import DatabaseDamagedError, DatabaseError, MonitorError
from monitor.history.backup.copying import SLACK, Contents, copy_database, inspect, require_space, sync
from monitor.history.backup.files import STAMP
from monitor.history.backup.manifest import DATABASE, Entry
from monitor.history.backup.unpack import manifest_of, unpack
from monitor.history.connection import open_reader, open_writer
from monitor.history.lock import RecorderLock
from monitor.history.migrations import current_version, migrate, migrations
from monitor.history.queries import fetch_one
from monitor.model import Millis
from monitor.paths import StatePaths, private_folder

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.history.backup.copying import Progress

ENDINGS: Final = ("-wal", "-shm", "-journal")
"""Of the files that SQLite keeps beside a database."""
ARCHIVE_ENDINGS: Final = (".tar.gz", ".tgz")


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """Rows recorded after the backup: they are only in the file that was kept."""

    samples: int
    task_events: int
    commits: int
    alerts: int


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore did."""

    file: str
    """The backup."""
    database: str
    contents: Contents
    """As they were in the backup."""
    version: int
    """Of the schema, now."""
    kept: str | None
    """The database that stood there before; None when there was none."""
    kept_damaged: bool
    until: Millis | None
    """The last moment recorded in the kept database; None when it cannot be told."""
    lost: Lost | None
    """None when the kept database cannot be read."""


class _Present(msgspec.Struct, frozen=True, kw_only=True):
    """The database that is to make room."""

    damaged: bool = False
    until: Millis | None = None
    lost: Lost | None = None


def is_archive(file: Path) -> bool:
    """Whether a file is named as full backups are."""
    return file.name.endswith(ARCHIVE_ENDINGS)


async def restore_database(
    paths: StatePaths, file: Path, now: Millis, *, wal_limit_mb: int, progress: Progress | None = None
) -> Restored:
    """Put the database of a backup (a recording, or a full backup's archive) in the place of the present one.

    Raises RecorderBusyError while a recorder runs; DatabaseDamagedError, DatabaseVersionError or DatabaseError for a
    backup that is damaged, newer than this program, or none; DatabaseError when there is no space, or the present
    database is another program's or in use. In all of these the present database stays as it is.
    """
    _refuse_itself(paths, file)
    with RecorderLock(paths, version=__version__, interval_seconds=0.0, now=now):
        # A link to a file on another disk stays one: the restored file takes the place of what it leads to.
        paths = StatePaths(paths.folder, paths.database.resolve())
        copy = paths.database.with_name(f"{paths.database.name}.restoring")
        there = paths.database.exists()
        _remove(copy)  # what a killed restore left
        try:
            contents = await _prepare(paths, file, copy, wal_limit_mb, progress)
            log = _copy_log(paths.database, copy)
            present = await _fold(paths, contents.last, wal_limit_mb) if there else _Present()
            log = log if present.damaged else None
            kept = put_in_place(copy, paths.database, now, log=log, beside=ENDINGS)
        finally:
            _remove(copy)
    return Restored(
        file=str(file),
        database=str(paths.database),
        contents=contents,
        version=len(migrations()),
        kept=kept,
        kept_damaged=present.damaged,
        until=present.until,
        lost=present.lost,
    )


def put_in_place(
    copy: Path, target: Path, now: Millis, *, log: Path | None = None, beside: tuple[str, ...] = ()
) -> str | None:
    """Put a finished file where another stands, or none; that one gets a second name first. Gives this name.

    Each step is on the disk before the next. `log` is the write-ahead log that a damaged database keeps; a whole one
    has nothing in it by now. `beside` are the endings of files that go with the old one. Raises DatabaseError.
    """
    try:
        sync(copy)
        kept = _second_name(target, now)
        if kept is not None and log is not None:
            log.replace(kept.with_name(f"{kept.name}-wal"))
        sync(target.parent)
        # A log that is left would be taken for the new file's. Viewers that have it open go on reading the old files,
        # until they see that another file has the name.
        for ending in beside:
            target.with_name(target.name + ending).unlink(missing_ok=True)
        sync(target.parent)
        copy.replace(target)
        sync(target.parent)
    except OSError as error:
        raise DatabaseError(f"{target}: cannot be replaced: {error.strerror}.") from error
    return str(kept) if kept is not None else None


async def _prepare(
    paths: StatePaths, file: Path, copy: Path, wal_limit_mb: int, progress: Progress | None
) -> Contents:
    """Make `copy` the backup's database, whole and of this program's schema."""
    if is_archive(file):
        await asyncio.to_thread(_unpack_database, file, copy, progress)
        try:
            contents = await inspect(copy)
        except MonitorError as error:
            raise type(error)(f"{file}: its database cannot be used: {error}") from error
    else:
        private_folder(copy.parent)
        contents = await copy_database(file, copy, progress=progress)
    db = await open_writer(StatePaths(paths.folder, copy), wal_limit_mb)
    try:
        await migrate(db)
    finally:
        await db.close()  # which leaves one file
    return contents


def _unpack_database(file: Path, copy: Path, progress: Progress | None) -> None:
    """Write the archive's database to `copy`, having read the whole archive."""
    manifest = manifest_of(file)
    database = manifest.under(DATABASE)
    if len(database) != 1:
        raise DatabaseDamagedError(f"{file}: holds {len(database)} databases instead of one.")
    private_folder(copy.parent)
    require_space(copy.parent, database[0].bytes + SLACK, f"the database of {file}")

    def place(entry: Entry) -> Path | None:
        return copy if entry == database[0] else None

    unpack(file, place, progress)


async def _fold(paths: StatePaths, since: Millis | None, wal_limit_mb: int) -> _Present:
    """Move what the present database's write-ahead log holds into it, and tell what it has beyond the backup.

    One of another program, or one that cannot be had alone, is a DatabaseError.
    """
    try:
        db = await open_writer(paths, wal_limit_mb)
    except DatabaseError as error:
        # A header that makes no sense is a plain error to SQLite ("unsupported file format").
        unreadable = getattr(error.__cause__, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
        if unreadable or isinstance(error, DatabaseDamagedError):
            return _Present(damaged=True)
        raise
    damaged = False
    try:
        rows = list(await db.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)"))
        if rows and rows[0][0]:
            raise DatabaseError(
                f"{paths.database}: another program is reading it: close that, and try again."
            )
    except sqlite3.DatabaseError as error:
        damaged = True
        if isinstance(error, sqlite3.OperationalError):
            raise DatabaseError(f"{paths.database}: cannot be put aside: {error}.") from error
    finally:
        with suppress(sqlite3.Error):
            await db.close()
    return _Present(damaged=True) if damaged else await _beyond(paths, since)


async def _beyond(paths: StatePaths, since: Millis | None) -> _Present:
    """What the present database holds that the backup does not, as far as it can be read."""
    try:
        async with open_reader(paths.database) as db:
            if await current_version(db) != len(migrations()):
                return _Present()
            until = await fetch_one(db, "recorded_until")
            row = await fetch_one(db, "recorded_since", since=since or 0)
    except DatabaseDamagedError:
        return _Present(damaged=True)
    lost = None if row is None else Lost(**{name: row[name] or 0 for name in Lost.__struct_fields__})
    return _Present(until=(until["last"] or None) if until is not None else None, lost=lost)


def _second_name(target: Path, now: Millis) -> Path | None:
    """Give the file at `target` a second name, `<name>.before-restore-<time>`; None when there is no file."""
    if not target.exists():
        return None
    moment = datetime.fromtimestamp(now / 1000, UTC)
    kept = target.with_name(f"{target.name}.before-restore-{moment:{STAMP}}")
    number = 1
    while os.path.lexists(kept):
        number += 1
        kept = target.with_name(f"{target.name}.before-restore-{moment:{STAMP}}-{number}")
    try:
        os.link(target, kept)
    except OSError:  # a file system without such names
        require_space(kept.parent, target.stat().st_size + SLACK, f"a copy of {target}")
        shutil.copyfile(target, kept)
        kept.chmod(0o600)
        sync(kept)
    return kept


def _copy_log(database: Path, copy: Path) -> Path | None:
    """The present write-ahead log as it is: SQLite removes one when it opens a database that it then calls damaged."""
    log, kept = database.with_name(f"{database.name}-wal"), copy.with_name(f"{copy.name}-log")
    if not log.exists() or not log.stat().st_size:
        return None
    require_space(copy.parent, log.stat().st_size + SLACK, f"a copy of {log}")
    shutil.copyfile(log, kept)
    kept.chmod(0o600)
    sync(kept)
    return kept


def _refuse_itself(paths: StatePaths, file: Path) -> None:
    if not file.is_file():
        raise DatabaseError(f"{file}: there is no such file.")
    if paths.database.exists() and os.path.samefile(file, paths.database):
        raise DatabaseError(f"{file}: is the database in use itself; name a backup of it.")


def _remove(copy: Path) -> None:
    for ending in ("", "-log", *ENDINGS):
        with suppress(OSError):
            copy.with_name(copy.name + ending).unlink(missing_ok=True)
