"""Measures a program without a screen: CPU per sample and peak memory."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks.terminal import SETTLE_SECONDS, tree_cpu, tree_peak


@dataclass
class Headless:
    """Figures of one run."""

    name: str
    cpu_ms_per_sample: float
    peak_mb: float
    samples: float
    error: str = ""
    grown: tuple[int, int] = (0, 0)
    """How much the two numbers of the probe grew in the measured time."""


Probe = Callable[[], tuple[int, int]]


def measure_headless(
    name: str, command: list[str], *, seconds: float, period: float, probe: Probe = lambda: (0, 0)
) -> Headless:
    """Run `command` until it has settled, measure it for `seconds`, and end it with SIGTERM."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            time.sleep(SETTLE_SECONDS)
            if process.poll() is not None:
                assert process.stderr is not None
                return Headless(name, 0, 0, 0, error=process.stderr.read().decode()[-300:])
            before = probe()
            cpu, start = tree_cpu(process.pid), time.perf_counter()
            time.sleep(seconds)
            spent, elapsed = tree_cpu(process.pid) - cpu, time.perf_counter() - start
            peak, after = tree_peak(process.pid), probe()
        finally:
            process.terminate()
            process.communicate()
    samples = elapsed / period
    grown = (after[0] - before[0], after[1] - before[1])
    return Headless(name, 1000 * spent / samples, peak, samples, grown=grown)


def timed(command: list[str]) -> float:
    """Seconds of a whole run. Raises CalledProcessError when it fails."""
    begin = time.perf_counter()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin
