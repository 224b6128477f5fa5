"""What a recorder does about a damaged database: put it aside, and rebuild the last state from a backup or by salvage.

Seed 001's first recovery procedure (L396); the coordination files are read again by the recorder itself.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sqlite3
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.errors import DatabaseDamagedError, DatabaseError, DatabaseVersionError
from monitor.history.backup.copying import SLACK, copy_database, require_space, sync
from monitor.history.backup.files import STAMP, backups, put_in_place, unfinished
from monitor.history.connection import open_reader
from monitor.history.queries import fetch, fetch_one
from monitor.history.recovery.catalogue import catalogue, objects
from monitor.history.recovery.pages import PageFile
from monitor.history.recovery.salvage import is_recording, salvage
from monitor.model import Millis, Recovery

if TYPE_CHECKING:
    from monitor.history.backup.copying import Contents
    from monitor.paths import StatePaths

QUICK_SECONDS: Final = 5.0
"""For how long a recorder salvages by itself, where there is no backup; `db salvage` then brings the rest."""
AROUND: Final = ("-wal", "-shm", "-journal", "")
"""Endings of a database's files; it moves last, so that it is never there under its name without its log."""

log = logging.getLogger(__name__)


class Aside(msgspec.Struct, frozen=True, kw_only=True):
    """A damaged database that was put aside. Nothing of it is ever removed by this program."""

    file: str
    bytes: int
    """With its write-ahead log."""


def is_emptied(paths: StatePaths, folder: Path) -> bool:
    """Whether the database's file is empty and was not always: a log or a backup of it is there. Blocks.

    SQLite takes an empty file for a new database, and throws the log away.
    """
    try:
        if os.stat(paths.database).st_size:
            return False
    except FileNotFoundError:
        return False
    log_file = paths.database.with_name(paths.database.name + "-wal")
    return _size(str(log_file)) > 0 or _has_backup(folder, paths.database)


async def is_ours(paths: StatePaths, folder: Path) -> bool:
    """Whether a damaged file is this program's database: by its place, a backup of it, or what can be read of it."""
    if paths.database == paths.folder / "monitor.db":
        return True
    return await asyncio.to_thread(_has_backup, folder, paths.database) or await is_recording(paths.database)


async def damaged_schema(database: Path, error: DatabaseError) -> str:
    """What is wrong with the file when SQLite finds no table or column by its name, or takes it for read-only.

    Empty when that is not why. No connection of this process may have the database open.
    """
    code = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF
    if code not in {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_READONLY}:
        return ""
    if await asyncio.to_thread(_has_strange_form, database):
        return "its header names a form that no recorder writes"
    return "" if code == sqlite3.SQLITE_READONLY else await altered_schema(database)


async def altered_schema(database: Path) -> str:
    """What in the schema is not as it was made, a name of a column for instance; empty when all is, or it is unknown.

    No connection of this process may have the database open.
    """
    try:
        async with open_reader(database) as db:
            found = objects(await fetch(db, "schema_objects"))
    except (DatabaseDamagedError, UnicodeDecodeError):
        return "its schema cannot be read"
    except DatabaseError:
        return ""
    made = (await catalogue()).objects
    altered = (f"{kind} {name}" for kind, name in made if found.get((kind, name)) != made[kind, name])
    return next((f"its {what} is not as it was made" for what in altered), "")


async def rebuild(paths: StatePaths, folder: Path, told: Recovery) -> Recovery:
    """Make a new database with the last state that can be had, in place of the one that was put aside; adds to `told`.

    `folder` holds the backups. The caller holds the recorder's lock. Where nothing can be had, making the new database
    is left to the writer.
    """
    database = paths.database.resolve()
    for backup in await asyncio.to_thread(backups, folder, paths.database):
        try:
            contents = await _restore(Path(backup.file), database)
        except (DatabaseError, DatabaseVersionError) as error:
            log.warning("%s", error)  # damaged as well, or no space for it: the one before it may do
            continue
        return msgspec.structs.replace(
            told,
            origin="backup",
            backup=backup.file,
            until=contents.last,
            rows=sum(contents.rows.values()),
        )
    try:
        salvaged = await salvage(Path(told.aside), database, seconds=QUICK_SECONDS)
    except (DatabaseError, DatabaseVersionError) as error:
        log.warning("%s", error)
        return told
    return msgspec.structs.replace(
        told,
        origin="salvage",
        until=await _last_tick(database),
        rows=salvaged.rows,
        complete=salvaged.complete,
    )


