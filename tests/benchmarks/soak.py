"""`make soak`: does anything grow? Records the demo fleet with a live view beside it, for as long as it is told.

usage: python -m tests.benchmarks.soak [--minutes N] [--agents N] [--interval SECONDS]

A recorder, a viewer attached to it and a live view with a database of its own run as processes, the views under a
terminal. Every few seconds each is measured. At the end a line a process says what grew, by regression over the second
half of the time; the exit status is 1 when something grew that should not.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import signal
import sqlite3
import statistics
import struct
import sys
import tempfile
import termios
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil

from monitor.demo.fleet import Fleet
from tests.benchmarks.terminal import COLUMNS, ROWS, end

SAMPLES = 240
"""Measurements of each process, at the most one every two seconds."""
WARM_SHARE = 0.5
"""Growth is told from what comes after this share of the time: caches and lists fill up first."""
MAX_GROWTH_MB = 5.0
"""Of resident memory, an hour."""
SHORTEST_SECONDS = 600.0
"""Of measurements from which a growth is told. Before that lists and caches of bounded length fill up: a view
gains 4 MB in its first half hour that way, and a recorder 2 MB."""
MAX_DESCRIPTORS = 3.0
"""More descriptors at the end than halfway; git and the watcher come and go."""
MAX_LATE_SHARE = 0.01
MIB = 1 << 20


@dataclass
class Watched:
    """A process and its measurements."""

    name: str
    pid: int
    database: Path | None
    terminal: int
    times: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    children: list[int] = field(default_factory=list)
    log: list[int] = field(default_factory=list)

    def measure(self, at: float) -> None:
        """Note how it stands. Raises psutil.Error when it is gone."""
        process = psutil.Process(self.pid)
        with process.oneshot():
            self.memory.append(process.memory_info().rss / MIB)
            self.descriptors.append(process.num_fds())
            self.threads.append(process.num_threads())
        self.children.append(len(process.children(recursive=True)))
        self.times.append(at)
        if self.database is not None:
            self.log.append(_size(f"{self.database}-wal"))

    def growth(self, values: list[float] | list[int]) -> float:
        """By how much these grow an hour, in their own unit."""
        begin = int(len(values) * WARM_SHARE)
        if len(values) - begin < 3 or self.times[-1] - self.times[begin] < SHORTEST_SECONDS:
            return 0.0
        slope, _ = statistics.linear_regression(self.times[begin:], values[begin:])
        return 3600 * slope

    def gained(self, values: list[int]) -> float:
        """How many more there are in the last quarter than in the one before."""
        quarter = max(1, len(values) // 4)
        return statistics.fmean(values[-quarter:]) - statistics.fmean(
            values[-2 * quarter : -quarter] or values
        )


def main() -> None:
    """Run, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--agents", type=int, default=10)
    parser.add_argument("--interval", type=float, default=2.0)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        Fleet(agents=arguments.agents, seed=1, pace=1.0) as fleet,
    ):
        watched = start(Path(folder), fleet.config, arguments.interval)
        try:
            with contextlib.suppress(KeyboardInterrupt):  # what there is by then is told
                soak(watched, 60 * arguments.minutes)
            problems = report(watched, arguments.interval)
        finally:
            for process in watched:
                end(process.pid, process.terminal, b"q")
    if (1 - WARM_SHARE) * watched[0].times[-1] < SHORTEST_SECONDS:
        print(f"too short to tell whether memory grows: that takes {2 * SHORTEST_SECONDS / 60:.0f} minutes")
    for problem in problems:
        print(f"FAILED: {problem}")
    print("nothing grows that should not" if not problems else f"{len(problems)} problems")
    sys.exit(bool(problems))


def start(folder: Path, config: Path, interval: float) -> list[Watched]:
    """The three processes, each under a terminal of its own."""
    monitor = [sys.executable, "-m", "monitor", "--config", str(config), "--interval", str(interval)]
    shared, own = folder / "recorder" / "monitor.db", folder / "live" / "monitor.db"
    recorder = under_terminal([*monitor, "--state-dir", str(shared.parent), "record"])
    deadline = time.monotonic() + 30
    while not shared.exists():
        if time.monotonic() > deadline:
            sys.exit("the recorder does not record")
        time.sleep(0.1)
    attached = under_terminal([*monitor, "--state-dir", str(shared.parent)])
    live = under_terminal([*monitor, "--state-dir", str(own.parent)])
    return [
        Watched("recorder", recorder[0], shared, recorder[1]),
        Watched("attached view", attached[0], None, attached[1]),
        Watched("live view", live[0], own, live[1]),
    ]


