"""Writes to the terminal in a thread, so that neither a slow nor a vanished terminal holds up the event loop.

Textual's own writer queues 30 writes and then blocks its caller, which is the loop that also records; and an error
ends its thread, after which the queue fills.
"""

from __future__ import annotations

import os
import select
import termios
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

BACKLOG: Final = 32 * 1024
"""Bytes: with more than this waiting, what is drawn is left out until the terminal has caught up."""
CHUNK: Final = 1024
"""Bytes a write: a terminal that takes 1 kB a second still lets the thread look up every second."""
LOOK_SECONDS: Final = 0.2
CLOSE_SECONDS: Final = 1.0


class TerminalOutput:
    """The way to the terminal. The callbacks are called from the thread.

    `caught_up`: the terminal has taken everything after something had to be left out; paint all of it again. `gone`:
    the terminal does not exist any more, nothing will be written.
    """

    def __init__(self, fileno: int, caught_up: Callable[[], None], gone: Callable[[], None]) -> None:
        self._fileno = fileno
        self._caught_up = caught_up
        self._gone = gone
        self._news = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._backlog = 0
        self._left_out = False
        self._discards = 0
        self._closing = False
        self._dead = False
        self._thread = threading.Thread(target=self._run, name="terminal output", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Have this written; never blocks."""
        self.write_bytes(text.encode("utf-8", "replace"))

    def write_bytes(self, data: bytes) -> None:
        """Have all of this written, or nothing; never blocks."""
        with self._news:
            if self._dead or self._closing:
                return
            if self._backlog > BACKLOG:
                self._left_out = True
                return
            self._waiting.append(data)
            self._backlog += len(data)
            self._news.notify()

    def discard(self) -> None:
        """Forget what the terminal has not taken yet, here and in the kernel, if it lags behind."""
        with self._news:
            if self._backlog <= CHUNK:
                return
            self._waiting.clear()
            self._backlog = 0
            self._left_out = False
            self._discards += 1
        with suppress(termios.error):
            termios.tcflush(self._fileno, termios.TCOFLUSH)

    def close(self) -> None:
        """Write what is waiting, for at most `CLOSE_SECONDS`, and end the thread."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        try:
            while data := self._next():
                self._write(data)
        except OSError:
            with self._news:
                self._dead = True
                self._waiting.clear()
            self._gone()

    def _next(self) -> bytes:
        """What is to be written next; waits for it, and is empty at the end."""
        with self._news:
            if not self._waiting and self._left_out and not self._closing:
                self._left_out = False
                self._caught_up()
            while not self._waiting and not self._closing:
                self._news.wait()
            data = b"".join(self._waiting)
            self._waiting.clear()
            return data

    def _write(self, data: bytes) -> None:
        view, discards = memoryview(data), self._discards
        while view:
            _, writable, _ = select.select([], [self._fileno], [], LOOK_SECONDS)
            with self._news:
                if self._discards != discards:
                    return
            if not writable:
                continue
            try:
                written = os.write(self._fileno, view[:CHUNK])
            except BlockingIOError:  # somebody who shares this terminal has made it non-blocking
                continue
            view = view[written:]
            with self._news:
                if self._discards == discards:
                    self._backlog -= written
