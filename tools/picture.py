"""Draws the pictures of README and docs: the live screen on a demo fleet that has worked for a while.

usage: python tools/picture.py FOLDER [SECONDS [NAME…]]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.collector.live import LiveFeed
from monitor.config import load
from monitor.demo.fleet import Fleet
from monitor.keystore import KeyStore
from monitor.paths import state_paths
from monitor.ui.app import MonitorApp
from monitor.ui.options import ScreenOptions
from monitor.ui.themes import DARK, HIGH_CONTRAST, LIGHT, SAFE_DARK

if TYPE_CHECKING:
    from textual.pilot import Pilot

AGENTS: Final = 8
SETTLE_SECONDS: Final = 3.0
"""For what a screen loads only once it is looked at."""


class Picture(NamedTuple):
    """One of them: from the main screen, after these keys."""

    name: str
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = (150, 38)
    theme: str = DARK.name


PICTURES: Final = (
    Picture("live", size=(170, 44)),
    Picture("agent", ("1", "enter")),
    Picture("board", ("b",)),
    Picture("timeline", ("6", "z")),
    Picture("alerts", ("4", "z"), (120, 24)),
    Picture("narrow", size=(80, 24)),
    Picture("light", size=(120, 30), theme=LIGHT.name),
    Picture("high-contrast", size=(120, 30), theme=HIGH_CONTRAST.name),
    Picture("colour-blind", size=(120, 30), theme=SAFE_DARK.name),
)


async def draw(pictures: tuple[Picture, ...], seconds: float, place: Path) -> None:
    """Look at a fleet for some time, then draw one screen after the other."""
    with tempfile.TemporaryDirectory() as folder, Fleet(agents=AGENTS, seed=4, pace=2.0) as fleet:
        store = KeyStore()
        feed = LiveFeed(load(fleet.config).settings, state_paths(folder), store)
        app = MonitorApp(store, feed, ScreenOptions())
        async with app.run_test(size=pictures[0].size) as pilot:
            await asyncio.sleep(seconds)
            for picture in pictures:
                await go(app, pilot, picture)
                drawn = app.export_screenshot(title="agent-monitor")
                (place / f"{picture.name}.svg").write_text(drawn, encoding="utf-8")
                await back(app, pilot, picture)


async def go(app: MonitorApp, pilot: Pilot[None], picture: Picture) -> None:
    """To what the picture shows."""
    app.theme = picture.theme
    await pilot.resize_terminal(*picture.size)
    await pilot.press(*picture.keys)
    await asyncio.sleep(SETTLE_SECONDS)
    await pilot.pause()


async def back(app: MonitorApp, pilot: Pilot[None], picture: Picture) -> None:
    """To the main screen, as it began."""
    if "z" in picture.keys:
        await pilot.press("z")
    while len(app.screen_stack) > 1:
        await pilot.press("escape")
    await pilot.press("1")


if __name__ == "__main__":
    folder, *rest = sys.argv[1:]
    seconds, names = (float(rest[0]), rest[1:]) if rest else (90.0, [])
    chosen = tuple(picture for picture in PICTURES if not names or picture.name in names)
    asyncio.run(draw(chosen, seconds, Path(folder)))
