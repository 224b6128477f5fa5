"""Pictures of the screen for the documentation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from monitor.ui.app import MonitorApp
from monitor.ui.options import ScreenOptions

if TYPE_CHECKING:
    from monitor.keystore import KeyStore
    from monitor.model import Command


class _Still:
    """A feed that leaves the store as it is."""

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def send(self, command: Command) -> None:
        """Nobody collects, so nobody acts."""

    def set_interval(self, seconds: float) -> None:
        """Nothing moves, so no interval matters."""


async def svg(
    store: KeyStore,
    size: tuple[int, int] = (120, 36),
    *,
    theme: str | None = None,
    keys: tuple[str, ...] = (),
) -> str:
    """The main screen over this store as SVG, `size` in columns and lines, after the `keys` were pressed."""
    app = MonitorApp(store, _Still(), ScreenOptions(theme=theme))
    async with app.run_test(size=size) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        return app.export_screenshot(title="agent-monitor")
