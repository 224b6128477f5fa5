"""What tests of the screen share: an app over a store, a wait with a deadline, and the screen as text."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from ui_fleet import ScriptedFeed

from monitor.keystore import Keys, KeyStore
from monitor.ui.app import MonitorApp
from monitor.ui.options import ScreenOptions
from monitor.ui.screens.main import MainScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from textual.pilot import Pilot

DEADLINE = 20.0
WIDE, NARROW = (200, 50), (80, 24)


async def wait_for(pilot: Pilot[Any], condition: Callable[[], object], description: str = "") -> None:
    """Wait until the condition holds; fails after the deadline."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(
                f"not within {DEADLINE} s: {description or condition}\n" + text_of(pilot.app)
            )
        await pilot.pause()
        await asyncio.sleep(0.005)


def lines_of(app: Any) -> list[str]:
    """What stands on each line of the screen."""
    app.screen._compositor._dirty_regions.clear()
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


def text_of(app: Any) -> str:
    """What stands on the screen."""
    return "\n".join(line.rstrip() for line in lines_of(app))


class Screen:
    """A running app, and short words for what tests do with it."""

    def __init__(self, app: MonitorApp, pilot: Pilot[None], feed: ScriptedFeed) -> None:
        self.app = app
        self.pilot = pilot
        self.feed = feed
        self.store: KeyStore = app.store

    @property
    def main(self) -> MainScreen:
        """The main screen."""
        screen = self.app.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return text_of(self.app)

    def agent_ids(self) -> list[str]:
        """The agents in the order shown."""
        return [row.id for row in self.main.agents.table.rows]

    @property
    def selected(self) -> str | None:
        """Id of the selected agent."""
        row = self.main.agents.table.selected
        return row.id if row else None

    def drawn_cells(self) -> Callable[[], int]:
        """From now on, count the cells of the screen that are drawn."""
        compositor = self.app.screen._compositor
        drawn: set[tuple[int, int]] = set()
        render = compositor.render_update

        def render_update(*arguments: Any, **options: Any) -> Any:
            update = render(*arguments, **options)
            for x, y, strip in getattr(update, "pieces", ()):
                drawn.update((column, y) for column in range(x, x + strip.cell_length))
            return update

        compositor.render_update = render_update  # type: ignore[method-assign]
        return lambda: len(drawn)

    @property
    def told(self) -> str:
        """The notifications that stand, one a line."""
        return "\n".join(str(notification.message) for notification in self.app._notifications)

    async def until_told(self, text: str) -> None:
        """Wait for a notification with this text."""
        await self.until(lambda: text in self.told, f"{text!r} told, not {self.told!r}")

    async def tick(self, milliseconds: int = 1000) -> None:
        """End a tick of the feed, this much later."""
        self.store.set(Keys.CLOCK, (self.store.get(Keys.CLOCK) or 0) + milliseconds)
        self.store.flush()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self.pilot.press(*keys)

    async def until(self, condition: Callable[[], object], description: str = "") -> None:
        """Wait for a condition."""
        await wait_for(self.pilot, condition, description)

    async def until_shown(self, text: str) -> None:
        """Wait until a text stands on the screen."""
        await self.until(lambda: text in self.text, f"{text!r} on the screen")

    async def until_gone(self, text: str) -> None:
        """Wait until a text has left the screen."""
        await self.until(lambda: text not in self.text, f"{text!r} gone")


@asynccontextmanager
async def shown(
    store: KeyStore, size: tuple[int, int] = WIDE, options: ScreenOptions | None = None
) -> AsyncIterator[Screen]:
    """The app over a store, with a feed that does what the test says."""
    feed = ScriptedFeed()
    app = MonitorApp(store, feed, options or ScreenOptions(user="ada"))
    async with app.run_test(size=size, notifications=True) as pilot:
        await wait_for(pilot, lambda: feed.running, "the feed runs")
        yield Screen(app, pilot, feed)
