"""What the screen costs that is kept open all day: with every pane open, with nothing to show, and a key at a time.

usage: python -m tests.benchmarks.day [--only panes|idle|keys] [--seconds N] [--agents N]

panes: 20 agents at work, all seven panes in sight, beside htop in the same run (to reach: its CPU or less a refresh, at
most 4 kB a refresh). idle: a view attached to a recorder of a fleet that does nothing (at most 200 bytes and 1 ms a
refresh). keys: 1,000 agents, each key timed while the view collects (at most 50 ms).
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from monitor.demo.fleet import Fleet
from tests.benchmarks.crowd import Crowd
from tests.benchmarks.terminal import COLUMNS, ROWS, Measurement, end, measure, screen_environment

SETTLE_SECONDS = 20.0
"""For a thousand agents to have been read."""
FULL_SECONDS = 70.0
"""For the sparklines to be full, so that nothing moves any more."""
APART_SECONDS = 0.08
"""Nothing may have come for so long before a key is pressed, so that what comes next is its answer."""
PRESSED = (
    [b"j"] * 60 + [b"\x1b[6~"] * 20 + [b"k"] * 40 + [b"\x1b[5~"] * 20 + [b"s", b"I", b"s", b"2", b"1"] * 4
)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=("panes", "idle", "keys"))
    parser.add_argument("--seconds", type=float, default=30.0, help="measured time of each program")
    parser.add_argument("--agents", type=int, default=1000, help="agents of the keys")
    arguments = parser.parse_args()
    for name, run in (("panes", panes), ("idle", idle)):
        if arguments.only in (None, name):
            run(arguments.seconds)
    if arguments.only in (None, "keys"):
        keys(arguments.agents)


def command(fleet: Fleet, folder: str, interval: float) -> list[str]:
    """The monitor on a fleet, with a state folder of its own."""
    monitor = [sys.executable, "-m", "monitor", "--config", str(fleet.config), "--interval", str(interval)]
    return [*monitor, "--state-dir", folder, "--db", f"{folder}/monitor.db"]


def panes(seconds: float) -> None:
    """Every pane open, on a fleet at work."""
    with tempfile.TemporaryDirectory() as folder, Crowd(300), Fleet(agents=20, seed=1, pace=1.0) as fleet:
        rows = [measure("every pane open", command(fleet, folder, 1.0), seconds=seconds, period=1.0)]
        if shutil.which("htop"):
            rows.append(measure("htop", ["htop", "-d", "10"], seconds=seconds, period=1.0))
    print("\npanes: 20 agents at work among 300 others, a refresh a second")
    htop = rows[-1].cpu_ms_per_refresh if len(rows) > 1 else None
    for row in rows:
        ratio = f"{row.cpu_ms_per_refresh / htop:.2f} × htop" if htop else ""
        tell(row, ratio)


def idle(seconds: float) -> None:
    """Nothing changes: the view follows a recorder."""
    with tempfile.TemporaryDirectory() as folder, Fleet(agents=20, seed=1, pace=0.0) as fleet:
        view = command(fleet, folder, 1.0)
        with subprocess.Popen(
            [*view, "record"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as recorder:
            try:
                time.sleep(5)
                row = measure(
                    "attached, nothing changes", view, seconds=seconds, period=1.0, settle=FULL_SECONDS
                )
            finally:
                recorder.terminate()
    print("\nidle: 20 agents that do nothing, a refresh a second")
    tell(row, "")


def tell(row: Measurement, note: str) -> None:
    """A line."""
    if row.error:
        print(f"{row.name:<28}{row.error}")
        return
    cost = f"{row.cpu_ms_per_refresh:>8.2f} ms {row.bytes_per_refresh:>8.0f} B {row.peak_mb:>7.1f} MB"
    print(f"{row.name:<28}{cost}  {note}")


def keys(agents: int) -> None:
    """Each key from its press to the first byte of its answer, while everything is collected once a second."""
    with tempfile.TemporaryDirectory() as folder, Fleet(agents=agents, seed=1, pace=0.0) as fleet:
        times = answered(command(fleet, folder, 1.0))
    times.sort()
    print(f"\nkeys: {agents} agents, collected once a second, {len(times)} keys")
    print(
        f"median {statistics.median(times):.1f} ms, 95 % {times[len(times) * 95 // 100]:.1f} ms, max {times[-1]:.1f} ms"
    )


def answered(view: list[str]) -> list[float]:
    """Milliseconds until the first byte came after each key."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(view[0], view, screen_environment())
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    try:
        _read_for(fd, SETTLE_SECONDS)
        times = []
        for key in PRESSED:
            while select.select([fd], [], [], APART_SECONDS)[0]:
                os.read(fd, 65_536)
            begin = time.perf_counter()
            os.write(fd, key)
            if select.select([fd], [], [], 2.0)[0]:
                times.append(1000 * (time.perf_counter() - begin))
        return times
    finally:
        end(pid, fd, b"q")


def _read_for(fd: int, seconds: float) -> None:
    until = time.perf_counter() + seconds
    while (left := until - time.perf_counter()) > 0:
        if select.select([fd], [], [], left)[0]:
            os.read(fd, 65_536)


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[2])
    main()
