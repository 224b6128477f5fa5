"""The named queries of `sql/queries/`: loaded once, and run in one hop to the connection's thread."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

import aiosql

from monitor.paths import sql_folder

if TYPE_CHECKING:
    import sqlite3

    import aiosqlite


@cache
def _all() -> Any:
    return aiosql.from_path(sql_folder() / "queries", "aiosqlite")


@cache
def sql(name: str) -> str:
    """The text of a named query. Raises AttributeError for an unknown name."""
    return cast("str", getattr(_all(), name).sql)


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
