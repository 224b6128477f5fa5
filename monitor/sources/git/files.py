"""Reads the small files of a git folder: regular files only, never through a symlink, never more than a bound.

A repository is foreign: a FIFO in the place of HEAD would hang a plain `open`, a symlink would show another file.
"""

from __future__ import annotations

import os
import stat
from typing import Final

MAX_SMALL: Final = 4096
"""Bytes that any of HEAD, a gitfile or a loose reference can reasonably have."""

Stamp = tuple[int, int, int, int]
"""Inode, size, modification and change time (nanoseconds) of a file; zeros when it is not there."""

ABSENT: Final[Stamp] = (0, 0, 0, 0)

_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW


def stamp(path: str) -> Stamp:
    """What changes when a file changes; `ABSENT` for a file that is not there or may not be seen. One `stat()`."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return ABSENT
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def read_small(path: str, limit: int = MAX_SMALL) -> bytes | None:
    """The first `limit` bytes of a regular file; None when there is none.

    Raises PermissionError when the file may not be read; every other failure reads as an absent file.
    """
    return read_range(path, 0, limit)


def read_range(path: str, offset: int, limit: int) -> bytes | None:
    """At most `limit` bytes of a regular file from `offset` (from the end when negative); None when there is none.

    Raises PermissionError when the file may not be read.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except PermissionError:
        raise
    except (OSError, ValueError):
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return None
        start = max(0, found.st_size + offset) if offset < 0 else offset
        return os.pread(descriptor, limit, start)
    except OSError:
        return None
    finally:
        os.close(descriptor)
