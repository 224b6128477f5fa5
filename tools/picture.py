"""Draws the README's picture: the live screen on a demo fleet that has worked for a while.

usage: python tools/picture.py FILE.svg [SECONDS]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from monitor.collector.live import LiveFeed
from monitor.config import load
from monitor.demo.fleet import Fleet
from monitor.keystore import KeyStore
from monitor.paths import state_paths
from monitor.ui.app import MonitorApp
from monitor.ui.options import ScreenOptions

AGENTS = 8
SIZE = (150, 38)


async def draw(seconds: float) -> str:
    """Look at a fleet for some time, then draw the screen."""
    with tempfile.TemporaryDirectory() as folder, Fleet(agents=AGENTS, seed=4, pace=2.0) as fleet:
        store = KeyStore()
        feed = LiveFeed(load(fleet.config).settings, state_paths(folder), store)
        app = MonitorApp(store, feed, ScreenOptions())
        async with app.run_test(size=SIZE):
            await asyncio.sleep(seconds)
            return app.export_screenshot(title="agent-monitor")


if __name__ == "__main__":
    picture = asyncio.run(draw(float(sys.argv[2]) if len(sys.argv) > 2 else 90.0))
    Path(sys.argv[1]).write_text(picture, encoding="utf-8")
