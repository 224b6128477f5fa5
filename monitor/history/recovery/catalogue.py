"""The schema as the migrations make it: what a database is compared with, and what a damaged one is read by."""

from __future__ import annotations

import re
import sqlite3
from typing import Final

import msgspec

from monitor.history.connection import connect
from monitor.history.migrations import migrate, migrations
from monitor.history.queries import fetch

_COMMENT: Final = re.compile(r"--[^\n]*")
_SPACE: Final = re.compile(r"\s+")


class Column(msgspec.Struct, frozen=True):
    """A column of a table."""

    name: str
    type: str
    required: bool
    """NOT NULL."""
    key: int
    """Place in the primary key, from 1; 0 for none."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the schema."""

    name: str
    columns: tuple[Column, ...]
    has_row_id: bool

    @property
    def stored(self) -> tuple[int, ...]:
        """The columns' places in the order in which a record holds them: without a row id, the key comes first."""
        order = range(len(self.columns))
        if self.has_row_id:
            return tuple(order)
        return tuple(
            sorted(order, key=lambda index: (self.columns[index].key or len(self.columns) + 1, index))
        )

    @property
    def alias(self) -> int | None:
        """Place of the column that is the row id, which records leave empty."""
        keys = [index for index, column in enumerate(self.columns) if column.key]
        if self.has_row_id and len(keys) == 1 and self.columns[keys[0]].type == "INTEGER":
            return keys[0]
        return None


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the schema."""

    version: int
    tables: dict[str, Table]
    objects: dict[tuple[str, str], str]
    """(type, name) of each table and index to its statement, without comments and spacing."""


_MADE: Final[dict[int, Catalogue]] = {}
"""Those made before: the migrations do not change while the program runs."""


async def catalogue(version: int | None = None) -> Catalogue:
    """The schema of that version (the newest when None), made by the migrations in memory."""
    wanted = len(migrations()) if version is None else version
    if wanted not in _MADE:
        _MADE[wanted] = await _make(wanted)
    return _MADE[wanted]


async def _make(version: int) -> Catalogue:
    async with connect(":memory:") as db:
        db.row_factory = sqlite3.Row
        await migrate(db, version)
        tables = {}
        for row in await fetch(db, "tables_made"):
            columns = await fetch(db, "columns_of", of_table=row["name"])
            tables[row["name"]] = Table(
                name=row["name"],
                columns=tuple(Column(c["name"], c["type"], bool(c["required"]), c["key"]) for c in columns),
                has_row_id=not row["without_row_id"],
            )
        return Catalogue(version=version, tables=tables, objects=objects(await fetch(db, "schema_objects")))


def objects(rows: list[sqlite3.Row]) -> dict[tuple[str, str], str]:
    """Rows of sqlite_schema as (type, name) to statement, in a spelling that can be compared."""
    return {(row["type"], row["name"]): plain(row["sql"]) for row in rows}


def plain(statement: object) -> str:
    """A statement without comments, with single spaces."""
    return _SPACE.sub(" ", _COMMENT.sub("", str(statement))).strip()
