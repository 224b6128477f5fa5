"""Pictures of every pane and screen in every theme; look at them when they change: run with `--snapshot-update`."""

from __future__ import annotations

from collections import deque
from functools import partial
from pathlib import Path

import pytest
from test_replay_of_a_recording import watched
from textual.color import Color
from textual.command import CommandList
from textual.pilot import Pilot
from textual.theme import Theme
from ui_pictures import Picture, compare, look, written
from ui_recording import SECOND, START
from ui_screens import NARROW, shown, text_of, wait_for
from ui_ways import WAYS, full_store

from monitor.keystore import Keys, KeyStore
from monitor.ui.app import MonitorApp
from monitor.ui.options import ScreenOptions
from monitor.ui.themes import OWN

PICTURES = Path(__file__).with_name("pictures")
USUAL = (120, 40)
REOPEN = {"palette": ("escape", "colon")}
SIZES = [(60, 20), NARROW, (200, 50), (300, 80)]


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.option.update_snapshots)


async def settled(app: MonitorApp, pilot: Pilot[None]) -> Picture:
    """What stands on the screen once it does not change any more."""
    seen: deque[Picture] = deque(maxlen=6)

    def same() -> bool:
        seen.append(look(app))
        return len(seen) == seen.maxlen and len(set(seen)) == 1

    await wait_for(pilot, same, "a screen that stands still")
    return seen[-1]


def has_papers_of(theme: Theme, app: MonitorApp) -> bool:
    """Whether a background of this theme is on the screen."""
    papers = {
        f"on {Color.parse(color).rich_color.name}"
        for color in (theme.background, theme.surface, theme.panel)
        if color
    }
    return any(style.endswith(tuple(papers)) for line in look(app).styles for style in set(line))


def whole_list(app: MonitorApp) -> bool:
    lists = app.screen.query(CommandList)
    return bool(lists) and not lists.first().has_class("--populating") and "Next waiting" in text_of(app)


async def in_every_theme(
    app: MonitorApp, pilot: Pilot[None], reopen: tuple[str, ...] = ()
) -> dict[str, Picture]:
    """The screen in one theme after the other; `reopen` are keys for what closes when a theme is chosen."""
    pictures: dict[str, Picture] = {}
    for theme in OWN:
        app.theme = theme.name
        for key in reopen:
            await pilot.press(key)
            await settled(app, pilot)
        await wait_for(pilot, partial(has_papers_of, theme, app), theme.name)
        if reopen:
            await wait_for(pilot, lambda: whole_list(app), "the list of the palette")
        pictures[theme.name] = await settled(app, pilot)
    return pictures


@pytest.mark.parametrize("way", WAYS)
async def test_every_pane_and_screen_in_every_theme(way: str, update: bool) -> None:
    async with shown(full_store(), USUAL) as screen:
        await screen.press(*WAYS[way])
        await settled(screen.app, screen.pilot)
        pictures = await in_every_theme(screen.app, screen.pilot, REOPEN.get(way, ()))
    compare(PICTURES / f"{way}.txt", written(pictures), update=update)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("way", ["main", "agent", "board"])
async def test_other_sizes(way: str, size: tuple[int, int], update: bool) -> None:
    async with shown(full_store(), size) as screen:
        await screen.press(*WAYS[way])
        picture = await settled(screen.app, screen.pilot)
    compare(PICTURES / f"{way}-{size[0]}x{size[1]}.txt", "\n".join(picture.text) + "\n", update=update)


@pytest.mark.parametrize("way", ["main", "charts"])
@pytest.mark.parametrize(
    ("name", "options"),
    [("no-colour", ScreenOptions(no_color=True)), ("ascii", ScreenOptions(ascii=True))],
    ids=["NO_COLOR", "ASCII"],
)
async def test_without_colours_and_in_ascii(
    way: str, name: str, options: ScreenOptions, update: bool
) -> None:
    async with shown(full_store(), USUAL, options) as screen:
        await screen.press(*WAYS[way])
        picture = await settled(screen.app, screen.pilot)
    compare(PICTURES / f"{way}-{name}.txt", written({name: picture}), update=update)


async def test_a_recording_in_every_theme(tmp_path: Path, update: bool) -> None:
    async with watched(tmp_path, size=USUAL, at=START + 720 * SECOND) as night:
        await night.until_shown("◆ 1 critical")
        await settled(night.app, night.pilot)
        pictures = await in_every_theme(night.app, night.pilot)
    compare(PICTURES / "recording.txt", written(pictures), update=update)


async def test_an_empty_host(update: bool) -> None:
    store = KeyStore()
    store.set(Keys.AGENTS, ())
    async with shown(store, NARROW) as screen:
        picture = await settled(screen.app, screen.pilot)
    compare(PICTURES / "empty.txt", written({"monitor-dark": picture}), update=update)
