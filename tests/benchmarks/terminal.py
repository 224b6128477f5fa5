"""Runs a program under a real terminal and measures it as a whole: CPU, bytes, memory, first paint."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from dataclasses import dataclass, field

import psutil
import pyte

COLUMNS, ROWS = 200, 50
SETTLE_SECONDS = 6.0


@dataclass
class Measurement:
    """Figures of one run. CPU includes every child, git too, that lived or died in the window."""

    name: str
    cpu_ms_per_refresh: float
    bytes_per_refresh: float
    peak_mb: float
    first_paint_ms: float | None
    refreshes: float
    error: str = ""
    data_ms: float | None = None
    """When the screen first showed what was to be watched, if that was asked for."""


@dataclass
class _Output:
    """What came from the terminal, and when."""

    begin: float
    chunks: list[tuple[float, bytes]] = field(default_factory=list)

    def read(self, fd: int, seconds: float) -> bool:
        """Read for this long; False once the program closed the terminal."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            ready, _, _ = select.select([fd], [], [], left)
            if not ready:
                continue
            try:
                data = os.read(fd, 65_536)
            except OSError:
                return False
            if not data:
                return False
            self.chunks.append((time.perf_counter() - self.begin, data))
        return True

    def between(self, start: float, end: float) -> int:
        """Bytes in a window."""
        return sum(len(data) for at, data in self.chunks if start <= at <= end)

    def first_match(self, pattern: str) -> float | None:
        """When the screen first showed the pattern, in milliseconds."""
        screen = pyte.Screen(COLUMNS, ROWS)
        stream = pyte.ByteStream(screen)
        search = re.compile(pattern).search
        for at, data in self.chunks:
            stream.feed(data)
            if search("\n".join(screen.display)):
                return 1000 * at
        return None


def measure(
    name: str,
    command: list[str],
    *,
    seconds: float,
    period: float,
    paint: str | None = None,
    data: str | None = None,
    quit_key: bytes = b"q",
    settle: float = SETTLE_SECONDS,
) -> Measurement:
    """Run `command` at 200×50 for `settle` seconds, measure it for `seconds`, and end it.

    `paint` is a pattern of its first picture, `data` one of what it is there to show.
    """
    output = _Output(time.perf_counter())
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, screen_environment())
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    try:
        alive = output.read(fd, settle)
        cpu, start = tree_cpu(pid), time.perf_counter()
        alive = alive and output.read(fd, seconds)
        elapsed = time.perf_counter() - start
        spent, peak = tree_cpu(pid) - cpu, tree_peak(pid)
    finally:
        end(pid, fd, quit_key)
    if not alive:
        tail = b"".join(data for _, data in output.chunks)[-300:].decode(errors="replace")
        return Measurement(name, 0, 0, 0, None, 0, error=f"ended early: {tail!r}")
    refreshes = elapsed / period
    window = output.between(start - output.begin, start - output.begin + elapsed)
    first = output.first_match(paint) if paint else None
    shown = output.first_match(data) if data else None
    spent_ms = 1000 * spent / refreshes
    return Measurement(name, spent_ms, window / refreshes, peak, first, refreshes, data_ms=shown)


def screen_environment() -> dict[str, str]:
    """The environment of a plain terminal with all colours."""
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
    for variable in ("NO_COLOR", "TMUX", "SSH_CONNECTION", "SSH_TTY", "LINES", "COLUMNS"):
        environment.pop(variable, None)
    return environment


def tree_cpu(pid: int) -> float:
    """CPU seconds of a process, its living descendants, and those it has reaped."""
    total = 0.0
    try:
        top = psutil.Process(pid)
        for process in [top, *top.children(recursive=True)]:
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
            total += _fraction(process.pid) - times.user - times.system
    except psutil.Error:
        pass
    return total


def _fraction(pid: int) -> float:
    """CPU seconds of a whole process from its CPU clock, finer than the ticks that /proc counts in."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        times = psutil.Process(pid).cpu_times()
        return times.user + times.system


def tree_peak(pid: int) -> float:
    """Peak resident memory of a process in MB (of its own: git children live for milliseconds)."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0


def end(pid: int, fd: int, quit_key: bytes) -> None:
    """Ask it to quit, then make it."""
    with contextlib.suppress(OSError):
        os.write(fd, quit_key)
    for number in (0, signal.SIGTERM, signal.SIGKILL):
        if number:
            os.kill(pid, number)
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            if os.waitpid(pid, os.WNOHANG)[0]:
                os.close(fd)
                return
            if select.select([fd], [], [], 0.05)[0]:
                try:
                    os.read(fd, 65_536)
                except OSError:
                    time.sleep(0.05)
