"""A recording as a replay looks at it: how far it goes, whether it is still written, and any moment of it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from monitor.history.connection import identity, in_one_go
from monitor.history.lock import holder
from monitor.history.moments.follow import Follower
from monitor.history.moments.state import Snapshot, looked_at, read_state
from monitor.history.queries import fetch
from monitor.history.replay.marks import Ticks, read_ticks
from monitor.history.replay.span import Span, clip, read_span
from monitor.history.replay.timeline import read_timeline
from monitor.paths import StatePaths

if TYPE_CHECKING:
    from pathlib import Path

    import aiosqlite

    from monitor.keystore import KeyStore
    from monitor.model import Millis, Timeline

REFRESH_SECONDS: Final = 5.0
"""Between two looks at how far a recording goes by now."""
TIMELINE_SECONDS: Final = 5.0
"""Between two readings of the time line of a recording that grows, at least."""
TIMELINE_SHARE: Final = 0.01
"""Of the time, at most, that goes into reading the time line again."""


class Reel:
    """One recording, through one read-only connection; `start` and `end` leave out what lies before and after.

    `await refresh()` comes first. Methods raise sqlite3.Error.
    """

    def __init__(
        self,
        db: aiosqlite.Connection,
        file: Path,
        *,
        copied: bool,
        start: Millis | None = None,
        end: Millis | None = None,
    ) -> None:
        self.db = db
        self.span = Span(0, 0)
        """What can be shown by now."""
        self.growing = False
        """A recorder writes it. A copy does not grow, nor does what ends at a time that was named."""
        self._file = file
        self._lock = StatePaths(file.parent, file).lock
        self._identity = identity(file)
        self._fixed = copied or end is not None
        self._start = start
        self._end = end
        self._agents: list[str] = []
        self._follower = Follower(db)
        self._refresh_at = 0.0
        self._timeline_at = 0.0
        self._timeline: Timeline | None = None

    @property
    def refresh_due(self) -> bool:
        """Whether the span may be another by now."""
        return time.monotonic() >= self._refresh_at

    async def refresh(self) -> None:
        """See how far it goes by now. Raises DatabaseError when there is nothing in it to show."""
        self._refresh_at = time.monotonic() + REFRESH_SECONDS
        self.growing = not self._fixed and await asyncio.to_thread(self._is_written)
        self.span = clip(await read_span(self.db, self._file), self._file, self._start, self._end)
        self._agents = [row["agent_id"] for row in await fetch(self.db, "agents_recorded")]

    async def snapshot(self, at: Millis, store: KeyStore) -> tuple[Snapshot, Ticks]:
        """A moment, with the process trees that someone looks at in the store, and the ticks around it."""
        trees = looked_at(store, self._agents)
        return await in_one_go(self.db, lambda db: (read_state(db, at, trees), read_ticks(db, at)))

    async def look(self, now: Millis, store: KeyStore) -> Snapshot:
        """Now, of a recording that grows."""
        return await self._follower.look(now, looked_at(store, self._agents))

    async def timeline(self) -> Timeline | None:
        """The time line where there is a new one to show: at first, and now and then while the recording grows."""
        begin = time.monotonic()
        known = self._timeline
        if begin < self._timeline_at or (known is not None and known.last == self.span.last):
            return None
        self._timeline_at = begin + TIMELINE_SECONDS
        self._timeline = await read_timeline(self.db, self.span)
        cost = time.monotonic() - begin
        self._timeline_at = begin + max(TIMELINE_SECONDS, cost / TIMELINE_SHARE)
        return self._timeline

    def _is_written(self) -> bool:
        """Whether a recorder is at work, and on this very file: a damaged one is put aside, and a new one begun."""
        return holder(self._lock) is not None and identity(self._file) == self._identity
