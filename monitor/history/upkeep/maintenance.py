"""Maintenance of the database that is being written: roll-ups, retention and giving space back, slice by slice."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections import Counter
from typing import TYPE_CHECKING, Final

from monitor.history.connection import explain, in_one_go
from monitor.history.queries import sql
from monitor.history.upkeep import retention, rollup, vacuum
from monitor.history.upkeep.slices import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import aiosqlite

    from monitor.config import Retention
    from monitor.model import Millis

LOG_SHARE: Final = 0.5
"""Of the write-ahead log's limit: beyond it maintenance waits, for what is left is the ticks'."""
EARLY_KEPT_MS: Final = rollup.DAY
"""What is pruned early leaves the newest of this long."""
EARLY_STEP_MS: Final = 6 * rollup.HOUR
"""How much at a time is pruned early before the file is looked at again."""
EARLY_STAGES: Final = (
    ("agent_metrics", "agent_processes", "system_health", "rag_metrics"),
    ("agent_metrics_5min",),
    ("events",),
)
"""What is pruned early, first to last: tables of a stage go together, in steps of the same time."""
MAX_UNCHECKED: Final = 4
"""Slices after which the log is copied into the file, at the latest: else a tick would have to do it for them all."""
EARLY_PAUSE: Final = 4.0
"""Pause after a slice that is urgent, in times of its length."""


class Maintenance:
    """Keeps a database summed up, within its retention and small, through the connection that writes it.

    Made by `HistoryWriter.maintenance`; a slice is one transaction of some milliseconds, so that ticks go in between.
    """

    def __init__(
        self, db: aiosqlite.Connection, database: Path, kept: Retention, late: rollup.Late | None = None
    ) -> None:
        self._db = db
        self._database = database
        self._kept = kept
        self._late = late or rollup.Late()
        self._work: _Work | None = None
        self._lock = asyncio.Lock()
        self._rolled: Millis = -1
        self._pruned: Millis = -1
        self.pace = Pace()
        """How much fits into a slice, and how long the last one took."""
        self.deleted: Counter[str] = Counter()
        """Rows deleted of each table."""
        self.given_back = 0
        """Bytes that were cut off the file."""

    async def step(self, now: Millis) -> bool:
        """Do one slice of what is due; True while more can be done.

        Raises DatabaseError; the next call begins again where the last slice that was done had come to.
        """
        async with self._lock:
            if self._work is None:
                if not self._is_due(now):
                    return False
                self._work = _Work(lambda db: self._spaced(db, self._due_slices(db, now)))
            work, self._work = self._work, None  # after an error it is begun anew
            if not await self._advance(work):
                return False
            self._work = work
            return not work.waits

    async def prune_early(self, now: Millis, free_target: int) -> int:
        """Give `free_target` bytes of the file back to the disk, oldest samples first; returns how many it came to.

        Nothing of the last day goes, nothing that is not summed up yet, and no hourly or daily row, status change,
        alert, task event or commit. It goes on as fast as ticks allow, and ends early when a reader keeps the
        write-ahead log from being emptied. Raises DatabaseError.
        """
        async with self._lock:
            before = self.given_back
            work = _Work(lambda db: self._spaced(db, self._early_slices(db, now, free_target)))
            more = await self._advance(work)
            while more and not work.waits:
                await asyncio.sleep(EARLY_PAUSE * self.pace.last_seconds)
                more = await self._advance(work)
            return self.given_back - before

    @property
    def waiting(self) -> bool:
        """Whether the last step did nothing, because a reader keeps the write-ahead log from being emptied."""
        return self._work is not None and self._work.waits

    def _is_due(self, now: Millis) -> bool:
        return (
            self._late.noted
            or self._rolled != rollup.horizon(now, rollup.LEVELS[0].period)
            or self._pruned != now // rollup.DAY
        )

    async def _advance(self, work: _Work) -> bool:
        """Do a slice of this work; False once it is done. Raises DatabaseError."""
        try:
            await in_one_go(self._db, work.advance)
        except sqlite3.Error as error:
            raise explain(error, self._database) from error
        return not work.done

    # --- in the connection's thread -------------------------------------------------------------------------------

    def _spaced(self, db: sqlite3.Connection, slices: Iterator[None]) -> Iterator[None]:
        """The slices, and between them others that copy the log into the file: so often that each of these is short."""
        unchecked = 0
        for _ in slices:
            kind = f"checkpoint after {self.pace.last_kind}"
            yield
            unchecked += 1
            if unchecked >= min(MAX_UNCHECKED, self.pace.size(kind, 1)):
                with self.pace.slice(db, kind, transaction=False) as part:
                    db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                    part.used = unchecked
                unchecked = 0
                yield

    def _due_slices(self, db: sqlite3.Connection, now: Millis) -> Iterator[None]:
        """Roll-ups, and once a day what is past its time: at the first look, and when a day has passed in UTC."""
        yield from rollup.roll_up(db, now, self.pace, self._late)
        self._rolled = rollup.horizon(now, rollup.LEVELS[0].period)
        if self._pruned == now // rollup.DAY:
            return
        cuts = retention.cuts(self._kept, now)
        yield from retention.prune(db, cuts, now, self.pace, self.deleted)
        yield from retention.forget_agents(db, min(cuts.values()), self.pace, self.deleted)
        yield from self._vacuum(db)
        self._pruned = now // rollup.DAY

    def _early_slices(self, db: sqlite3.Connection, now: Millis, target: int) -> Iterator[None]:
        """Stage after stage, in steps of the recorded time, until the file is so much smaller."""
        yield from rollup.roll_up(db, now, self.pace, self._late)
        wanted = self.given_back + target
        yield from self._vacuum(db, everything=True)
        limit = now - EARLY_KEPT_MS
        for stage in EARLY_STAGES:
            found = retention.oldest(db)
            cut = min((at for name in stage if (at := found[name]) is not None), default=limit)
            step = EARLY_STEP_MS
            while self.given_back < wanted and cut < limit:
                cut = min(limit, cut + step)
                before = self.deleted.total()
                yield from retention.prune(db, dict.fromkeys(stage, cut), now, self.pace, self.deleted)
                # The oldest rows may be few that still hold, with months of nothing after them.
                step = EARLY_STEP_MS if self.deleted.total() > before else 2 * step
                yield from self._vacuum(db, everything=True)

    def _vacuum(self, db: sqlite3.Connection, *, everything: bool = False) -> Iterator[None]:
        before = vacuum.file_bytes(db)
        for _ in vacuum.give_back(db, self.pace, everything=everything):
            now = vacuum.file_bytes(db)
            self.given_back, before = self.given_back + before - now, now
            yield


class _Work:
    """Slices in progress: an iterator that lives in the connection's thread. Slices wait while the log is too full."""

    def __init__(self, begin: Callable[[sqlite3.Connection], Iterator[None]]) -> None:
        self._begin = begin
        self._slices: Iterator[None] | None = None
        self.done = False
        """Nothing is left to do."""
        self.waits = False
        """The last call did nothing, for a reader keeps the write-ahead log from being emptied."""

    def advance(self, db: sqlite3.Connection) -> None:
        """Do the next slice."""
        if self._slices is None:
            self._slices = self._begin(db)
        self.waits = not _log_has_room(db)
        if self.waits:
            return
        automatic = vacuum.pragma(db, "wal_autocheckpoint")
        db.execute("PRAGMA wal_autocheckpoint = 0")  # a checkpoint is a slice of its own
        try:
            self.done = next(self._slices, _END) is _END
        finally:
            db.execute(f"PRAGMA wal_autocheckpoint = {automatic:d}")


_END: Final = object()


def _log_has_room(db: sqlite3.Connection) -> bool:
    """Whether the write-ahead log is within maintenance's share of its limit, if need be after a checkpoint."""
    file = db.execute(sql("database_file")).fetchone()[0]
    limit = LOG_SHARE * vacuum.pragma(db, "journal_size_limit")
    if _log_bytes(file) <= limit:
        return True
    patience = vacuum.pragma(db, "busy_timeout")
    db.execute("PRAGMA busy_timeout = 0")  # readers are not waited for
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.OperationalError:
        return False
    finally:
        db.execute(f"PRAGMA busy_timeout = {patience:d}")
    return _log_bytes(file) <= limit


def _log_bytes(file: str) -> int:
    try:
        return os.stat(f"{file}-wal").st_size
    except FileNotFoundError:
        return 0
