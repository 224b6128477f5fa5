"""The systems that are known: each a folder of `sql/systems/`, with its words and the queries that read it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Annotated, Final

import aiosql
import msgspec
from msgspec import Meta

from monitor.model import Severity, Status
from monitor.model.systems import LogLevel, WorkStatus
from monitor.paths import sql_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TABLE: Final = re.compile(r"([A-Za-z_]\w*)\s*(?:\(([^)]*)\))?")
_NOTE: Final = re.compile(r"^(needs|may|dialect):(.*)$")
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

    def missing(self, tables: Mapping[str, frozenset[str]]) -> str:
        """The first thing that it needs and is not there, in words; empty when it can be asked."""
        for table, columns in self.needs.items():
            if table not in tables:
                return f"no table {table}"
            if gone := sorted(columns - tables[table]):
                return f"no column {gone[0]} in {table}"
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

    def fits(self, tables: Mapping[str, frozenset[str]]) -> bool:
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


def tables_of(text: str) -> Tables:
    """Read `tasks(id, title), agents` as tables and columns."""
    return {
        table: frozenset(column.strip() for column in (columns or "").split(",") if column.strip())
        for table, columns in _TABLE.findall(text)
    }


def normal(word: str) -> str:
    """A system's word as it stands in `system.toml`: in lower case, with underscores."""
    return _WORD.sub("_", word.strip().lower())


def kinds(folder: Path | None = None) -> tuple[SystemKind, ...]:
    """Every system that is known, by name; `folder` is another place than `sql/systems`.

    Raises msgspec.ValidationError and aiosql's errors for a folder that is not as it has to be.
    """
    return _kinds(folder or sql_folder() / "systems")


@cache
def _kinds(folder: Path) -> tuple[SystemKind, ...]:
    return tuple(_load(file.parent) for file in sorted(folder.glob("*/system.toml")))


def _load(folder: Path) -> SystemKind:
    words = msgspec.toml.decode((folder / "system.toml").read_bytes(), type=Words)
    named = aiosql.from_path(folder / "read.sql", "sqlite3")
    queries = (getattr(named, name) for name in named.available_queries if not name.endswith("_cursor"))
    return SystemKind(
        name=folder.name,
        words=words,
        detect=tuple(tables_of(alternative) for alternative in words.detect),
        queries=tuple(_query(query.__name__, query.__doc__ or "", query.sql) for query in queries),
    )


def _query(name: str, about: str, text: str) -> Query:
    notes: dict[str, list[str]] = {"needs": [], "may": [], "dialect": []}
    for line in about.splitlines():
        if told := _NOTE.match(line.strip()):
            notes[told[1]].append(told[2])
    return Query(
        name=name,
        part=name.partition("__")[0],
        needs=tables_of(",".join(notes["needs"])),
        may=tables_of(",".join(notes["may"])),
        dialects=frozenset(" ".join(notes["dialect"]).split()),
        sql=text.rstrip().rstrip(";"),
    )
