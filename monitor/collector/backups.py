"""The recorder's own backups: one every so many hours, verified, the oldest removed (seed 001 L386: daily)."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, Final

from monitor.errors import DatabaseError
from monitor.history.backup.backup import back_up
from monitor.history.backup.copying import mebibytes
from monitor.history.backup.files import Limits, backup_name, backups
from monitor.history.connection import MEBIBYTE, open_reader
from monitor.history.queries import fetch_one
from monitor.paths import private_folder

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.config import Settings
    from monitor.model import Millis
    from monitor.paths import StatePaths

LOOK_SECONDS: Final = 600.0
"""Between two looks whether a backup is due."""
RETRY_MS: Final = 3_600_000
"""After a backup that failed: a look costs nothing, a copy that fails again and again would."""
HOUR_MS: Final = 3_600_000
FREE_FACTOR: Final = 2
"""A backup is skipped when the disk has less free than this many times the database, and what an alert asks for."""


class ScheduledBackup:
    """A housekeeping job: `run` makes a backup when the newest one in the folder is old enough.

    The backups themselves are the memory of when the last one was made, so that restarts neither repeat nor forget one.
    A failure is raised, and again at each look until it is tried anew, so that its source stays failing.
    """

    name = "backup"
    interval = LOOK_SECONDS

    def __init__(self, settings: Settings, paths: StatePaths) -> None:
        self._settings = settings.backup
        self._disk_free = settings.thresholds.disk_free_mb * MEBIBYTE
        self._paths = paths
        self._folder = paths.backups_in(settings.backup.folder)
        self._failed: tuple[Millis, Exception] | None = None

    async def run(self, now: Millis) -> None:
        """Make a backup if one is due. Raises MonitorError or OSError."""
        if not self._settings.every_hours or not self._paths.database.is_file():
            return
        if self._failed is not None and 0 <= now - self._failed[0] < RETRY_MS:
            raise self._failed[1]
        self._failed = None
        try:
            if await self._due(now):
                await self._make(now)
        except (DatabaseError, OSError) as error:
            self._failed = (now, error)
            raise

    async def _due(self, now: Millis) -> bool:
        """Whether the newest backup, or without one the first recording, is that long ago."""
        every = self._settings.every_hours * HOUR_MS
        made = await asyncio.to_thread(backups, self._folder, self._paths.database)
        past = [backup.at for backup in made if backup.at <= now]  # a clock set back is no reason to wait
        if past:
            return now - past[0] >= every
        async with open_reader(self._paths.database) as db:
            span = await fetch_one(db, "time_range")
        first = span["first"] if span is not None else None
        return first is not None and now - first >= every

    async def _make(self, now: Millis) -> None:
        target = self._folder / backup_name(self._paths.database, "database", now)
        await asyncio.to_thread(self._require_space, self._folder)
        limits = Limits(keep=self._settings.keep, max_age_days=self._settings.max_age_days or None)
        await back_up(self._paths, target, now, limits=limits, gentle=True)

    def _require_space(self, folder: Path) -> None:
        """Raise DatabaseError when a backup would leave too little of the disk."""
        try:
            private_folder(folder)
            size, free = self._paths.database.stat().st_size, shutil.disk_usage(folder).free
        except OSError as error:
            raise DatabaseError(
                f"{folder}: no backup is made: {error.strerror}: make it writable, or set backup.folder to another."
            ) from error
        needed = FREE_FACTOR * size + self._disk_free
        if free < needed:
            raise DatabaseError(
                f"{folder}: no backup is made: {mebibytes(free)} are free, {mebibytes(needed)} are asked for; free "
                "some space, or set backup.folder to another disk, or backup.every_hours to 0."
            )
