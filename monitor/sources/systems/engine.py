"""What every engine does: open a database for reading, tell its tables, run a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from monitor.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from monitor.sources.systems.catalogue import Tables
    from monitor.sources.systems.records import Row

READING_SECONDS: Final = 5.0
"""The longest that one query may take in the engine."""


class QueryError(SourceError):
    """One query cannot be answered; the others may be."""


class Look(Protocol):
    """A connection for the time of one reading."""

    def tables(self) -> Tables:
        """Every table and view with its columns. Raises SourceError."""

    def withheld(self) -> Tables:
        """Those that are there and may not be read, as the last look at the tables found them."""

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """Run a query whose parameters are named `:name`. Raises QueryError, or SourceError when all is lost."""

    def quoted(self, table: str) -> str:
        """The table's full name, for a query in which another one has its short name."""

    def enums(self, table: str) -> frozenset[str]:
        """Its columns whose words are of a type of their own."""

    def type_of(self, documented: str) -> str:
        """The type that a missing column's NULL is given, so that it goes where the column would."""


class Engine(Protocol):
    """A database of one kind, at one place. Used by one thread; nothing in it is ever written."""

    name: str
    """`sqlite`, `postgres`, `mongo` or `files`."""
    dialect: str
    """Of SQL: `sqlite` or `postgres`."""

    def stamp(self) -> object | None:
        """What differs when something was written since; None when that cannot be told. Raises SourceError."""

    def look(self) -> AbstractContextManager[Look]:
        """Open it for one reading. Raises SourceError."""

    def close(self) -> None:
        """Let go of it."""
