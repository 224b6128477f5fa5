"""How well a colour can be read on others: the contrast of WCAG 2, and colours moved until it is enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.color import Color

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINEAR_UP_TO: Final = 0.04045
_STEPS: Final = 50
"""Between a colour and black or white; each is a little less of it."""


def luminance(color: Color) -> float:
    """Relative luminance, from 0 (black) to 1 (white), as WCAG 2 defines it."""
    red, green, blue = (_linear(part / 255) for part in color.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= _LINEAR_UP_TO else ((part + 0.055) / 1.055) ** 2.4


def contrast(one: Color, other: Color) -> float:
    """Contrast of two colours, from 1 (equal) to 21 (black and white), as WCAG 2 defines it."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def legible(color: Color, papers: Sequence[Color], least: float) -> Color:
    """The colour, moved away from the papers no further than its contrast with each of them needs.

    It keeps its hue as long as it can; what cannot be reached ends in black or white.
    """
    end = max((Color(0, 0, 0), Color(255, 255, 255)), key=lambda end: contrast(end, papers[0]))
    for step in range(_STEPS + 1):
        moved = color.blend(end, step / _STEPS)
        if all(contrast(moved, paper) >= least for paper in papers):
            return moved
    return end
