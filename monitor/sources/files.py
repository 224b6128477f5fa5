"""Foreign files, read safely: regular files inside a root, never through a way out of it, and never too much.

What stands under a watched root was written by others, who may have put a FIFO, a device, a link to a private
file or a hundred megabytes there (DESIGN.md §6).
"""

from __future__ import annotations

import errno
import math
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.errors import SourceError
from monitor.model import Millis
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

Signature = tuple[int, int, int]
"""(mtime in nanoseconds, size in bytes, inode): equal as long as a file was not written or replaced."""

_FILE_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
_CHUNK: Final = 1 << 20

_REASONS: Final = {
    errno.ENOENT: "does not exist",
    errno.ENOTDIR: "does not exist",
    errno.EACCES: "cannot be read: permission denied",
    errno.EPERM: "cannot be read: permission denied",
    errno.ELOOP: "cannot be read: its symbolic links lead in a circle",
    errno.EMFILE: "cannot be read: this program has no file descriptors left",
    errno.ENFILE: "cannot be read: the system has no file descriptors left",
}
_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISLNK, "a symbolic link"),
)


class FileMissingError(SourceError):
    """There is no such file; for many sources that is no fault."""


class FileContent(msgspec.Struct, frozen=True):
    """A whole file, and what tells whether it has changed since."""

    data: bytes
    mtime: Millis
    signature: Signature


def signature(path: str) -> Signature | None:
    """Look at the file once, without opening it; None when it is not there or cannot be looked at."""
    try:
        return signature_of(os.stat(path))
    except (OSError, ValueError):
        return None


def signature_of(status: os.stat_result) -> Signature:
    """Make the signature of a file that was looked at already."""
    return status.st_mtime_ns, status.st_size, status.st_ino


def read_file(path: str, *, root: str, limit: int) -> FileContent:
    """Read a whole file of at most `limit` bytes; `path` may be relative to `root`.

    The signature is of the moment before reading: what is written meanwhile shows as a change next time.
    Raises FileMissingError, or SourceError when the file may not be read or cannot be.
    """
    with opened(path, root=root) as (descriptor, status):
        chunks, size = [], 0
        while chunk := os.read(descriptor, min(_CHUNK, limit + 1 - size)):
            chunks.append(chunk)
            size += len(chunk)
        if size > limit:
            raise SourceError(too_large(_shown(path, root), max(status.st_size, size), limit))
    return FileContent(b"".join(chunks), status.st_mtime_ns // 1_000_000, signature_of(status))


@contextmanager
def opened(path: str, *, root: str) -> Iterator[tuple[int, os.stat_result]]:
    """Open a regular file inside `root` for reading: yields its descriptor and its status.

    Links are followed only as long as they stay inside `root`. Raises FileMissingError or SourceError, also
    for what the operating system refuses while it is open.
    """
    name = _shown(path, root)
    with _errors_for_people(name):
        descriptor = _open_inside(path, root, name, _FILE_FLAGS)
        try:
            status = os.fstat(descriptor)
            _require_regular(status, name)
            yield descriptor, status
        finally:
            os.close(descriptor)


def list_files(path: str, *, root: str, limit: int) -> dict[str, Signature]:
    """List the regular files of a folder inside `root`, at most `limit`: each name with the file's signature.

    Raises FileMissingError, or SourceError when the folder may not be read or cannot be.
    """
    name = _shown(path, root)
    found: dict[str, Signature] = {}
    with _errors_for_people(name):
        descriptor = _open_inside(path, root, name, _FOLDER_FLAGS)
        try:
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    if len(found) == limit:
                        break
                    with suppress(FileNotFoundError):
                        status = entry.stat(follow_symlinks=False)
                        if stat.S_ISREG(status.st_mode):
                            found[entry.name] = signature_of(status)
        finally:
            os.close(descriptor)
    return found


@contextmanager
def _errors_for_people(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, f"cannot be read: {error.strerror or error}")
        kind = FileMissingError if error.errno in {errno.ENOENT, errno.ENOTDIR} else SourceError
        raise kind(f"{name} {reason}.") from error


def _open_inside(path: str, root: str, name: str, flags: int) -> int:
    """Resolve the path, then walk it from the root without links: one put there meanwhile is refused."""
    try:
        real_root = os.path.realpath(root, strict=True)
        real = os.path.realpath(os.path.join(real_root, path), strict=True)
    except ValueError as error:
        raise SourceError(f"{name} cannot be read: {error}.") from error
    inside = _below(real, real_root)
    if inside is None:
        raise SourceError(f"{name} leads out of {clean(root)} and is not followed.")
    *folders, last = inside.split("/")
    folder = os.open(real_root, _FOLDER_FLAGS)
    try:
        for part in folders:
            below = os.open(part, _FOLDER_FLAGS, dir_fd=folder)
            os.close(folder)
            folder = below
        if not flags & os.O_DIRECTORY:
            # Looked at before it is opened: opening alone can have an effect on a device.
            _require_regular(os.stat(last, dir_fd=folder, follow_symlinks=False), name)
        return os.open(last, flags, dir_fd=folder)
    finally:
        os.close(folder)


def _require_regular(status: os.stat_result, name: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = next((kind for test, kind in _KINDS if test(status.st_mode)), "something else")
        raise SourceError(f"{name} is {kind}, not a regular file; it is not read.")


def too_large(name: str, size: int, limit: int) -> str:
    """Say for people that a file or an answer is larger than what is read of it."""
    factor, unit = (
        (1_000_000, "MB") if limit >= 1_000_000 else (1000, "kB") if limit >= 1000 else (1, "bytes")
    )
    shown = math.ceil(size / factor * 10) / 10
    return f"{name} is {shown:,g} {unit}; at most {limit / factor:,g} {unit} are read."


def _shown(path: str, root: str) -> str:
    return clean(_below(path, root) or path)


def _below(path: str, root: str) -> str | None:
    """The path from the root on, `.` for the root itself; None when it is not below it."""
    if path == root:
        return "."
    start = root.rstrip("/") + "/"
    return path[len(start) :] if path.startswith(start) else None
