"""The systems that are known: each a folder of `sql/systems/`, with its words and the queries that read it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING, Annotated, Final

import aiosql
import msgspec
from aiosql.utils import SQLLoadException, SQLParseException
from msgspec import Meta

from monitor.errors import ConfigError
from monitor.model import Severity, Status
from monitor.model.systems import LogLevel, WorkStatus
from monitor.paths import sql_folder
from monitor.sources.systems.parts import EXTRA, PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TABLE: Final = re.compile(r"([A-Za-z_]\w*)\s*(?:\(([^)]*)\))?")
_NOTE: Final = re.compile(r"^(needs|may|dialect):(.*)$")
_DIALECTS: Final = frozenset({"sqlite", "postgres"})
_CREATED: Final = re.compile(r"CREATE TABLE (\w+) \(\n(.*?)\n\)", re.DOTALL)
_COLUMN: Final = re.compile(
    r"^ +(\w+) +((?:text|varchar|uuid|jsonb?|inet|boolean|date|real|double precision|smallint|integer|bigint|numeric"
    r"|decimal|timestamptz|timestamp(?: with time zone)?)(?:\[\])?)\b",
    re.IGNORECASE | re.MULTILINE,
)
_WORD: Final = re.compile(r"[\s_-]+")

Tables = dict[str, frozenset[str]]
"""Table to its columns."""
TaskWord = Annotated[str, Meta(pattern=r"^[A-Z][A-Z_]*\Z")]
PriorityWord = Annotated[str, Meta(pattern=r"^(critical|high|medium|low|lowest)\Z")]


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A query that reads one part of a system, and what has to be there for it."""

    name: str
    part: str
    """The name up to a double underscore: `tasks` of `tasks__real`."""
    needs: Tables
    """Without these it cannot be asked."""
    may: Tables
    """Where these are missing they read as NULL."""
    dialects: frozenset[str]
    """The dialects of SQL that it is written in, `sqlite` or `postgres`; empty: in both."""
    sql: str
    types: dict[str, str] = {}
    """Of `table.column` in `may` the type that the system's schema for PostgreSQL gives it, where it has one."""

    def missing(self, tables: Tables, withheld: Tables | None = None) -> str:
        """The first thing that it needs and is not there, in words; empty when it can be asked.

        `withheld` is what is there and may not be read.
        """
        for table, columns in self.needs.items():
            hidden = (withheld or {}).get(table, frozenset())
            if table not in tables:
                return f"{table} may not be read" if hidden else f"no table {table}"
            if gone := sorted(columns - tables[table]):
                allowed = f"column {gone[0]} in {table} may not be read"
                return allowed if gone[0] in hidden else f"no column {gone[0]} in {table}"
        return ""


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a system's words mean in ours, from its `system.toml`. Its words are looked up in lower case, with `_`."""

    title: str
    """What people call the system."""
    detect: tuple[str, ...]
    """Alternatives: tables with their columns, as in a query's `needs`, that tell it from every other system."""
    agent: dict[str, Status] = {}
    task: dict[str, TaskWord] = {}
    work: dict[str, WorkStatus] = {}
    """Of queues, executions, assignments and workflows."""
    priority: dict[str, PriorityWord] = {}
    """Numbers are written as text: which way they run is the system's affair."""
    queue_priority: dict[str, PriorityWord] = {}
    """Of queues, where it is another than that of tasks; empty: the same."""
    severity: dict[str, Severity] = {}
    level: dict[str, LogLevel] = {}
    blocking: tuple[str, ...] = ()
    """Kinds of dependency that keep a task waiting; others only relate two tasks."""
    heartbeat_seconds: float = 0.0
    """A heartbeat that is older is lost; 0: nothing is said of its age."""
    timeout_seconds: float = 0.0
    """For what runs without a limit of its own; 0: none."""
    timeout_setting: str = ""
    """The setting in the system's own configuration that says otherwise."""
    max_processes: int = 0
    """That many may run at most; 0: no limit."""
    max_processes_setting: str = ""
    """As `timeout_setting`."""


class SystemKind(msgspec.Struct, frozen=True, kw_only=True):
    """A system: a folder of `sql/systems/`."""

    name: str
    words: Words
    detect: tuple[Tables, ...]
    queries: tuple[Query, ...]

    def fits(self, tables: Tables) -> bool:
        """Whether these tables are this system's."""
        return any(
            all(table in tables and columns <= tables[table] for table, columns in wanted.items())
            for wanted in self.detect
        )

    @property
    def asked(self) -> Tables:
        """Every table and column that one of its queries or its detection names: nothing else is ever looked at."""
        every: Tables = {}
        for named in (*self.detect, *(query.needs for query in self.queries), *(q.may for q in self.queries)):
            for table, columns in named.items():
                every[table] = every.get(table, frozenset()) | columns
        return every


def kinds(folder: Path | None = None) -> tuple[SystemKind, ...]:
    """Every system that is known, by name; `folder` is another place than `sql/systems`.

    Raises ConfigError for a folder that is not as it has to be: which file, and what is wrong with it.
    """
    return _kinds(folder or sql_folder() / "systems")


@cache
def _kinds(folder: Path) -> tuple[SystemKind, ...]:
    return tuple(_load(file.parent) for file in sorted(folder.glob("*/system.toml")))


