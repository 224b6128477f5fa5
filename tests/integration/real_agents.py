"""What the tests of real agents share: a project, a terminal, and patience."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from monitor.model import Session
from monitor.sources.sessions.reader import SessionReader

DEADLINE = 60.0


def make_project(folder: Path) -> Path:
    """A repository with one commit, in which an agent may work."""
    project = folder / "project"
    project.mkdir()
    (project / "README.md").write_text("# Shop\n")
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for command in (("init", "--quiet"), ("add", "."), (*identity, "commit", "--quiet", "-m", "one")):
        subprocess.run(["git", *command], cwd=project, check=True)
    return project


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment without what tells agents about accounts, with a home of the test's own."""
    mine = ("PATH", "LANG", "TERM", "TMPDIR")
    return {name: os.environ[name] for name in mine if name in os.environ} | {"HOME": str(home)} | more


class Terminal:
    """A terminal in which a program runs, on a tmux server of the test's own."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def run(self, project: Path, environ: dict[str, str], *command: str) -> None:
        """Start a program; when it ends, its last picture stays."""
        self._tmux(
            "new-session", "-d", "-x", "120", "-y", "40", "-c", str(project), *command, environ=environ
        )
        self._tmux("set-option", "-g", "remain-on-exit", "on")

    def picture(self) -> str:
        """What is on the screen."""
        return self._tmux("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        """Type keys, by their names in tmux."""
        self._tmux("send-keys", *keys)

    def wait_for(self, text: str) -> None:
        """Wait until this is on the screen."""
        deadline = time.monotonic() + DEADLINE
        while text not in self.picture():
            assert time.monotonic() < deadline, self.picture()
            time.sleep(0.1)

    def answer(self, question: str, key: str) -> None:
        """Press a key until the question is gone: some programs draw it before they listen."""
        self.wait_for(question)
        deadline = time.monotonic() + DEADLINE
        while question in self.picture():
            assert time.monotonic() < deadline, self.picture()
            self.press(key)
            time.sleep(0.5)

    def end(self) -> None:
        """End the program."""
        self._tmux("kill-server")

    def _tmux(self, *arguments: str, environ: dict[str, str] | None = None) -> str:
        command = ["tmux", "-S", str(self._socket), *arguments]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False).stdout


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    """A terminal for as long as the test needs it."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    shown = Terminal(folder / "tmux")
    try:
        yield shown
    finally:
        shown.end()
        end_strays(folder)


def end_strays(folder: Path) -> None:
    """End what outlives the terminal: Codex leaves a daemon of its home behind."""
    strays = [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(argument.startswith(f"{folder}/") for argument in process.info["cmdline"] or ())
    ]
    for process in strays:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(strays, timeout=DEADLINE)


def until(
    condition: Callable[[Session], bool], reader: SessionReader, picture: Callable[[], str] = str
) -> Session:
    """Wait until a session is so."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        for session in now(reader):
            if condition(session):
                return session
        time.sleep(0.1)
    raise AssertionError(f"{now(reader)}\n{picture()}")


def now(reader: SessionReader) -> tuple[Session, ...]:
    """The sessions as they are."""
    return reader.poll(time.time_ns() // 1_000_000, 1 << 30)
