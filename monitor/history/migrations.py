"""Migrations: numbered SQL files up and down, each in one transaction together with its own row (DESIGN.md §5)."""

from __future__ import annotations

import asyncio
import hashlib
import re
import sqlite3
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.errors import DatabaseVersionError
from monitor.history.connection import explain
from monitor.history.queries import fetch, fetch_one, sql
from monitor.model import Millis
from monitor.paths import sql_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    import aiosqlite

_FILE: Final = re.compile(r"(\d{4})_(\w+)\.sql")


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """A file `NNNN_name.sql` and the `NNNN_name.down.sql` that undoes it."""

    version: int
    description: str
    """Its first comment line."""
    up: str
    down: str
    checksum: str
    """SHA-256 of the file, hexadecimal."""


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """A row of table `schema_version`."""

    version: int
    description: str
    checksum: str
    applied_at: Millis
    execution_time_ms: int
    success: bool
    """False: it failed at that time, and nothing of it stayed."""


@cache
def migrations(folder: Path | None = None) -> tuple[Migration, ...]:
    """The migrations that this program brings, in order. Raises DatabaseVersionError when a number is missing."""
    found = []
    for file in sorted((folder or sql_folder() / "migrations").glob("*.sql")):
        match = _FILE.fullmatch(file.name)
        if match:
            body = file.read_bytes()
            up = body.decode()
            found.append(
                Migration(
                    version=int(match[1]),
                    description=up.splitlines()[0].lstrip("- ").strip(),
                    up=up,
                    down=file.with_suffix(".down.sql").read_text(encoding="utf-8"),
                    checksum=hashlib.sha256(body).hexdigest(),
                )
            )
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise DatabaseVersionError(
            "this installation is incomplete: a migration is missing: install it again."
        )
    return tuple(found)


async def applied(db: aiosqlite.Connection) -> tuple[Applied, ...]:
    """What the database records of its migrations; empty for a new one. Raises sqlite3.Error."""
    tables = {row["name"] for row in await fetch(db, "schema_tables")}
    if "schema_version" not in tables:
        return ()
    return tuple(
        msgspec.convert(dict(row), Applied, strict=False) for row in await fetch(db, "schema_versions")
    )


async def current_version(db: aiosqlite.Connection) -> int:
    """The number of the last migration applied; 0 for none."""
    return max((row.version for row in await applied(db) if row.success), default=0)


async def pending(db: aiosqlite.Connection, *, folder: Path | None = None) -> tuple[Migration, ...]:
    """The migrations that the database still lacks."""
    current = await current_version(db)
    return tuple(migration for migration in migrations(folder) if migration.version > current)


async def verify(db: aiosqlite.Connection, *, folder: Path | None = None) -> None:
    """Refuse a database that is newer than this program, or one of whose migrations was altered since.

    Raises DatabaseVersionError.
    """
    known = migrations(folder)
    rows = [row for row in await applied(db) if row.success]
    newest = max((row.version for row in rows), default=0)
    if newest > len(known):
        raise DatabaseVersionError(
            f"{await _file(db)}: was written by a newer Agent Monitor (schema {newest}, this one knows {len(known)}): "
            "update, or name another file with --db."
        )
    for row in rows:
        if row.checksum != known[row.version - 1].checksum:
            raise DatabaseVersionError(
                f"{await _file(db)}: migration {row.version} ({row.description}) differs from the one it was made "
                "with: install the unaltered program, or name another file with --db."
            )


async def migrate(db: aiosqlite.Connection, target: int | None = None, *, folder: Path | None = None) -> int:
    """Bring the database to schema `target` (the newest when None), one migration after the other, up or down.

    Returns the version it now has. Raises DatabaseVersionError, or DatabaseError when a migration fails, which
    leaves the database at the version before it.
    """
    await verify(db, folder=folder)
    known = migrations(folder)
    goal = len(known) if target is None else target
    if not 0 <= goal <= len(known):
        raise DatabaseVersionError(f"there is no schema {goal}: this Agent Monitor knows 0 to {len(known)}.")
    current = await current_version(db)
    for migration in known[current:goal]:
        await _apply(db, migration, up=True)
    for migration in reversed(known[goal:current]):
        await _apply(db, migration, up=False)
    return goal


def statements(script: str) -> Iterator[str]:
    """The single statements of a script, in order; SQLite itself says where one ends."""
    statement = ""
    for part in re.split(r"(?<=;)", script):
        statement += part
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
    if statement.strip():
        yield statement.strip()


async def _apply(db: aiosqlite.Connection, migration: Migration, *, up: bool) -> None:
    started = time.monotonic()
    # Tables may be rebuilt in a migration: references are checked as a whole at its end.
    await db.execute("PRAGMA foreign_keys = OFF")
    try:
        await db.execute("BEGIN IMMEDIATE")
        for statement in statements(migration.up if up else migration.down):
            await db.execute(statement)
        await _check_references(db)
        if up:
            await db.execute(sql("create_schema_version"))
            await db.execute(sql("record_migration"), _record(migration, started, success=True))
        else:
            await db.execute(sql("forget_migration"), {"version": migration.version})
        await db.commit()
    except sqlite3.Error as error:
        await db.rollback()
        file = await _file(db)
        if up and isinstance(error, sqlite3.OperationalError | sqlite3.IntegrityError):
            await _record_failure(db, migration, started)
        reason = explain(error, Path(file))
        raise type(reason)(
            f"migration {migration.version} failed, and nothing of it stayed: {reason}"
        ) from error
    except BaseException:
        await asyncio.shield(db.rollback())
        raise
    finally:
        await db.execute("PRAGMA foreign_keys = ON")


async def _check_references(db: aiosqlite.Connection) -> None:
    if await fetch(db, "foreign_keys"):
        raise sqlite3.IntegrityError("rows refer to rows that are not there")


async def _record_failure(db: aiosqlite.Connection, migration: Migration, started: float) -> None:
    """Note the failure where that can be written; a full or locked disk is what may have caused it."""
    try:
        await db.execute(sql("create_schema_version"))
        await db.execute(sql("record_migration"), _record(migration, started, success=False))
    except sqlite3.Error:
        await db.rollback()


def _record(migration: Migration, started: float, *, success: bool) -> dict[str, str | int]:
    return {
        "version": migration.version,
        "description": migration.description,
        "checksum": migration.checksum,
        "applied_at": time.time_ns() // 1_000_000,
        "execution_time_ms": round((time.monotonic() - started) * 1000),
        "success": int(success),
    }


async def _file(db: aiosqlite.Connection) -> str:
    row = await fetch_one(db, "database_file")
    return row["file"] if row is not None else "the database"
