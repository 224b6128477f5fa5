"""Is the database sound, and what is in it: for `agent-monitor db check` and `db info`."""

from __future__ import annotations

import os
import sqlite3
import stat
from typing import TYPE_CHECKING

import msgspec

from monitor.errors import DatabaseVersionError
from monitor.history.connection import open_reader
from monitor.history.lock import Holder, holder
from monitor.history.migrations import Applied, applied, migrations, verify
from monitor.history.queries import fetch, fetch_one
from monitor.model import Millis

if TYPE_CHECKING:
    import aiosqlite

    from monitor.paths import StatePaths


class TableInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Size of one table."""

    name: str
    rows: int
    bytes: int | None = None
    """With its indexes; None when this SQLite cannot tell."""


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found. Sizes in bytes; `problems` is empty when all is well."""

    file: str
    problems: tuple[str, ...]
    """Each says what is wrong and, where something helps, what to do."""
    sqlite_version: str
    version: int
    """Of the database's schema; 0 for none."""
    version_known: int
    """Version that this program brings."""
    migrations: tuple[Applied, ...]
    journal_mode: str
    auto_vacuum: str
    database_bytes: int
    log_bytes: int
    free_bytes: int
    """Inside the file."""
    first: Millis | None
    """Start of the first recorder."""
    last: Millis | None
    """Last tick written."""
    recorder: Holder | None
    """Who records now."""
    tables: tuple[TableInfo, ...]


_AUTO_VACUUM = {0: "none", 1: "full", 2: "incremental"}


async def check(paths: StatePaths, *, thorough: bool = True) -> CheckReport:
    """Look the database over; not `thorough` leaves out what reads all of it. Raises DatabaseError."""
    async with open_reader(paths.database) as db:
        storage = await fetch_one(db, "storage")
        if storage is None:
            raise sqlite3.DatabaseError("it tells nothing of itself")
        versions = await applied(db)
        schema = max((row.version for row in versions if row.success), default=0)
        auto_vacuum = _AUTO_VACUUM.get(storage["auto_vacuum"], "none")
        problems = [*_permission_problems(paths), *await _version_problems(db, schema)]
        if auto_vacuum != "incremental":
            problems.append(
                f"auto_vacuum is {auto_vacuum}, not incremental: deleted rows do not shrink the file."
            )
        if storage["journal_mode"] != "wal":
            problems.append(
                f"journal_mode is {storage['journal_mode']}, not wal: viewers would hold up the recorder."
            )
        span = await fetch_one(db, "time_range") if schema else None
        if thorough:
            problems += await _damage(db, has_tables=bool(schema))
        return CheckReport(
            file=str(paths.database),
            problems=tuple(problems),
            sqlite_version=sqlite3.sqlite_version,
            version=schema,
            version_known=len(migrations()),
            migrations=versions,
            journal_mode=storage["journal_mode"],
            auto_vacuum=auto_vacuum,
            database_bytes=storage["page_size"] * storage["page_count"],
            log_bytes=_log_bytes(paths),
            free_bytes=storage["page_size"] * storage["free_pages"],
            first=span["first"] if span is not None else None,
            last=span["last"] if span is not None else None,
            recorder=holder(paths.lock),
            tables=await _tables(db) if schema else (),
        )


async def _tables(db: aiosqlite.Connection) -> tuple[TableInfo, ...]:
    try:
        sizes = {row["name"]: row["bytes"] for row in await fetch(db, "table_bytes")}
    except sqlite3.OperationalError:  # built without dbstat
        sizes = {}
    return tuple(
        TableInfo(name=row["name"], rows=row["rows"], bytes=sizes.get(row["name"]))
        for row in await fetch(db, "counts")
    )


async def _version_problems(db: aiosqlite.Connection, schema: int) -> list[str]:
    try:
        await verify(db)
    except DatabaseVersionError as error:
        return [str(error)]
    if schema < len(migrations()):
        return [
            f"schema {schema} is older than this program's {len(migrations())}: the next recorder brings it up."
        ]
    return []


async def _damage(db: aiosqlite.Connection, *, has_tables: bool) -> list[str]:
    problems = [f"integrity: {row['problem']}" for row in await fetch(db, "integrity")]
    problems += [
        f"{row['child']}: row {row['row']} refers to a row of {row['parent']} that is not there."
        for row in await fetch(db, "foreign_keys")
    ]
    if has_tables:
        problems += [
            f"agent_metrics: samples of {row['agent_id']}, which is not in agents."
            for row in await fetch(db, "agents_without_row")
        ]
        problems += [
            f"git_commits: nobody has commit {row['commit_hash']}."
            for row in await fetch(db, "commits_without_agent")
        ]
    return problems


def _permission_problems(paths: StatePaths) -> list[str]:
    problems = []
    for path, allowed in ((paths.folder, 0o700), (paths.database, 0o600)):
        try:
            mode = stat.S_IMODE(os.stat(path).st_mode)
        except OSError:
            continue
        if mode & ~allowed & 0o077:
            problems.append(f"{path}: others may open it (mode {mode:04o}): chmod {allowed:o} {path}")
    return problems


def _log_bytes(paths: StatePaths) -> int:
    try:
        return os.stat(f"{paths.database}-wal").st_size
    except FileNotFoundError:
        return 0
