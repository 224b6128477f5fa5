"""Is the database sound, and what is in it: for `agent-monitor db check` and `db info`."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from monitor.errors import DatabaseDamagedError, DatabaseVersionError
from monitor.history.check.rows import ANEW, row_problems
from monitor.history.connection import in_one_go, open_reader
from monitor.history.lock import Holder, holder
from monitor.history.migrations import Applied, applied, migrations, verify
from monitor.history.queries import fetch, fetch_one, sql
from monitor.history.recovery.catalogue import catalogue, objects
from monitor.history.recovery.rebuild import Aside, asides
from monitor.model import Millis

if TYPE_CHECKING:
    from collections.abc import Callable

    import aiosqlite

    from monitor.paths import StatePaths


Depth = Literal["look", "quick", "full"]
"""How much of the database a check reads."""
INTEGRITY_SHARE: Final = 0.7
"""Of the time that a full check takes: for progress."""


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
    asides: tuple[Aside, ...]
    """Damaged databases that were put aside beside it."""


_AUTO_VACUUM = {0: "none", 1: "full", 2: "incremental"}


async def check(
    paths: StatePaths, *, depth: Depth = "full", progress: Callable[[float], None] | None = None
) -> CheckReport:
    """Look the database over. Raises DatabaseError, DatabaseDamagedError when it cannot even be asked.

    `look` reads no table, `quick` leaves out what compares tables and indexes row by row, `full` is everything.
    """
    try:
        return await _check(paths, depth, progress)
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        raise DatabaseDamagedError(
            f"{paths.database}: is damaged: it holds what no recorder writes ({error}): the next recorder puts it "
            "aside."
        ) from error


async def _check(paths: StatePaths, depth: Depth, progress: Callable[[float], None] | None) -> CheckReport:
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
        if depth != "look":
            problems += await _damage(db, schema, depth, progress)
        span, tables = await _contents(db, problems) if schema else (None, ())
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
            asides=asides(paths.database),
            tables=tables,
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


async def _contents(
    db: aiosqlite.Connection, problems: list[str]
) -> tuple[sqlite3.Row | None, tuple[TableInfo, ...]]:
    """The time that is recorded, and the tables; a database with problems may be too damaged to tell."""
    try:
        return await fetch_one(db, "time_range"), await _tables(db)
    except sqlite3.DatabaseError as error:
        if not problems:
            raise
        problems.append(f"its rows cannot be counted: {error}.")
        return None, ()


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


async def _damage(
    db: aiosqlite.Connection, schema: int, depth: Depth, progress: Callable[[float], None] | None
) -> list[str]:
    """What is wrong inside: pages, values, references, the schema itself, and rows that cannot be true."""
    full = depth == "full"
    problems = [
        f"integrity: {problem}: the next recorder puts the file aside where pages are damaged; {ANEW}."
        for problem in await _integrity(db, "integrity" if full else "quick_integrity_of_all")
    ]
    if progress is not None:
        progress(INTEGRITY_SHARE)
    problems += await schema_problems(db, schema)
    if not full or schema != len(migrations()):
        return problems
    now = time.time_ns() // 1_000_000
    return problems + await row_problems(db, now, _rest(progress))


async def _integrity(db: aiosqlite.Connection, name: str) -> list[str]:
    """What SQLite finds; it may end in an error after some of it."""
    found: list[str] = []
    try:
        await in_one_go(
            db, lambda connection: found.extend(problem for (problem,) in connection.execute(sql(name)))
        )
    except sqlite3.DatabaseError as error:
        found.append(str(error))
    return found


def _rest(progress: Callable[[float], None] | None) -> Callable[[float], None] | None:
    if progress is None:
        return None
    return lambda share: progress(INTEGRITY_SHARE + (1 - INTEGRITY_SHARE) * share)


async def schema_problems(db: aiosqlite.Connection, schema: int) -> list[str]:
    """Tables and indexes that are not as the migrations make them."""
    if not 0 < schema <= len(migrations()):
        return []
    made = (await catalogue(schema)).objects
    found = objects(await fetch(db, "schema_objects"))
    problems = [f"schema: {kind} {name} is missing: {ANEW}." for kind, name in made.keys() - found.keys()]
    problems += [
        f"schema: {kind} {name} is none of this program's: another program made it; drop it there."
        for kind, name in found.keys() - made.keys()
        if not name.startswith("sqlite_")
    ]
    problems += [
        f"schema: {kind} {name} is not as this program makes it: {ANEW}."
        for kind, name in made.keys() & found.keys()
        if made[kind, name] != found[kind, name]
    ]
    return sorted(problems)


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
