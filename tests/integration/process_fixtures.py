"""Real processes for the tests of the process source: look-alikes of agents, kept in hand and always ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from monitor.model import ProcessGroup, ProcessReading
    from monitor.sources.processes import ProcessSource

DEADLINE = 30.0
WAIT = "import sys; sys.stdin.read()"
"""Program text that waits until its standard input closes."""
BURN = """
import time
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
"""


T = TypeVar("T")


def until(look: Callable[[], T | None], what: str) -> T:
    """Ask again until there is an answer that is true; fails after a deadline."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {DEADLINE:g} s")


class Processes:
    """Starts processes for one test, in its folder, and ends all of them with their children."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._groups: list[int] = []
        self._children: list[subprocess.Popen[str]] = []

    def program(self, name: str) -> str:
        """A Python that goes by another name, in the process table too."""
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            path.symlink_to(sys.executable)
        return str(path)

    def script(self, name: str, code: str) -> str:
        """A Python script of that name."""
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(code)
        return str(path)

    def start(self, *argv: str | bytes, cwd: Path | None = None) -> subprocess.Popen[str]:
        """Start a child of this test; it prints a line when it is ready."""
        process = subprocess.Popen(
            argv,
            cwd=cwd or self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            start_new_session=True,
        )
        self._groups.append(process.pid)
        self._children.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    def agent(
        self, code: str = "", *arguments: str, then: str = "", name: str = "claude", cwd: Path | None = None
    ) -> subprocess.Popen[str]:
        """Start a look-alike of an agent; it runs `code`, prints `ready`, runs `then`, waits for its input to close."""
        text = f"{BURN}\nimport os, signal, subprocess, sys, time\n{code}\nprint('ready', flush=True)\n{then}\n{WAIT}"
        file = self.script(f"agent{len(self._children)}.py", text)
        return self.start(self.program(name), "-S", file, *arguments, cwd=cwd)

    def daemon(self, *argv: str) -> int:
        """Start a process that is no descendant of this test; its pid."""
        launcher = (
            "import subprocess, sys; null = subprocess.DEVNULL\n"
            "print(subprocess.Popen(sys.argv[1:], start_new_session=True, stdin=null, stdout=null, stderr=null).pid)"
        )
        answer = subprocess.run(
            [sys.executable, "-S", "-c", launcher, *argv],
            check=True,
            capture_output=True,
            text=True,
            cwd=self.folder,
        )
        self._groups.append(int(answer.stdout))
        return int(answer.stdout)

    def end(self) -> None:
        """Kill and collect everything."""
        for group in self._groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
        for process in self._children:
            process.wait(DEADLINE)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()


@contextlib.contextmanager
def processes(folder: Path) -> Iterator[Processes]:
    """Processes that end with the test."""
    started = Processes(folder)
    try:
        yield started
    finally:
        started.end()


def poll(source: ProcessSource) -> ProcessReading:
    """Take a reading now."""
    return source.poll(time.time_ns() // 1_000_000)


def group_of(reading: ProcessReading, pid: int) -> ProcessGroup | None:
    """The group whose topmost process that is."""
    return next((group for group in reading.groups if group.key.pid == pid), None)


def cpu_seconds(source: ProcessSource, pid: int, done: Callable[[], bool]) -> tuple[float, float]:
    """Poll until `done`, and twice more: CPU seconds of that group by its percentages, and the highest of those.

    However slow the machine is, an agent that burns 0.3 s of CPU has to add up to 0.3 s.
    """
    total = highest = 0.0
    left = 2
    deadline = time.monotonic() + DEADLINE
    while left:
        assert time.monotonic() < deadline, "the agent did not use the CPU that it was to use"
        left -= done()
        time.sleep(0.1)
        group = group_of(poll(source), pid)
        assert group is not None
        assert group.cpu_usage is not None
        assert source._rates.percent_per_unit is not None
        total += group.cpu_usage / source._rates.percent_per_unit * source._table.tick_seconds
        highest = max(highest, group.cpu_usage)
    return total, highest
