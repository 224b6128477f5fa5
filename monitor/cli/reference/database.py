"""The tables as they are after every migration, as a page made of the SQL and its comments."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.cli.reference.columns import meaning, unit
from monitor.history.migrations import Migration, migrations, statements
from monitor.history.queries import sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

INTRODUCTION: Final = """# Database

One SQLite file: `monitor.db` in the state folder, or what `--db` names; `agent-monitor db info` tells which.
Times are whole milliseconds since the epoch in UTC, sizes are bytes, CPU is percent of one core unless said
otherwise, NULL is unknown. Open it read-only (`sqlite3 'file:monitor.db?mode=ro'`): it has one writer, the
recorder. `schema_version` lists the migrations applied, with the checksum of each; a file that was altered, or
a newer database, is refused with exit code 4. How long rows are kept: [retention](../explanation/retention.md).
"""


class Column(NamedTuple):
    """A column as the page shows it."""

    name: str
    kind: str
    """Type and constraints."""
    unit: str
    meaning: str


class Table(NamedTuple):
    """A table as the page shows it."""

    name: str
    since: int
    """Version of the schema that brought it."""
    remark: str
    columns: tuple[Column, ...]


def page() -> str:
    """docs/reference/database.md."""
    lines = [INTRODUCTION]
    for table in tables():
        lines += [f"## `{table.name}`", ""]
        lines += [f"{table.remark} Since schema {table.since}.".lstrip(), ""]
        lines += ["| column | type | unit | meaning |", "|---|---|---|---|"]
        lines += [f"| `{name}` | {kind} | {unit} | {text} |" for name, kind, unit, text in table.columns]
        lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def tables() -> list[Table]:
    """The tables that are there after every migration, in the order in which they came."""
    db = sqlite3.connect(":memory:")
    try:
        db.execute(sql("create_schema_version"))
        found: dict[str, tuple[int, str]] = {"schema_version": (0, "")}
        added: dict[tuple[str, str], str] = {}
        for migration in migrations():
            for statement in statements(migration.up):
                db.execute(statement)
            found |= {name: (migration.version, remark) for name, remark in _remarks(migration)}
            added |= _added(migration)
        created = dict(db.execute(sql("table_statements")))
    finally:
        db.close()
    return [
        _table(name, since, remark, created[name], added)
        for name, (since, remark) in found.items()
        if name in created
    ]


def _remarks(migration: Migration) -> Iterator[tuple[str, str]]:
    """Each table that a migration makes, with the comment lines that stand right above it."""
    for match in re.finditer(r"((?:^--[^\n]*\n)*)^CREATE TABLE (\w+)", migration.up, re.MULTILINE):
        yield match[2], " ".join(line.removeprefix("--").strip() for line in match[1].splitlines())


def _added(migration: Migration) -> dict[tuple[str, str], str]:
    """What stands beside each column that a migration adds to a table that is there: by table and column."""
    found = re.findall(
        r"^ALTER TABLE (\w+) ADD COLUMN (\w+)[^;]*;[ \t]*--[ \t]*(.*)$", migration.up, re.MULTILINE
    )
    return {(table, column): remark.strip() for table, column, remark in found}


def _table(name: str, since: int, remark: str, created: str, added: Mapping[tuple[str, str], str]) -> Table:
    head, *lines = created.splitlines()
    beside = head.partition("--")[2].strip()
    text = " ".join(f"{part[:1].upper()}{part[1:]}".rstrip(".") + "." for part in (beside, remark) if part)
    later = {column: told for (table, column), told in added.items() if table == name}
    return Table(name, since, text, tuple(_columns(lines, later)))


def _columns(lines: list[str], later: Mapping[str, str]) -> Iterator[Column]:
    for line in lines:
        code, _, remark = line.strip().partition("--")
        # SQLite writes a column that a later migration added behind the last one of the table, on its line.
        for part in re.split(r",\s*(?=\w+\s+(?:TEXT|INTEGER|REAL|BLOB)\b)", code):
            found = re.match(r"(\w+)\s+(TEXT|INTEGER|REAL|BLOB)\b(.*)", part.strip().rstrip(","))
            if found:
                kind = re.sub(r"\)\s*STRICT.*", "", " ".join(f"{found[2]}{found[3]}".split())).replace(
                    "|", "/"
                )
                told = later.get(found[1], remark.strip())
                yield Column(found[1], kind, unit(found[1], kind), meaning(found[1], told))
                remark = ""
