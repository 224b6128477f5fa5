"""The health pane: the machine, the services, the shared memory, the sources that fail, and what the monitor costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from monitor.keystore import Keys
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.pane import Pane
from monitor.ui.spans import UNKNOWN, Cell, fit
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.model import (
        CollectorHealth,
        RagMetrics,
        ServiceState,
        ServiceStatus,
        SourceState,
        SourceStatus,
        SystemHealth,
    )
    from monitor.ui.palette import StyleName

_SERVICE_GLYPHS: Final[dict[ServiceState, tuple[str, StyleName]]] = {
    "up": ("●", "ok"),
    "down": ("✖", "bad"),
    "unknown": ("○", "muted"),
}
_WORST_FIRST: Final[tuple[SourceState, ...]] = ("failing", "degraded", "ok")
_OVERALL: Final[dict[str, StyleName]] = {"healthy": "ok", "degraded": "warn", "unhealthy": "bad"}
_GAUGE_LIMIT: Final = 20
_BESIDE_GAUGE: Final = 24
"""Cells for what stands beside a gauge."""
_AGE_WIDTH: Final = 5


class HealthRow(msgspec.Struct, frozen=True):
    """A line of the pane: a label, perhaps a gauge, and text."""

    label: str
    value: Cell = ()
    gauge: float | None = None
    """Percent; None draws no gauge."""
    since: int | None = None
    """A moment whose age ends the line."""
    heading: bool = False


class HealthPane(Pane[HealthRow]):
    """Rows of labels and values."""

    NUMBER = "3"
    CAPTION = "Health"
    TITLES = False
    PATTERNS = (Keys.HEALTH, Keys.SOURCES, Keys.RAG)

    def columns(self) -> Sequence[Column[HealthRow]]:
        """Label and value; an age stands at the end of the value, because few lines have one."""
        return (
            Column("label", "", 11, _label),
            Column("value", "", 16, self._value, flexible=1, moving=True),
        )

    def _value(self, row: HealthRow, width: int) -> Cell:
        if row.gauge is not None:
            bar = max(4, min(_GAUGE_LIMIT, width - _BESIDE_GAUGE))
            return (*text.gauge(row.gauge, bar, text.level(row.gauge)), ("  ", "text"), *row.value)
        if row.since is None or width <= 2 * _AGE_WIDTH:
            return row.value
        age = text.age(row.since, self.now).rjust(_AGE_WIDTH)
        return (*fit(row.value, width - _AGE_WIDTH), (age, "muted"))

    def records(self) -> Sequence[Row[HealthRow]]:
        """Host, services, shared memory, sources in trouble, the monitor, and how all its sources fare."""
        health: SystemHealth | None = self.store.get(Keys.HEALTH)
        sources: tuple[SourceStatus, ...] = self.store.get(Keys.SOURCES, ())
        rows: list[Row[HealthRow]] = []
        if health is not None:
            rows += _host(health)
            if health.services:
                rows.append(_heading("Services"))
                rows += [_service(service) for service in health.services]
        rag: RagMetrics | None = self.store.get(Keys.RAG)
        if rag is not None:
            rows += _rag(rag)
        wrong = [source for source in sources if source.state in ("failing", "degraded")]
        if wrong:
            rows.append(_heading("In trouble"))
            rows += [_trouble(source) for source in wrong]
        if health is not None and health.collector is not None:
            rows.append(_heading("Monitor"))
            rows += _monitor(health, health.collector)
        return rows + _sources(sources)

    def fields(self, record: HealthRow) -> Mapping[str, str]:
        """What of a line can be searched."""
        return {"label": record.label, "value": "".join(part for part, _ in record.value)}

    def summary(self) -> Cell:
        """The overall word."""
        health: SystemHealth | None = self.store.get(Keys.HEALTH)
        if health is None:
            return ()
        glyph = "●" if health.status == "healthy" else "▲"
        return ((f"{glyph} {health.status}", _OVERALL[health.status]),)

    def empty(self) -> tuple[Cell, ...]:
        """Before the first reading, or at a moment of which there is none."""
        if self.store.keys(Keys.HEALTH):
            return ((("Unknown at this moment: nobody recorded it.", "muted"),),)
        return ((("Waiting for the first reading…", "muted"),),)


def _label(row: HealthRow, _width: int) -> Cell:
    return ((row.label, "title" if row.heading else "muted"),)


def _row(key: str, row: HealthRow) -> Row[HealthRow]:
    return Row(key, row)


def _heading(title: str) -> Row[HealthRow]:
    return _row(f"heading:{title}", HealthRow(title, heading=True))


def _gauge(key: str, label: str, percent: float | None, detail: str) -> Row[HealthRow]:
    value: Cell = ((f"{text.percent(percent):>4}", "text"), (f"  {detail}", "muted"))
    return _row(key, HealthRow(label, value, gauge=percent))


def _host(health: SystemHealth) -> list[Row[HealthRow]]:
    cores = _plural(health.cpu_count, "core") if health.cpu_count else ""
    up = f"up {text.duration(health.uptime_seconds)}" if health.uptime_seconds is not None else ""
    rows = [
        _gauge("cpu", "CPU", health.cpu_usage, cores),
        *_load(health),
        _gauge("memory", "Memory", health.memory_percent, text.size(health.memory_usage)),
        _gauge("swap", "Swap", health.swap_percent, up),
    ]
    if not health.disks:
        rows.append(_gauge("disk", "Disk", health.disk_percent, text.size(health.disk_usage)))
    for disk in health.disks:
        free = f"{text.size(disk.total - disk.used)} free  {clean(disk.path)}"
        rows.append(_gauge(f"disk:{disk.path}", "Disk", disk.percent, free))
    return rows


def _load(health: SystemHealth) -> list[Row[HealthRow]]:
    """The load averages, the first one against the cores there are: full is a process for each."""
    if health.load is None:
        return []
    averages = " ".join(f"{value:.1f}" for value in health.load)
    if not health.cpu_count:
        return [_row("load", HealthRow("Load", ((averages, "text"),)))]
    return [_gauge("load", "Load", health.load[0] / health.cpu_count * 100, averages)]


def _service(service: ServiceStatus) -> Row[HealthRow]:
    glyph, style = _SERVICE_GLYPHS[service.status]
    detail = clean(service.error) if service.error else text.milliseconds(service.latency_ms)
    value: Cell = ((f"{glyph} {service.status}", style), (f"  {detail}", "muted"))
    return _row(f"service:{service.name}", HealthRow(f" {clean(service.name)}", value, since=service.since))


def _rag(rag: RagMetrics) -> list[Row[HealthRow]]:
    """What is known of the shared memory; nothing when its origin tells none of it."""
    holds = [
        f"{rag.total_patterns:,} patterns" if rag.total_patterns is not None else "",
        text.size(rag.memory_usage) if rag.memory_usage is not None else "",
    ]
    answers = [
        f"{rag.total_queries:,}" if rag.total_queries is not None else "",
        f"{text.percent(rag.hit_rate)} hits" if rag.hit_rate is not None else "",
        text.milliseconds(rag.average_response_time) if rag.average_response_time is not None else "",
    ]
    rows = [
        _row(f"rag:{label}", HealthRow(f" {label}", ((line, "text"),), since=rag.timestamp))
        for label, parts in (("holds", holds), ("queries", answers))
        if (line := "  ".join(filter(None, parts)))
    ]
    return [_heading("RAG"), *rows] if rows else []


def _trouble(source: SourceStatus) -> Row[HealthRow]:
    glyph, style = text.SOURCE_GLYPHS[source.state]
    value: Cell = (
        (f"{glyph} {clean(source.subject)}", style),
        (f"  {clean(source.error)}" if source.error else f"  {source.state}", "muted"),
    )
    key = f"trouble:{source.name}:{source.subject}"
    return _row(key, HealthRow(f" {clean(source.name)}", value, since=source.since))


def _monitor(health: SystemHealth, own: CollectorHealth) -> list[Row[HealthRow]]:
    def line(label: str, value: str, note: str = "", style: StyleName = "text") -> Row[HealthRow]:
        return _row(f"monitor:{label}", HealthRow(f" {label}", ((value, style), (f"  {note}", "muted"))))

    cost = UNKNOWN if own.cpu_usage is None else f"{text.cpu(own.cpu_usage)}%"
    rows = [
        line("cost", f"{cost} CPU", text.size(own.memory_usage)),
        line("tick", text.milliseconds(own.tick_ms), f"longest {text.milliseconds(own.tick_ms_max)}"),
        line("late", f"{own.late_ticks} of {own.ticks} ticks", style="warn" if own.late_ticks else "text"),
        line("git budget", text.percent(own.git_budget_percent), clean(own.watching)),
        line("database", text.size(own.database_bytes), _plural(health.websocket_connections, "viewer")),
        line("files", _plural(health.file_watch_events, "event"), "in the last minute"),
    ]
    if own.samples_waiting:
        rows.append(line("waiting", f"▲ {own.samples_waiting} samples", "not yet written", style="warn"))
    return rows


def _sources(sources: Sequence[SourceStatus]) -> list[Row[HealthRow]]:
    """A line a source: its slowest last answer, its CPU time over all subjects, and how many of these go wrong."""
    rows = []
    for name in sorted({source.name for source in sources}):
        same = [source for source in sources if source.name == name]
        rows.append(_row(f"source:{name}", HealthRow(f" {clean(name)}", _fares(same))))
    return [_heading("Sources"), *rows] if rows else []


def _fares(same: Sequence[SourceStatus]) -> Cell:
    """How one source fares over all its subjects."""
    states = [source.state for source in same]
    worst: SourceState = next((state for state in _WORST_FIRST if state in states), "off")
    glyph = text.SOURCE_GLYPHS[worst]
    answered = [source.latency_ms for source in same if source.latency_ms is not None]
    parts = [f"of {len(same)}" if len(same) > 1 else ""]
    if wrong := states.count("failing") + states.count("degraded"):
        parts.append(f"{wrong} in trouble")
    costs = [source.cost_ms_per_minute for source in same if source.cost_ms_per_minute is not None]
    if costs:
        parts.append(f"{sum(costs):.0f} ms CPU a minute")
    speed = text.milliseconds(max(answered)) if answered else ("off" if worst == "off" else UNKNOWN)
    return (glyph, (f" {speed}", "text"), (f"  {', '.join(filter(None, parts))}", "muted"))


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
