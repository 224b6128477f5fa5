"""Descriptors kept open on processes, within the limit of this program (faults.md: "descriptors run out")."""

from __future__ import annotations

import errno
import os
import resource
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from monitor.sources.processes.table import Entry

RESERVE: Final = 128
"""Descriptors left to the rest of the program: database, watches, git."""
PAUSE_SECONDS: Final = 60.0
"""After they ran out, none are kept for so long."""

OUT_OF_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE})


class Descriptors:
    """Keeps descriptors open for entries; raises this program's soft limit towards the hard one when needed."""

    def __init__(self) -> None:
        self._kept: set[Entry] = set()
        self._limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._paused_until = 0.0
        self.problem = ""
        """Why some are read without a kept descriptor, for people; empty when all have one."""

    def keep(self, entry: Entry, path: str) -> None:
        """Open `path` for the entry, if there is room; else its descriptor stays -1."""
        if time.monotonic() < self._paused_until or not self._has_room():
            return
        try:
            entry.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in OUT_OF_DESCRIPTORS:
                self.give_way()
            return
        self._kept.add(entry)
        self.problem = ""

    def release(self, entry: Entry) -> None:
        """Close the entry's descriptor."""
        if entry.descriptor >= 0:
            os.close(entry.descriptor)
            entry.descriptor = -1
            self._kept.discard(entry)

    def give_way(self) -> bool:
        """The program or the system has none left: close all kept ones, for others need them more.

        Returns whether any were closed, so that another try may succeed.
        """
        gave = bool(self._kept)
        self.close()
        self._paused_until = time.monotonic() + PAUSE_SECONDS
        self.problem = f"file descriptors ran out (limit {self._limit}): raise it with ulimit -n"
        return gave

    def close(self) -> None:
        """Close all."""
        for entry in tuple(self._kept):
            self.release(entry)

    def _has_room(self) -> bool:
        needed = len(self._kept) + 1 + RESERVE
        if needed > self._limit and not self._raise_limit(needed):
            self.problem = f"file descriptors ran out (limit {self._limit}): raise it with ulimit -n"
            return False
        return True

    def _raise_limit(self, needed: int) -> bool:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._limit = soft
        if soft < needed <= hard or (soft < needed and hard == resource.RLIM_INFINITY):
            wanted = 2 * needed if hard == resource.RLIM_INFINITY else min(hard, 2 * needed)
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            except (OSError, ValueError):  # the system's own ceiling, or a sandbox
                return False
            self._limit = wanted
        return needed <= self._limit
