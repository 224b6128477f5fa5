"""A system in PostgreSQL: one connection that can only read, with a time limit on each statement (extra `postgres`)."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from monitor.errors import SourceError
from monitor.sources.systems.engine import READING_SECONDS, QueryError
from monitor.statements import statement
from monitor.text import clean, mask_url

try:
    import psycopg
    from psycopg.rows import dict_row
except ImportError as error:
    raise SourceError("PostgreSQL is read by an extra: pip install 'agent-monitor[postgres]'.") from error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from monitor.sources.systems.catalogue import Tables
    from monitor.sources.systems.records import Row

CONNECT_SECONDS: Final = 5
_PARAMETER: Final = re.compile(r"(?<!:):([a-z]\w*)")
_OPTIONS: Final = (
    f"-c default_transaction_read_only=on -c statement_timeout={READING_SECONDS * 1000:.0f} -c lock_timeout=1000 "
    "-c idle_session_timeout=0 -c application_name=agent-monitor"
)

Connection = psycopg.Connection[dict[str, Any]]


class PostgresLook:
    """One reading through the connection that is kept open."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._schemas: dict[str, str] = {}

    def tables(self) -> Tables:
        """Every table and view on the search path with its columns, as far as they may be read."""
        found: dict[str, set[str]] = {}
        self._schemas = {}
        for row in self.rows(statement("systems", "postgres_columns"), {}):
            if self._schemas.setdefault(row["table"], row["schema"]) == row["schema"]:
                found.setdefault(row["table"], set()).add(row["column"])
        return {table: frozenset(columns) for table, columns in found.items()}

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """Run a query. Raises QueryError, or SourceError when the connection is lost."""
        try:
            # A percent sign is special to psycopg as soon as there are parameters.
            text = _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))
            return self._db.execute(text.encode(), dict(parameters)).fetchall()
        except psycopg.Error as error:
            if self._db.closed or self._db.broken:
                raise SourceError(told(error)) from error
            raise QueryError(told(error)) from error

    def quoted(self, table: str) -> str:
        """With its schema: a WITH clause may have its short name."""
        schema = self._schemas.get(table, "public")
        return f'"{schema}"."{table}"'


class PostgresEngine:
    """An `Engine` on a PostgreSQL database."""

    name = "postgres"
    dialect = "postgres"

    def __init__(self, url: str) -> None:
        self._url = url
        self._db: Connection | None = None
        self._look: PostgresLook | None = None

    def stamp(self) -> object | None:
        """What the server has counted of changes in each table, or None where it counts none.

        A session tells its counts when it is idle, within a second or so: what is not seen now is seen next time.
        """
        look = self._opened()
        rows = look.rows(statement("systems", "postgres_changes"), {})
        if not rows or not rows[0]["counted"]:
            return None
        return tuple((row["id"], row["changes"]) for row in rows)

    @contextmanager
    def look(self) -> Iterator[PostgresLook]:
        """The open connection. Raises SourceError."""
        yield self._opened()

    def close(self) -> None:
        """Hang up."""
        if self._db is not None:
            self._db.close()
        self._db = self._look = None

    def _opened(self) -> PostgresLook:
        if self._db is not None and self._look is not None and not self._db.closed and not self._db.broken:
            return self._look
        self.close()
        try:
            # Statement by statement: a transaction that stays open holds back the server's tidying up.
            self._db = psycopg.connect(
                self._url,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                options=_OPTIONS,
                row_factory=dict_row,
            )
        except psycopg.Error as error:
            raise SourceError(f"{mask_url(self._url)} cannot be reached: {told(error)}") from error
        self._db.prepare_threshold = 2
        self._look = PostgresLook(self._db)
        return self._look


def told(error: psycopg.Error) -> str:
    """What the server says, in one line and without what it quotes of the address."""
    said = error.diag.message_primary or str(error).splitlines()[0] if str(error) else type(error).__name__
    return clean(said, 200).rstrip(".") + "."
