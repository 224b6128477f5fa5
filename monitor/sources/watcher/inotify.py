"""Linux: inotify itself, for the watches must be added one by one, cheaply, and cost nothing while idle.

watchfiles takes a list that cannot grow, holds the interpreter's lock while it adds (270 ms for 3,000 folders,
against 5 ms here), wakes up at every step (0.8 ms of CPU a second at 100 ms) and drops the kernel's notice that
events were lost. Numbers and structures: inotify(7), <sys/inotify.h>.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import struct
from typing import TYPE_CHECKING, Final

from monitor.sources.watcher.notifier import Event

if TYPE_CHECKING:
    from collections.abc import Callable

MODIFY: Final = 0x2
ATTRIB: Final = 0x4
MOVED_FROM: Final = 0x40
MOVED_TO: Final = 0x80
CREATE: Final = 0x100
DELETE: Final = 0x200
DELETE_SELF: Final = 0x400
MOVE_SELF: Final = 0x800
UNMOUNT: Final = 0x2000
OVERFLOW: Final = 0x4000
IGNORED: Final = 0x8000
ONLYDIR: Final = 0x0100_0000
DONT_FOLLOW: Final = 0x0200_0000
EXCL_UNLINK: Final = 0x0400_0000
ISDIR: Final = 0x4000_0000

# Neither opening nor reading a file is among them: what agents read costs nothing.
WATCHED: Final = MODIFY | ATTRIB | MOVED_FROM | MOVED_TO | CREATE | DELETE | DELETE_SELF | MOVE_SELF
HOW: Final = ONLYDIR | DONT_FOLLOW | EXCL_UNLINK

HEADER: Final = struct.Struct("iIII")
"""Watch, mask, cookie, length of the name that follows."""
BUFFER: Final = 256 * 1024
READS: Final = 16
"""Buffers taken at most in one `read`, so that a flood cannot hold the event loop."""


class Inotify:
    """One inotify instance. Raises OSError when it cannot be had: EMFILE at the limit of instances."""

    recursive = False

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._call(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self._folders: dict[int, str] = {}
        self._watches: dict[str, int] = {}

    def start(self, ready: Callable[[], None]) -> None:
        """See `Notifier`."""
        asyncio.get_running_loop().add_reader(self._fd, ready)

    def pause(self) -> None:
        """See `Notifier`."""
        asyncio.get_running_loop().remove_reader(self._fd)

    def add(self, folder: str) -> None:
        """See `Notifier`. The folder must be a real one: links are not followed."""
        path = os.fsencode(folder)
        watch = self._call(self._libc.inotify_add_watch(self._fd, path, WATCHED | HOW), folder)
        self._folders[watch] = folder
        self._watches[folder] = watch

    def remove(self, folder: str) -> None:
        """See `Notifier`."""
        watch = self._watches.pop(folder, None)
        # A renamed folder keeps its watch and may have been added under its new name already.
        if watch is not None and self._folders.get(watch) == folder:
            del self._folders[watch]
            self._libc.inotify_rm_watch(self._fd, watch)

    def read(self) -> list[Event]:
        """See `Notifier`."""
        events: list[Event] = []
        for _ in range(READS):
            try:
                data = os.read(self._fd, BUFFER)
            except BlockingIOError:
                break
            self._parse(data, events)
        return events

    def close(self) -> None:
        """See `Notifier`."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _parse(self, data: bytes, events: list[Event]) -> None:
        offset = 0
        while offset < len(data):
            watch, mask, _, length = HEADER.unpack_from(data, offset)
            offset += HEADER.size + length
            if mask & OVERFLOW:
                events.append(Event("lost", "", ""))
                continue
            folder = self._folders.get(watch)
            if folder is None:
                continue
            if mask & IGNORED:
                self._folders.pop(watch, None)
                if self._watches.get(folder) == watch:
                    del self._watches[folder]
                continue
            name = os.fsdecode(data[offset - length : offset].rstrip(b"\0"))
            events.append(_event(mask, folder, name))

    @staticmethod
    def _call(result: int, path: str | None = None) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), path)
        return result


def _event(mask: int, folder: str, name: str) -> Event:
    if mask & (DELETE_SELF | MOVE_SELF | UNMOUNT):
        return Event("gone", folder, "")
    is_folder = bool(mask & ISDIR)
    if mask & (CREATE | MOVED_TO):
        return Event("created", folder, name, is_folder)
    if mask & (DELETE | MOVED_FROM):
        return Event("deleted", folder, name, is_folder)
    return Event("changed", folder, name, is_folder)
