"""The spool of hooks: a folder with a file of JSON lines a session, written by one short process a line.

A hook runs while its agent waits, so this imports little, waits for nobody, and bounds what it leaves: the size of a
file and the number of files. Whoever writes holds a shared lock on the file, whoever shortens it an exclusive one:
no line is lost or torn by the other.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from typing import Final

FILE_LIMIT: Final = 1 << 20
"""Bytes of one file, above which only its newest half is kept."""
HARD_LIMIT: Final = 2 * FILE_LIMIT
"""Bytes above which nothing is added, when somebody who holds a lock has kept a file from being shortened."""
FILES_LIMIT: Final = 200
"""Files in the folder; the ones that were not written for longest go."""
_LOCK_SECONDS: Final = 0.05
"""For a lock that somebody else holds; then the line is written without it."""
_PAUSE_SECONDS: Final = 0.002


def append(folder: str, name: str, line: bytes, *, but_not_after: bytes = b"") -> None:
    """Add a line, given without its end, to the file `name` in the folder. Raises OSError.

    Nothing is added when the file's last line ends as `but_not_after` tells.
    """
    path = f"{folder}/{name}"
    descriptor = _open_shared(folder, path)
    try:
        size = os.fstat(descriptor).st_size
        if size >= HARD_LIMIT:
            _shorten(descriptor, path)
            return
        last = os.pread(descriptor, len(but_not_after) + 1, max(0, size - len(but_not_after) - 1))
        if but_not_after and last == but_not_after + b"\n":
            return
        # A disk that was full may have cut the line before this one short.
        start = b"" if not last or last.endswith(b"\n") else b"\n"
        os.write(descriptor, start + line + b"\n")
        if size + len(line) >= FILE_LIMIT:
            _shorten(descriptor, path)
    finally:
        os.close(descriptor)


def newest(folder: str) -> str:
    """The path of the file that was written last; empty when there is none."""
    files = sorted(_files(folder))
    return files[-1][1] if files else ""


def _open_shared(folder: str, path: str) -> int:
    """The file, made when it is missing, with a shared lock on it, and still the one of that name."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        descriptor = _open(folder, path)
        try:
            locked = _lock(descriptor, fcntl.LOCK_SH)
            late = time.monotonic() >= deadline
            if late or (locked and os.fstat(descriptor).st_nlink):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if not locked:
            time.sleep(_PAUSE_SECONDS)


def _open(folder: str, path: str) -> int:
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        _make_room(folder)
        descriptor = os.open(path, flags | os.O_CREAT, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path}: is no file.")
    return descriptor


def _lock(descriptor: int, kind: int) -> bool:
    """Whether the lock was there for the taking."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True


def _shorten(descriptor: int, path: str) -> None:
    """Put a file with the newest lines in its place, unless somebody writes just now: then the next one does."""
    if not _lock(descriptor, fcntl.LOCK_EX) or not os.fstat(descriptor).st_nlink:
        return
    size = os.fstat(descriptor).st_size
    kept = os.pread(descriptor, FILE_LIMIT // 2, max(0, size - FILE_LIMIT // 2))
    kept = kept[kept.find(b"\n") + 1 :]
    folder, _, name = path.rpartition("/")
    temporary = f"{folder}/.{name}.{os.getpid()}"
    target = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    whole = False
    try:
        whole = os.write(target, kept) == len(kept)
    finally:
        os.close(target)
        if whole:
            os.replace(temporary, path)
        else:
            os.unlink(temporary)


def _make_room(folder: str) -> None:
    """Make the folder, readable by its owner only; with room in it for one more file."""
    if not os.path.isdir(folder):
        previous = os.umask(0o077)
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
        finally:
            os.umask(previous)
    for _, path in sorted(_files(folder))[: -(FILES_LIMIT - 1)]:
        try:
            os.unlink(path)
        except OSError:
            continue


def _files(folder: str) -> list[tuple[int, str]]:
    """When each file was written, in nanoseconds, and its path."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    found.append((entry.stat(follow_symlinks=False).st_mtime_ns, entry.path))
                except FileNotFoundError:
                    continue
    except FileNotFoundError:
        return []
    return found
