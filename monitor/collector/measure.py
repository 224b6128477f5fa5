"""The monitor measures itself: one that hides its own cost is not trusted."""

from __future__ import annotations

import os
import resource
import time
from collections import deque
from typing import Final

import psutil

from monitor.model import CollectorHealth, Leap, Millis

WINDOW_SECONDS: Final = 60.0
MEMORY_EVERY_SECONDS: Final = 10.0


class SelfMeasure:
    """CPU, memory and tick times of this process, git and other children included."""

    def __init__(self, started_at: Millis) -> None:
        self._process = psutil.Process()
        self._started_at = started_at
        self._ticks: deque[tuple[float, float]] = deque()
        self._cpu = (time.monotonic(), _cpu_seconds())
        self._cpu_usage: float | None = None
        self._memory: tuple[float, int | None] = (-MEMORY_EVERY_SECONDS, None)
        self.count = 0
        self.late = 0

    def tick(self, seconds: float) -> None:
        """A tick ended that took this long."""
        now = time.monotonic()
        self.count += 1
        self._ticks.append((now, 1000 * seconds))
        while self._ticks[0][0] < now - WINDOW_SECONDS:
            self._ticks.popleft()
        then, cpu = self._cpu
        if now - then >= 1.0:
            total = _cpu_seconds()
            self._cpu_usage = round(100 * (total - cpu) / (now - then), 1)
            self._cpu = (now, total)

    def leap(self, leap: Leap) -> None:
        """The clock was set: this process did not start after now."""
        self._started_at = leap.moved(self._started_at)

    def reading(
        self,
        *,
        interval: float,
        events_seen: int,
        git_budget_percent: float,
        watching: str,
        database_bytes: int | None,
        samples_waiting: int,
    ) -> CollectorHealth:
        """What the health pane shows."""
        return CollectorHealth(
            pid=os.getpid(),
            started_at=self._started_at,
            interval_seconds=interval,
            cpu_usage=self._cpu_usage,
            memory_usage=self._memory_usage(),
            tick_ms=round(self._ticks[-1][1], 1) if self._ticks else None,
            tick_ms_max=round(max(value for _, value in self._ticks), 1) if self._ticks else None,
            ticks=self.count,
            late_ticks=self.late,
            events_seen=events_seen,
            git_budget_percent=round(git_budget_percent, 1),
            watching=watching,
            database_bytes=database_bytes,
            samples_waiting=samples_waiting,
        )

    def _memory_usage(self) -> int | None:
        then, value = self._memory
        if time.monotonic() - then >= MEMORY_EVERY_SECONDS:
            try:
                value = self._process.memory_info().rss
            except (psutil.Error, OSError):
                value = None
            self._memory = (time.monotonic(), value)
        return value


def _cpu_seconds() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
