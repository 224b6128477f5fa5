"""One root's board, polled: a reading when the file moved, the last good one when it cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import structs

from monitor.errors import SourceError
from monitor.model import BoardReading, BoardState
from monitor.sources.board.memory import TaskMemory
from monitor.sources.board.shapes import parse_board
from monitor.sources.files import FileMissingError, read_file, signature

if TYPE_CHECKING:
    from monitor.model import Millis
    from monitor.sources.files import Signature

BOARD: Final = "coordination/task-board.json"
SIZE_LIMIT: Final = 16_000_000
RETRIES: Final = 3
"""Polls at which a file that could not be read is tried again though it looks the same: its writer may be at
work (SIB-10)."""
RETRY_MS: Final = 60_000
"""How often after that: what ails it may not show in its signature (permissions, descriptors)."""
FRESH_MS: Final = 2000
"""A file younger than this may change again within one step of its time stamp, so it is read once more."""


class BoardSource:
    """The board under one root, `coordination/task-board.json`."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.path = str(Path(root) / BOARD)
        self._seen: Signature | None = None
        self._settled = False
        self._failures = 0
        self._tried = 0
        self._good = BoardReading(state=BoardState(root=root, path=self.path))
        self._last: BoardReading | None = None
        self._memory = TaskMemory()

    def poll(self, now: Millis) -> BoardReading | None:
        """Read the board if it changed; None when there is nothing new to tell. Blocks; raises nothing.

        What cannot be read (half-written, vanished, too large, …) gives the last good reading with the reason
        in `state.error`, which is empty when there never was a board.
        """
        look = signature(self.path)
        changed = self._last is None or look != self._seen
        if not changed and not self._due(now):
            return None
        if changed:
            self._seen, self._failures = look, 0
        reading = self._read(now)
        if not changed and self._last is not None and _told(reading) == _told(self._last):
            return None
        self._last = reading
        return reading

    def _due(self, now: Millis) -> bool:
        """Whether a file that looks the same is read again."""
        if not self._failures:
            return not self._settled
        return self._failures <= RETRIES or abs(now - self._tried) >= RETRY_MS

    def _read(self, now: Millis) -> BoardReading:
        self._tried, self._settled = now, True
        try:
            content = read_file(BOARD, root=self.root, limit=SIZE_LIMIT)
            reading = parse_board(content.data, self.root, self.path, now, self._memory)
        except FileMissingError as error:
            return self._failed(str(error) if self._good.state.shape else "")
        except SourceError as error:
            self._failures += 1
            return self._failed(str(error))
        self._failures = 0
        self._seen, self._settled = content.signature, abs(now - content.mtime) >= FRESH_MS
        self._good = reading
        return reading

    def _failed(self, error: str) -> BoardReading:
        return structs.replace(self._good, state=structs.replace(self._good.state, error=error))


def _told(reading: BoardReading) -> BoardReading:
    """Everything in a reading but its time."""
    return structs.replace(reading, state=structs.replace(reading.state, last_synced=None))
