"""The attached feed: shows what another process records, read-only, a look at a time (DESIGN.md §1)."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from datetime import datetime
from typing import TYPE_CHECKING, Final

from monitor.errors import DatabaseError, DatabaseVersionError
from monitor.history.commands import send_command
from monitor.history.connection import explain, open_reader
from monitor.history.follow import Follower
from monitor.history.lock import Holder, holder
from monitor.history.migrations import verify
from monitor.history.presence import connections
from monitor.history.state import Snapshot, fill
from monitor.keystore import Keys, KeyStore
from monitor.model import Command, FeedState, Millis

if TYPE_CHECKING:
    from monitor.paths import StatePaths

MIN_INTERVAL: Final = 0.1


class AttachedFeed:
    """Fills a key store from the database that a recorder writes. It never writes through its own connection."""

    def __init__(self, paths: StatePaths, store: KeyStore, *, interval: float) -> None:
        self._paths = paths
        self._store = store
        self._interval = max(MIN_INTERVAL, interval)
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Look until cancelled. Raises DatabaseError or DatabaseVersionError when the first look fails.

        Later troubles are told in `FeedState.problem` while the last good state stays.
        """
        first = True
        while True:
            try:
                await self._follow()
            except (DatabaseError, DatabaseVersionError) as error:
                if first:
                    raise
                self._tell(None, None, str(error))
                await self._wait()
            first = False

    async def send(self, command: Command) -> None:
        """Have the recorder apply a command; when nobody records, apply it here. Raises MonitorError."""
        await send_command(self._paths, command)

    def set_interval(self, seconds: float) -> None:
        """Look this often from now on."""
        self._interval = max(MIN_INTERVAL, seconds)
        self._changed.set()

    async def _follow(self) -> None:
        """Look through one connection until the file under the database's name is another one."""
        async with open_reader(self._paths.database) as db:
            await verify(db)
            file = _identity(self._paths)
            follower = Follower(db)
            while _identity(self._paths) == file:
                await self._look(follower)
                await self._wait()

    async def _look(self, follower: Follower) -> None:
        try:
            snapshot = await follower.look(time.time_ns() // 1_000_000)
        except sqlite3.Error as error:
            raise explain(error, self._paths.database) from error
        who = await asyncio.to_thread(holder, self._paths.lock)
        fill(self._store, snapshot)
        self._store.set(Keys.CONNECTIONS, await asyncio.to_thread(connections, self._paths.presence))
        self._tell(snapshot, who, "" if who is not None else _gone(snapshot))

    def _tell(self, snapshot: Snapshot | None, who: Holder | None, problem: str) -> None:
        """Say how the feed fares; the end of a look."""
        recorder = snapshot.recorder if snapshot is not None else None
        old: FeedState | None = self._store.get(Keys.FEED)
        self._store.set(
            Keys.FEED,
            FeedState(
                mode="attached",
                host=recorder.host if recorder is not None else (old.host if old is not None else ""),
                interval_seconds=self._interval,
                database=str(self._paths.database),
                recording=who is not None,
                recorder_pid=who.pid if who is not None else None,
                problem=problem,
            ),
        )
        self._store.flush()

    async def _wait(self) -> None:
        self._changed.clear()
        try:
            async with asyncio.timeout(self._interval):
                await self._changed.wait()
        except TimeoutError:
            return


def _identity(paths: StatePaths) -> tuple[int, int] | None:
    """Which file stands under the database's name: a restored or a new one is another."""
    try:
        status = os.stat(paths.database)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _gone(snapshot: Snapshot) -> str:
    since: Millis | None = snapshot.last_tick
    if snapshot.recorder is not None:
        end = snapshot.recorder.stopped_at or snapshot.recorder.last_tick_at
        since = max(end, since or end)
    if since is None:
        return "nothing is recorded yet"
    return f"recorder gone since {datetime.fromtimestamp(since / 1000).astimezone():%H:%M}"
