"""A program in front of the screen gets the terminal whole, and the screen gets it back whole."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

PROGRAM = Path(__file__).with_name("job_program.py")
READY = b"the screen is ready"
OWN_SCREEN, MOUSE = b"\x1b[?1049h", b"\x1b[?1003h"


class Opened:
    """The small app on a terminal; `drawn` is what it and the program have written."""

    def __init__(self, logs: Path, *argv: str, mouse: bool = True) -> None:
        self.logs = logs
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.drawn = b""
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(logs), "mouse" if mouse else "none", *argv],
            stdin=self.slave,
            stdout=self.slave,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TERM": "xterm-256color", "LINES": "24", "COLUMNS": "80"},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - one system call, no lock
        )
        self.until(lambda: READY in self.drawn, "the app did not start")

    def until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + 15
        while True:
            while select.select([self.master], [], [], 0.02)[0]:
                self.drawn += os.read(self.master, 65536)
            if condition():
                return
            assert time.monotonic() < deadline, f"{what}: {self.drawn[-400:]!r}"

    def until_drawn(self, text: bytes) -> None:
        """Wait for a text, and forget all up to it."""
        self.until(lambda: text in self.drawn, f"{text!r} did not come")
        self.drawn = self.drawn.partition(text)[2]

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def endings(self) -> list[str]:
        with contextlib.suppress(FileNotFoundError):
            return (self.logs / "endings").read_text().splitlines()
        return []

    def until_back(self, ending: str) -> None:
        """The program has given the terminal back, and the screen is drawn on it again."""
        self.until_drawn(OWN_SCREEN)
        self.until_drawn(READY)
        self.until(lambda: self.endings()[-1:] == [ending], f"not {ending}, {self.endings()}")

    def quit(self) -> None:
        self.press("q")
        assert self.process.wait(10) == 0
        assert termios.tcgetattr(self.slave) == self.before

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    every: list[Opened] = []

    def start(*argv: str, mouse: bool = True) -> Opened:
        every.append(Opened(tmp_path, *argv, mouse=mouse))
        return every[-1]

    yield start
    for one in every:
        one.close()


def test_a_shell_reads_its_keys_in_the_folder_and_ctrl_c_is_its_own(
    opened: Callable[..., Opened], tmp_path: Path
) -> None:
    screen = opened("/bin/sh", "-i")
    screen.press("o")
    screen.until_drawn(b"\x1b[?1049l")
    screen.press("echo here: $(pwd)\r")
    screen.until_drawn(f"here: {tmp_path}".encode())
    screen.press("sleep 60\r")
    screen.until_drawn(b"sleep 60")
    screen.press("\x03")
    screen.press("echo still $((20 + 3))\r")
    screen.until_drawn(b"still 23")
    screen.press("exit 5\r")
    screen.until_back("exited 5")
    screen.quit()


def test_a_program_that_stops_gives_the_terminal_back_and_is_gone_on_with(
    opened: Callable[..., Opened],
) -> None:
    screen = opened("/bin/cat")
    screen.press("o")
    screen.until_drawn(b"\x1b[?1049l")
    screen.press("one\r")
    screen.until_drawn(b"one\r\none")
    screen.press("\x1a")
    screen.until_back(f"stopped {signal.SIGTSTP}")
    screen.press("o")
    screen.until_drawn(b"\x1b[?1049l")
    screen.press("two\r")
    screen.until_drawn(b"two\r\ntwo")
    screen.press("\x04")
    screen.until_back("exited 0")
    screen.quit()


def test_what_has_stopped_ends_with_the_screen(opened: Callable[..., Opened], tmp_path: Path) -> None:
    screen = opened("/bin/sh", "-c", "echo $$ > pid; kill -STOP $$; sleep 60")
    screen.press("o")
    screen.until_back(f"stopped {signal.SIGSTOP}")
    pid = int((tmp_path / "pid").read_text())
    assert psutil.pid_exists(pid)
    screen.quit()
    wait_for_the_end_of(pid)


def test_a_program_that_is_killed_in_the_wrong_modes_leaves_a_whole_terminal(
    opened: Callable[..., Opened],
) -> None:
    screen = opened("/bin/sh", "-c", "stty raw -echo; printf '\\033[?1003h\\033(0'; kill -9 $$")
    screen.press("o")
    screen.until_back("killed 9")
    screen.quit()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_program_ends_when_the_screen_is_ended_under_it(
    opened: Callable[..., Opened], tmp_path: Path, number: signal.Signals
) -> None:
    screen = opened(
        "/bin/sh", "-c", "trap '' HUP; echo $$ > pid; stty -echo; echo begun; while :; do sleep 0.1; done"
    )
    screen.press("o")
    screen.until_drawn(b"begun")
    screen.process.send_signal(number)
    assert screen.process.wait(10) == 128 + number
    wait_for_the_end_of(int((tmp_path / "pid").read_text()))
    assert termios.tcgetattr(screen.slave) == screen.before


def test_a_program_that_cannot_be_started_is_told(opened: Callable[..., Opened]) -> None:
    screen = opened("/no/such/program")
    screen.press("o")
    screen.until_back("/no/such/program cannot be started: No such file or directory.")
    screen.quit()


@pytest.mark.parametrize("mouse", [True, False])
def test_the_terminal_is_asked_for_the_mouse_only_where_it_is_wanted(
    opened: Callable[..., Opened], *, mouse: bool
) -> None:
    screen = opened("/bin/true", mouse=mouse)
    assert (MOUSE in screen.drawn) is mouse
    screen.drawn = b""
    screen.press("o")
    screen.until(lambda: screen.endings() == ["exited 0"] and READY in screen.drawn, "it did not end")
    assert (MOUSE in screen.drawn) is mouse
    screen.quit()


def wait_for_the_end_of(pid: int) -> None:
    """Wait until a process has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        deadline = time.monotonic() + 10
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline, f"{process} still runs"
            time.sleep(0.01)
