"""How the fleet dies with the demo: pipes whose end everyone sees, and on Linux a signal from the kernel.

Every process of the fleet holds the reading end of a pipe that nobody writes to. When the process that holds the
writing end dies, in whatever way, the pipe ends, and so does the reader. That works on every system; on Linux
`PR_SET_PDEATHSIG` (prctl(2)) also reaches a process that is stopped or busy.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15
_PR_SET_CHILD_SUBREAPER: Final = 36

_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


class Lifeline:
    """Sleeps, and ends this process when a pipe that it watches ends.

    `reading` is an end that nobody writes to, `writing` an end whose reader must live.
    """

    def __init__(self, reading: int, writing: int) -> None:
        self._poll = select.poll()
        self._poll.register(reading, select.POLLIN)
        self._poll.register(writing, 0)

    def sleep(self, seconds: float | None) -> None:
        """Sleep that many seconds, or for ever; does not return once a pipe has ended."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if self._poll.poll(None if left is None else left * 1000 + 1):
                os._exit(0)
            if left is not None and deadline is not None and time.monotonic() >= deadline:
                return


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when the thread that forked it ends; `parent` is that process's id."""
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own, so that none is left a zombie (Linux)."""
    if _prctl is not None:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def name_process(name: str) -> None:
    """Set the name that ps and top show, at most 15 bytes (Linux)."""
    if _prctl is not None:
        _prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)
