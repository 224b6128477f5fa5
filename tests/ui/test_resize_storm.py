"""A terminal may have any size at any moment: every screen fills it, and none fails."""

from __future__ import annotations

import re
from typing import Any

import pytest
from textual.events import Resize
from textual.geometry import Size
from ui_screens import WIDE, Screen, shown
from ui_ways import WAYS, full_store

from monitor.text import width
from monitor.ui.screens.dialogs import Choice, ChoiceScreen, PromptScreen

SIZES = [
    *((1, 1), (500, 200), (2, 2), (80, 24), (500, 1), (1, 200), (60, 20), (300, 80), (120, 40)),
    *((width, 10 + 3 * width) for width in range(1, 16, 2)),
]
"""Columns and rows; the last are those at which one column after the other goes."""


def drawn(screen: Screen) -> list[str]:
    strips = screen.app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


def titles(screen: Screen) -> tuple[Any, ...]:
    """What is open, what has the focus, and which panes are in sight."""
    app = screen.app
    return type(app.screen), app.focused, re.findall(r"▎(\d \w+)", screen.text)


async def until_size(screen: Screen, size: Size) -> None:
    await screen.until(lambda: screen.app.screen._compositor.size == size, f"{size}")


async def storm(screen: Screen) -> None:
    for columns, rows in SIZES:
        await screen.pilot.resize_terminal(columns, rows)
        await until_size(screen, Size(columns, rows))
        await screen.tick(0)
        lines = drawn(screen)
        assert len(lines) == rows
        assert {width(line) for line in lines} == {columns}, (columns, rows)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_every_screen_fills_every_size(way: tuple[str, ...]) -> None:
    async with shown(full_store()) as screen:
        await screen.press(*way)
        await screen.pilot.pause()
        before = titles(screen)
        await storm(screen)
        await screen.pilot.resize_terminal(*WIDE)
        await screen.until(lambda: titles(screen) == before, f"as it was: {before}")


@pytest.mark.parametrize(
    "dialog",
    [
        lambda: ChoiceScreen("End builder?", [Choice("Terminate", 1, "t", "SIGTERM"), Choice("Keep", 2)]),
        lambda: PromptScreen("A note", "日本語", placeholder="why"),
    ],
    ids=["choice", "prompt"],
)
async def test_every_dialog_fits_every_size(dialog: type[PromptScreen]) -> None:
    async with shown(full_store()) as screen:
        screen.app.push_screen(dialog())  # type: ignore[call-arg]
        await screen.until(lambda: screen.app.screen.is_modal)
        await storm(screen)


async def test_sizes_that_come_faster_than_they_can_be_drawn_end_in_the_last() -> None:
    async with shown(full_store()) as screen:
        before = screen.text
        for number in range(300):
            size = Size(1 + number * 37 % 500, 1 + number * 53 % 200)
            screen.app.post_message(Resize(size, size))
        await screen.pilot.resize_terminal(*WIDE)
        await screen.until(lambda: screen.text == before)


@pytest.mark.parametrize("size", [(1, 1), (4, 60), (80, 3)])
async def test_the_palette_takes_keys_also_where_its_list_has_no_room(size: tuple[int, int]) -> None:
    async with shown(full_store()) as screen:
        await screen.press("colon", "t")
        await screen.pilot.resize_terminal(*size)
        await screen.press("down", "pagedown", "pageup", "end", "home", "x", "backspace", "escape")
        await screen.pilot.resize_terminal(*WIDE)
        await screen.until_shown("validator")
