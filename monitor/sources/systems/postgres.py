"""A system in PostgreSQL: one connection that can only read, with a time limit on each statement (extra `postgres`)."""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from monitor.errors import SourceError
from monitor.sources.systems.engine import READING_SECONDS, QueryError
from monitor.statements import statement
from monitor.text import clean, mask_url

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
    from psycopg.rows import dict_row
    from psycopg.types.string import TextLoader
except ImportError as error:
    raise SourceError("PostgreSQL is read by an extra: pip install 'agent-monitor[postgres]'.") from error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from psycopg.abc import Buffer

    from monitor.sources.systems.catalogue import Tables
    from monitor.sources.systems.records import Row

CONNECT_SECONDS: Final = 5
_OPTIONS: Final = (
    f"-c default_transaction_read_only=on -c statement_timeout={READING_SECONDS * 1000:.0f} -c lock_timeout=1000 "
    "-c datestyle=ISO -c intervalstyle=postgres"
)
"""The server's settings for the connection, from its first moment on."""
_AS_TEXT: Final = ("timestamp", "timestamptz", "date", "time", "timetz", "interval", "uuid")
"""Types that stay as the server writes them: Python knows neither its infinity nor its dates before Christ, and what
goes back to it as `since` is then the very value."""
_TOKEN: Final = re.compile(
    r"""(?P<other> [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/
          | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ | :: )
      | (?<!\w):(?P<name>[a-z]\w*) | %""",
    re.VERBOSE | re.DOTALL,
)
_PARAMETERS: Final = frozenset({"since", "limit", "overlap"})
"""All that sql/systems/reading.sql asks for: any other colon is a slice's."""
_SHORT: Final = 3
_QUOTED: Final = re.compile(r': "')

Connection = psycopg.Connection[dict[str, Any]]


class _Text(TextLoader):
    """What the server writes, with the minutes of an offset, which ISO wants and the server leaves out."""

    def load(self, data: Buffer) -> str:
        text = bytes(data).decode("utf-8", "replace")
        return f"{text}:00" if text[-3:-2] in ("+", "-") and ":" in text else text


class PostgresLook:
    """One reading through the connection that is kept open."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._schemas: dict[str, str] = {}
        self._withheld: Tables = {}
        self._enums: dict[str, set[str]] = {}

    def tables(self) -> Tables:
        """Every table and view with its columns, as far as they may be read; of equal names the search path's first."""
        readable: dict[str, set[str]] = {}
        withheld: dict[str, set[str]] = {}
        self._schemas, self._enums = {}, {}
        for row in self.rows(statement("systems", "postgres_columns"), {}):
            if self._schemas.setdefault(row["table"], row["schema"]) == row["schema"]:
                found = readable if row["readable"] else withheld
                found.setdefault(row["table"], set()).add(row["column"])
                if row["enum"] and row["readable"]:
                    self._enums.setdefault(row["table"], set()).add(row["column"])
        self._withheld = {table: frozenset(columns) for table, columns in withheld.items()}
        return {table: frozenset(columns) for table, columns in readable.items()}

    def withheld(self) -> Tables:
        """What the role may not read."""
        return self._withheld

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """Run a query. Raises QueryError, or SourceError when the connection is lost."""
        try:
            return self._db.execute(_in_psycopgs_style(sql).encode(), dict(parameters)).fetchall()
        except psycopg.Error as error:
            if self._db.closed or self._db.broken:
                raise SourceError(told(error)) from error
            raise QueryError(told(error)) from error
        except (UnicodeError, ValueError, OverflowError) as error:  # a value that Python cannot hold
            raise QueryError("A value is none that can be read.") from error

    def quoted(self, table: str) -> str:
        """With its schema: a WITH clause may have its short name."""
        schema = self._schemas.get(table, "public")
        return f'"{schema}"."{table}"'

    def enums(self, table: str) -> frozenset[str]:
        """Those of an enum type."""
        return frozenset(self._enums.get(table, ()))

    def type_of(self, documented: str) -> str:
        """The documented one: PostgreSQL compares and adds nothing to a text that is no text."""
        return documented or "text"


class PostgresEngine:
    """An `Engine` on a PostgreSQL database."""

    name = "postgres"
    dialect = "postgres"

    def __init__(self, url: str) -> None:
        self._url = url
        self._db: Connection | None = None
        self._look: PostgresLook | None = None

    def stamp(self) -> object | None:
        """The snapshot that a query would see; None where a foreign table may hold anything.

        What the server counts of changes would be told later than they are seen, at times by ten seconds.
        """
        row = self._opened().rows(statement("systems", "postgres_stamp"), {})[0]
        return None if row["foreign"] else (row["server"], row["snapshot"], row["replayed"])

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
            address = conninfo_to_dict(self._url)
        except (psycopg.Error, ValueError):  # what it says quotes what may be a part of the password
            raise SourceError(f"{mask_url(self._url)} is no address of a PostgreSQL database.") from None
        options = f"{address.pop('options', None) or ''} {_OPTIONS}"  # of equal ones the last counts
        settings: dict[str, Any] = {
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "agent-monitor",
            **address,
            "options": options,
        }
        try:
            # Statement by statement: a transaction that stays open holds back the server's tidying up. And none of
            # them prepared: a pool in between, or a migration, takes that away.
            self._db = psycopg.connect(
                "", autocommit=True, prepare_threshold=None, row_factory=dict_row, **settings
            )
        except (psycopg.Error, UnicodeError, ValueError) as error:
            said = told(error)
            for secret in (address.get("password"), address.get("user"), address.get("sslpassword")):
                said = _without(said, str(secret or ""))
            raise SourceError(f"{mask_url(self._url)} cannot be reached: {said}") from None
        for name in _AS_TEXT:
            self._db.adapters.register_loader(name, _Text)
        self._look = PostgresLook(self._db)
        return self._look


def told(error: Exception) -> str:
    """What the server says, in one line and without the values that it quotes."""
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    lines = (primary or str(error)).splitlines() or [type(error).__name__]
    return clean(_QUOTED.split(lines[0])[0], 200).rstrip(".") + "."


def _without(said: str, secret: str) -> str:
    """The text without a password, or a user's name in quotes: tokens are often written as one."""
    if not secret:
        return said
    said = said.replace(f'"{secret}"', '"***"')
    return said.replace(secret, "***") if len(secret) > _SHORT else said


@lru_cache(maxsize=512)
def _in_psycopgs_style(sql: str) -> str:
    """The query with `%(name)s` for `:name`, outside of literals; a percent sign is written twice everywhere."""

    def written(match: re.Match[str]) -> str:
        if match["name"]:
            return f"%({match['name']})s" if match["name"] in _PARAMETERS else match[0]
        return match[0].replace("%", "%%")

    return _TOKEN.sub(written, sql)
