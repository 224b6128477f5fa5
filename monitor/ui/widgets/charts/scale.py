"""Scales: round numbers for the top of a chart, and round local times for its bottom."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from math import isfinite
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from monitor.model import Millis
    from monitor.ui.spans import Cell

_MINUTE: Final = 60_000
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_STEPS: Final = (
    *(minutes * _MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * _HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * _DAY for days in (1, 2, 7, 14, 28)),
)
_LABEL: Final = 5
"""Cells of a time, `09:15`, or of a date, `11-22`."""
_ROOM: Final = _LABEL + 4
"""Cells from one time to the next, at least."""
TICK: Final = "╵"


def round_top(most: float, least: float, steps: Sequence[float] = (1, 2, 5), base: float = 10) -> float:
    """The smallest round number not below `most`, nor below `least`: one of the steps times a power of `base`."""
    wanted = max(most, least)
    if not isfinite(wanted) or wanted <= 0:
        return least if isfinite(least) and least > 0 else 1.0
    power = 1.0
    while power * steps[-1] < wanted:
        power *= base
    while power / base * steps[-1] >= wanted:
        power /= base
    return next(step * power for step in steps if step * power >= wanted)


class Tick(NamedTuple):
    """A time that stands below a chart."""

    column: int
    label: str


def ticks(start: Millis, end: Millis, width: int) -> list[Tick]:
    """Round local times between the two, as many as stand clear of each other on so many cells."""
    length = end - start
    if width < _LABEL + 1 or length <= 0:
        return []
    step = next((step for step in _STEPS if step * width >= length * _ROOM), _STEPS[-1])
    found: list[Tick] = []
    free = 0
    for at in _round_times(start, end, step):
        column = (at - start) * width // length
        if column < free or column + 1 + _LABEL > width:
            continue
        local = datetime.fromtimestamp(at / 1000).astimezone()
        dated = step >= _DAY or (local.time() == time() and length > _DAY)
        found.append(Tick(column, f"{local:%m-%d}" if dated else f"{local:%H:%M}"))
        free = column + 1 + _LABEL + 1
    return found


def axis(start: Millis, end: Millis, width: int) -> Cell:
    """The times below a chart, in exactly so many cells."""
    text = ""
    for column, label in ticks(start, end, width):
        text = text.ljust(column) + TICK + label
    return ((text.ljust(width), "muted"),) if width > 0 else ()


def _round_times(start: Millis, end: Millis, step: Millis) -> Iterator[Millis]:
    """Every local time that is a multiple of the step, counted from midnight; days are as long as they are."""
    try:
        day = datetime.fromtimestamp(start / 1000).astimezone().date()
        days = max(1, step // _DAY)
        day -= timedelta(days=day.toordinal() % days)
        while True:
            midnight = _midnight(day)
            following = _midnight(day + timedelta(days=days))
            for at in range(midnight, following, min(step, following - midnight)):
                if at >= end:
                    return
                if at >= start:
                    yield at
            day += timedelta(days=days)
    except (OverflowError, ValueError, OSError):
        return


def _midnight(day: date) -> Millis:
    return round(datetime.combine(day, time()).astimezone().timestamp() * 1000)
