"""Slices: long work on the writing connection, cut into transactions so short that a tick never waits for one."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

TARGET_SECONDS: Final = 0.008
"""What a slice is to take. Issue 3 allows 20 ms; a checkpoint of the write-ahead log may fall into any of them."""
FIRST_SIZE: Final = 16
"""Units of work of the first slice of each kind, whatever a unit is."""
MAX_GROWTH: Final = 2.0
"""From one slice to the next: a disk that is slow now and then is not overrun after a fast stretch."""


@dataclass(slots=True)
class Slice:
    """One slice at work: how many units it may do, and how many it did."""

    size: int
    deadline: float
    clock: Callable[[], float]
    used: int = 0

    @property
    def left(self) -> int:
        """Units it may still do: none once its time is over."""
        return 0 if self.clock() >= self.deadline else max(0, self.size - self.used)


class Pace:
    """Finds for each kind of work how many units fit into a slice, by the time that slices took."""

    def __init__(
        self, target: float = TARGET_SECONDS, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._target = target
        self._clock = clock
        self._sizes: dict[str, float] = {}
        self.last_kind = ""
        self.last_seconds = 0.0
        """How long the last slice held the connection."""
        self.longest_seconds = 0.0
        """How long the longest one did."""

    def size(self, kind: str, first: int = FIRST_SIZE) -> int:
        """Units of this kind that the next slice may do; `first` before any was done."""
        return max(1, int(self._sizes.get(kind, first)))

    @contextmanager
    def slice(self, db: sqlite3.Connection, kind: str, *, transaction: bool = True) -> Iterator[Slice]:
        """One slice, in a transaction of its own: all of it or nothing. The block counts its units in `used`."""
        begin = self._clock()
        size = self.size(kind)
        part = Slice(size, begin + self._target, self._clock)
        if transaction:
            db.execute("BEGIN IMMEDIATE")
        try:
            yield part
            if transaction:
                db.commit()
        except BaseException:
            db.rollback()
            raise
        self._learn(kind, size, part.used, self._clock() - begin)

    def _learn(self, kind: str, size: int, used: int, seconds: float) -> None:
        self.last_kind, self.last_seconds = kind, seconds
        self.longest_seconds = max(self.longest_seconds, seconds)
        factor = min(MAX_GROWTH, self._target / max(seconds, 1e-6))
        if used and factor < 1.0:
            self._sizes[kind] = max(1.0, used * factor)
        elif used:  # a slice that found little to do tells nothing of how much it could
            self._sizes[kind] = max(float(size), used * factor)
