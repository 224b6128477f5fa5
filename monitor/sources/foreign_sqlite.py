"""Reads another program's SQLite file: nothing is written to it or left beside it, and no lock is held for long.

A connection to a WAL database makes the files `-wal` and `-shm` where there are none, even one that may only read
(sqlite.org/wal.html). So the file is opened as one that cannot change (`immutable`) unless its program has it open.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from monitor.errors import SourceError
from monitor.sources.files import Signature, signature

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUSY_SECONDS: Final = 0.25
"""Waiting for a lock: the next look comes soon."""


class ForeignDatabase:
    """One file, looked at without opening it, and opened only for the time of a reading."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._seen: tuple[Signature | None, Signature | None] | None = None

    @property
    def size(self) -> int:
        """Bytes of the file; 0 when it is not there."""
        seen = signature(self.path)
        return seen[1] if seen else 0

    def changed(self) -> bool:
        """Whether something was written since the last reading that went well."""
        return self.signatures() != self._seen

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        """A connection that can only read, with rows by name. Raises SourceError for what SQLite refuses.

        A reading that fails, or during which a file without a log has changed, is not taken for one.
        """
        before = self.signatures()
        if before[0] is None:
            raise SourceError(f"{self.path} is not there.")
        live = self._is_live()
        try:
            uri = Path(self.path).absolute().as_uri() + ("?mode=ro" if live else "?immutable=1")
            with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)) as db:
                db.row_factory = sqlite3.Row
                db.text_factory = _text
                db.execute("PRAGMA query_only = 1")
                db.execute("PRAGMA trusted_schema = 0")
                yield db
        except sqlite3.Error as error:
            raise SourceError(f"{self.path} cannot be read: {error}.") from error
        if live or self.signatures() == before:
            self._seen = before

    def signatures(self) -> tuple[Signature | None, Signature | None]:
        """What differs when something was written: of the file, and of its write-ahead log."""
        return signature(self.path), signature(f"{self.path}-wal")

    def _is_live(self) -> bool:
        """Whether its program has it open as a WAL database: then both files stand beside it already."""
        return os.path.exists(f"{self.path}-wal") and os.path.exists(f"{self.path}-shm")


def value(row: sqlite3.Row, name: str) -> Any:
    """A column of a row; None where this version of the database has none of that name."""
    return row[name] if name in row.keys() else None  # noqa: SIM118 - a row is no mapping


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
