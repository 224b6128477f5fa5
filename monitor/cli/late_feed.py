"""The feed of the live view, imported after its first picture: what collects is a quarter of a second of imports."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from monitor.errors import DatabaseError, RecorderBusyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.keystore import Feed
    from monitor.model import Command

PATIENCE_SECONDS: Final = 5.0
"""How long a recorder may take from its lock to its first tick before a viewer gives up."""
RETRY_SECONDS: Final = 0.2


class LateFeed:
    """Stands for a feed until it runs.

    `make` imports and makes the real one; it is called in a thread, so that keys are answered meanwhile.
    """

    def __init__(self, make: Callable[[], Feed]) -> None:
        self._make = make
        self._feed: Feed | None = None
        self._interval: float | None = None

    async def run(self) -> None:
        """Make the feed and run it until cancelled. Raises what the feed raises.

        A recorder that starts at this very moment takes the database from a feed that was about to collect, and has
        nothing in it yet for one that attaches: for some seconds the feed is made anew.
        """
        patience: float | None = None
        while True:
            feed = await asyncio.to_thread(self._make)
            if self._interval is not None:
                feed.set_interval(self._interval)
            self._feed = feed
            try:
                return await feed.run()
            except (RecorderBusyError, DatabaseError):
                patience = patience or time.monotonic() + PATIENCE_SECONDS
                if time.monotonic() >= patience:
                    raise
            await asyncio.sleep(RETRY_SECONDS)

    async def send(self, command: Command) -> None:
        """Have a command applied; before the feed is there nothing is shown that one could be about."""
        if self._feed is not None:
            await self._feed.send(command)

    def set_interval(self, seconds: float) -> None:
        """Look, or collect, this often; also when asked for before the feed is there."""
        self._interval = seconds
        if self._feed is not None:
            self._feed.set_interval(seconds)
