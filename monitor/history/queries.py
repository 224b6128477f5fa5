"""The named queries of `sql/queries/`: each file loaded once, and run in one hop to the connection's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from monitor.statements import statement

if TYPE_CHECKING:
    import sqlite3

    import aiosqlite


def sql(name: str) -> str:
    """The text of a named query. Raises KeyError for an unknown name."""
    return statement("queries", name)


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
