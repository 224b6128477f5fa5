"""The host as a whole: CPU, memory, load, and the file systems of the watched folders (checklist 001-045, SIB-23)."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Final

import psutil

from monitor.errors import SourceError
from monitor.model import DiskUsage, HostReading, Millis
from monitor.text import clean

SLOW_SECONDS: Final = 10.0
"""So long disks and swap are taken to be as they were."""
DISKS_TIMEOUT: Final = 0.5
"""Seconds that a file system may take to answer; a dead network mount never does."""
PATH_LIMIT: Final = 300


class HostSource:
    """Asks psutil, once a tick. CPU is counted since the last poll, so that the first one knows none."""

    def __init__(self, roots: tuple[str, ...]) -> None:
        """`roots` are the folders whose file systems are told of; without any, that of the system itself."""
        self._roots = roots or ("/",)
        self._times: tuple[float, float] | None = None
        self._cpu_count = psutil.cpu_count() or 1
        self._boot_time = psutil.boot_time()
        self._slow_at: float | None = None
        self._swap_percent: float | None = None
        self._disks: tuple[DiskUsage, ...] = ()
        self._asking: threading.Thread | None = None

    def poll(self, now: Millis) -> HostReading:
        """Take a reading. Raises SourceError when the system does not answer: file descriptors ran out, mostly."""
        try:
            return self._read(now)
        except OSError as error:
            raise SourceError(f"The host's numbers cannot be read: {error.strerror or error}.") from error

    def _read(self, now: Millis) -> HostReading:
        self._refresh_slow()
        memory = psutil.virtual_memory()
        return HostReading(
            at=now,
            cpu_usage=self._cpu(),
            cpu_count=self._cpu_count,
            memory_usage=memory.total - memory.available,
            memory_total=memory.total,
            memory_percent=memory.percent,
            swap_percent=self._swap_percent,
            load=os.getloadavg(),
            disks=self._disks,
            uptime_seconds=_uptime(self._boot_time),
        )

    def _cpu(self) -> float | None:
        """Percent of all cores together since the last call.

        Counted here and not by `psutil.cpu_percent`, whose last call may have been made by another part of the
        program. Waiting for a disk is idle; a guest's time is already part of user's.
        """
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        last, self._times = self._times, (idle, total)
        if last is None or total <= last[1]:
            return None
        return min(100.0, max(0.0, 100 * (1 - (idle - last[0]) / (total - last[1]))))

    def _refresh_slow(self) -> None:
        """Read what changes slowly, when it is old."""
        now = time.monotonic()
        if self._slow_at is not None and now - self._slow_at < SLOW_SECONDS:
            return
        self._refresh_disks()
        swap = psutil.swap_memory()
        self._swap_percent = swap.percent if swap.total else None
        self._slow_at = now

    def _refresh_disks(self) -> None:
        """Ask the file systems in a thread of its own, that a dead mount may keep for ever."""
        if self._asking is not None and self._asking.is_alive():
            self._disks = ()
            return
        answer: list[tuple[DiskUsage, ...]] = []
        self._asking = threading.Thread(
            target=lambda: answer.append(_disks(self._roots)), daemon=True, name="disks"
        )
        self._asking.start()
        self._asking.join(DISKS_TIMEOUT)
        self._disks = answer[0] if answer else ()


def _disks(roots: tuple[str, ...]) -> tuple[DiskUsage, ...]:
    """Usage of the roots' file systems, each once; a missing folder or a dead mount is left out."""
    found: dict[int, DiskUsage] = {}
    for root in roots:
        try:
            device = Path(root).stat().st_dev
            if device in found:
                continue
            usage = psutil.disk_usage(root)
        except OSError:
            continue
        found[device] = DiskUsage(
            path=clean(root, PATH_LIMIT), total=usage.total, used=usage.used, percent=usage.percent
        )
    return tuple(found.values())


def _uptime(boot_time: float) -> int:
    """Seconds since boot, time asleep included; where no clock tells, by the wall clock."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    seconds = time.clock_gettime(clock) if clock is not None else time.time() - boot_time
    return max(0, int(seconds))
