"""The terminal, and what the shell is told, however the screen ends (faults: terminal)."""

from __future__ import annotations

import fcntl
import os
import pty
import resource
import select
import signal
import stat
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = Path(__file__).with_name("terminal_app.py")
READY = b"the screen is ready"
RESTORED = (
    b"\x1b[?1049l",
    b"\x1b[?25h",
    b"\x1b[?1000l",
    b"\x1b[?1003l",
    b"\x1b[?1006l",
    b"\x1b[?2004l",
    b"\x1b[?1004l",
)
PROMPT = 2.0
"""Seconds in which the screen has to be gone."""


class Terminal:
    """A terminal with the small app in it; everything that the app draws is read and kept."""

    def __init__(
        self, logs: Path, *arguments: str, stdin: int | None = None, rate: int | None = None
    ) -> None:
        self.logs = logs
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.drawn = b""
        self.rate = rate
        environ = {**os.environ, "TERM": "xterm-256color"}
        environ.pop("NO_COLOR", None)
        self.errors = logs / "stderr"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(PROGRAM), str(logs), *arguments],
                stdin=self.slave if stdin is None else stdin,
                stdout=self.slave,
                stderr=errors,
                env=environ,
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
            try:
                self.drawn += os.read(self.master, self.rate or 65536)
            except OSError:
                return
            if self.rate:
                time.sleep(1)

    def until(self, condition: Callable[[], object], what: str, seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{what}; stderr: {self.errors.read_text()}"
            time.sleep(0.01)

    def ready(self) -> Terminal:
        self.until(lambda: READY in self.drawn, "the app did not start")
        return self

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


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    terminals: list[Terminal] = []

    def start(*arguments: str, **options: Any) -> Terminal:
        terminals.append(Terminal(tmp_path, *arguments, **options))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


def test_q_ends_with_0_and_gives_the_terminal_back(start: Callable[..., Terminal]) -> None:
    terminal = start().ready()
    terminal.press("q")
    assert terminal.ended() == 0
    terminal.assert_restored()
    assert terminal.errors.read_text() == ""


def test_ctrl_c_ends_with_130(start: Callable[..., Terminal]) -> None:
    terminal = start().ready()
    terminal.press("\x03")
    assert terminal.ended() == 130
    terminal.assert_restored()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_ends_with_its_code_and_gives_the_terminal_back(
    start: Callable[..., Terminal], number: int, code: int
) -> None:
    terminal = start().ready()
    terminal.send(number)
    assert terminal.ended() == code
    terminal.assert_restored()
    assert terminal.errors.read_text() == ""


@pytest.mark.parametrize(("key", "what"), [("c", "a callback"), ("w", "a worker")])
def test_a_crash_gives_the_terminal_back_and_says_where_its_traceback_is(
    start: Callable[..., Terminal], tmp_path: Path, key: str, what: str
) -> None:
    terminal = start().ready()
    terminal.press(key)
    assert terminal.ended() == 1
    terminal.assert_restored()
    said = terminal.errors.read_text()
    assert f"ZeroDivisionError: {what} (terminal_app.py, line" in said
    assert "Traceback" not in said
    (file,) = tmp_path.glob("crash-*.txt")
    assert str(file) in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = file.read_text()
    assert f"ZeroDivisionError: {what}" in written
    assert "Traceback (most recent call last)" in written


def test_a_crash_tells_no_values_of_variables(start: Callable[..., Terminal], tmp_path: Path) -> None:
    terminal = start().ready()
    terminal.press("c")
    terminal.ended()
    (file,) = tmp_path.glob("crash-*.txt")
    told = file.read_text().replace('secret = "the value of a variable"', "") + terminal.errors.read_text()
    assert "the value of a variable" not in told
    assert b"the value of a variable" not in terminal.drawn


def test_a_failure_of_the_app_is_a_message_and_its_exit_code(
    start: Callable[..., Terminal], tmp_path: Path
) -> None:
    terminal = start().ready()
    terminal.press("f")
    assert terminal.ended() == 7
    terminal.assert_restored()
    assert terminal.errors.read_text() == "agent-monitor: there is no room: make some\n"
    assert not list(tmp_path.glob("crash-*.txt"))


def test_a_callback_that_hangs_is_ended_by_the_second_signal(
    start: Callable[..., Terminal], tmp_path: Path
) -> None:
    terminal = start().ready()
    terminal.press("h")
    terminal.until((tmp_path / "hanging").exists, "it did not hang")
    terminal.send(signal.SIGTERM)
    time.sleep(0.3)
    assert terminal.process.poll() is None
    terminal.send(signal.SIGTERM)
    assert terminal.ended() == 143
    terminal.assert_restored()


def test_a_terminal_that_goes_away_ends_the_screen(start: Callable[..., Terminal], tmp_path: Path) -> None:
    terminal = start().ready()
    terminal.close_master()
    assert terminal.ended() == 129
    assert terminal.errors.read_text() == ""
    assert (tmp_path / "end").exists(), "it did not end in order"


def test_input_at_its_end_ends_the_screen_and_does_not_spin(start: Callable[..., Terminal]) -> None:
    with Path(os.devnull).open() as nothing:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        terminal = start(stdin=nothing.fileno())
        assert terminal.process.wait(15) == 129
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3


def test_a_stopped_and_continued_screen_still_gives_the_terminal_back(start: Callable[..., Terminal]) -> None:
    terminal = start().ready()
    terminal.send(signal.SIGSTOP)
    drawn = len(terminal.drawn)
    terminal.send(signal.SIGCONT)
    terminal.until(lambda: READY in terminal.drawn[drawn:], "it was not painted again")
    terminal.press("q")
    assert terminal.ended() == 0
    terminal.assert_restored()


def test_a_suspended_screen_leaves_the_terminal_as_it_was_and_comes_back(
    start: Callable[..., Terminal],
) -> None:
    terminal = start().ready()
    terminal.send(signal.SIGTSTP)
    terminal.until(lambda: is_stopped(terminal.process.pid), "it was not suspended")
    terminal.assert_restored()
    drawn = len(terminal.drawn)
    terminal.send(signal.SIGCONT)
    terminal.until(lambda: READY in terminal.drawn[drawn:], "it was not painted again")
    assert termios.tcgetattr(terminal.slave) != terminal.before
    terminal.press("q")
    assert terminal.ended() == 0
    terminal.assert_restored()


def is_stopped(pid: int) -> bool:
    answer = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout.startswith("T")


def test_bytes_that_are_no_text_do_not_crash_it(start: Callable[..., Terminal]) -> None:
    terminal = start().ready()
    os.write(terminal.master, b"\xff\xfe\xc3\x28\x1b[<999999;1\x1b]52;\x9b\xf0\x28\x8c\x28\x1b[200~\xe2\x82")
    os.write(terminal.master, b"\x1b[201~")
    terminal.press("q")
    assert terminal.ended() == 0
    terminal.assert_restored()


def test_a_slow_terminal_does_not_hold_up_the_event_loop_nor_the_end(
    start: Callable[..., Terminal], tmp_path: Path
) -> None:
    terminal = start("busy", rate=1000)
    terminal.until(lambda: len(terminal.drawn) > 2000, "nothing was drawn")
    time.sleep(2)
    terminal.send(signal.SIGTERM)
    assert terminal.ended() == 143
    assert float((tmp_path / "end").read_text()) < 0.5
    assert termios.tcgetattr(terminal.slave) == terminal.before
