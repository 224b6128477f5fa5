"""The free-space watermark: when the disk runs short, the oldest history is given up before recording has to stop."""

from __future__ import annotations

import asyncio
import shutil
import time
from typing import TYPE_CHECKING, Final

from monitor.model import Event
from monitor.rules.rule import CLEAR_SHARE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.history.upkeep.maintenance import Maintenance
    from monitor.model import Millis

LOOK_SECONDS: Final = 30.0
"""Between two looks at the free space."""
PATIENCE_SECONDS: Final = 600.0
"""After an early pruning that gave nothing back: the rest is of the last day, or is kept for ever."""


def free_bytes(folder: Path) -> int:
    """Free space on the file system of this folder. Raises OSError."""
    return shutil.disk_usage(folder).free


def pruned_event(now: Millis, freed: int, free: int, limit: int) -> Event:
    """History was given up for free space: `bytes` of it, when `free` were left of the `limit` asked for."""
    return Event(timestamp=now, type="pruned-early", details={"bytes": freed, "free": free, "limit": limit})


class Watermark:
    """A job of the housekeeping. Below `limit` bytes free it prunes early, until the alert on it can end.

    `maintenance` gives that of the database written now; `tell` is called with an event when something was given back.
    What is pruned, and that the last day stays, is the maintenance's to say.
    """

    name = "disk space"
    interval = LOOK_SECONDS

    def __init__(
        self,
        folder: Path,
        limit: int,
        maintenance: Callable[[], Maintenance | None],
        tell: Callable[[Event], None],
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self._folder = folder
        self._limit = limit
        self._maintenance = maintenance
        self._tell = tell
        self._free = free
        self._not_before = 0.0

    async def run(self, now: Millis) -> None:
        """Look, and prune when need be. Raises OSError, DatabaseError."""
        free = await asyncio.to_thread(self._free, self._folder)
        maintenance = self._maintenance()
        if free >= self._limit or maintenance is None or time.monotonic() < self._not_before:
            return
        freed = await maintenance.prune_early(now, int(self._limit / CLEAR_SHARE) + 1 - free)
        if freed > 0:
            self._tell(pruned_event(now, freed, free, self._limit))
        else:
            self._not_before = time.monotonic() + PATIENCE_SECONDS
