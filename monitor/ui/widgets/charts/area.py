"""A chart as rows of block characters: an area up to the average, and shade above it up to the most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell, Span
    from monitor.ui.widgets.charts.columns import Value

_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_EIGHTHS: Final = 8
SHADE: Final = "░"
_MIDDLE_FROM: Final = 5
"""Rows from which the middle of the scale is told."""


class Look(NamedTuple):
    """How a chart is drawn, and what its numbers are."""

    style: StyleName
    top: float
    """The number at the upper edge."""
    label: Callable[[float], str]
    """A number of the scale as text."""


def area(values: Sequence[Value], look: Look, height: int) -> list[Cell]:
    """So many rows from the top down, a cell for each value: what is unknown is blank, what is known never is.

    Up to the average the area is filled, in eighths of a row; above it whole rows up to the most are shaded.
    """
    levels = [_levels(value, look.top, height) for value in values]
    return [_row(levels, height - 1 - number, look.style) for number in range(height)]


def scale_labels(look: Look, height: int, width: int) -> list[Cell]:
    """What stands left of each row: the top, the middle where there is room, and 0; a line where the chart begins."""
    texts = {height - 1: "0", 0: look.label(look.top)}
    if height >= _MIDDLE_FROM:
        texts[height // 2] = look.label(look.top / 2)
    return [
        ((texts.get(row, "").rjust(width - 1)[-(width - 1) :] + ("┤" if row in texts else "│"), "muted"),)
        for row in range(height)
    ]


def _levels(value: Value, top: float, height: int) -> tuple[int, int] | None:
    """Eighths of a row up to the average, at least one, and up to the most; None where nothing is known."""
    if value.average is None:
        return None
    whole = height * _EIGHTHS
    average = _level(value.average, top, whole)
    most = average if value.most is None else max(average, _level(value.most, top, whole))
    return max(1, average), most


def _level(value: float, top: float, whole: int) -> int:
    share = value / top if top > 0 else 0.0
    return round(max(0.0, min(1.0, share)) * whole)


def _row(levels: Sequence[tuple[int, int] | None], row: int, style: StyleName) -> Cell:
    """One row, counted from the bottom, with equal neighbours as one span."""
    spans: list[Span] = []
    text, current = "", style
    for level in levels:
        letter, look = _cell(level, row, style)
        if look != current and letter != " ":
            if text:
                spans.append((text, current))
            text, current = "", look
        text += letter
    if text:
        spans.append((text, current))
    return tuple(spans)


def _cell(level: tuple[int, int] | None, row: int, style: StyleName) -> tuple[str, StyleName]:
    if level is None:
        return " ", style
    average, most = level
    filled = average - row * _EIGHTHS
    if filled > 0:
        return _BLOCKS[min(_EIGHTHS, filled)], style
    # A row that the most reaches at least half of.
    return (SHADE, "faint") if most - row * _EIGHTHS >= _EIGHTHS // 2 else (" ", style)
