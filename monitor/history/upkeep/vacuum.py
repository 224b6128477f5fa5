"""Giving space back: the pages that deleted rows leave are cut off the file's end, some at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from monitor.history.upkeep.slices import Pace

INCREMENTAL: Final = 2
"""`PRAGMA auto_vacuum` of a file whose pages can be given back one by one."""
KEPT_PAGES: Final = 256
"""Free pages that stay in the file, for the ticks to come to be written into."""
KEPT_SHARE: Final = 0.01
"""The same as a share of the file, where that is more."""


def pragma(db: sqlite3.Connection, name: str) -> int:
    """The number that a pragma without arguments tells. `name` is never foreign."""
    value: int = db.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def file_bytes(db: sqlite3.Connection) -> int:
    """Bytes of the database as this connection sees it, before and after a checkpoint of the log alike."""
    return pragma(db, "page_count") * pragma(db, "page_size")


def free_bytes(db: sqlite3.Connection) -> int:
    """Bytes of it that hold nothing."""
    return pragma(db, "freelist_count") * pragma(db, "page_size")


def give_back(db: sqlite3.Connection, pace: Pace, *, everything: bool = False) -> Iterator[None]:
    """Cut free pages off the file, down to what the next ticks need, or all of them; a slice between two steps.

    The file itself gets shorter with the next checkpoint; one that was made without incremental vacuum keeps its size.
    Raises sqlite3.Error.
    """
    if pragma(db, "auto_vacuum") != INCREMENTAL:
        return
    kept = 0 if everything else max(KEPT_PAGES, int(KEPT_SHARE * pragma(db, "page_count")))
    free = pragma(db, "freelist_count")
    while free > kept:
        with pace.slice(db, "vacuum") as part:
            while part.left and part.used < free - kept:
                # One page a call, whatever its argument says: what a page costs depends on the list of free ones.
                db.execute("PRAGMA incremental_vacuum(1)")
                part.used += 1
        before, free = free, pragma(db, "freelist_count")
        if free >= before:
            return
        yield
