"""A line of text with a left and a right part, which repaints only the cells that changed."""

from __future__ import annotations

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip

from monitor.ui.spans import Cell, cell_width, fit, segments
from monitor.ui.widgets.themed import Themed


class Line(Themed):
    """One line; the right part is kept whole and the left one is cut when there is no room for both."""

    can_focus = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._left: Cell = ()
        self._right: Cell = ()
        self._drawn: Cell = ()

    def show(self, left: Cell, right: Cell = ()) -> None:
        """Show these parts from now on."""
        if left == self._left and right == self._right:
            return
        self._left, self._right = left, right
        self.redraw()

    def parts(self, width: int) -> tuple[Cell, Cell]:  # noqa: ARG002 - for lines that choose by the width
        """The left and the right part for a line of so many cells."""
        return self._left, self._right

    def redraw(self) -> None:
        """Repaint what looks different now."""
        width = self.size.width
        old, self._drawn = self._drawn, self._arranged(width)
        first, last = difference(old, self._drawn)
        if first < last:
            self.refresh(Region(first, 0, last - first, 1))

    def render_line(self, y: int) -> Strip:
        """The line as it is now; Textual asks for it when a cell of it has changed."""
        width = self.size.width
        if y:
            return Strip.blank(width, self.palette.style("text"))
        self._drawn = self._arranged(width)
        drawn = segments((self._drawn,), self.palette)
        return Strip(drawn or [Segment("")], cell_width(self._drawn)).adjust_cell_length(
            width, self.palette.style("text")
        )

    def _arranged(self, width: int) -> Cell:
        left, right = self.parts(width)
        right_width = min(cell_width(right), width)
        return (*fit(left, max(0, width - right_width)), *fit(right, right_width))


def difference(old: Cell, new: Cell) -> tuple[int, int]:
    """First and one past the last column in which two lines of the same width differ."""
    before = [(letter, style) for text, style in old for letter in text]
    after = [(letter, style) for text, style in new for letter in text]
    width = cell_width(new)
    if len(before) != len(after) or len(after) != width:
        return 0, width
    changed = [column for column, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    return (changed[0], changed[-1] + 1) if changed else (0, 0)
