"""The recorder's own look at its database's pages, once a day: damage in an old page shows only when it is read."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from monitor.errors import DatabaseDamagedError, DatabaseError
from monitor.history.backup.files import backups
from monitor.history.check.quick import quick_check

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.collector.sink import HistorySink
    from monitor.model import Millis
    from monitor.paths import StatePaths

LOOK_SECONDS: Final = 60.0
"""Between two looks whether a check is due; the first one finds none, for the start has enough to do."""
EVERY_MS: Final = 86_400_000
CHECK_SECONDS: Final = 60.0
"""The longest that a check may take; 550 MB took 7 s."""


class Checkup:
    """A housekeeping job. Damaged pages are told to the sink, from which the guard replaces the database.

    A backup is a verified copy, page for page: as long as there is one a day, there is nothing more to check.
    """

    name = "database check"
    interval = LOOK_SECONDS

    def __init__(self, paths: StatePaths, folder: Path, sink: HistorySink) -> None:
        self._paths = paths
        self._folder = folder
        self._sink = sink
        self._not_before = time.monotonic() + LOOK_SECONDS
        self._checked: Millis | None = None
        self._broken = ""

    async def run(self, now: Millis) -> None:
        """Check if it is due. Raises DatabaseError while values that break a rule are known to be in the database."""
        if self._sink.recording and not self._sink.problem and await self._due(now):
            self._checked = now
            await self._check()
        if self._broken:
            raise DatabaseError(self._broken)

    async def _due(self, now: Millis) -> bool:
        if time.monotonic() < self._not_before:
            return False
        if self._checked is not None and 0 <= now - self._checked < EVERY_MS:
            return False
        made = await asyncio.to_thread(backups, self._folder, self._paths.database)
        return not any(0 <= now - backup.at < EVERY_MS for backup in made)

    async def _check(self) -> None:
        database = self._paths.database
        found = await asyncio.to_thread(quick_check, database, CHECK_SECONDS)
        self._broken = ""
        if found.damage:
            self._sink.found_damaged(DatabaseDamagedError(f"{database}: is damaged: {found.damage[0]}"))
        elif found.rules:
            self._broken = f"{database}: {found.rules[0]}: `agent-monitor db check` tells more."
