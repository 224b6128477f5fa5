"""Parts of a stretch of time on the columns of a line. Pure arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from monitor.model import SEVERITIES, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Final

    from monitor.model import SeriesPoint, Severity

_CALM_FIRST: Final[tuple[Status, ...]] = ("offline", "idle", "active", "blocked", "error")
"""The statuses from the one that needs nobody to the one that most needs a person, as `Ribbon` has them."""


class Value(NamedTuple):
    """A number over a column; None where nothing is known."""

    average: float | None
    most: float | None


def spread(count: int, width: int) -> list[range]:
    """Which of `count` equal parts lie under each of `width` columns: at least one, and all in order."""
    if count <= 0:
        return []
    return [
        range(column * count // width, max(column * count // width + 1, (column + 1) * count // width))
        for column in range(width)
    ]


def values(
    points: Sequence[SeriesPoint],
    width: int,
    average: Callable[[SeriesPoint], float | None],
    most: Callable[[SeriesPoint], float | None],
) -> list[Value]:
    """What a chart shows of points in so many columns: averages by the time in which something was measured."""
    return [
        _together([points[number] for number in parts], average, most) for parts in spread(len(points), width)
    ]


def _together(
    points: Sequence[SeriesPoint],
    average: Callable[[SeriesPoint], float | None],
    most: Callable[[SeriesPoint], float | None],
) -> Value:
    known = [(value, max(1, point.measured_ms)) for point in points if (value := average(point)) is not None]
    tops = [top for point in points if (top := most(point)) is not None]
    weight = sum(share for _, share in known)
    mean = sum(value * share for value, share in known) / weight if known else None
    return Value(mean, max(tops, default=mean))


def statuses(parts: Sequence[Status | None], width: int) -> list[Status | None]:
    """Of each column the status that most needs a person."""
    return [
        max((status for number in part if (status := parts[number])), key=_CALM_FIRST.index, default=None)
        for part in spread(len(parts), width)
    ]


def severities(parts: Sequence[Severity | None], width: int) -> list[Severity | None]:
    """Of each column the gravest; a part that is wider than a column bears its mark once."""
    return [
        max((word for number in part if (word := parts[number])), key=SEVERITIES.index, default=None)
        for part in _once(spread(len(parts), width))
    ]


def counts(parts: Sequence[int], width: int) -> list[int]:
    """How often something happened in each column; in a part that is wider than a column, in its first one."""
    return [sum(parts[number] for number in part) for part in _once(spread(len(parts), width))]


def _once(spreads: list[range]) -> list[range]:
    """The same, with each part under one column only."""
    found: list[range] = []
    done = 0
    for part in spreads:
        found.append(range(max(part.start, done), part.stop))
        done = max(done, part.stop)
    return found
