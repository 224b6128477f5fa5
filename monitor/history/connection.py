"""Connections to the history database: the one that writes, and read-only ones; and its errors, put for people."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import aiosqlite

from monitor.errors import DatabaseDamagedError, DatabaseError
from monitor.history.queries import fetch, sql
from monitor.paths import StatePaths, private_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

BUSY_TIMEOUT_SECONDS: Final = 2.0
"""How long a statement waits for another program's lock; the event loop does not wait with it."""
PAGE_SIZE: Final = 4096
CHECKPOINT_PAGES: Final = 1000
"""Pages in the write-ahead log that start a checkpoint (SQLite's own default)."""
CACHE_KIB: Final = 512
"""Page cache of the writing connection: it writes to the ends of a few trees, and reads hardly anything again."""
ROWS_AT_ONCE: Final = 64
"""How many rows aiosqlite fetches for one step of a loop over a cursor (its own default)."""
THROUGH_SECONDS: Final = 0.002
"""How often a cancelled caller looks whether the connection's thread is through."""
MEBIBYTE: Final = 1 << 20
OURS: Final = frozenset({"agents", "agent_metrics", "recorders", "git_commits"})
"""Tables of every schema; a database that has two of them was made by this program."""

T = TypeVar("T")

_REMEDIES: Final = {
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: see that its folder exists and is yours, or name another with --db.",
    sqlite3.SQLITE_PERM: "may not be opened: see that it is yours, or name another with --db.",
    sqlite3.SQLITE_NOTADB: "is not a SQLite database: move it away, or name another with --db.",
    sqlite3.SQLITE_FULL: "the disk is full: free some space; recording then goes on by itself.",
    sqlite3.SQLITE_BUSY: "is locked by another program: close what has it open for writing.",
    sqlite3.SQLITE_LOCKED: "is locked by another program: close what has it open for writing.",
    sqlite3.SQLITE_CORRUPT: (
        "is damaged: a recorder puts it aside when it starts, and begins a new one from the newest backup; "
        "`agent-monitor db salvage` reads what can be read of it."
    ),
    sqlite3.SQLITE_IOERR: "the disk does not read or write it: see the system's log for the disk.",
}

_UNDECODED: Final = "Could not decode to UTF-8"
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def explain(error: sqlite3.Error, file: Path) -> DatabaseError:
    """The same error with the file and what to do about it."""
    code = getattr(error, "sqlite_errorcode", None) or 0
    if code & 0xFF == sqlite3.SQLITE_READONLY:
        place = file.parent if code == sqlite3.SQLITE_READONLY_DIRECTORY or os.access(file, os.W_OK) else file
        return DatabaseError(
            f"{place}: is read-only: make it writable for this user, or name another file with --db."
        )
    if str(error).startswith(_UNDECODED):  # Python's own, without a code
        code = sqlite3.SQLITE_CORRUPT
    remedy = _REMEDIES.get(code & 0xFF)
    kind = DatabaseDamagedError if code & 0xFF in _DAMAGE else DatabaseError
    return kind(f"{file}: {remedy} (SQLite: {error})" if remedy else f"{file}: SQLite says: {error}.")


class Connection(aiosqlite.Connection):
    """A connection whose thread has ended when opening it fails, or closing it returns, whoever is cancelled meanwhile.

    aiosqlite's own leaves its thread at work when the caller is cancelled: a program that ends then closes the event
    loop under it, and the thread dies of that with a traceback on the terminal.
    """

    async def _connect(self) -> Connection:
        try:
            await super()._connect()
        except BaseException:
            await self._through()
            raise
        return self

    async def close(self) -> None:
        """Wait for what is under way, and close. A caller who is cancelled is told so after it."""
        try:
            await super().close()
        except BaseException:
            await self._through()
            raise

    async def _through(self) -> None:
        """Wait until the thread has done what was asked of it before the failure; aiosqlite has told it to end then."""
        while self._thread.is_alive():
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(THROUGH_SECONDS)


def connect(database: Path | str, **options: Any) -> Connection:
    """A connection to await or to enter; `options` are those of `sqlite3.connect`. It begins no transaction by itself.

    Raises sqlite3.Error when it is awaited.
    """
    return Connection(partial(sqlite3.connect, database, isolation_level=None, **options), ROWS_AT_ONCE)


async def open_writer(paths: StatePaths, wal_limit_mb: int) -> aiosqlite.Connection:
    """Open the writing connection, making folder and file for their owner only (DESIGN.md §5).

    The caller holds the recorder's lock and closes the connection. Raises DatabaseError.
    """
    file = paths.database
    _create(file)
    db = await _opened(connect(file, timeout=BUSY_TIMEOUT_SECONDS), file)
    try:
        await _refuse_foreign(db, file)
        limit = wal_limit_mb * MEBIBYTE
        for pragma in (
            "auto_vacuum = INCREMENTAL",  # has to stand before the first table
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "foreign_keys = ON",
            f"cache_size = -{CACHE_KIB:d}",
            f"journal_size_limit = {limit:d}",
            f"wal_autocheckpoint = {min(CHECKPOINT_PAGES, limit // PAGE_SIZE // 4):d}",
        ):
            await db.execute_fetchall(f"PRAGMA {pragma}")
    except sqlite3.Error as error:
        await db.close()
        raise explain(error, file) from error
    except BaseException:
        await db.close()
        raise
    return db


