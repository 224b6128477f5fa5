"""The named queries of `sql/queries/`: each file loaded once, and run in one hop to the connection's thread."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

import aiosql

from monitor.paths import sql_folder

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    import aiosqlite

_NAME: Final = re.compile(r"^-- name: (\w+)", re.MULTILINE)


@cache
def _places() -> dict[str, Path]:
    """The file that holds each query: reading all of them takes a millisecond, parsing them a hundred."""
    files = sorted((sql_folder() / "queries").glob("*.sql"))
    return {name: file for file in files for name in _NAME.findall(file.read_text(encoding="utf-8"))}


@cache
def _load(file: Path) -> Any:
    return aiosql.from_path(file, "aiosqlite")


@cache
def sql(name: str) -> str:
    """The text of a named query. Raises KeyError for an unknown name."""
    return cast("str", getattr(_load(_places()[name]), name).sql)


async def fetch(db: aiosqlite.Connection, name: str, **parameters: Any) -> list[sqlite3.Row]:
    """Run a named query with bound parameters and return all rows.

    In autocommit each call is a read transaction of its own, over when it returns: readers never hold one open
    (DESIGN.md §9). Raises sqlite3.Error.
    """
    return cast("list[sqlite3.Row]", await db.execute_fetchall(sql(name), parameters))


async def fetch_one(db: aiosqlite.Connection, name: str, **parameters: Any) -> sqlite3.Row | None:
    """Run a named query and return its first row, or None."""
    rows = await fetch(db, name, **parameters)
    return rows[0] if rows else None


def rows(db: sqlite3.Connection, name: str, **parameters: Any) -> list[sqlite3.Row]:
    """Run a named query in the connection's own thread (`connection.in_one_go`). Raises sqlite3.Error."""
    return cast("list[sqlite3.Row]", db.execute(sql(name), parameters).fetchall())


def first(db: sqlite3.Connection, name: str, **parameters: Any) -> sqlite3.Row | None:
    """The first row of a named query, or None."""
    return cast("sqlite3.Row | None", db.execute(sql(name), parameters).fetchone())
