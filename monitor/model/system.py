"""The host, its services, the sources, the shared memory of the agents, and the monitor itself."""

from __future__ import annotations

import msgspec

from monitor.model.words import Millis, OverallStatus, ServiceState, SourceState


class RagPattern(msgspec.Struct, frozen=True, kw_only=True):
    """A pattern of the shared memory and how often it was asked for."""

    name: str
    count: int | None = None


class RagMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """Seed 001's rag_metrics; what its origin does not tell is None (SIB-28)."""

    timestamp: Millis
    origin: str = ""
    """`file`, `http`, `prometheus` or `memory-bank`."""
    total_patterns: int | None = None
    total_queries: int | None = None
    average_response_time: float | None = None
    """Milliseconds."""
    hit_rate: float | None = None
    """Percent."""
    memory_usage: int | None = None
    query_volume_last_hour: int | None = None
    top_patterns: tuple[RagPattern, ...] = ()
    recent_queries: int | None = None
    """How many recent queries the origin lists; their text is never kept."""


class DiskUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The file system that holds a watched folder. Bytes."""

    path: str
    total: int
    used: int
    percent: float


class HostReading(msgspec.Struct, frozen=True, kw_only=True):
    """The machine as a whole. `cpu_usage` is percent of all cores together, as psutil.cpu_percent says."""

    at: Millis
    cpu_usage: float | None = None
    cpu_count: int = 1
    memory_usage: int | None = None
    memory_total: int | None = None
    memory_percent: float | None = None
    swap_percent: float | None = None
    load: tuple[float, float, float] | None = None
    disks: tuple[DiskUsage, ...] = ()
    uptime_seconds: int | None = None


class ServiceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One configured check."""

    name: str
    kind: str
    """`tcp`, `http` or `process`."""
    target: str
    """Passwords masked."""
    status: ServiceState
    since: Millis
    checked_at: Millis
    latency_ms: float | None = None
    error: str = ""


class SourceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How one source fares on one subject (an agent, a root, or the host)."""

    name: str
    subject: str
    state: SourceState
    since: Millis
    last_success: Millis | None = None
    latency_ms: float | None = None
    cost_ms_per_minute: float | None = None
    error: str = ""


class CollectorHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What the monitor itself costs."""

    pid: int
    started_at: Millis
    interval_seconds: float
    cpu_usage: float | None = None
    """Percent of one core, git and other children included."""
    memory_usage: int | None = None
    tick_ms: float | None = None
    """The last tick, from its start to its last write."""
    tick_ms_max: float | None = None
    """The longest of the last minute."""
    ticks: int = 0
    late_ticks: int = 0
    events_seen: int = 0
    """File events since the start."""
    git_budget_percent: float | None = None
    """Share of the git budget that the last minute used."""
    watching: str = ""
    """`watching N folders`, or why it polls."""
    database_bytes: int | None = None
    samples_waiting: int = 0
    """Samples held in memory because the database could not be written."""


class SystemHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Key `system:health:current`: seed 001's system_health and what it needs beside it."""

    status: OverallStatus
    last_check: Millis
    api_latency: float | None = None
    """Milliseconds: how long the last tick took, which is this program's only poll."""
    websocket_connections: int = 0
    """Viewers: terminals and browsers that look."""
    file_watch_events: int = 0
    """File events in the last minute."""
    error_count: int = 0
    """Sources failing now."""
    cpu_usage: float | None = None
    memory_usage: int | None = None
    memory_percent: float | None = None
    swap_percent: float | None = None
    disk_usage: int | None = None
    """Bytes used on the fullest watched file system."""
    disk_percent: float | None = None
    load: tuple[float, float, float] | None = None
    cpu_count: int | None = None
    """Cores: what `load` is to be measured against."""
    uptime_seconds: int | None = None
    disks: tuple[DiskUsage, ...] = ()
    services: tuple[ServiceStatus, ...] = ()
    collector: CollectorHealth | None = None
