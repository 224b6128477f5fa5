"""A SQLite file that several agents of a kind write, with the statements of a file in `sql/demo/`.

The agents' processes have no packages but the standard library, so the file is read here rather than by `aiosql`.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME: Final = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_BUSY_SECONDS: Final = 30.0


class Database:
    """The file, open as long as the agent lives; every name that ends in `table` or `index` is made if need be."""

    def __init__(self, file: Path, statements: Path) -> None:
        parts = _NAME.split(statements.read_text(encoding="utf-8"))
        self._statements = dict(zip(parts[1::2], parts[2::2], strict=True))
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file, timeout=_BUSY_SECONDS, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        with self.writing():
            for name in self._statements:
                if name.endswith(("_table", "_index")):
                    self.run(name)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: what a reader sees happens at once."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def run(self, name: str, **values: Any) -> None:
        """Run a named statement."""
        self._db.execute(self._statements[name], values)
