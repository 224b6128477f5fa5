"""Styled text of exact width: a cell is a tuple of spans, a span is a text and the name of a style.

Names instead of colours keep the panes free of themes; `palette.py` turns a name into a style when a line is drawn.
Widths are terminal cells, as Rich counts them, so that wide characters and emoji keep columns straight. Where terminals
disagree about a width (joined emoji, variation selectors, skin tones, flags), the text is simplified until they agree;
the width of a text is then the sum of its characters' widths, wherever spans are joined or cut.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment

from monitor.ui.palette import Palette, StyleName

if TYPE_CHECKING:
    from collections.abc import Iterable

Align = Literal["left", "right"]
Span: TypeAlias = tuple[str, StyleName]
Cell: TypeAlias = tuple[Span, ...]

ELLIPSIS: Final = "…"
UNKNOWN: Final = "–"

_SETTLED: Final[dict[int, str | None]] = {
    **dict.fromkeys((0x200D, *range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400))),
    **{0x1F1E6 + number: chr(ord("A") + number) for number in range(26)},
}
"""Joiner, variation selectors and skin tones, for which some terminals add cells and some take cells away; and the
letters of flags, which take one cell or two each, together or alone: 🇩🇪 becomes DE."""
_DISPUTED: Final = re.compile(f"[{''.join(map(chr, _SETTLED))}]")


def text_width(text: str) -> int:
    """Width of a text in terminal cells."""
    return len(text) if text.isascii() else cell_len(text)


def cell_width(cell: Cell) -> int:
    """Width of a cell in terminal cells."""
    return sum(text_width(text) for text, _ in cell)


def settle(text: str) -> str:
    """The text without what terminals disagree about: a family becomes its members, a toned hand a plain one."""
    return text if text.isascii() else text.translate(_SETTLED)


def cut(text: str, width: int) -> str:
    """The settled text in at most `width` cells, with an ellipsis when something had to go.

    A mark stays with its letter.
    """
    text = settle(text)
    if text_width(text) <= width:
        return text
    if width <= 0:
        return ""
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS


def fit(cell: Cell, width: int, align: Align = "left") -> Cell:
    """The cell in exactly `width` cells: padded on the side away from `align`, or cut with an ellipsis."""
    for text, _ in cell:
        if not text.isascii() and _DISPUTED.search(text):
            cell = tuple((settle(text), style) for text, style in cell)
            break
    size = cell_width(cell)
    if size == width:
        return cell
    if size < width:
        padding: Span = (" " * (width - size), "text")
        return (padding, *cell) if align == "right" else (*cell, padding)
    spans: list[Span] = []
    left = width
    for text, style in cell:
        size = text_width(text)
        # The last cell is kept for the ellipsis, because something after this span may be cut.
        if size < left:
            spans.append((text, style))
            left -= size
            continue
        shortened = cut(text, left) if size > left else cut(text + " ", left)
        spans.append((shortened + " " * (left - text_width(shortened)), style))
        break
    return tuple(spans)


def segments(
    cells: Iterable[Cell], palette: Palette, *, selected: bool = False, focused: bool = True
) -> list[Segment]:
    """Segments to draw, with equal neighbours merged: each change of style costs bytes on the terminal."""
    drawn: list[Segment] = []
    pending: list[str] = []
    style: StyleName = "text"
    for cell in cells:
        for text, name in cell:
            if not text:
                continue
            # Blanks look the same in every style without a background of its own: they need no new run.
            if name != style and (not text.isspace() or name in palette.filled or style in palette.filled):
                if pending:
                    drawn.append(
                        Segment("".join(pending), palette.style(style, selected=selected, focused=focused))
                    )
                    pending = []
                style = name
            pending.append(text)
    if pending:
        drawn.append(Segment("".join(pending), palette.style(style, selected=selected, focused=focused)))
    return drawn
