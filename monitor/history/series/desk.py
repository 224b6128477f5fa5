"""The desk: fills what is costly to read from the history, for those who subscribe to it and as long as they do.

It works beside each feed, through a read-only connection of its own, and shows nothing later than the store does.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from monitor.errors import MonitorError
from monitor.history.connection import explain, identity, in_one_go, open_reader
from monitor.history.moments.state import one_look
from monitor.keystore import Keys, KeyStore
from monitor.model import SPANS, Millis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

    import aiosqlite

    from monitor.history.series.orders import Order

RETRY_SECONDS: Final = 5.0
"""After a reading that failed, until the next try."""
REST: Final = 20.0
"""A reading that took so long is not repeated for so many times as long, however fast a replay plays."""
_LISTS: Final = (Keys.ALERT_HISTORY, Keys.VELOCITY)

log = logging.getLogger(__name__)


class Filled(NamedTuple):
    """A key that was filled."""

    at: Millis
    """The moment it shows."""
    rested: float
    """From when on, by the desk's clock, it may be read again."""


def order_for(key: str) -> Order | None:
    """How to fill a key; None for one that is none of the desk's."""
    if key not in _LISTS and key.rpartition(":")[2] not in SPANS:
        return None
    from monitor.history.series import orders  # noqa: PLC0415 - a recorder without a screen never needs it

    return orders.order_for(key)


class HistoryDesk:
    """Fills `Keys.series`, `Keys.ribbons`, `Keys.ALERT_HISTORY` and `Keys.VELOCITY` of a store from a database.

    It is told of subscriptions and of the store's clock, and looks for nothing by itself. While `readable` says no,
    the keys stay unset. What cannot be read is told in `Keys.HISTORY_PROBLEM`, and tried again.
    """

    def __init__(
        self,
        store: KeyStore,
        file: Path,
        *,
        readable: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._file = file
        self._readable = readable
        self._clock = clock
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._orders: dict[str, Order] = {}
        self._filled: dict[str, Filled] = {}
        self._retry_at = 0.0
        self._open = AsyncExitStack()
        self._db: aiosqlite.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self.readings = 0
        """How often something was read."""

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Fill the store for the length of a `with` block."""
        task = asyncio.create_task(self.run(), name="history desk")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def run(self) -> None:
        """Fill the store until cancelled; then take away what was filled, and close the connection."""
        stop_watching = self._store.watch_subscriptions(self._asked)
        stop_listening = self._store.subscribe(Keys.CLOCK, self._moved)
        try:
            while True:
                self._wake.clear()
                await self._serve()
                await self._wake.wait()
        finally:
            stop_watching()
            stop_listening()
            if self._timer is not None:
                self._timer.cancel()
            self._take_away(self._filled)
            self._store.delete(Keys.HISTORY_PROBLEM)
            await self._close()

    # --- when there is something to do --------------------------------------------------------------------------

    def _asked(self) -> None:
        """Somebody has subscribed to something, or no longer does."""
        found = ((key, self._orders.get(key) or order_for(key)) for key in self._store.subscribed_keys())
        orders = {key: order for key, order in found if order is not None}
        if orders.keys() != self._orders.keys():
            self._orders = orders
            self._wake.set()

    def _moved(self, _keys: frozenset[str]) -> None:
        """The store shows another moment: what lies after it is taken away at once, before anyone is told."""
        at: Millis | None = self._store.get(Keys.CLOCK)
        self._take_away([key for key, filled in self._filled.items() if at is None or at < filled.at])
        if any(self._due(key, at) for key in self._orders) or (self._db is not None and not self._readable()):
            self._wake.set()

    def _due(self, key: str, at: Millis | None) -> bool:
        """Whether a key has to be read for that moment."""
        filled = self._filled.get(key)
        return at is not None and (filled is None or at - filled.at >= self._orders[key].refresh)

    def _wake_at(self, moment: float) -> None:
        """Look again at this time of the desk's clock, also when nothing happens until then."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, moment - self._clock()), self._wake.set)

    # --- filling ------------------------------------------------------------------------------------------------

    async def _serve(self) -> None:
        """Read what is due, one key after the other, and take away what nobody subscribes to any more."""
        self._asked()
        readable = self._readable()
        self._take_away([key for key in self._filled if not readable or key not in self._orders])
        if not readable:
            await self._close()
            return
        for key in tuple(self._orders):
            if self._clock() < self._retry_at:
                self._wake_at(self._retry_at)
                return
            at: Millis | None = self._store.get(Keys.CLOCK)
            if key not in self._orders or at is None or not self._due(key, at):
                continue
            filled = self._filled.get(key)
            if filled is not None and self._clock() < filled.rested:
                self._wake_at(filled.rested)
                continue
            await self._fill(key, self._orders[key], at)

    async def _fill(self, key: str, order: Order, at: Millis) -> None:
        begin = self._clock()
        problem = ""
        try:
            value = await self._read(order, at)
        except sqlite3.Error as error:
            problem = str(explain(error, self._file))
        except MonitorError as error:
            problem = str(error)
        except Exception as error:  # of a damaged file a row may be anything: this is where it comes in
            log.exception("%s: %s cannot be read", self._file, key)
            problem = f"{self._file}: {type(error).__name__}: {error}"
        if problem:
            await self._tell_problem(problem)
            return
        now: Millis | None = self._store.get(Keys.CLOCK)
        if key not in self._orders or now is None or now < at:
            self._wake.set()
            return
        self._filled[key] = Filled(at, self._clock() + REST * (self._clock() - begin))
        self._store.set(key, value)
        self._store.delete(Keys.HISTORY_PROBLEM)
        self._store.flush((key, Keys.HISTORY_PROBLEM))

    def _take_away(self, keys: Iterable[str]) -> None:
        """Unset these keys; whoever still listens is told with what is filled next, or with the next tick."""
        for key in tuple(keys):
            del self._filled[key]
            self._store.delete(key)

    async def _tell_problem(self, problem: str) -> None:
        """Say what is wrong while what was filled stays, and begin with another connection the next time."""
        await self._close()
        self._store.set(Keys.HISTORY_PROBLEM, problem)
        self._store.flush((Keys.HISTORY_PROBLEM,))
        self._retry_at = self._clock() + RETRY_SECONDS
        self._wake_at(self._retry_at)

    # --- the database -------------------------------------------------------------------------------------------

    async def _read(self, order: Order, at: Millis) -> Any:
        """Read in one transaction that is over when this returns. Raises sqlite3.Error, MonitorError."""
        file = identity(self._file)
        if self._db is None or file != self._identity:
            await self._close()
            self._db = await self._open.enter_async_context(open_reader(self._file))
            self._identity = file
        shown: tuple[str, ...] = self._store.get(Keys.AGENTS, ())
        self.readings += 1

        def read(db: sqlite3.Connection) -> Any:
            with one_look(db):
                return order.read(db, at, shown)

        return await in_one_go(self._db, read)

    async def _close(self) -> None:
        """Let go of the connection; a reading that is still at work ends at once."""
        db, self._db = self._db, None
        if db is not None:
            await db.interrupt()
        with suppress(MonitorError):  # what cannot be closed cleanly is closed all the same
            await self._open.aclose()
