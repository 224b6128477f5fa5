"""Salvage: everything that can still be read of a damaged database, in a new one of the newest schema.

The damaged file is read page by page without SQLite, and never written: see `pages`, `ownership` and `cells`. What is
read goes through the tables' own rules, so no row that breaks one comes out of it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.errors import DatabaseError, DatabaseVersionError
from monitor.history.backup.copying import require_space
from monitor.history.backup.files import put_in_place, unfinished
from monitor.history.check.rows import torn_trees
from monitor.history.connection import connect, explain, in_one_go
from monitor.history.migrations import migrate
from monitor.history.queries import sql
from monitor.history.recovery.catalogue import Catalogue, catalogue
from monitor.history.recovery.cells import Cells
from monitor.history.recovery.ownership import Ownership
from monitor.history.recovery.pages import PageFile
from monitor.history.recovery.salvaged_rows import RowCopy, SalvagedTable
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import aiosqlite

Progress = Callable[[int, int], None]
"""Is told pages done and pages in all; called in another thread."""

PRAGMAS: Final = (
    "auto_vacuum = INCREMENTAL",
    "journal_mode = OFF",
    "synchronous = OFF",
    "cache_size = -65536",
)
"""Of a file that is thrown away when it is not finished; 64 MiB of cache while its trees grow."""
REPAIRS: Final = (
    "salvage_agents_of_profiles",
    "salvage_agents_of_samples",
    "salvage_agents_of_the_rest",
    "salvage_recorder_of_samples",
    "salvage_profiles_of_agents",
    "salvage_intervals_of_recorders",
    "salvage_changes_of_alerts",
    "salvage_commit_agents_of_commits",
    "salvage_drop_commit_agents",
    "salvage_drop_commit_files",
    "salvage_count_commit_files",
    "salvage_drop_alert_changes",
    "salvage_drop_recorder_intervals",
    "salvage_mend_events",
    "salvage_mend_task_events",
    "salvage_mend_alerts",
    "salvage_mend_alert_changes",
    "salvage_mend_evidence",
    "salvage_mend_health",
    "salvage_mend_rag",
    "salvage_mend_systems",
    "salvage_drop_marks",
)
"""Named queries that make whole again what refers to lost rows, in this order."""


class SalvageReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came out of a damaged database."""

    damaged: str
    file: str
    """The new database, or the one that the rows were added to."""
    tables: tuple[SalvagedTable, ...]
    unknown_pages: int = 0
    """Pages with rows of which it cannot be told whose they are."""
    complete: bool = True
    """False: the time was up before everything was read."""

    @property
    def rows(self) -> int:
        """Rows written, over all tables."""
        return sum(table.written for table in self.tables)


async def salvage(
    damaged: Path, file: Path, *, seconds: float | None = None, progress: Progress | None = None
) -> SalvageReport:
    """Read a damaged database into a new one; with `seconds`, what matters most for as long as that.

    No connection of this process may have `damaged` open. Raises DatabaseError: it cannot be opened, nothing of it is
    this program's, `file` is there already or cannot be written; and DatabaseVersionError for one of a newer program.
    """
    try:
        pages = PageFile(damaged)
    except OSError as error:
        raise DatabaseError(f"{damaged}: cannot be read: {error.strerror}.") from error
    with pages:
        require_space(file.parent, pages.count * pages.page_size, "what can be salvaged")
        owner, known = Ownership(pages, Cells(pages)), await _known_tables()
        _refuse_newer(damaged, owner.table_names, known)
        copy = RowCopy(pages, owner, known, seconds=seconds, progress=progress)
        with unfinished(file) as target:
            async with _new_database(target) as db:
                await migrate(db)
                await in_one_go(db, copy.run)
                if not copy.written:
                    raise DatabaseError(f"{damaged}: nothing of a recording can be read in it.")
                await in_one_go(db, _repair)
                await db.execute_fetchall("PRAGMA journal_mode = WAL")
            put_in_place(target, file, force=False)
    return SalvageReport(
        damaged=str(damaged),
        file=str(file),
        tables=copy.tables(),
        unknown_pages=copy.unknown_pages,
        complete=copy.complete,
    )


async def is_recording(file: Path) -> bool:
    """Whether a damaged file is, by what can be read of it, a database of this program."""
    try:
        pages = PageFile(file)
    except OSError:
        return False
    with pages:
        owner, known = Ownership(pages, Cells(pages)), await catalogue()
        if owner.table_names:
            return not owner.table_names.isdisjoint(known.tables)
        await asyncio.to_thread(owner.find, known)
        return not owner.pages.keys().isdisjoint(known.tables)


async def _known_tables() -> Catalogue:
    """The newest schema, and the tables of earlier ones that it has no more."""
    newest = await catalogue()
    tables = dict(newest.tables)
    for version in range(1, newest.version):
        tables = (await catalogue(version)).tables | tables
    return msgspec.structs.replace(newest, tables=tables)


def _refuse_newer(damaged: Path, names: set[str], known: Catalogue) -> None:
    """Raise DatabaseVersionError when the file has every table that this program makes, and more."""
    now_made = {name for kind, name in known.objects if kind == "table"}
    if names > now_made and (more := names - known.tables.keys()):
        told = ", ".join(sorted(clean(name) for name in more))
        raise DatabaseVersionError(
            f"{damaged}: was written by a newer Agent Monitor (this one has no table {told}): update, then salvage it."
        )


@asynccontextmanager
async def _new_database(file: Path) -> AsyncIterator[aiosqlite.Connection]:
    """A connection that writes without a journal: what was cut off is thrown away."""
    try:
        db = await connect(file)
        try:
            db.row_factory = sqlite3.Row
            for pragma in PRAGMAS:
                await db.execute_fetchall(f"PRAGMA {pragma}")
            yield db
        finally:
            await db.close()
    except sqlite3.Error as error:
        raise explain(error, file) from error


def _repair(db: sqlite3.Connection) -> None:
    """In the connection's thread: no row refers to one that was lost."""
    db.execute("BEGIN")
    for name in REPAIRS:
        db.execute(sql(name))
    for agent_id, timestamp in torn_trees(db):
        db.execute(sql("salvage_drop_tree"), {"agent_id": agent_id, "timestamp": timestamp})
    db.commit()
