"""The whole program on a real terminal: the demo, its four panes, and what it leaves behind."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pyte
import pytest


class Terminal:
    """A program on a pty of its own, and the screen that a person would see."""

    def __init__(
        self, arguments: list[str], columns: int = 200, rows: int = 50, folder: Path | None = None
    ) -> None:
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LC_ALL": "C.UTF-8",
            "TMPDIR": str(folder or "/tmp"),
        }
        for name in ("NO_COLOR", "TMUX", "LINES", "COLUMNS"):
            environment.pop(name, None)
        self.screen = pyte.Screen(columns, rows)
        self.raw = b""
        self._stream = pyte.ByteStream(self.screen)
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.execvpe(sys.executable, [sys.executable, "-m", "monitor", *arguments], environment)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def pid(self) -> int:
        return self._pid

    def text(self) -> str:
        return "\n".join(self.screen.display)

    def read(self, seconds: float) -> bool:
        """False once the program has closed the terminal."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self._fd], [], [], left)[0]:
                continue
            try:
                data = os.read(self._fd, 65_536)
            except OSError:
                return False
            if not data:
                return False
            self.raw += data
            self._stream.feed(data)
        return True

    def wait_for(self, condition: Callable[[str], bool], what: str, seconds: float = 25.0) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            alive = self.read(0.1)
            if condition(self.text()):
                return
            if not alive:
                break
        raise AssertionError(f"{what}: not on the screen within {seconds} s:\n{self.text()}")

    def press(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def end(self, seconds: float = 15.0) -> int:
        """Wait for the end; the exit code."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.read(0.05)
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                os.close(self._fd)
                return os.waitstatus_to_exitcode(status)
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        raise AssertionError(f"it did not end within {seconds} s")


def below(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def shows_the_four_panes(text: str) -> bool:
    folded = text.casefold()
    return all(word in folded for word in ("agents", "commits", "health", "alerts", "architect", "builder"))


def test_the_demo_opens_with_four_panes_and_leaves_nothing_behind(tmp_path: Path) -> None:
    terminal = Terminal(["demo", "--agents", "3", "--pace", "4"], folder=tmp_path)
    terminal.wait_for(shows_the_four_panes, "the four panes")
    terminal.wait_for(lambda text: "agent-" in text or "feat" in text or "fix" in text, "branches from git")
    fleet = below(terminal.pid)
    assert len(fleet) >= 3 * 4
    terminal.press("q")
    assert terminal.end() == 0
    assert b"\x1b[?1049l" in terminal.raw, "the alternate screen was left"
    assert [process for process in fleet if process.is_running()] == []
    assert [entry.name for entry in tmp_path.iterdir()] == []


@pytest.mark.parametrize(("columns", "rows"), [(200, 50), (80, 24)])
def test_a_live_view_attaches_to_a_recorder_and_says_so(tmp_path: Path, columns: int, rows: int) -> None:
    state = tmp_path / "state"
    python = [sys.executable, "-m", "monitor"]
    demo = [*python, "demo", "--headless", "--agents", "3", "--dir", str(tmp_path / "demo")]
    with subprocess.Popen(demo, stdout=subprocess.PIPE, text=True) as fleet:
        assert fleet.stdout is not None
        assert '"ready":true' in fleet.stdout.readline()
        (config,) = (tmp_path / "demo").rglob("config.toml")
        options = [
            "--config",
            str(config),
            "--state-dir",
            str(state),
            "--db",
            str(state / "m.db"),
            "--interval",
            "0.5",
        ]
        recorder = subprocess.Popen([*python, *options, "record"], stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 10
            while not (state / "m.db").exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            terminal = Terminal(options, columns, rows)
            terminal.wait_for(
                lambda text: "attached" in text.casefold() and "System Archi" in text, "the attached view"
            )
            recorder.terminate()
            recorder.wait(10)
            terminal.wait_for(lambda text: "recorder gone" in text.casefold(), "that the recorder is gone")
            terminal.press("q")
            assert terminal.end() == 0
        finally:
            recorder.kill()
            recorder.wait()
            fleet.terminate()


def test_sigterm_ends_the_live_view_with_143_and_the_terminal_restored(tmp_path: Path) -> None:
    terminal = Terminal(["--root", str(tmp_path), "--state-dir", str(tmp_path / "s")])
    terminal.wait_for(lambda text: "agents" in text.casefold(), "the screen")
    os.kill(terminal.pid, signal.SIGTERM)
    assert terminal.end(5) == 143
    assert b"\x1b[?1049l" in terminal.raw
