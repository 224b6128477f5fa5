"""The program's own themes: all can be read in each, and in two of them states stay apart for the colour-blind."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, get_args

import pytest
from colour_vision import VISIONS, distance
from rich.style import Style
from textual.color import Color
from textual.command import CommandList, CommandPalette
from textual.geometry import Region
from textual.theme import BUILTIN_THEMES, Theme
from textual.widgets import Input
from ui_screens import NARROW, Screen, shown

from monitor.keystore import KeyStore
from monitor.ui.app import MonitorApp
from monitor.ui.contrast import contrast
from monitor.ui.options import ScreenOptions
from monitor.ui.palette import RULE_CONTRAST, TEXT_CONTRAST, Palette, StyleName
from monitor.ui.screens.dialogs import Choice, ChoiceScreen, PromptScreen
from monitor.ui.spans import Cell
from monitor.ui.themes import HIGH_CONTRAST, OWN, SAFE_DARK, SAFE_LIGHT

STYLES: tuple[StyleName, ...] = get_args(StyleName)
RULES: frozenset[StyleName] = frozenset({"faint", "fill"})
"""What is not read: rules, bars, and dashes where nothing is known."""
APART = 20
"""Of 100: nine times what can just be told apart."""

each_own_theme = pytest.mark.parametrize("theme", OWN, ids=lambda theme: theme.name)


def variables_of(theme: Theme) -> dict[str, str]:
    return {**theme.to_color_system().generate(), **theme.variables}


def palette_of(theme: Theme) -> Palette:
    return Palette(variables_of(theme), ansi=False)


def colors(style: Style) -> tuple[Color, Color]:
    assert style.color is not None
    assert style.bgcolor is not None
    return Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)


def least_contrast(theme: Theme, name: StyleName) -> float:
    high = theme is HIGH_CONTRAST
    return (4.5 if high else 3.0) if name in RULES else (7.0 if high else 4.5)


@each_own_theme
@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize(
    ("selected", "focused"), [(False, True), (True, True), (True, False)], ids=["plain", "selected", "behind"]
)
def test_every_style_can_be_read_on_every_background(
    theme: Theme, name: StyleName, selected: bool, focused: bool
) -> None:
    style = palette_of(theme).style(name, selected=selected, focused=focused)
    assert contrast(*colors(style)) >= least_contrast(theme, name) - 0.02  # of a colour with 256 steps


@pytest.mark.parametrize("theme", [SAFE_DARK, SAFE_LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize(("one", "other"), combinations(("ok", "warn", "bad", "info"), 2))
def test_states_stay_apart_for_the_colour_blind(
    theme: Theme, vision: str, one: StyleName, other: StyleName
) -> None:
    palette = palette_of(theme)
    first, second = (colors(palette.style(name))[0] for name in (one, other))
    assert distance(first, second, vision) >= APART


def test_the_simulation_finds_what_is_not_safe() -> None:
    red, green = Color.parse("#B05050"), Color.parse("#6A7A3A")
    assert distance(red, green, "all three cones") > 2 * APART
    assert distance(red, green, "deuteranopia") < APART


def test_textuals_own_themes_can_be_read_too() -> None:
    themes = [theme for theme in BUILTIN_THEMES.values() if not theme.ansi]
    assert len(themes) > 10
    for theme in themes:
        palette = palette_of(theme)
        for name in STYLES:
            needed = 3.0 if name in RULES else 4.5
            assert contrast(*colors(palette.style(name))) >= needed - 0.02, (theme.name, name)


def drawn(app: MonitorApp, within: Region | None = None) -> Iterator[tuple[str, Style]]:
    """Every piece of text on the screen, or in a part of it, with its style."""
    part = within or app.size.region
    for strip in app.screen._compositor.render_strips()[part.y : part.bottom]:
        for text, style, _ in strip.crop(part.x, part.right):
            if style is not None and any(char.isalnum() for char in text):
                yield text, style


def dialog(app: MonitorApp) -> Region:
    """Where something lies over the screen, which itself is dimmed."""
    if isinstance(app.screen, CommandPalette):
        return app.screen.query_one("#--input").region.union(app.screen.query_one(CommandList).region)
    return app.screen.query_one("#dialog").region


async def open_palette(screen: Screen) -> None:
    await screen.press("colon")
    await screen.until(lambda: isinstance(screen.app.screen, CommandPalette))
    await screen.press(*"board")
    await screen.until_shown("task board")


async def open_choice(screen: Screen) -> None:
    lines: tuple[Cell, ...] = ((("It has run since 12:03.", "muted"),),)
    screen.app.push_screen(
        ChoiceScreen("End builder?", [Choice("Terminate", 1, "t", "SIGTERM"), Choice("Keep", 2)], lines)
    )
    await screen.until_shown("Terminate")


async def open_prompt(screen: Screen) -> None:
    screen.app.push_screen(PromptScreen("A note", "seen by", placeholder="why"))
    await screen.until_shown("A note")


async def open_filter(screen: Screen) -> None:
    await screen.press("slash", "b", "u")
    await screen.until(lambda: isinstance(screen.app.focused, Input))


async def show_toasts(screen: Screen) -> None:
    for severity in ("information", "warning", "error"):
        screen.app.notify(f"a note that is an {severity}", title=severity, severity=severity)
    await screen.until_shown("note that is an error")


async def stay(screen: Screen) -> None:
    await screen.until_shown("validator")


@each_own_theme
@pytest.mark.parametrize(
    "go", [stay, open_palette, open_choice, open_prompt, open_filter, show_toasts], ids=lambda go: go.__name__
)
async def test_what_stands_on_the_screen_can_be_read(theme: Theme, go: Any, store: KeyStore) -> None:
    faint = colors(palette_of(theme).style("faint"))[0]
    async with shown(store, NARROW, ScreenOptions(theme=theme.name)) as screen:
        await go(screen)
        seen = list(drawn(screen.app, dialog(screen.app) if screen.app.screen.is_modal else None))
        assert seen
        for text, style in seen:
            ink, paper = colors(style)
            needed = least_contrast(theme, "faint" if ink == faint else "text")
            assert contrast(ink, paper) >= needed - 0.02, (text, ink.hex, paper.hex)


async def test_a_theme_chosen_later_is_drawn_at_once_and_told(store: KeyStore) -> None:
    async with shown(store) as screen:
        told: list[str] = []
        screen.app.theme_changed_signal.subscribe(screen.app, lambda theme: told.append(theme.name))
        for theme in OWN[1:]:
            screen.app.theme = theme.name
            await screen.until(lambda theme=theme: told[-1:] == [theme.name])  # type: ignore[misc]
            papers = {colors(style)[1] for _, style in drawn(screen.app)}
            assert Color.parse(theme.background or "") in papers


def test_a_theme_asks_for_contrast_by_variables() -> None:
    plain = variables_of(OWN[0])
    strict = Palette({**plain, TEXT_CONTRAST: "9", RULE_CONTRAST: "6"}, ansi=False)
    assert contrast(*colors(strict.style("muted"))) >= 9 - 0.02
    assert contrast(*colors(strict.style("faint"))) >= 6 - 0.02
