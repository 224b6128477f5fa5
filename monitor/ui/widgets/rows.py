"""Rows of a live table as they are drawn, and what differs between two drawings of a line. No widget, no screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple

from monitor.ui.spans import Cell, fit
from monitor.ui.widgets.columns import Placed, R

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NEAR: Final = 5
"""Cells between two changed ones up to which both are repainted together: a cursor move takes 8 bytes."""


class Row(NamedTuple, Generic[R]):
    """A line of the table: its lasting identity and what it shows."""

    id: str
    record: R


class Drawn(NamedTuple):
    """What stands on a line of the screen."""

    id: str
    record: Any
    cells: tuple[Cell, ...]


def draw(row: Row[R], columns: Sequence[Placed[R]]) -> Drawn:
    """The line of a row."""
    cells = tuple(fit(column.cell(row.record, width), width, column.align) for column, _, width in columns)
    return Drawn(row.id, row.record, cells)


def redraw(old: Drawn, row: Row[R], columns: Sequence[Placed[R]], moving: Sequence[int]) -> Drawn:
    """The line of a row where `old` stood, taking over the cells that cannot have changed.

    `moving` are the numbers of the columns that move by themselves. When the line looks the same, its cells are the old
    ones themselves.
    """
    if old.id != row.id:
        return draw(row, columns)
    record, known = row.record, old.record
    if known is record or known == record:
        news = moving
    else:
        news = [
            number
            for number, (column, _, _) in enumerate(columns)
            if column.moving
            or not column.part
            or getattr(known, column.part) is not getattr(record, column.part)
        ]
    cells: list[Cell] | None = None
    for number in news:
        column, _, width = columns[number]
        cell = fit(column.cell(record, width), width, column.align)
        if cell != old.cells[number]:
            cells = cells or list(old.cells)
            cells[number] = cell
    if cells is not None:
        return Drawn(row.id, record, tuple(cells))
    return old if known is record else Drawn(row.id, record, old.cells)


def changed_runs(old: Drawn, new: Drawn, columns: Sequence[Placed[R]]) -> Iterator[tuple[int, int]]:
    """First and one past the last cell of each run that differs; near ones together."""
    start = end = -1
    for placed, before, after in zip(columns, old.cells, new.cells, strict=True):
        if before is after or before == after:
            continue
        if end >= 0 and placed.x - end > _NEAR:
            yield start, end
            start = -1
        if start < 0:
            start = placed.x
        end = placed.x + placed.width
    if end >= 0:
        yield start, end
