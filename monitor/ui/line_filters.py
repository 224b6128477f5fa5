"""What every line goes through on its way to the terminal, ours and Textual's own: no colour, ASCII only."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from textual.filter import LineFilter

from monitor.ui.ascii import to_ascii

if TYPE_CHECKING:
    from rich.style import Style
    from textual.color import Color

    from monitor.ui.options import ScreenOptions


class WithoutColour(LineFilter):
    """Drops every colour. Textual's own puts the terminal's default colours there, which are sequences as well."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """The same in weight, reverse and underline alone."""
        return [
            Segment(text, _without_colour(style) if style else style, control)
            for text, style, control in segments
        ]


@lru_cache(1024)
def _without_colour(style: Style) -> Style:
    return style.without_color


class OnlyAscii(LineFilter):
    """Replaces what is not ASCII, a cell for a cell (`ascii.py`)."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """The same in ASCII."""
        return [
            segment if segment.text.isascii() else Segment(to_ascii(segment.text, cell_len), *segment[1:])
            for segment in segments
        ]


def line_filters(options: ScreenOptions) -> list[LineFilter]:
    """Those that the options ask for."""
    filters: list[LineFilter] = []
    if options.no_color:
        filters.append(WithoutColour())
    if options.ascii:
        filters.append(OnlyAscii())
    return filters
