"""The charts of an agent: which numbers each shows, on what scale, and in what words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.ui import format as text
from monitor.ui.spans import UNKNOWN
from monitor.ui.widgets.charts.area import Look
from monitor.ui.widgets.charts.columns import Value, spread, values
from monitor.ui.widgets.charts.scale import round_top

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.model import AgentMetrics, AgentStatus, SeriesPoint
    from monitor.ui.palette import StyleName

    Points = Sequence[SeriesPoint]
    Numbers = list[tuple[str, str]]
    """Words with the number that each names."""

_BINARY: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_EVEN: Final = (2, 4, 6, 8, 10)
"""Counts have a whole number in the middle of their scale."""
_LEAST_CPU: Final = 10.0
_LEAST_MEMORY: Final = 16 << 20
_LEAST_COUNT: Final = 4


class Kind(NamedTuple):
    """One kind of chart."""

    name: str
    short: str
    """The name where it stands beside a single row."""
    style: StyleName
    values: Callable[[Points, int], list[Value]]
    """What it shows of points in so many columns."""
    top: Callable[[float], float]
    """The top of its scale for the largest number."""
    label: Callable[[float], str]
    """A number of the scale."""
    numbers: Callable[[Points, AgentMetrics | None, AgentStatus | None], Numbers]
    """What its heading tells."""

    def look(self, found: Sequence[Value]) -> Look:
        """How these values are drawn."""
        most = max((value.most for value in found if value.most is not None), default=0.0)
        return Look(self.style, self.top(most), self.label)


def _cpu(points: Points, metrics: AgentMetrics | None, _status: AgentStatus | None) -> Numbers:
    known = [(point.avg_cpu, point.measured_ms) for point in points if point.avg_cpu is not None]
    measured = sum(ms for _, ms in known)
    average = sum(cpu * ms for cpu, ms in known) / measured if measured else None
    most = max((point.max_cpu for point in points if point.max_cpu is not None), default=None)
    return [
        ("now", text.percent(metrics.cpu_usage if metrics is not None else None)),
        ("average", text.percent(average)),
        ("most", text.percent(most)),
    ]


def _memory(points: Points, metrics: AgentMetrics | None, _status: AgentStatus | None) -> Numbers:
    known = [(point.avg_memory, point.measured_ms) for point in points if point.avg_memory is not None]
    measured = sum(ms for _, ms in known)
    average = sum(size * ms for size, ms in known) / measured if measured else None
    most = max((point.max_memory for point in points if point.max_memory is not None), default=None)
    return [
        ("now", text.size(metrics.memory_usage if metrics is not None else None)),
        ("average", text.size(average)),
        ("most", text.size(most)),
    ]


def _changes(points: Points, _metrics: AgentMetrics | None, status: AgentStatus | None) -> Numbers:
    known = [point.max_uncommitted for point in points if point.max_uncommitted is not None]
    return [
        ("now", text.count(status.uncommitted_changes if status is not None else None)),
        ("most", text.count(max(known, default=None))),
    ]


def _commits(points: Points, _metrics: AgentMetrics | None, _status: AgentStatus | None) -> Numbers:
    return [("in all", str(sum(point.commits for point in points)))]


def _changes_values(points: Points, width: int) -> list[Value]:
    return values(points, width, lambda point: point.max_uncommitted, lambda point: point.max_uncommitted)


def _commit_values(points: Points, width: int) -> list[Value]:
    """Bars of commits; without any, nothing is drawn."""
    sums = [sum(points[number].commits for number in part) for part in spread(len(points), width)]
    return [Value(float(count), None) if count else Value(None, None) for count in sums]


def _count_top(most: float) -> float:
    return round_top(most, _LEAST_COUNT, _EVEN)


def _count_label(value: float) -> str:
    return f"{value:.0f}" if value < 100_000 else UNKNOWN


KINDS: Final[dict[str, Kind]] = {
    "cpu": Kind(
        "CPU",
        "CPU",
        "fill",
        lambda points, width: values(points, width, lambda p: p.avg_cpu, lambda p: p.max_cpu),
        lambda most: round_top(most, _LEAST_CPU),
        text.percent,
        _cpu,
    ),
    "memory": Kind(
        "Memory",
        "mem",
        "fill",
        lambda points, width: values(points, width, lambda p: p.avg_memory, lambda p: p.max_memory),
        lambda most: round_top(most, _LEAST_MEMORY, _BINARY, 1024),
        text.size,
        _memory,
    ),
    "changes": Kind("Changes", "±", "warn", _changes_values, _count_top, _count_label, _changes),
    "commits": Kind("Commits", "┼", "accent", _commit_values, _count_top, _count_label, _commits),
}
"""By the names of `plan.CHARTS`."""
