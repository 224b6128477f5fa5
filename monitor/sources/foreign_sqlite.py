"""Reads another program's SQLite file: nothing is written to it or left beside it, and no lock is held for long.

A connection to a WAL database makes the files `-wal` and `-shm` where there are none, even one that may only read
(sqlite.org/wal.html). So the file is opened as one that cannot change (`immutable`) unless its program has it open.
Where neither shows what was committed last, a copy of the files is read: after a crash, which leaves a log behind that
only a writer could put in order, and of a program that keeps the index of its log to itself.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from monitor.errors import SourceError
from monitor.sources.files import Signature, signature

if TYPE_CHECKING:
    from collections.abc import Iterator

COPY_LIMIT: Final = 256 << 20
"""Bytes of a database and its log that are copied."""
_BUSY_SECONDS: Final = 0.25
"""Waiting for a lock: the next look comes soon."""
_TRIES: Final = 10
_PAUSE_SECONDS: Final = 0.01
_ENDINGS: Final = ("", "-wal", "-journal")
_HOT: Final = bytes.fromhex("d9d505f920a163d7")
"""How a journal begins whose transaction has not ended."""
_MAY_NOT: Final = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})

Signatures = tuple[Signature | None, Signature | None, Signature | None]


class ForeignDatabase:
    """One file, looked at without opening it, and opened only for the time of a reading."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._seen: Signatures | None = None

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
            with self._connected(live=live) as db:
                yield db
        except sqlite3.Error as error:
            if not live and self.signatures() != before:
                raise SourceError(f"{self.path} was written while it was read.") from error
            raise SourceError(f"{self.path} cannot be read: {error}.") from error
        if live or self.signatures() == before:
            self._seen = before

    def signatures(self) -> Signatures:
        """What differs when something was written: of the file, and of its log or journal."""
        return signature(self.path), signature(f"{self.path}-wal"), signature(f"{self.path}-journal")

    def _is_live(self) -> bool:
        """Whether its program has it open as a WAL database: then both files stand beside it already."""
        return os.path.exists(f"{self.path}-wal") and os.path.exists(f"{self.path}-shm")

    @contextmanager
    def _connected(self, *, live: bool) -> Iterator[sqlite3.Connection]:
        """A connection to the file in the way that leaves it alone, or to a copy."""
        uri = Path(self.path).absolute().as_uri()
        if not live:
            if not self._is_unfinished():
                with _connection(f"{uri}?immutable=1") as db:
                    yield db
                return
        else:
            with _connection(f"{uri}?mode=ro") as db:
                if _answers(db):
                    yield db
                    return
        with tempfile.TemporaryDirectory(prefix="agent-monitor-") as folder:
            copy = os.path.join(folder, "copy.db")
            self._copy_to(copy)
            with _connection(Path(copy).as_uri()) as db:
                yield db

    def _is_unfinished(self) -> bool:
        """Whether the file alone is not what was committed: a log without an index, or a journal to be played back."""
        log = signature(f"{self.path}-wal")
        if log is not None and log[1]:
            return True
        try:
            with open(f"{self.path}-journal", "rb") as journal:
                return journal.read(len(_HOT)) == _HOT
        except OSError:
            return False

    def _copy_to(self, copy: str) -> None:
        """Copy the file and what belongs to it, as they are at one moment. Raises SourceError."""
        for _ in range(_TRIES):
            before = self.signatures()
            if sum(found[1] for found in before if found) > COPY_LIMIT:
                raise SourceError(
                    f"{self.path} would have to be copied to be read, and is too large for that: "
                    f"more than {COPY_LIMIT >> 20} MB."
                )
            try:
                for ending, found in zip(_ENDINGS, before, strict=True):
                    if found is not None:
                        shutil.copyfile(f"{self.path}{ending}", f"{copy}{ending}")
            except FileNotFoundError:  # its program has just ended a transaction
                pass
            except OSError as error:
                raise SourceError(f"{self.path} cannot be read: {error.strerror}.") from error
            if self.signatures() == before:
                return
            for ending in _ENDINGS:
                Path(f"{copy}{ending}").unlink(missing_ok=True)
            time.sleep(_PAUSE_SECONDS)
        raise SourceError(f"{self.path} is being written: it is read as soon as that is done.")


@contextmanager
def _connection(uri: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)) as db:
        db.row_factory = sqlite3.Row
        db.text_factory = _text
        db.execute("PRAGMA query_only = 1")
        db.execute("PRAGMA trusted_schema = 0")
        yield db


def _answers(db: sqlite3.Connection) -> bool:
    """Whether it can be read where it is: SQLite may want to write the index of the log, and may not."""
    try:
        db.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in _MAY_NOT:
            return False
        raise
    return True


def value(row: sqlite3.Row, name: str) -> Any:
    """A column of a row; None where this version of the database has none of that name."""
    return row[name] if name in row.keys() else None  # noqa: SIM118 - a row is no mapping


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
