"""A widget that draws in the styles of the app's palette."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from textual.color import TRANSPARENT
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.geometry import Region
    from textual.strip import Strip

    from monitor.ui.palette import Palette


class HasPalette(Protocol):
    """An app that has resolved its theme."""

    palette: Palette


class Themed(Widget):
    """A widget that draws its own lines."""

    @property
    def palette(self) -> Palette:
        """The styles of the theme in use."""
        return cast("HasPalette", self.app).palette

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a part of the widget.

        They come out of `render_line` with their background and at full width, so Textual's cache, which adds borders
        and padding, is passed by: it takes as long again as drawing the line.
        """
        first, last = crop.column_span
        return [self.drawn_part(y, first, last) for y in crop.line_range]

    def drawn_part(self, y: int, start: int, end: int) -> Strip:
        """The cells from `start` up to `end` of a line, as they go to the terminal."""
        strip = self.render_part(y, start, end)
        for line_filter in self.get_line_filters():
            strip = strip.apply_filter(line_filter, TRANSPARENT)
        return strip

    def render_part(self, y: int, start: int, end: int) -> Strip:
        """These cells of a line, before any filter; for widgets that need not draw all of it."""
        strip = self.render_line(y)
        return strip if (start, end) == (0, strip.cell_length) else strip.crop(start, end)
