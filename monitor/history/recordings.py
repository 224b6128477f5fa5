"""Opening a recording to look at it: any history database, also an older one and one that may not be written."""

from __future__ import annotations

import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from monitor.errors import DatabaseError
from monitor.history.connection import connect, explain, open_reader
from monitor.history.migrations import applied, migrate, migrations, verify
from monitor.history.queries import fetch
from monitor.history.replay.span import Span, read_span

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import aiosqlite


@asynccontextmanager
async def open_recording(file: Path) -> AsyncIterator[tuple[aiosqlite.Connection, bool]]:
    """Open a recording read-only, and say whether that is a copy, for the length of a `with` block.

    A recording of an older schema is copied to a temporary file, and the copy brought up to date: it is left as it
    is, for it may stand where nothing can be written, or belong to an older program that records still. SQLite's
    errors become DatabaseError in the block. Raises DatabaseError, or DatabaseVersionError for a newer or altered one.
    """
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(open_reader(file))
        version = await _version(db, file)
        copied = version < len(migrations())
        if copied:
            folder = stack.enter_context(TemporaryDirectory(prefix="agent-monitor-"))
            copy = Path(folder, "recording.db")
            await _copy(db, copy)
            db = await stack.enter_async_context(open_reader(copy))
        yield db, copied


async def file_of(db: aiosqlite.Connection) -> Path:
    """The file that a connection reads: of an older recording, its copy. Raises sqlite3.Error."""
    files = await fetch(db, "database_files")
    return next(Path(row["file"]) for row in files if row["name"] == "main")


async def survey(file: Path) -> tuple[Span, bool]:
    """The span of a recording, and whether opening it means copying it first. It reads any schema, and copies nothing.

    Raises as `open_recording`; DatabaseError too when nothing is recorded in it yet.
    """
    async with open_reader(file) as db:
        older = await _version(db, file) < len(migrations())
        return await read_span(db, file), older


async def _version(db: aiosqlite.Connection, file: Path) -> int:
    await verify(db)
    version = max((row.version for row in await applied(db) if row.success), default=0)
    if version == 0:
        raise DatabaseError(
            f"{file}: is no recording: name a database that `agent-monitor record` has written."
        )
    return version


async def _copy(db: aiosqlite.Connection, copy: Path) -> None:
    """Copy the whole database and migrate the copy. Raises DatabaseError."""
    try:
        async with connect(copy) as target:
            target.row_factory = sqlite3.Row
            await db.backup(target)
            await target.execute_fetchall("PRAGMA journal_mode = DELETE")
            await target.execute_fetchall("PRAGMA synchronous = OFF")  # a copy that is lost is made again
            await migrate(target)
    except sqlite3.Error as error:
        reason = explain(error, copy)
        raise DatabaseError(f"the recording is of an older schema, and its copy failed: {reason}") from error
