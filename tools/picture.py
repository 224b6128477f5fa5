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
from monitor.ui.picture import svg

AGENTS = 8
SIZE = (150, 42)


async def draw(seconds: float) -> str:
    """Run a fleet for some time, then draw what the key store holds."""
    with tempfile.TemporaryDirectory() as folder, Fleet(agents=AGENTS, seed=4, pace=2.0) as fleet:
        store = KeyStore()
        feed = LiveFeed(load(fleet.config).settings, state_paths(folder), store)
        collecting = asyncio.create_task(feed.run())
        await asyncio.sleep(seconds)
        picture = await svg(store, SIZE)
        collecting.cancel()
        await asyncio.gather(collecting, return_exceptions=True)
    return picture


if __name__ == "__main__":
    picture = asyncio.run(draw(float(sys.argv[2]) if len(sys.argv) > 2 else 90.0))
    Path(sys.argv[1]).write_text(picture, encoding="utf-8")
