"""Rows of a live table as they are drawn, and what differs between two drawings of a line. No widget, no screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeAlias

from monitor.ui.spans import Cell, fit
from monitor.ui.widgets.columns import Place, Placed, R

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCKS: Final = frozenset(" ▁▂▃▄▅▆▇█")
"""Letters of a sparkline: each takes one cell."""
_WIDE: Final = 12
"""Cells from which it pays to look for the part of a cell that differs."""
_NEAR: Final = 5
"""Cells between two changed ones up to which both are repainted together: a cursor move takes 8 bytes."""

Parts: TypeAlias = "Sequence[tuple[Place, Cell]]"
Layout: TypeAlias = Callable[[Any, "Sequence[Placed[Any]]"], Parts]
"""Draws a record that does not stand in the table's own columns: given these, the cells and where they stand, from left
to right without overlap."""


class Row(NamedTuple, Generic[R]):
    """A line of the table: its lasting identity and what it shows."""

    id: str
    record: R
    layout: Layout | None = None
    """How it is drawn when the columns do not draw it: a heading, or a line of another kind."""
    eager: bool = False
    """A single click opens it, as one expects of a heading that folds."""


class Drawn(NamedTuple):
    """What stands on a line of the screen."""

    id: str
    record: Any
    cells: tuple[Cell, ...]
    places: Sequence[Place]
    """Where each cell stands."""


def draw(row: Row[R], columns: Sequence[Placed[R]], places: Sequence[Place]) -> Drawn:
    """The line of a row; `places` are those of the columns."""
    if row.layout is not None:
        parts = row.layout(row.record, columns)
        cells = tuple(fit(cell, place.width) for place, cell in parts)
        return Drawn(row.id, row.record, cells, tuple(place for place, _ in parts))
    cells = tuple(fit(column.cell(row.record, width), width, column.align) for column, _, width in columns)
    return Drawn(row.id, row.record, cells, places)


def redraw(
    old: Drawn, row: Row[R], columns: Sequence[Placed[R]], places: Sequence[Place], moving: Sequence[int]
) -> Drawn:
    """The line of a row where `old` stood, taking over the cells that cannot have changed.

    `moving` are the numbers of the columns that move by themselves. When the line looks the same, its cells are the old
    ones themselves.
    """
    if old.id != row.id or row.layout is not None or old.places is not places:
        new = draw(row, columns, places)
        same = new.cells == old.cells and new.places == old.places
        return Drawn(row.id, row.record, old.cells, old.places) if same else new
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
        return Drawn(row.id, record, tuple(cells), places)
    return old if known is record else Drawn(row.id, record, old.cells, places)


def changed_runs(old: Drawn, new: Drawn) -> Iterator[tuple[int, int]]:
    """First and one past the last cell of each run that differs; near ones together."""
    if old.places is not new.places and old.places != new.places:
        yield 0, max((place.x + place.width for place in (*old.places, *new.places)), default=0)
        return
    start = end = -1
    for place, before, after in zip(new.places, old.cells, new.cells, strict=True):
        if before is after or before == after:
            continue
        first, last = _narrowed(before, after, place.width)
        if end >= 0 and place.x + first - end > _NEAR:
            yield start, end
            start = -1
        if start < 0:
            start = place.x + first
        end = place.x + last
    if end >= 0:
        yield start, end


def _narrowed(before: Cell, after: Cell, width: int) -> tuple[int, int]:
    """The part of a wide cell that differs, where that can be told cheaply: a sparkline that grows by a block."""
    if width < _WIDE or len(before) != 1 or len(after) != 1:
        return 0, width
    (old, old_style), (new, new_style) = before[0], after[0]
    if old_style != new_style or not (len(old) == len(new) == width and _BLOCKS.issuperset(old + new)):
        return 0, width
    differing = [place for place, (was, now) in enumerate(zip(old, new, strict=True)) if was != now]
    return differing[0], differing[-1] + 1
