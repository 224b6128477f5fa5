"""A terminal with a program in it: what it draws is kept, keys and signals reach it, and it can be a slow one."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pyte

PROMPT = 2.0
"""Seconds in which a screen has to be gone."""
RESTORED = (
    b"\x1b[?1049l",
    b"\x1b[?25h",
    b"\x1b[?1000l",
    b"\x1b[?1003l",
    b"\x1b[?1006l",
    b"\x1b[?2004l",
    b"\x1b[?1004l",
)
_LOOK_SECONDS = 0.05

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "f1": "\x1bOP",
    "f5": "\x1b[15~",
    "f6": "\x1b[17~",
    "f8": "\x1b[19~",
    "f9": "\x1b[20~",
    "f10": "\x1b[21~",
    "f11": "\x1b[23~",
    "f12": "\x1b[24~",
    "space": " ",
    "slash": "/",
    "colon": ":",
    "plus": "+",
    "minus": "-",
    "comma": ",",
    "full_stop": ".",
    "question_mark": "?",
}
"""What a terminal sends for the keys whose name is not what they type."""


def typed(key: str) -> str:
    """What a terminal sends for a key."""
    if key.startswith("ctrl+"):
        return chr(ord(key[-1].upper()) - 64)
    return KEYS.get(key, key)


class Terminal:
    """A terminal with a Python program in it; `rate` is how many bytes it takes a second, None: all at once."""

    def __init__(
        self,
        program: Path,
        logs: Path,
        *arguments: str,
        stdin: int | None = None,
        rate: int | None = None,
        size: tuple[int, int] = (80, 24),
        environ: Mapping[str, str | None] | None = None,
    ) -> None:
        self.logs = logs
        self.master, self.slave = pty.openpty()
        self.size = size
        self.resize(*size)
        self.before = termios.tcgetattr(self.slave)
        self.drawn = b""
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._shown = 0
        """How much of what was drawn stands on the screen."""
        self.rate = rate
        self.errors = logs / "stderr"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(program), str(logs), *arguments],
                stdin=self.slave if stdin is None else stdin,
                stdout=self.slave,
                stderr=errors,
                env=_environment(environ or {}),
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - one system call, no lock
            )
        self.reading = True
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        while self.reading:
            if not select.select([self.master], [], [], 0.02)[0]:
                continue
            rate = self.rate
            try:
                self.drawn += os.read(self.master, max(1, int(rate * _LOOK_SECONDS)) if rate else 65536)
            except OSError:
                return
            if rate:
                time.sleep(_LOOK_SECONDS)

    def resize(self, columns: int, rows: int) -> None:
        self.size = (columns, rows)
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{what}; stderr: {self.errors.read_text()}"
            time.sleep(0.01)

    def ready(self, text: bytes) -> Terminal:
        self.until(lambda: text in self.drawn, "the app did not start")
        return self

    def lines(self) -> list[str]:
        """What stands on the screen now."""
        if (self._screen.columns, self._screen.lines) != self.size:
            self._screen = pyte.Screen(*self.size)
            self._stream = pyte.ByteStream(self._screen)
            self._shown = 0
        drawn = self.drawn
        self._stream.feed(drawn[self._shown :])
        self._shown = len(drawn)
        return list(self._screen.display)

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def ended(self) -> int:
        """The exit code, which has to come promptly."""
        return self.process.wait(PROMPT)

    def close_master(self) -> None:
        self.reading = False
        self.reader.join()
        os.close(self.master)
        self.master = -1

    def assert_restored(self) -> None:
        self.until(lambda: RESTORED[-1] in self.drawn, "nothing was restored", 2)
        missing = [sequence for sequence in RESTORED if sequence not in self.drawn]
        assert not missing
        assert self.drawn.rindex(b"\x1b[?1049l") > self.drawn.rindex(b"\x1b[?1049h")
        assert termios.tcgetattr(self.slave) == self.before

    def close(self) -> None:
        self.reading = False
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join()
        for number in (self.master, self.slave):
            if number >= 0:
                os.close(number)


def _environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """The environment of a plain terminal, changed; None takes a variable away."""
    plain: dict[str, str | None] = {
        **os.environ,
        "TERM": "xterm-256color",
        **dict.fromkeys(("NO_COLOR", "SSH_TTY", "SSH_CONNECTION", "COLUMNS", "LINES", "TEXTUAL_DRIVER")),
        **changes,
    }
    return {name: value for name, value in plain.items() if value is not None}