async def in_one_go(db: aiosqlite.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    """Run `work` in the connection's thread, with the connection, and return what it returns.

    Raises what it raises, sqlite3.Error among it.

    aiosqlite goes there and back for each statement, and the event loop wakes up for each: 0.15 ms of CPU, five times
    a tick. It has no public way to do several statements in one go; this is how all of its own methods do theirs. Once
    begun, `work` is done to its end, also when the caller is cancelled.
    """
    execute = db._execute(_decoded(work), db._conn)  # type: ignore[no-untyped-call]  # noqa: SLF001 - as said
    return cast("T", await execute)


def _decoded(work: Callable[[sqlite3.Connection], T]) -> Callable[[sqlite3.Connection], T]:
    """The same, with what Python raises for a message that quotes a damaged schema as an error of SQLite's."""

    def run(db: sqlite3.Connection) -> T:
        try:
            return work(db)
        except UnicodeDecodeError as error:
            raise sqlite3.DatabaseError(f"{_UNDECODED}: {error}") from error

    return run


@asynccontextmanager
async def open_reader(file: Path) -> AsyncIterator[aiosqlite.Connection]:
    """Open a read-only connection for the length of a `with` block, in which SQLite's errors become DatabaseError.

    A recording in a folder that may not be written is read as it stands, when no write-ahead log is live
    beside it: SQLite wants to write there even to read.
    """
    uri = _uri(file)
    try:
        db = await _open_readable(file, uri)
        try:
            yield db
        finally:
            await db.close()
    except sqlite3.Error as error:
        raise explain(error, file) from error


async def attach_recording(db: aiosqlite.Connection, file: Path) -> None:
    """Attach a recording read-only, under the name `source`, to a connection opened by URI. Raises as `open_reader`."""
    uri = _uri(file)
    try:
        try:
            await db.execute(sql("attach_source"), {"uri": f"{uri}?mode=ro"})
            await fetch(db, "probe_source")
        except sqlite3.OperationalError:
            if not _immutable(file):
                raise
            await db.execute(sql("detach_source"))
            await db.execute(sql("attach_source"), {"uri": f"{uri}?immutable=1"})
            await fetch(db, "probe_source")
    except sqlite3.Error as error:
        raise explain(error, file) from error


def identity(file: Path) -> tuple[int, int] | None:
    """Which file stands under this name: a restored or a new one is another. None where none stands."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _uri(file: Path) -> str:
    """The file's URI, with what is special in one quoted."""
    if not file.is_file():
        raise DatabaseError(
            f"{file}: there is no such database: start `agent-monitor record`, or name one with --db."
        )
    return file.absolute().as_uri()


async def _open_readable(file: Path, uri: str) -> aiosqlite.Connection:
    try:
        return await _open_by_uri(f"{uri}?mode=ro")
    except sqlite3.OperationalError:
        if not _immutable(file):
            raise
        return await _open_by_uri(f"{uri}?immutable=1")


async def _open_by_uri(uri: str) -> aiosqlite.Connection:
    db = await connect(uri, uri=True, timeout=BUSY_TIMEOUT_SECONDS)
    try:
        db.row_factory = sqlite3.Row
        await fetch(db, "schema_tables")
    except BaseException:
        await db.close()
        raise
    return db


def _immutable(file: Path) -> bool:
    """Whether nothing can be written beside the file, and no write-ahead log holds a part of it."""
    frozen = not os.access(file.parent, os.W_OK) or bool(os.statvfs(file).f_flag & os.ST_RDONLY)
    log = file.with_name(file.name + "-wal")
    return frozen and not (log.exists() and log.stat().st_size)


async def _opened(connecting: aiosqlite.Connection, file: Path) -> aiosqlite.Connection:
    try:
        db = await connecting
    except sqlite3.Error as error:
        raise explain(error, file) from error
    db.row_factory = sqlite3.Row
    return db


async def _refuse_foreign(db: aiosqlite.Connection, file: Path) -> None:
    """Another program's database is left as it is."""
    tables = {row["name"] for row in await fetch(db, "schema_tables")}
    if "schema_version" not in tables and len(tables & OURS) > 1:
        raise DatabaseDamagedError(f"{file}: is damaged: its table schema_version is not there.")
    if tables and "schema_version" not in tables:
        raise DatabaseError(f"{file}: is the database of another program: name another with --db.")


def _create(file: Path) -> None:
    """Make the file with mode 0600 before SQLite touches it; its -wal and -shm inherit the mode."""
    try:
        private_folder(file.parent)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        if not file.is_file():
            kind = "not a file" if file.exists() else "a link that leads nowhere"
            raise DatabaseError(f"{file}: is {kind}: name another with --db.") from None
        return
    except OSError as error:
        raise DatabaseError(
            f"{file}: cannot be made: {error.strerror}: make {file.parent} writable, or name another with --db."
        ) from error
    try:
        os.fchmod(descriptor, 0o600)  # a umask may have taken the owner's own bits
    finally:
        os.close(descriptor)
