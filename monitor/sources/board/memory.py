"""The tasks of the last reading, so that the next one makes only those that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.model import Task


class TaskMemory:
    """Remembers each task by what the board said of it: making one costs 35 µs, finding it again 1 µs.

    A busy board of 140 tasks, of which one changes every few seconds, is read in 1 ms instead of 6. It holds the
    tasks of one reading and no others. Not safe for threads.
    """

    def __init__(self) -> None:
        self._before: dict[int, Task] = {}
        self._now: dict[int, Task] = {}

    def begin(self) -> None:
        """Begin a reading: what the last one did not hold is forgotten."""
        self._before, self._now = self._now, {}

    def task(self, said: Any, make: Callable[[], Task | None]) -> Task | None:
        """The task of which the board says the same as before, else the one that `make` makes."""
        try:
            key = hash(msgspec.msgpack.encode(said))
        except (
            UnicodeEncodeError,
            OverflowError,
            RecursionError,
        ):  # lone surrogates, endless numbers: seldom
            return make()
        task = self._before.get(key) or make()
        if task is not None:
            self._now[key] = task
        return task