def put_aside(database: Path, now: Millis) -> Path:
    """Rename a database and what belongs to it to `<name>.damaged-<time>`. Blocks. Raises DatabaseError."""
    aside = _free_name(database, now)
    try:
        for ending in AROUND:
            with suppress(FileNotFoundError):
                os.rename(f"{database}{ending}", f"{aside}{ending}")
        sync(database.parent)
    except OSError as error:
        raise DatabaseError(
            f"{database}: is damaged and cannot be put aside: {error.strerror}: make {database.parent} writable."
        ) from error
    return aside


def keep_broken_log(database: Path, now: Millis) -> Recovery | None:
    """Copy a database whose write-ahead log is damaged in its middle, before SQLite opens it and drops the log's end.

    None when the log is whole. Blocks; no connection of this process may have the database open. Raises DatabaseError
    when there is no space for the copy.
    """
    if not _size(f"{database}-wal"):
        return None
    try:
        with PageFile(database) as pages:
            broken = pages.broken_frames
        if not broken:
            return None
        require_space(
            database.parent, _size(str(database)) + SLACK, f"a copy of {database}, whose log is damaged,"
        )
        aside = _free_name(database, now)
        for ending in ("-wal", ""):
            shutil.copyfile(f"{database}{ending}", f"{aside}{ending}")
            os.chmod(f"{aside}{ending}", 0o600)
    except OSError as error:
        raise DatabaseError(f"{database}: cannot be copied: {error.strerror}.") from error
    problem = (
        f"{database}-wal: {broken} of its pages are damaged, and SQLite drops all that was written after them"
    )
    return Recovery(at=now, problem=problem, aside=str(aside), origin="log")


def asides(database: Path) -> tuple[Aside, ...]:
    """The damaged databases that were put aside, newest first. Blocks; a folder that cannot be read has none."""
    found = []
    with suppress(OSError):
        for file in database.parent.glob(f"{database.name}.damaged-*"):
            if not file.name.endswith(AROUND[:-1]):
                sizes = (_size(f"{file}{ending}") for ending in ("", "-wal"))
                found.append(Aside(file=str(file), bytes=sum(sizes)))
    return tuple(sorted(found, key=lambda aside: aside.file, reverse=True))


def _free_name(database: Path, now: Millis) -> Path:
    moment = datetime.fromtimestamp(now / 1000, UTC)
    stem = f"{database.name}.damaged-{moment:{STAMP}}"
    aside = database.with_name(stem)
    number = 1
    while any(os.path.lexists(f"{aside}{ending}") for ending in AROUND):
        number += 1
        aside = database.with_name(f"{stem}-{number}")
    return aside


def _has_strange_form(database: Path) -> bool:
    try:
        with PageFile(database) as pages:
            return not pages.has_known_form
    except OSError:
        return False


def _has_backup(folder: Path, database: Path) -> bool:
    return bool(backups(folder, database))


async def _restore(backup: Path, database: Path) -> Contents:
    with unfinished(database) as copy:
        contents = await copy_database(backup, copy)
        put_in_place(copy, database, force=False)
    return contents


async def _last_tick(database: Path) -> Millis | None:
    try:
        async with open_reader(database) as db:
            span = await fetch_one(db, "time_range")
    except DatabaseError:
        return None
    return span["last"] if span is not None else None


def _size(file: str) -> int:
    try:
        return os.stat(file).st_size
    except FileNotFoundError:
        return 0
