"""Other systems: watchfiles, which follows whole trees through the system's own service (FSEvents on macOS)."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from typing import TYPE_CHECKING, Final

from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError
from watchfiles.main import Change as Raw

from monitor.sources.watcher.notifier import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Callable

STEP_MS: Final = 80
"""Between two looks of the thread: an event is told after one to two of them."""
DEBOUNCE_MS: Final = 100
KINDS: Final[dict[int, EventKind]] = {Raw.added: "created", Raw.modified: "changed", Raw.deleted: "deleted"}


class Portable:
    """Follows trees in a thread. The list of a running watchfiles cannot grow, so a change of it starts another."""

    recursive = True

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._roots: frozenset[str] = frozenset()
        self._gathered: list[Event] = []
        self._ready: Callable[[], None] | None = None
        self._stop = threading.Event()
        self._renew = threading.Event()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._follow, name="file watcher", daemon=True)
        self._thread.start()

    def start(self, ready: Callable[[], None]) -> None:
        """See `Notifier`."""
        self._ready = ready
        if self._gathered or self._failure:
            self._loop.call_soon(ready)

    def pause(self) -> None:
        """See `Notifier`."""
        self._ready = None

    def add(self, folder: str) -> None:
        """See `Notifier`."""
        if not os.path.isdir(folder):
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), folder)
        self._roots |= {folder}
        self._renew.set()

    def remove(self, folder: str) -> None:
        """See `Notifier`."""
        self._roots -= {folder}
        self._renew.set()

    def read(self) -> list[Event]:
        """See `Notifier`."""
        if self._failure is not None:
            raise self._failure
        events, self._gathered = self._gathered, []
        return events

    def close(self) -> None:
        """See `Notifier`."""
        self._stop.set()
        self._renew.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._stop.is_set():
            self._renew.clear()
            roots = sorted(filter(os.path.isdir, self._roots))
            if not roots:
                self._renew.wait()
                continue
            try:
                # debug, force polling, poll delay, recursive, ignore permission denied
                with RustNotify(roots, False, False, 300, True, True) as notify:
                    self._drain(notify)
            except FileNotFoundError:
                continue
            except (OSError, WatchfilesRustInternalError) as error:
                self._tell([], OSError(errno.ENOSPC, str(error)))
                return

    def _drain(self, notify: RustNotify) -> None:
        while not self._renew.is_set():
            found = notify.watch(DEBOUNCE_MS, STEP_MS, 5000, self._renew)
            if isinstance(found, str):
                continue
            self._tell([self._event(change, path) for change, path in sorted(found)])

    def _tell(self, events: list[Event], failure: OSError | None = None) -> None:
        def tell() -> None:
            self._gathered += events
            self._failure = failure
            if self._ready is not None:
                self._ready()

        try:
            self._loop.call_soon_threadsafe(tell)
        except RuntimeError:  # the loop has closed: nobody is left to tell
            self._stop.set()

    def _event(self, change: int, path: str) -> Event:
        if path in self._roots and change == Raw.deleted:
            return Event("gone", path, "")
        folder, name = os.path.split(path)
        return Event(KINDS[change], folder, name, os.path.isdir(path))
