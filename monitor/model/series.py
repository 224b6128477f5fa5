"""What was recorded over a stretch of time, in as many points as a chart has cells."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from monitor.model.words import STATUSES, Millis, Severity, Status

Resolution = Literal["samples", "5min", "hourly", "daily"]

SPANS: Final[dict[str, Millis]] = {
    "15m": 900_000,
    "1h": 3_600_000,
    "24h": 86_400_000,
    "7d": 604_800_000,
    "30d": 2_592_000_000,
}
"""The stretches of time that charts and time lines show, by name, the shortest first; they end at the moment shown."""


class SeriesPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of the series. Nothing is known of a gap: its numbers are None and its times 0."""

    at: Millis
    """Its start."""
    measured_ms: Millis = 0
    """Time in which the CPU is known; averages are over it."""
    avg_cpu: float | None = None
    """Percent of one core."""
    max_cpu: float | None = None
    avg_memory: int | None = None
    """Bytes."""
    max_memory: int | None = None
    max_processes: int | None = None
    max_uncommitted: int | None = None
    """Files."""
    active_ms: Millis = 0
    idle_ms: Millis = 0
    blocked_ms: Millis = 0
    error_ms: Millis = 0
    offline_ms: Millis = 0
    commits: int = 0
    """Commits that the agent made in it."""

    @property
    def status(self) -> Status | None:
        """The status that held longest; None in a gap."""
        times = (self.active_ms, self.idle_ms, self.blocked_ms, self.error_ms, self.offline_ms)
        longest = max(times)
        return STATUSES[times.index(longest)] if longest else None


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's numbers from `start` to `end`, in points of `bucket_ms` each, in order and without holes.

    Key `agents:{id}:series:{span}`, filled only while someone subscribes to it.
    """

    agent_id: str
    start: Millis
    end: Millis
    bucket_ms: Millis
    resolution: Resolution
    """Of the rows that were chosen."""
    points: tuple[SeriesPoint, ...]


class Ribbon(msgspec.Struct, frozen=True, kw_only=True):
    """One agent's status over a stretch of time, in equal parts."""

    agent_id: str
    statuses: tuple[Status | None, ...]
    """Of each part the status that most needs a person among those that held in it; None where nobody recorded."""
    commits: tuple[int, ...]
    """Commits that it made in each part."""


class Ribbons(msgspec.Struct, frozen=True, kw_only=True):
    """All agents over the same stretch of time, in parts of `bucket_ms` each.

    Key `timeline:ribbons:{span}`, filled only while someone subscribes to it.
    """

    start: Millis
    end: Millis
    bucket_ms: Millis
    ribbons: tuple[Ribbon, ...] = ()
    """Of every agent that was recorded in it, those of the moment shown first."""
    alerts: tuple[Severity | None, ...] = ()
    """Of each part the gravest alert that fired in it."""


class DayCount(msgspec.Struct, frozen=True):
    """How many tasks were completed on a day (key `tasks:velocity`: a tuple of them, the oldest first)."""

    date: str
    """In this machine's zone, `2026-11-22`."""
    completed_tasks: int
