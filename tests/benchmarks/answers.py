"""How long a program under a terminal takes to answer a key: from the key to the last byte of its picture."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time
from collections.abc import Iterable
from dataclasses import dataclass

from tests.benchmarks.terminal import COLUMNS, ROWS, end, screen_environment

QUIET_SECONDS = 1.0
"""A picture is complete when nothing has come for this long."""
TYPED_SECONDS = 0.3
"""The same while something is typed: there a cursor blinks."""


@dataclass
class Answer:
    """What one key led to."""

    milliseconds: float
    """From the key to the last byte."""
    bytes: int


def answers(command: list[str], keys: Iterable[tuple[bytes, bytes]]) -> list[Answer]:
    """Run `command` at 200×50 and type each (what goes before, the key that is timed); returns the answers."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, screen_environment())
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    try:
        _answer(fd, b"", quiet=2.0)
        found = []
        for before, key in keys:
            if before:
                _answer(fd, before, TYPED_SECONDS)
            found.append(_answer(fd, key))
        return found
    finally:
        end(pid, fd, b"q")


def _answer(fd: int, key: bytes, quiet: float = QUIET_SECONDS) -> Answer:
    begin = last = time.perf_counter()
    size = 0
    os.write(fd, key)
    while select.select([fd], [], [], quiet)[0]:
        try:
            data = os.read(fd, 65_536)
        except OSError as error:
            raise RuntimeError("the program ended") from error
        size, last = size + len(data), time.perf_counter()
    return Answer(1000 * (last - begin), size)
