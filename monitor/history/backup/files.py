"""The files that backups make: how they are named, which of a folder are ours, and which are old enough to go.

A name holds the moment in UTC, so that names sort by time whatever the clocks of the place do; seed 001 (L386) has the
day alone, which would allow one backup a day.
"""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
import tarfile
import zlib
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from monitor.errors import DatabaseError
from monitor.history.backup.copying import sync
from monitor.history.queries import sql
from monitor.model import Millis
from monitor.paths import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Kind = Literal["database", "full"]
"""A copy of the database, or an archive of everything."""

MANIFEST: Final = "agent-monitor-backup.json"
"""First member of an archive."""
STAMP: Final = "%Y%m%d-%H%M%S"
DAY_MS: Final = 86_400_000
_ENDINGS: Final[dict[Kind, str]] = {"database": ".db", "full": ".tar.gz"}
_WORDS: Final[dict[Kind, str]] = {"database": "backup", "full": "full_backup"}
_OURS: Final = frozenset({"schema_version", "recorders"})


class BackupFile(msgspec.Struct, frozen=True, kw_only=True):
    """A backup in a folder."""

    file: str
    at: Millis
    """When it was made, by its name."""
    bytes: int


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What older backups in the same folder are removed for; None: not for that."""

    keep: int | None = None
    max_age_days: float | None = None


NO_LIMITS: Final = Limits()


def backup_name(database: Path, kind: Kind, now: Millis) -> str:
    """`monitor_backup_20250615-120000.db`, or `monitor_full_backup_….tar.gz`."""
    moment = datetime.fromtimestamp(now / 1000, UTC)
    return f"{database.stem}_{_WORDS[kind]}_{moment:{STAMP}}{_ENDINGS[kind]}"


def backups(folder: Path, database: Path, kind: Kind = "database") -> tuple[BackupFile, ...]:
    """The backups of this database in a folder, newest first: files that carry the name and are what they seem.

    The database itself is never among them, whatever it is called. Blocks; a folder that cannot be read has none.
    """
    pattern = re.compile(
        rf"{re.escape(f'{database.stem}_{_WORDS[kind]}')}_(\d{{8}}-\d{{6}}){re.escape(_ENDINGS[kind])}"
    )
    found = []
    with suppress(OSError):
        for file in folder.iterdir():
            match = pattern.fullmatch(file.name)
            at = _moment(match[1]) if match else None
            # SQLite's locks on a file go when the same process closes it: the database in use is not opened here.
            if at is not None and not _same(file, database) and _is_backup(file, kind):
                found.append(BackupFile(file=str(file), at=at, bytes=file.stat().st_size))
    return tuple(sorted(found, key=lambda backup: (backup.at, backup.file), reverse=True))


def remove_old(folder: Path, database: Path, kind: Kind, now: Millis, limits: Limits) -> tuple[str, ...]:
    """Remove backups beyond the newest `keep`, and those older than `max_age_days`; the newest always stays.

    Gives the files removed. Raises DatabaseError when one cannot be.
    """
    removed: list[str] = []
    if limits.keep is None and limits.max_age_days is None:
        return ()
    for index, backup in enumerate(backups(folder, database, kind)):
        too_many = limits.keep is not None and index >= limits.keep
        too_old = limits.max_age_days is not None and now - backup.at > limits.max_age_days * DAY_MS
        if index and (too_many or too_old):
            try:
                os.unlink(backup.file)
            except OSError as error:
                raise DatabaseError(f"{backup.file}: cannot be removed: {error.strerror}.") from error
            removed.append(backup.file)
    return tuple(removed)


@contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """A private, empty file beside `target` to be written, then renamed; gone at the end if it still stands there.

    It has one name for each target folder and ending, and is locked: two backups never write at once, and what a killed
    one left is written over. Raises DatabaseError.
    """
    ending = next((ending for ending in _ENDINGS.values() if target.name.endswith(ending)), ".db")
    file = target.with_name(f".agent-monitor-backup-in-progress{ending}")
    try:
        private_folder(target.parent)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseError(
            f"{target.parent}: cannot be written to: {error.strerror}: name another folder."
        ) from error
    try:
        _lock(descriptor, file)
        os.fchmod(descriptor, 0o600)
        os.ftruncate(descriptor, 0)
        try:
            yield file
        finally:
            if _is(descriptor, file):
                for part in (
                    file,
                    *(file.with_name(file.name + end) for end in ("-wal", "-shm", "-journal")),
                ):
                    part.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def put_in_place(file: Path, target: Path, *, force: bool) -> None:
    """Give the finished file its name. Raises DatabaseError when that is taken, unless `force`d, or cannot be."""
    refuse_existing(target, force=force)
    try:
        sync(file)
        file.replace(target)
        sync(target.parent)
    except OSError as error:
        raise DatabaseError(f"{target}: cannot be made: {error.strerror}: name another place.") from error


def refuse_existing(target: Path, *, force: bool) -> None:
    """Raise DatabaseError for a name that is taken; `force` allows to replace a regular file."""
    if os.path.lexists(target) and not (force and target.is_file() and not target.is_symlink()):
        remedy = "--force replaces it, or name another." if target.is_file() else "name another."
        raise DatabaseError(f"{target}: is there already: {remedy}")


def _lock(descriptor: int, file: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine = _is(descriptor, file)  # else another backup has just given this very file its final name
    except OSError:
        mine = False
    if not mine:
        raise DatabaseError(f"{file.parent}: another backup is being made there: wait for its end.")


def _is(descriptor: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(file, follow_symlinks=False))
    except FileNotFoundError:
        return False


def _same(file: Path, other: Path) -> bool:
    try:
        return os.path.samefile(file, other)
    except OSError:
        return False


def _moment(stamp: str) -> Millis | None:
    try:
        return round(datetime.strptime(stamp, STAMP).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return None


def _is_backup(file: Path, kind: Kind) -> bool:
    if file.is_symlink() or not file.is_file():
        return False
    return _is_recording(file) if kind == "database" else _is_archive(file)


def _is_recording(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            return {name for (name,) in db.execute(sql("schema_tables"))} >= _OURS
    except sqlite3.Error:
        return False


def _is_archive(file: Path) -> bool:
    try:
        with tarfile.open(file, "r:gz") as archive:
            first = archive.next()
            return first is not None and first.isreg() and first.name == MANIFEST
    except (tarfile.TarError, OSError, EOFError, zlib.error):
        return False
