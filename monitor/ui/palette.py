"""The few styles of the screen by name, resolved once from a theme's variables.

Colour stands only where it means something: a state, a warning, the focus. Everything else is text, muted or faint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from rich.style import Style
from textual.color import Color

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

_BACKGROUND_SHARE: Final = 0.22
"""Share of the accent in the background of the selected row."""


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
        self._styles = _ansi_styles(colors) if ansi else _blended_styles(colors, background, foreground)
        if ansi:
            self._selected, self._selected_blurred = Style(reverse=True, dim=False), Style()
        else:
            self._selected = _on(background.blend(colors["primary"], _BACKGROUND_SHARE))
            self._selected_blurred = _on(background.blend(foreground, 0.08))

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
    colors: Mapping[str, Color], background: Color, foreground: Color
) -> dict[StyleName, Style]:
    paper = background.rich_color

    def ink(color: Color, share: float = 1.0, *, bold: bool = False) -> Style:
        return Style(color=background.blend(color, share).rich_color, bgcolor=paper, bold=bold or None)

    return {
        "text": ink(foreground, 0.92),
        "strong": ink(foreground, bold=True),
        "muted": ink(foreground, 0.62),
        "faint": ink(foreground, 0.32),
        "accent": ink(colors["primary"], bold=True),
        "ok": ink(colors["success"]),
        "info": ink(colors["primary"]),
        "warn": ink(colors["warning"]),
        "bad": ink(colors["error"]),
        "alarm": Style(color=paper, bgcolor=colors["error"].rich_color, bold=True),
        "call": Style(color=paper, bgcolor=colors["warning"].rich_color, bold=True),
        "title": ink(foreground, bold=True),
        "key": ink(colors["primary"]),
        "fill": ink(colors["primary"], 0.75),
    }
