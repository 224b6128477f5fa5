"""The recorder's lock: one process writes a database, and everyone can ask which one it is (DESIGN.md §1)."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from datetime import datetime
from typing import TYPE_CHECKING, Final, Self

import msgspec

from monitor.errors import DatabaseError, RecorderBusyError
from monitor.model import Millis
from monitor.paths import StatePaths, private_folder

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_SECONDS: Final = 0.5
"""How long a lock that is taken is tried again: who asks for its holder holds it shared for a moment."""
RETRY_SECONDS: Final = 0.02
MAX_BYTES: Final = 65_536


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """The process that holds the lock, as it wrote into the file; None or empty where it had no time to."""

    pid: int | None = None
    host: str = ""
    started_at: Millis | None = None
    version: str = ""
    inbox: str = ""
    """Folder in which it takes commands."""
    interval_seconds: float | None = None


_decoder = msgspec.json.Decoder(Holder)


class RecorderLock:
    """An flock on `StatePaths.lock`, held until `release` or the end of the process, however it ends."""

    def __init__(self, paths: StatePaths, *, version: str, interval_seconds: float, now: Millis) -> None:
        self._file = paths.lock
        self._descriptor: int | None = None
        self._content = Holder(
            pid=os.getpid(),
            host=socket.gethostname(),
            started_at=now,
            version=version,
            inbox=str(paths.inbox),
            interval_seconds=interval_seconds,
        )

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def acquire(self) -> None:
        """Take the lock; blocks for at most `PATIENCE_SECONDS`.

        Raises RecorderBusyError naming the holder, DatabaseError when the file cannot be made.
        """
        try:
            private_folder(self._file.parent)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self._file, flags, 0o600)
        except OSError as error:
            raise DatabaseError(
                f"{self._file}: cannot be made: {error.strerror}: make its folder writable, or name another with --db."
            ) from error
        try:
            self._lock(descriptor)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, msgspec.json.encode(self._content), 0)
        except OSError as error:
            os.close(descriptor)
            raise DatabaseError(f"{self._file}: cannot be written: {error.strerror}.") from error
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go; the file stays, empty, because removing it would let two processes lock two files of one name."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def _lock(self, descriptor: int) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise RecorderBusyError(_busy(self._file, _read(descriptor))) from None
                time.sleep(RETRY_SECONDS)
            else:
                return


def holder(lock: Path) -> Holder | None:
    """Who records now, or None when nobody does. Blocks for some milliseconds at most, and changes nothing."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(descriptor)
    else:
        return None
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> Holder:
    """What the holder wrote; it may have the lock but not have written yet."""
    for _ in range(5):
        try:
            return _decoder.decode(os.pread(descriptor, MAX_BYTES, 0))
        except msgspec.DecodeError:
            time.sleep(RETRY_SECONDS / 10)
    return Holder()


def _busy(file: Path, who: Holder) -> str:
    database = file.with_name(file.name.removesuffix(".lock"))
    if who.pid is None or who.started_at is None:
        return f"{database}: another process records it already: stop that one first, or name another file with --db."
    since = datetime.fromtimestamp(who.started_at / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return (
        f"{database}: process {who.pid} on {who.host} records it since {since}: "
        "stop that one first, or name another file with --db."
    )
