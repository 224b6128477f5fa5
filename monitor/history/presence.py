"""Presence: each viewer keeps a locked file, so that viewers can be counted, and dead ones leave no trace."""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from typing import TYPE_CHECKING, Final, Literal, Self

import msgspec

from monitor.errors import MonitorError
from monitor.model import Connection
from monitor.paths import StatePaths, private_folder

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES: Final = 4096
UNFINISHED_SECONDS: Final = 60.0
"""A presence file that is still not in place after this long was left behind by a killed viewer."""

_decoder = msgspec.json.Decoder(Connection)


class Presence:
    """Says "someone looks" for the length of a `with` block (key `viewers:connections`). Raises MonitorError."""

    def __init__(self, paths: StatePaths, kind: Literal["terminal", "browser"]) -> None:
        self._folder = paths.presence
        self._connection = Connection(pid=os.getpid(), kind=kind, since=time.time_ns() // 1_000_000)
        self._file = self._folder / f"{os.getpid()}-{secrets.token_hex(4)}.json"
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        temporary = self._folder / f".{self._file.name}"
        try:
            private_folder(self._folder)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor = os.open(temporary, flags, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(self._descriptor, msgspec.json.encode(self._connection))
            temporary.rename(self._file)  # only now, locked and whole, does it appear to others
        except OSError as error:
            self.__exit__()
            temporary.unlink(missing_ok=True)
            raise MonitorError(f"{self._folder}: cannot be written: {error.strerror}.") from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            self._file.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None


def connections(folder: Path) -> tuple[Connection, ...]:
    """Everyone who looks now, the longest first; files whose viewer is gone are removed."""
    try:
        names = [entry.name for entry in os.scandir(folder)]
    except OSError:
        return ()
    found = [connection for name in names if (connection := _look(folder / name)) is not None]
    return tuple(sorted(found, key=lambda connection: (connection.since, connection.pid)))


def _look(file: Path) -> Connection | None:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if not file.name.startswith(".") or time.time() - os.fstat(descriptor).st_mtime > UNFINISHED_SECONDS:
            file.unlink(missing_ok=True)
    except BlockingIOError:
        return _read(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return None


def _read(descriptor: int) -> Connection | None:
    try:
        return _decoder.decode(os.pread(descriptor, MAX_BYTES, 0))
    except msgspec.DecodeError:
        return None
