"""A picture of styled lines, which repaints only the cells that look different."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip

from monitor.ui.spans import fit, segments
from monitor.ui.widgets.line import difference
from monitor.ui.widgets.themed import Themed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.ui.spans import Cell


class Picture(Themed, can_focus=True):
    """Shows what `draw` makes of a width and a height; it is asked again by `redraw`, and when the size is another."""

    def __init__(self, draw: Callable[[int, int], Sequence[Cell]], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._draw = draw
        self._drawn_for = (-1, -1)
        self._lines: list[Cell] = []

    def redraw(self) -> None:
        """Look at what there is to show now, and repaint what looks different."""
        old, size = self._lines, self._drawn_for
        self._arrange()
        if size != self._drawn_for:
            self.refresh()
            return
        for y, (before, after) in enumerate(zip(old, self._lines, strict=True)):
            if before is not after and before != after:
                first, last = difference(before, after)
                if first < last:
                    self.refresh(Region(first, y, last - first, 1))

    def _arrange(self) -> None:
        width, height = self.size
        self._drawn_for = (width, height)
        lines = list(self._draw(width, height))[:height]
        lines += [()] * (height - len(lines))
        self._lines = [fit(line, width) for line in lines]

    def render_line(self, y: int) -> Strip:
        """One of the lines; Textual asks for it when a cell of it has changed."""
        width, height = self.size
        if (width, height) != self._drawn_for:
            self._arrange()
        style = self.palette.style("text")
        if y >= len(self._lines):
            return Strip.blank(width, style)
        drawn = segments((self._lines[y],), self.palette)
        return Strip(drawn or [Segment("")]).adjust_cell_length(width, style)
