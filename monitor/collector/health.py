"""System health: the host, the services, the sources and the monitor itself, in one record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.model import (
    Alert,
    CollectorHealth,
    HostReading,
    Millis,
    OverallStatus,
    ServiceStatus,
    SystemHealth,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


def overall_status(alerts: Iterable[Alert]) -> OverallStatus:
    """Health in a word: what is wrong with host, services and the monitor itself, not with the agents' work."""
    worst = {alert.severity for alert in alerts if alert.type in ("system", "performance")}
    if worst & {"critical", "error"}:
        return "unhealthy"
    return "degraded" if "warning" in worst else "healthy"


def system_health(
    now: Millis,
    alerts: Iterable[Alert],
    host: HostReading | None,
    services: tuple[ServiceStatus, ...],
    collector: CollectorHealth,
    *,
    viewers: int,
    file_watch_events: int,
    failing_sources: int,
) -> SystemHealth:
    """The record of key `system:health:current`; what the host did not tell is None."""
    fullest = max(host.disks, key=lambda disk: disk.percent, default=None) if host else None
    return SystemHealth(
        status=overall_status(alerts),
        last_check=now,
        api_latency=collector.tick_ms,
        websocket_connections=viewers,
        file_watch_events=file_watch_events,
        error_count=failing_sources,
        cpu_usage=host.cpu_usage if host else None,
        memory_usage=host.memory_usage if host else None,
        memory_percent=host.memory_percent if host else None,
        swap_percent=host.swap_percent if host else None,
        disk_usage=fullest.used if fullest else None,
        disk_percent=fullest.percent if fullest else None,
        load=host.load if host else None,
        cpu_count=host.cpu_count if host else None,
        uptime_seconds=host.uptime_seconds if host else None,
        disks=host.disks if host else (),
        services=services,
        collector=collector,
    )
