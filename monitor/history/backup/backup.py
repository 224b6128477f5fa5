"""`back_up`: a verified copy of the database in a file of its own, made while a recorder records (seed 001 L386)."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from monitor.errors import DatabaseError
from monitor.history.backup.copying import Contents, copy_database
from monitor.history.backup.files import (
    NO_LIMITS,
    Kind,
    Limits,
    backup_name,
    put_in_place,
    refuse_existing,
    remove_old,
    unfinished,
)
from monitor.model import Millis

if TYPE_CHECKING:
    from monitor.history.backup.copying import Progress
    from monitor.paths import StatePaths


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that was made."""

    file: str
    kind: Kind
    at: Millis
    bytes: int
    """Of the file."""
    database: Contents
    left_out: tuple[str, ...] = ()
    """Files that an archive does not hold, each with why."""
    removed: tuple[str, ...] = ()
    """Older backups that went."""
    seconds: float


async def back_up(
    paths: StatePaths,
    target: Path,
    now: Millis,
    *,
    force: bool = False,
    limits: Limits = NO_LIMITS,
    gentle: bool = False,
    progress: Progress | None = None,
) -> Made:
    """Copy the database to `target`, which gets its name when the copy is verified; then remove older backups.

    Raises DatabaseError (no space, the name is taken, another backup is under way), DatabaseDamagedError for a database
    that is not whole, or DatabaseVersionError.
    """
    begun = time.monotonic()
    refuse_own_files(paths, target)
    refuse_existing(target, force=force)
    with unfinished(target) as file:
        contents = await copy_database(paths.database, file, gentle=gentle, progress=progress)
        await asyncio.to_thread(put_in_place, file, target, force=force)
    return Made(
        file=str(target),
        kind="database",
        at=now,
        bytes=contents.bytes,
        database=contents,
        removed=await asyncio.to_thread(remove_old, target.parent, paths.database, "database", now, limits),
        seconds=round(time.monotonic() - begun, 3),
    )


def target_file(named: str | None, folder: Path, database: Path, kind: Kind, now: Millis) -> Path:
    """Where a backup goes: the file named, else one with its moment in its name, in the folder named or in `folder`.

    Of two backups within a second the later one carries the next second.
    """
    if named is not None:
        target = Path(named).expanduser().absolute()
        if not target.is_dir() and not named.endswith("/"):
            return target
        folder = target
    while (file := folder / backup_name(database, kind, now)).exists():
        now += 1000
    return file


def refuse_own_files(paths: StatePaths, target: Path) -> None:
    """Raise DatabaseError when a backup would be written over the database or what belongs to it."""
    name = paths.database.name
    own = {name, f"{name}-wal", f"{name}-shm", f"{name}-journal", paths.lock.name}
    if target.parent.resolve() == paths.database.parent.resolve() and target.name in own:
        raise DatabaseError(f"{target}: belongs to the database itself: name another file.")
