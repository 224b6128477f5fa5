"""The look at a database's pages that a recorder takes now and then: bounded in time, and beside the ticks."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.errors import DatabaseDamagedError
from monitor.history.connection import BUSY_TIMEOUT_SECONDS, explain
from monitor.history.queries import sql

if TYPE_CHECKING:
    from pathlib import Path

STEPS: Final = 10_000
"""Of SQLite's machine, between two looks at the clock."""
RULES: Final = ("CHECK constraint failed", "NULL value in", "NUMERIC value in", "TEXT value in", "non-")
"""How SQLite begins to tell of a value that breaks a rule, which is no reason to give up the file."""


class QuickCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What a quick check found."""

    damage: tuple[str, ...] = ()
    """Pages that cannot be gone on with."""
    rules: tuple[str, ...] = ()
    """Values that break a rule of their table: some bits have turned, and the rest can be read."""
    complete: bool = True
    """False: the time was up before everything was looked at."""


def quick_check(file: Path, seconds: float) -> QuickCheck:
    """Read all pages, table by table, for at most that long. Blocks; other threads run meanwhile.

    For the recorder alone: SQLite leaves out the CHECKs of a database that is opened read-only, so that this opens it
    for writing, and forbids itself to. Each table is read in a transaction of its own, so that the write-ahead log can
    start again in between. Raises DatabaseError when the file cannot be read.
    """
    deadline = time.monotonic() + seconds
    found: list[str] = []
    complete = True
    uri = f"{file.absolute().as_uri()}?mode=rw"
    try:
        with closing(
            sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
        ) as db:
            db.execute("PRAGMA query_only = ON")
            db.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
            for (name,) in db.execute(sql("schema_tables")).fetchall():
                found += (problem for (problem,) in db.execute(sql("quick_integrity"), {"of_table": name}))
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_INTERRUPT:
            raise explain(error, file) from error
        complete = False
    except sqlite3.Error as error:
        explained = explain(error, file)
        if not isinstance(explained, DatabaseDamagedError):
            raise explained from error
        found.append(str(error))
    except UnicodeDecodeError as error:  # of a message that quotes the schema
        found.append(f"what is no text: {error}")
    rules = tuple(problem for problem in found if problem.startswith(RULES))
    return QuickCheck(
        damage=tuple(problem for problem in found if problem not in rules), rules=rules, complete=complete
    )
