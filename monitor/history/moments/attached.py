"""The attached feed: shows what another process records, read-only, a look at a time (DESIGN.md §1)."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from typing import TYPE_CHECKING, Final

from monitor.errors import DatabaseError, DatabaseVersionError
from monitor.history.commands import send_command
from monitor.history.connection import explain, identity, open_reader
from monitor.history.migrations import verify
from monitor.history.moments.follow import Follower
from monitor.history.moments.recorder_watch import RecorderWatch, look_seconds
from monitor.history.moments.state import Snapshot, fill, looked_at
from monitor.history.presence import connections
from monitor.history.series.desk import HistoryDesk
from monitor.keystore import Keys, KeyStore
from monitor.model import Command, FeedState

if TYPE_CHECKING:
    from monitor.paths import StatePaths

MIN_INTERVAL: Final = 0.1
PRESENCE_SECONDS: Final = 10.0
"""Viewers that were killed are noticed after this long; those that come and go, at once."""


class AttachedFeed:
    """Fills a key store from the database that a recorder writes, which it opens for reading only.

    It looks as often as the recorder ticks, or at `interval` seconds when that is less. A look at a database in which
    nothing was written costs one pragma.
    """

    def __init__(self, paths: StatePaths, store: KeyStore, *, interval: float) -> None:
        self._paths = paths
        self._store = store
        self._interval = max(MIN_INTERVAL, interval)
        self._chosen = False
        self._changed = asyncio.Event()
        self._recorder = RecorderWatch(paths.lock)
        self._wanted: tuple[int, tuple[str, ...], frozenset[str]] = (-1, (), frozenset())
        self._presence: tuple[int | None, float] = (None, -PRESENCE_SECONDS)

    async def run(self) -> None:
        """Look until cancelled. Raises DatabaseError or DatabaseVersionError when the first look fails.

        Later troubles are told in `FeedState.problem` while the last good state stays.
        """
        first = True
        async with HistoryDesk(self._store, self._paths.database).at_work():
            while True:
                try:
                    await self._follow()
                except (DatabaseError, DatabaseVersionError) as error:
                    if first:
                        raise
                    self._tell(None, str(error))
                    await self._wait(self._interval)
                first = False

    async def send(self, command: Command) -> None:
        """Have the recorder apply a command; when nobody records, apply it here. Raises MonitorError."""
        await send_command(self._paths, command)

    def set_interval(self, seconds: float) -> None:
        """Look this often from now on, and no more often because the recorder ticks so."""
        self._interval, self._chosen = max(MIN_INTERVAL, seconds), True
        self._changed.set()

    async def _follow(self) -> None:
        """Look through one connection until the file under the database's name is another one."""
        async with open_reader(self._paths.database) as db:
            await verify(db)
            file = identity(self._paths.database)
            follower = Follower(db)
            while identity(self._paths.database) == file:
                snapshot = await self._look(follower)
                await self._wait(
                    self._interval
                    if self._chosen
                    else max(MIN_INTERVAL, look_seconds(snapshot, self._interval))
                )

    async def _look(self, follower: Follower) -> Snapshot:
        try:
            snapshot = await follower.look(time.time_ns() // 1_000_000, self._processes_of())
        except sqlite3.Error as error:
            raise explain(error, self._paths.database) from error
        self._recorder.look(snapshot, changed=follower.changed)
        if follower.changed:
            fill(self._store, snapshot)
        else:
            self._store.set(Keys.CLOCK, snapshot.at)
        self._look_for_viewers()
        self._tell(snapshot, self._recorder.problem(snapshot))
        return snapshot

    def _processes_of(self) -> frozenset[str]:
        """The agents at whose process tree someone looks."""
        version, ids = self._store.subscriptions_version, self._store.get(Keys.AGENTS, ())
        if self._wanted[:2] != (version, ids):
            self._wanted = (version, ids, looked_at(self._store, ids))
        return self._wanted[2]

    def _look_for_viewers(self) -> None:
        """Read the presence files again when one came or went, and now and then for those that nobody holds."""
        try:
            moved = os.stat(self._paths.presence).st_mtime_ns
        except OSError:
            moved = None
        known, then = self._presence
        if moved != known or time.monotonic() - then >= PRESENCE_SECONDS:
            self._presence = (moved, time.monotonic())
            self._store.set(Keys.CONNECTIONS, connections(self._paths.presence))

    def _tell(self, snapshot: Snapshot | None, problem: str) -> None:
        """Say how the feed fares; the end of a look."""
        recorder = snapshot.recorder if snapshot is not None else None
        who = self._recorder.who if snapshot is not None else None
        old: FeedState | None = self._store.get(Keys.FEED)
        self._store.set(
            Keys.FEED,
            FeedState(
                mode="attached",
                host=recorder.host if recorder is not None else (old.host if old is not None else ""),
                interval_seconds=self._interval,
                database=str(self._paths.database),
                recording=who is not None and not problem,
                recorder_pid=who.pid if who is not None else None,
                problem=problem,
            ),
        )
        self._store.flush()

    async def _wait(self, seconds: float) -> None:
        self._changed.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return
