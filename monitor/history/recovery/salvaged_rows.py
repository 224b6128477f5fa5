"""The rows of a damaged database, copied into a sound one, table by table."""

from __future__ import annotations

import sqlite3
from time import monotonic, time_ns
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.history.queries import sql
from monitor.history.recovery.cells import Cells, MendedText
from monitor.history.recovery.ownership import Lost, Shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.history.recovery.catalogue import Catalogue, Table
    from monitor.history.recovery.ownership import Ownership
    from monitor.history.recovery.pages import PageFile

BATCH: Final = 5000
"""Rows written at a time."""
REPORT_PAGES: Final = 256
"""Pages between two reports of progress."""
DAY_MS: Final = 86_400_000
YEAR_10000: Final = 253_402_300_800_000
"""Milliseconds: no time is beyond it."""
MADE_BY_MIGRATIONS: Final = "schema_version"
LAST: Final = (
    "agent_processes",
    "system_metrics",
    "system_logs",
    "session_calls",
    "session_states",
    "agent_metrics_5min",
    "system_health",
    "agent_metrics",
)
"""Long tables: read last; when time is short from the file's end, where the newest rows mostly are."""
_TIMES: Final = (
    "timestamp",
    "_at",
    "since",
    "_seen",
    "last_activity",
    "last_synced",
    "last_updated",
    "until",
)


class SalvagedTable(msgspec.Struct, frozen=True, kw_only=True):
    """What came out of one table."""

    name: str
    read: int
    """Rows that could be read."""
    written: int
    """Rows that are new in the file; the others broke a rule of the table, or were there already."""
    broken: int
    """Rows that are there but cannot be read."""
    lost: tuple[Lost, ...] = ()
    """Its pages that cannot be read."""


class RowCopy:
    """Copies all rows that can be read: `run` it in the thread of the connection that writes, then ask for the rest."""

    def __init__(
        self,
        file: PageFile,
        owner: Ownership,
        known: Catalogue,
        *,
        seconds: float | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._file = file
        self._owner = owner
        self._known = known
        self._cells = Cells(file)
        self._deadline = None if seconds is None else monotonic() + seconds
        self._progress = progress
        self._counts: dict[str, list[int]] = {}
        self._done = 0
        self.complete = True
        """False when the time was up."""

    @property
    def written(self) -> int:
        """Rows written so far."""
        return sum(written for _, written, _ in self._counts.values())

    @property
    def unknown_pages(self) -> int:
        """Pages of which it cannot be told whose they are."""
        return self._owner.nobodys

    def run(self, db: sqlite3.Connection) -> None:
        """Copy. Raises sqlite3.Error when the new database cannot be written."""
        self._owner.find(self._known)
        names = [name for name in self._known.tables if name != MADE_BY_MIGRATIONS]
        total = sum(len(self._owner.pages.get(name, ())) for name in names)
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("BEGIN")
        for name in sorted(names, key=lambda name: LAST.index(name) if name in LAST else -1):
            self._copy_table(db, self._known.tables[name], total)
        db.commit()

    def tables(self) -> tuple[SalvagedTable, ...]:
        """What came out of each table."""
        return tuple(
            SalvagedTable(
                name=name,
                read=read,
                written=written,
                broken=broken,
                lost=tuple(self._owner.lost.get(name, ())),
            )
            for name, (read, written, broken) in sorted(self._counts.items())
        )

    def _copy_table(self, db: sqlite3.Connection, table: Table, total: int) -> None:
        counts = self._counts[table.name] = [0, 0, 0]
        pages = self._owner.pages.get(table.name, [])
        check = _RowCheck(table, self._file)
        batch: list[list[Any]] = []
        newest_first = self._deadline is not None and table.name in LAST
        for number in sorted(pages, reverse=True) if newest_first else pages:
            if self._deadline is not None and monotonic() > self._deadline:
                self.complete = False
                break
            rows, broken = self._cells.rows(number, self._file.page(number) or b"")
            sound = [row for row_id, values in rows if (row := check.row(row_id, values)) is not None]
            counts[0] += len(sound)
            counts[2] += broken + len(rows) - len(sound)
            batch += sound
            if len(batch) >= BATCH:
                counts[1] += _write(db, table.name, batch)
                batch = []
            self._tell(total)
        counts[1] += _write(db, table.name, batch)

    def _tell(self, total: int) -> None:
        self._done += 1
        if self._progress is not None and (self._done % REPORT_PAGES == 0 or self._done == total):
            self._progress(self._done, total)


class _RowCheck:
    """Makes rows of stored records, and tells which of them damage has touched where it matters."""

    def __init__(self, table: Table, file: PageFile) -> None:
        self._shape = Shape(table)
        self._width = len(table.columns)
        self._order = table.stored if table.stored != tuple(range(len(table.columns))) else None
        self._alias = table.alias
        self._keys = tuple(index for index, column in enumerate(table.columns) if column.key)
        columns = [(index, column.name, column.type) for index, column in enumerate(table.columns)]
        self._times = tuple(i for i, name, kind in columns if kind == "INTEGER" and name.endswith(_TIMES))
        self._stamp = next((index for index, name, _ in columns if name == "timestamp"), None)
        self._latest = max(file.modified_at, time_ns() // 1_000_000) + DAY_MS

    def row(self, row_id: int | None, values: list[Any]) -> list[Any] | None:
        """The columns in their order; None for a record that no recorder wrote like this."""
        if not self._shape.fits(values):
            return None
        values += [None] * (self._width - len(values))
        if self._order is not None:
            ordered: list[Any] = [None] * len(values)
            for place, value in zip(self._order, values, strict=True):
                ordered[place] = value
            values = ordered
        if self._alias is not None:
            values[self._alias] = row_id
        return values if self._plausible(values) else None

    def _plausible(self, values: list[Any]) -> bool:
        """Whether the keys are what was written, and the times are such that this file can hold."""
        for index in self._keys:
            if type(values[index]) is MendedText:
                return False
        for index in self._times:
            value = values[index]
            if value is not None and not 0 <= value < YEAR_10000:
                return False
        return self._stamp is None or values[self._stamp] <= self._latest


def _write(db: sqlite3.Connection, name: str, rows: list[list[Any]]) -> int:
    """Write rows, each that its table accepts; returns how many that were."""
    statement = sql(f"salvage_{name}")
    try:
        return db.executemany(statement, rows).rowcount if rows else 0
    except sqlite3.IntegrityError:  # OR IGNORE does not cover a type; what was written stays
        return sum(_write_one(db, statement, row) for row in rows)


def _write_one(db: sqlite3.Connection, statement: str, row: list[Any]) -> int:
    try:
        return db.execute(statement, row).rowcount
    except sqlite3.IntegrityError:
        return 0
