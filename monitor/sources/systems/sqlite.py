"""A system in a SQLite file: opened for the time of a reading, and only when its files have moved."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from monitor.errors import SourceError
from monitor.sources.foreign_sqlite import ForeignDatabase
from monitor.sources.systems.engine import READING_SECONDS, QueryError
from monitor.statements import statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from monitor.sources.systems.catalogue import Tables
    from monitor.sources.systems.records import Row

_OF_THE_FILE: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_IOERR,
    }
)
"""Errors that every other query would meet as well; a damaged page or an odd value is one query's."""
_TICK_NS: Final = 50_000_000
_STEPS: Final = 10_000
"""Of SQLite's machine, between two looks at the clock."""


class SqliteLook:
    """One reading of a SQLite database, which may be in memory."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._deadline = 0.0
        db.row_factory = sqlite3.Row
        db.set_progress_handler(lambda: time.monotonic() > self._deadline, _STEPS)

    def tables(self) -> Tables:
        """Every table with its columns."""
        found: dict[str, set[str]] = {}
        for row in self._run(statement("systems", "sqlite_columns"), {}):
            found.setdefault(row["table"], set()).add(row["column"])
        return {table: frozenset(columns) for table, columns in found.items()}

    def withheld(self) -> Tables:
        """None: who can read the file can read all of it."""
        return {}

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """Run a query. Raises QueryError."""
        return [dict(row) for row in self._run(sql, parameters)]

    def quoted(self, table: str) -> str:
        """With its schema: a WITH clause may have its short name."""
        return f'main."{table}"'

    def enums(self, table: str) -> frozenset[str]:
        """None: SQLite has no such type."""
        del table
        return frozenset()

    def type_of(self, documented: str) -> str:
        """Any will do."""
        del documented
        return "text"

    def _run(self, sql: str, parameters: Mapping[str, Any]) -> list[sqlite3.Row]:
        self._deadline = time.monotonic() + READING_SECONDS
        try:
            return self._db.execute(sql, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            if (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in _OF_THE_FILE:
                raise
            raise QueryError(str(error)) from error


class SqliteEngine:
    """An `Engine` on another program's file; see `ForeignDatabase` for what is done so that it is left alone."""

    name = "sqlite"
    dialect = "sqlite"

    def __init__(self, path: str) -> None:
        self._file = ForeignDatabase(path)

    def stamp(self) -> object | None:
        """The files' sizes and times; None when they are of this very moment.

        What is written in the same tick of the system's clock would have the same time.
        """
        stamp = self._file.signatures()
        if stamp[0] is None:
            raise SourceError(f"{self._file.path} is not there.")
        newest = max(found[0] for found in stamp if found)
        return None if abs(time.time_ns() - newest) < _TICK_NS else stamp

    @contextmanager
    def look(self) -> Iterator[SqliteLook]:
        """Open the file. Raises SourceError."""
        with self._file.opened() as db:
            yield SqliteLook(db)

    def close(self) -> None:
        """Nothing is held open."""
