"""The few styles of the screen by name, resolved once from a theme's variables.

Colour stands only where it means something: a state, a warning, the focus. Everything else is text, muted or faint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from rich.style import Style
from textual.color import Color

from monitor.ui.contrast import legible

if TYPE_CHECKING:
    from collections.abc import Mapping

StyleName = Literal[
    "text",
    "strong",
    "muted",
    "faint",
    "accent",
    "ok",
    "info",
    "warn",
    "bad",
    "alarm",
    "call",
    "title",
    "key",
    "fill",
]

_SELECTED_SHARE: Final = 0.22
"""Share of the accent in the background of the selected row."""
_SELECTED_ON_LIGHT: Final = 0.13
"""The same in a light theme, whose accent is dark: more would leave the other colours no room but black."""
_BLURRED_SHARE: Final = 0.08
"""Share of the foreground in it while another pane has the focus."""
TEXT_CONTRAST: Final = "contrast-of-text"
"""The variable of a theme that asks for more contrast of text than `_TEXT_CONTRAST`."""
RULE_CONTRAST: Final = "contrast-of-rules"
"""As `TEXT_CONTRAST`, for rules, bars, and signs that stand for nothing."""
_TEXT_CONTRAST: Final = "4.5"
_RULE_CONTRAST: Final = "3"


class Palette:
    """Rich styles for the style names under one theme."""

    filled: Final = frozenset({"alarm", "call"})
    """Styles with a background of their own, which blanks must keep."""

    def __init__(self, variables: Mapping[str, str], *, ansi: bool) -> None:
        self._ansi = ansi
        self._cache: dict[tuple[StyleName, bool, bool], Style] = {}
        colors = {
            name: Color.parse(variables[name])
            for name in ("primary", "accent", "success", "warning", "error")
        }
        background, foreground = Color.parse(variables["background"]), Color.parse(variables["foreground"])
        if ansi:
            self._styles = _ansi_styles(colors)
            self._selected, self._selected_blurred = Style(reverse=True, dim=False), Style()
            return
        share = _SELECTED_ON_LIGHT if background.brightness > foreground.brightness else _SELECTED_SHARE
        selected = background.blend(colors["primary"], share)
        blurred = background.blend(foreground, _BLURRED_SHARE)
        self._selected, self._selected_blurred = _on(selected), _on(blurred)
        needed = (
            float(variables.get(TEXT_CONTRAST, _TEXT_CONTRAST)),
            float(variables.get(RULE_CONTRAST, _RULE_CONTRAST)),
        )
        self._styles = _blended_styles(colors, foreground, (background, selected, blurred), needed)

    def style(self, name: StyleName, *, selected: bool = False, focused: bool = True) -> Style:
        """The style of a name, on the selected row's background when `selected`."""
        key = (name, selected, focused)
        style = self._cache.get(key)
        if style is None:
            style = self._styles[name]
            if selected and name not in self.filled:
                # Reversed colours would make patches of the row: in the terminal's own colours it is plain.
                plain = self._ansi and focused
                style = (style.without_color if plain else style) + (
                    self._selected if focused else self._selected_blurred
                )
            self._cache[key] = style
        return style


def _on(color: Color) -> Style:
    return Style(bgcolor=color.rich_color)


def _ansi_styles(colors: Mapping[str, Color]) -> dict[StyleName, Style]:
    """The terminal's own sixteen colours, and weight where a blend would be needed."""
    rich = {name: color.rich_color for name, color in colors.items()}
    return {
        "text": Style(),
        "strong": Style(bold=True),
        "muted": Style(dim=True),
        "faint": Style(dim=True),
        "accent": Style(color=rich["primary"], bold=True),
        "ok": Style(color=rich["success"]),
        "info": Style(color=rich["primary"]),
        "warn": Style(color=rich["warning"], bold=True),
        "bad": Style(color=rich["error"], bold=True),
        "alarm": Style(color=rich["error"], bold=True, reverse=True),
        "call": Style(color=rich["warning"], bold=True, reverse=True),
        "title": Style(bold=True),
        "key": Style(color=rich["primary"], bold=True),
        "fill": Style(color=rich["primary"]),
    }


def _blended_styles(
    colors: Mapping[str, Color],
    foreground: Color,
    papers: tuple[Color, ...],
    needed: tuple[float, float],
) -> dict[StyleName, Style]:
    """The theme's colours, each with the contrast it needs on every background that it is drawn on."""
    background = papers[0]
    paper = background.rich_color
    text_contrast, rule_contrast = needed

    def ink(color: Color, share: float = 1.0, *, bold: bool = False, rule: bool = False) -> Style:
        least = rule_contrast if rule else text_contrast
        seen = legible(background.blend(color, share), papers, least)
        return Style(color=seen.rich_color, bgcolor=paper, bold=bold or None)

    def filled(color: Color) -> Style:
        return Style(color=paper, bgcolor=legible(color, (background,), text_contrast).rich_color, bold=True)

    return {
        "text": ink(foreground, 0.92),
        "strong": ink(foreground, bold=True),
        "muted": ink(foreground, 0.62),
        "faint": ink(foreground, 0.32, rule=True),
        "accent": ink(colors["primary"], bold=True),
        "ok": ink(colors["success"]),
        "info": ink(colors["primary"]),
        "warn": ink(colors["warning"]),
        "bad": ink(colors["error"]),
        "alarm": filled(colors["error"]),
        "call": filled(colors["warning"]),
        "title": ink(foreground, bold=True),
        "key": ink(colors["primary"]),
        "fill": ink(colors["primary"], 0.75, rule=True),
    }
