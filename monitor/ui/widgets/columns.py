"""Columns of a live table: what they show, and which of them fit into a width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from monitor.ui.spans import fit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.ui.spans import Align, Cell

R = TypeVar("R")

_LUXURY: Final = 6
"""Priority from which a column comes only when the others have as much room as they like."""


class Column(NamedTuple, Generic[R]):
    """One column of a live table."""

    key: str
    title: str
    width: int
    """Cells it needs at least."""
    cell: Callable[[R, int], Cell]
    """What it shows of a record in so many cells; longer is cut, shorter is padded."""
    align: Align = "left"
    priority: int = 0
    """Columns with the highest number go first when the table is narrow; 0 stays."""
    flexible: int = 0
    """Share of the width that is left over; 0 is a fixed column."""
    liked: int = 0
    """Cells it likes to have before columns of a priority of `_LUXURY` or more come beside it."""
    limit: int = 1000
    """Cells beyond which a flexible column does not grow."""
    part: str = ""
    """The one attribute of the record that it shows; empty when it looks at more of it."""
    moving: bool = False
    """What it shows depends on more than the record: the time, or a history. It is looked at on every tick."""
    heading: Callable[[int], Cell] | None = None
    """What stands over it in so many cells, when that is more than its title (`LineTable.refresh_titles`)."""


class Place(NamedTuple):
    """Where a cell stands in a line."""

    x: int
    width: int


class Placed(NamedTuple, Generic[R]):
    """A column at its place in a line."""

    column: Column[R]
    x: int
    width: int


def place(columns: Sequence[Column[R]], width: int) -> tuple[Placed[R], ...]:
    """Choose and place the columns that fit into `width` cells, with two blanks between them where there is room."""
    gap = 2 if width >= 120 else 1
    kept = list(columns)
    while len(kept) > 1:
        least = max(column.priority for column in kept)
        crowded = _needed(kept, gap) + (_liked(kept) if least >= _LUXURY else 0) > width
        if least == 0 or not crowded:
            break
        kept.remove(next(column for column in reversed(kept) if column.priority == least))
    widths = _share([column.width for column in kept], kept, width - _needed(kept, gap))
    placed: list[Placed[R]] = []
    x = 0
    for column, cells in zip(kept, widths, strict=True):
        if x >= width:
            break
        placed.append(Placed(column, x, min(cells, width - x)))
        x += cells + gap
    return tuple(placed)


def titles(placed: Sequence[Placed[R]], sorted_by: tuple[str, bool] | None) -> tuple[Cell, ...]:
    """The titles of the columns; the one sorted by (its key, and whether the largest stands first) has a mark.

    Where there is no room for the mark it takes the title's last letter.
    """
    key, descending = sorted_by or ("", False)
    cells: list[Cell] = []
    for column, _, width in placed:
        if column.heading is not None:
            cells.append(fit(column.heading(width), width))
            continue
        text = column.title
        if column.key == key:
            text = text[: max(0, width - 1)] + ("▾" if descending else "▴")
        cells.append(fit(((text, "accent" if column.key == key else "muted"),), width, column.align))
    return tuple(cells)


def column_at(placed: Sequence[Placed[R]], x: int) -> str:
    """Key of the column at this cell, or of the one before it when the cell lies between two; empty: none."""
    return next((column.key for column, start, _ in reversed(placed) if start <= x), "")


def _needed(columns: Sequence[Column[R]], gap: int) -> int:
    return sum(column.width for column in columns) + gap * (len(columns) - 1)


def _liked(columns: Sequence[Column[R]]) -> int:
    """What they would like beyond what they need."""
    return sum(max(0, column.liked - column.width) for column in columns)


def _share(widths: list[int], columns: Sequence[Column[R]], spare: int) -> list[int]:
    """Give the spare cells to the flexible columns by their shares, up to each one's limit."""
    growing = [index for index, column in enumerate(columns) if column.flexible]
    while spare > 0 and growing:
        shares = sum(columns[index].flexible for index in growing)
        given = 0
        for index in growing:
            column = columns[index]
            more = min(max(1, spare * column.flexible // shares), column.limit - widths[index], spare - given)
            widths[index] += more
            given += more
        spare -= given
        growing = [index for index in growing if widths[index] < columns[index].limit]
    return widths
