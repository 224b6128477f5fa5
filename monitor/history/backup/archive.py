"""A full backup: database, configuration, coordination files and logs in one archive (seed 001 L389 to L392).

The archive is a tar.gz whose first member is its manifest, so that what follows can be held against it.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import re
import socket
import tarfile
import time
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Final

from monitor import __version__
from monitor.errors import DatabaseError, SourceError
from monitor.history.backup.backup import Made, refuse_own_files
from monitor.history.backup.copying import SLACK, copy_database, part, require_space
from monitor.history.backup.files import (
    MANIFEST,
    NO_LIMITS,
    Limits,
    put_in_place,
    refuse_existing,
    remove_old,
    unfinished,
)
from monitor.history.backup.manifest import Entry, Manifest, Root
from monitor.history.backup.unpack import check_archive
from monitor.sources.files import read_file
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from _typeshed import SupportsRead

    from monitor.history.backup.copying import Progress
    from monitor.model import Millis
    from monitor.paths import StatePaths

ROOT_FOLDERS: Final = ("coordination", "config")
"""What of each root is kept (seed 001 L389)."""
FILE_LIMIT: Final = 16_000_000
"""Bytes of one coordination file or log; larger ones are named in the manifest and left out."""
TOTAL_LIMIT: Final = 128_000_000
"""Bytes of all of them together, which are held in memory until they are written."""
COUNT_LIMIT: Final = 10_000
DEPTH_LIMIT: Final = 16
COMPRESSION: Final = 4
"""zlib's level: half the time of its usual 6, and a few hundredths larger."""
COPIED: Final = 0.15
"""Share of the time after which the copy is made; the rest of the time goes into compressing it,"""
PACKED: Final = 0.85
"""and into reading the archive again."""