def under_terminal(command: list[str]) -> tuple[int, int]:
    """Start it; gives its pid and its terminal, whose output is read and forgotten."""
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    threading.Thread(target=_forget, args=(terminal,), daemon=True).start()
    return pid, terminal


def _forget(terminal: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(terminal, 65_536):
            pass


def soak(watched: list[Watched], seconds: float) -> None:
    """Measure all of them now and then, for so long."""
    begin = time.monotonic()
    pause = max(2.0, seconds / SAMPLES)
    told = begin
    while (passed := time.monotonic() - begin) < seconds:
        for process in watched:
            try:
                process.measure(passed)
            except psutil.Error as error:
                sys.exit(f"{process.name} is gone after {passed:.0f} s: {error}")
        if time.monotonic() - told >= 60:
            told = time.monotonic()
            memory = ", ".join(f"{process.name} {process.memory[-1]:.1f} MB" for process in watched)
            print(f"{passed / 60:.0f} min: {memory}", file=sys.stderr, flush=True)
        time.sleep(pause)


def report(watched: list[Watched], interval: float) -> list[str]:
    """Print a line a process; what is wrong."""
    problems = []
    heads = (
        "memory",
        "at the end",
        "an hour",
        "descriptors",
        "threads",
        "children",
        "log",
        "database",
        "late",
    )
    print(f"{'':<15}" + "".join(f"{head:>13}" for head in heads))
    for process in watched:
        hourly = process.growth(process.memory)
        database = process.database
        late = late_ticks(database) if database is not None else None
        cells = [
            f"{process.memory[0]:.1f} MB",
            f"{process.memory[-1]:.1f} MB",
            f"{hourly:+.1f} MB",
            f"{process.descriptors[0]} → {process.descriptors[-1]}",
            f"{process.threads[0]} → {process.threads[-1]}",
            f"≤ {max(process.children)}",
            f"≤ {max(process.log) / MIB:.1f} MiB" if process.log else "",
            f"{_size(str(database)) / MIB:.1f} MiB" if database is not None else "",
            f"{late[0]} of {late[1]}" if late is not None else "",
        ]
        print(f"{process.name:<15}" + "".join(f"{cell:>13}" for cell in cells))
        problems += judge(process, hourly, late)
    return problems


def judge(process: Watched, hourly: float, late: tuple[int, int] | None) -> list[str]:
    """What is wrong with one of them."""
    problems = []
    if hourly > MAX_GROWTH_MB:
        problems.append(f"{process.name}: memory grows by {hourly:.1f} MB an hour")
    if process.gained(process.descriptors) > MAX_DESCRIPTORS:
        problems.append(f"{process.name}: descriptors grow")
    if process.gained(process.threads) > MAX_DESCRIPTORS:
        problems.append(f"{process.name}: threads grow")
    if process.log and max(process.log) > wal_limit():
        problems.append(f"{process.name}: the write-ahead log came to {max(process.log) / MIB:.1f} MiB")
    if late is not None and late[0] > MAX_LATE_SHARE * late[1]:
        problems.append(f"{process.name}: {late[0]} of {late[1]} ticks were late")
    return problems


def wal_limit() -> int:
    """Bytes that the write-ahead log may come to, by default."""
    from monitor.config import DatabaseSettings

    return DatabaseSettings().wal_limit_mb * MIB


def late_ticks(database: Path) -> tuple[int, int] | None:
    """(late, all) ticks, as the recorder wrote them last; None when it has written nothing of it."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        row = db.execute(
            "SELECT details FROM system_health WHERE details IS NOT NULL ORDER BY timestamp DESC LIMIT 1"
        ).fetchone()
    collector = msgspec.json.decode(row[0]).get("collector") if row else None
    return (collector["late_ticks"], collector["ticks"]) if collector else None


def _size(file: str) -> int:
    try:
        return os.stat(file).st_size
    except OSError:
        return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main()
