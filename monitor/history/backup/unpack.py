"""Reads a full backup, which may be damaged or made to harm: only what its manifest names is written, where told.

Members are read one after the other and their contents written by this module, so that links, devices, owners, modes
and paths of the archive mean nothing; `tarfile.data_filter` has its say as well where this Python has it.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import tarfile
import zlib
from contextlib import contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING, Final

from monitor.errors import DatabaseDamagedError, DatabaseError
from monitor.history.backup.files import MANIFEST
from monitor.history.backup.manifest import MANIFEST_LIMIT, Entry, Manifest, read_manifest
from monitor.paths import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from monitor.history.backup.copying import Progress

_CHUNK: Final = 1 << 20


def manifest_of(file: Path) -> Manifest:
    """The manifest of an archive. Raises DatabaseDamagedError, DatabaseVersionError, DatabaseError."""
    with _opened(file) as archive:
        return _manifest(archive, file)


def check_archive(file: Path, progress: Progress | None = None) -> Manifest:
    """Read all of an archive and hold it against its manifest; raises as `unpack` does."""
    return unpack(file, lambda _: None, progress)


def unpack(file: Path, place: Callable[[Entry], Path | None], progress: Progress | None = None) -> Manifest:
    """Write each file of the archive where `place` says, which must be free; None reads it for its checksum alone.

    Raises DatabaseDamagedError when anything is not as the manifest says; what was written by then is the caller's to
    remove. Raises DatabaseError when a file cannot be written.
    """
    with _opened(file) as archive:
        manifest = _manifest(archive, file)
        due = {entry.name: entry for entry in manifest.files}
        total, done = max(1, sum(entry.bytes for entry in manifest.files)), 0
        for member in islice(archive, 1, None):
            entry = due.pop(member.name, None)
            stream = archive.extractfile(member) if member.isreg() else None
            if entry is None or stream is None or member.size != entry.bytes:
                raise DatabaseDamagedError(
                    f"{file}: is damaged or altered: its contents are not as its manifest says."
                )
            _filter(member, file)
            with _sink(place(entry)) as sink:
                digest = hashlib.sha256()
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
                    if sink is not None:
                        sink.write(chunk)
                    done += len(chunk)
                    if progress is not None:
                        progress(done / total)
            if digest.hexdigest() != entry.sha256:
                raise DatabaseDamagedError(f"{file}: is damaged: the checksum of {entry.name} is another.")
        if due:
            raise DatabaseDamagedError(f"{file}: is damaged: {next(iter(due))} is missing.")
    _read_to_the_end(file)
    return manifest


def unpack_into(
    file: Path, folder: Path, wanted: Callable[[Entry], bool], progress: Progress | None = None
) -> Manifest:
    """Unpack the files that are wanted into a new or empty folder, 0600 in 0700; raises as `unpack` does."""
    try:
        if folder.exists() and any(folder.iterdir()):
            raise DatabaseError(f"{folder}: is not empty: name a new folder.")
        private_folder(folder)
    except OSError as error:
        raise DatabaseError(
            f"{folder}: cannot be written to: {error.strerror}: name another folder."
        ) from error
    return unpack(file, lambda entry: folder / entry.name if wanted(entry) else None, progress)


def _read_to_the_end(file: Path) -> None:
    """The checksum of the whole stands at its end, which tarfile does not read: the manifest itself has no other."""
    try:
        with gzip.open(file) as stream:
            while stream.read(_CHUNK):
                pass
    except (OSError, EOFError, zlib.error) as error:
        raise DatabaseDamagedError(f"{file}: is damaged: {error}.") from error


def _manifest(archive: tarfile.TarFile, file: Path) -> Manifest:
    first = archive.next()
    stream = archive.extractfile(first) if first is not None and first.isreg() else None
    if first is None or stream is None or first.name != MANIFEST or first.size > MANIFEST_LIMIT:
        raise DatabaseDamagedError(
            f"{file}: is no full backup of Agent Monitor: it does not begin with {MANIFEST}."
        )
    return read_manifest(stream.read(), str(file))


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, "r:gz") as archive:
            yield archive
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DatabaseDamagedError(f"{file}: is damaged, or is no full backup: {error}.") from error
    except OSError as error:  # gzip.BadGzipFile among them, which has no number
        if error.errno is None:
            raise DatabaseDamagedError(f"{file}: is damaged, or is no full backup: {error}.") from error
        raise DatabaseError(f"{error.filename or file}: {error.strerror}.") from error


def _filter(member: tarfile.TarInfo, file: Path) -> None:
    check = getattr(tarfile, "data_filter", None)  # from Python 3.11.4 on
    if check is not None:
        check(member, str(file.parent))


@contextmanager
def _sink(target: Path | None) -> Iterator[IO[bytes] | None]:
    """The file to write to, for its owner only and not there before."""
    if target is None:
        yield None
        return
    private_folder(target.parent)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as sink:
        yield sink
        sink.flush()
        os.fsync(sink.fileno())