class _Gathered:
    """Small files in memory, by their names in the archive, and what was left out."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[Entry, bytes]] = {}
        self.left_out: dict[str, str] = {}
        self._total = 0

    def add(self, name: str, path: str, *, root: str) -> None:
        """Read a file safely; what cannot be read is noted, not an error."""
        try:
            path.encode()
            data = read_file(path, root=root, limit=FILE_LIMIT).data
        except SourceError as error:
            self.leave_out(path, str(error))
            return
        except UnicodeEncodeError:
            self.leave_out(path, "its name is not UTF-8.")
            return
        self._total += len(data)
        if len(self.files) >= COUNT_LIMIT or self._total > TOTAL_LIMIT:
            self._total -= len(data)
            self.leave_out(path, f"more than {COUNT_LIMIT:,} files or {TOTAL_LIMIT // 1_000_000} MB in all.")
            return
        entry = Entry(name=name, path=path, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        self.files[name] = (entry, data)

    def add_below(self, name: str, top: str, *, root: str) -> None:
        """Read everything below a folder, which need not be there."""
        for below in _files(top, lambda error: self._unreadable(error, top)):
            self.add(f"{name}/{below}", os.path.join(top, below), root=root)

    def leave_out(self, path: str, reason: str) -> None:
        """Note why a file is not in the archive."""
        self.left_out[clean(path, 1000)] = clean(reason, 1000)

    def _unreadable(self, error: OSError, top: str) -> None:
        if not isinstance(error, FileNotFoundError):
            self.leave_out(str(error.filename or top), f"cannot be listed: {error.strerror}.")


def back_up_fully(
    paths: StatePaths,
    target: Path,
    now: Millis,
    *,
    config: Path | None,
    roots: Iterable[str],
    force: bool = False,
    limits: Limits = NO_LIMITS,
    progress: Progress | None = None,
) -> Made:
    """Put a verified copy of the database and every file around it into one archive, and verify that.

    Files of roots are read as every source reads them: regular files only, never through a link out of the root.
    Runs an event loop of its own, and blocks for as long as it takes. Raises what `backup.back_up` raises.
    """
    begun = time.monotonic()
    refuse_own_files(paths, target)
    refuse_existing(target, force=force)
    gathered, listed = _gather(paths, config, roots)
    beside = target.with_name("database.db")  # its ending decides the unfinished copy's name
    with unfinished(target) as file, unfinished(beside) as copy:
        contents = asyncio.run(copy_database(paths.database, copy, progress=part(progress, 0, COPIED)))
        require_space(target.parent, contents.bytes + SLACK, f"an archive of {paths.database}")
        manifest = Manifest(
            program=__version__,
            host=socket.gethostname(),
            created_at=datetime.fromtimestamp(now / 1000, UTC),
            schema_version=contents.version,
            roots=listed,
            files=(*(entry for entry, _ in gathered.files.values()), _database(paths.database, copy)),
            left_out=gathered.left_out,
        )
        _pack(file, manifest, gathered, copy, part(progress, COPIED, PACKED))
        check_archive(file, part(progress, PACKED, 1))
        put_in_place(file, target, force=force)
    return Made(
        file=str(target),
        kind="full",
        at=now,
        bytes=target.stat().st_size,
        database=contents,
        left_out=tuple(f"{path}: {reason}" for path, reason in gathered.left_out.items()),
        removed=remove_old(target.parent, paths.database, "full", now, limits),
        seconds=round(time.monotonic() - begun, 3),
    )


def _gather(
    paths: StatePaths, config: Path | None, roots: Iterable[str]
) -> tuple[_Gathered, tuple[Root, ...]]:
    gathered = _Gathered()
    if config is not None:
        # Named by its owner, it may well be a link; what is to be kept is what it says.
        real = os.path.realpath(config)
        gathered.add(f"configuration/{_plain(config.name)}", real, root=os.path.dirname(real))
    listed = []
    for number, root in enumerate(roots, 1):
        folder = f"roots/{number}-{_plain(os.path.basename(root)) or 'root'}"
        listed.append(Root(path=clean(root, 1000), folder=folder))
        for kept in ROOT_FOLDERS:
            gathered.add_below(f"{folder}/{kept}", os.path.join(root, kept), root=root)
    gathered.add_below("logs", str(paths.logs), root=str(paths.logs))
    return gathered, tuple(listed)


def _files(top: str, unreadable: Callable[[OSError], None]) -> Iterator[str]:
    """Relative paths of what is no folder below `top`, in order; links to folders are not followed."""
    count = 0
    for folder, folders, files in os.walk(top, onerror=unreadable):
        relative = os.path.relpath(folder, top)
        depth = 0 if relative == os.curdir else relative.count(os.sep) + 1
        folders[:] = sorted(folders) if depth < DEPTH_LIMIT else []
        for name in sorted(files):
            yield name if relative == os.curdir else os.path.join(relative, name)
            count += 1
            if count > COUNT_LIMIT:  # enough to have one left out, and told
                return


def _plain(name: str) -> str:
    """A name for a folder or a file in the archive: what is special becomes `_`."""
    return re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)[:100]


def _database(file: Path, copy: Path) -> Entry:
    with copy.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Entry(
        name=f"database/{_plain(file.name)}", path=str(file), bytes=copy.stat().st_size, sha256=digest
    )


def _pack(file: Path, manifest: Manifest, gathered: _Gathered, copy: Path, progress: Progress | None) -> None:
    """Write the archive: manifest, small files, database. Raises DatabaseError."""
    modified = manifest.created_at.timestamp()
    try:
        with tarfile.open(file, "w:gz", compresslevel=COMPRESSION, format=tarfile.PAX_FORMAT) as archive:
            _add(archive, MANIFEST, io.BytesIO(text := manifest.encode()), len(text), modified)
            for entry, data in gathered.files.values():
                _add(archive, entry.name, io.BytesIO(data), entry.bytes, modified)
            database = manifest.files[-1]
            with copy.open("rb") as stream:
                told = _Told(stream, database.bytes, progress)
                _add(archive, database.name, told, database.bytes, modified)
    except OSError as error:
        raise DatabaseError(f"{file.parent}: the archive cannot be written: {error.strerror}.") from error


def _add(
    archive: tarfile.TarFile, name: str, stream: SupportsRead[bytes], size: int, modified: float
) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, modified
    archive.addfile(member, stream)


class _Told:
    """A stream that tells how far it was read."""

    def __init__(self, stream: IO[bytes], size: int, progress: Progress | None) -> None:
        self._stream = stream
        self._size = size
        self._progress = progress

    def read(self, size: int = -1, /) -> bytes:
        """Read on, and tell."""
        data = self._stream.read(size)
        if self._progress is not None:
            self._progress(self._stream.tell() / max(1, self._size))
        return data