def _load(folder: Path) -> SystemKind:
    file = folder / "system.toml"
    try:
        words = msgspec.toml.decode(file.read_bytes(), type=Words)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from error
    for alternative in words.detect:
        _check_tables(file, alternative)
    detect = tuple(tables_of(alternative) for alternative in words.detect)
    if not all(detect):
        raise ConfigError(f"{file}: detect names no table, and would fit every system.")
    for table in (words.agent, words.task, words.work, words.priority, words.queue_priority, words.severity):
        _check_words(file, table)
    _check_words(file, words.level)
    types = _types(folder / "schema.postgres.sql")
    return SystemKind(
        name=folder.name, words=words, detect=detect, queries=_queries(folder / "read.sql", types)
    )


def _types(schema: Path) -> dict[str, str]:
    """`table.column` to its type, of a system that has a schema for PostgreSQL."""
    text = schema.read_text(encoding="utf-8") if schema.exists() else ""
    return {
        f"{table}.{column}": kind
        for table, columns in _CREATED.findall(text)
        for column, kind in _COLUMN.findall(columns)
    }


def _check_words(file: Path, table: Mapping[str, str]) -> None:
    for word in table:
        if word != normal(word):
            raise ConfigError(
                f"{file}: the word {word!r} has to be written {normal(word)!r}, or it is never found."
            )


def _check_tables(file: Path, text: str) -> None:
    """A slip in a list of tables would silently ask for something else."""
    if rest := _TABLE.sub("", text).replace(",", "").strip():
        raise ConfigError(f"{file}: {text.strip()!r} is no list of tables with their columns (at {rest!r}).")


def _queries(file: Path, types: Mapping[str, str]) -> tuple[Query, ...]:
    try:
        named = aiosql.from_path(file, "sqlite3")
    except (OSError, UnicodeDecodeError, SQLLoadException, SQLParseException) as error:
        raise ConfigError(f"{file}: {error}") from error
    found = (getattr(named, name) for name in named.available_queries if not name.endswith("_cursor"))
    return tuple(_query(file, query.__name__, query.__doc__ or "", query.sql, types) for query in found)


def _query(file: Path, name: str, about: str, text: str, types: Mapping[str, str]) -> Query:
    part = name.partition("__")[0]
    if part not in PARTS:
        raise ConfigError(f"{file}: {name} reads no part of a system: the parts are {', '.join(PARTS)}.")
    notes: dict[str, list[str]] = {"needs": [], "may": [], "dialect": []}
    for line in about.splitlines():
        if told := _NOTE.match(line.strip()):
            notes[told[1]].append(told[2])
    for tables in (*notes["needs"], *notes["may"]):
        _check_tables(file, tables)
    dialects = frozenset(" ".join(notes["dialect"]).replace(",", " ").split())
    if strange := sorted(dialects - _DIALECTS):
        raise ConfigError(f"{file}: {name} is in {strange[0]!r}: a dialect is sqlite or postgres.")
    may = tables_of(",".join(notes["may"]))
    optional = [f"{table}.{column}" for table, columns in may.items() for column in columns]
    query = Query(
        name=name,
        part=part,
        needs=tables_of(",".join(notes["needs"])),
        may=may,
        dialects=dialects,
        sql=text.rstrip().rstrip(";"),
        types={column: types[column] for column in optional if column in types},
    )
    if not query.needs:
        raise ConfigError(f"{file}: {name} says not what it needs: a line `-- needs: table(column, …)`.")
    if "postgres" not in dialects or "sqlite" in dialects:
        _check_columns(file, query)
    return query


def _check_columns(file: Path, query: Query) -> None:
    """Ask it of empty tables that have just what it says it needs: it has to give the columns of its part."""
    part = PARTS[query.part]
    tables = {
        table: query.needs.get(table, frozenset()) | query.may.get(table, frozenset())
        for table in query.needs.keys() | query.may
    }
    with closing(sqlite3.connect(":memory:")) as db:
        try:
            for table, columns in tables.items():
                names = ", ".join(f'"{column}"' for column in sorted(columns)) or '"_"'
                db.execute(f'CREATE TABLE "{table}" ({names})')
            given = [column[0] for column in db.execute(query.sql).description]
        except sqlite3.Error as error:
            raise ConfigError(f"{file}: {query.name} cannot be asked of what it needs: {error}.") from error
    for column in part.columns:
        if column not in given:
            raise ConfigError(f"{file}: {query.name} gives no column {column}.")
    known = {field.name for field in msgspec.structs.fields(part.record)} | set(part.columns)
    for column in given:
        if column not in known and not (column.startswith(EXTRA) and "extra" in known):
            raise ConfigError(f"{file}: {query.name} gives a column {column}, which is no field of its part.")
    if len(set(given)) < len(given):
        raise ConfigError(f"{file}: {query.name} gives a column twice.")


def tables_of(text: str) -> Tables:
    """Read `tasks(id, title), agents` as tables and columns."""
    return {
        table: frozenset(column.strip() for column in (columns or "").split(",") if column.strip())
        for table, columns in _TABLE.findall(text)
    }


def normal(word: str) -> str:
    """A system's word as it stands in `system.toml`: in lower case, with underscores."""
    return _WORD.sub("_", word.strip().lower())
