"""The replay feed: shows any moment of a recording, and plays on from it (DESIGN.md §1)."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.errors import DatabaseError, MonitorError
from monitor.history.connection import explain
from monitor.history.moments.state import Snapshot, fill
from monitor.history.recordings import file_of, open_recording
from monitor.history.replay.marks import find_mark, step
from monitor.history.replay.pace import Pace
from monitor.history.replay.playback import Playback
from monitor.history.replay.reel import Reel
from monitor.history.series.desk import HistoryDesk
from monitor.keystore import Keys, KeyStore
from monitor.model import FeedState, ReplayState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from monitor.model import Command, Mark, MarkKind, Millis

    Move = Callable[[Reel], Awaitable[None]]

LOOK_SECONDS: Final = 0.25
"""How soon it is noticed that somebody looks at what is only read for who looks at it."""
PATIENCE_SECONDS: Final = 1.0
"""After a reading that failed, until the next try while playing."""
MIN_INTERVAL: Final = 0.1


class ReplayFeed:
    """Fills a key store with a moment of a recording: a `Feed` and a `Player`. It writes nothing, nowhere.

    It begins at `at`, else at the first moment from `start`; `end` is the last one shown. A gap looks like one, but one
    that would take more than 10 s to play is left after 1 s (`pace`). At the end it stands still, or follows a
    recording that is still written, looking every `interval` seconds. A recording of an older schema is shown from a
    temporary copy (`open_recording`), which does not grow.
    """

    def __init__(
        self,
        file: Path,
        store: KeyStore,
        *,
        at: Millis | None = None,
        start: Millis | None = None,
        end: Millis | None = None,
        speed: float = 1.0,
        playing: bool = True,
        interval: float = 2.0,
    ) -> None:
        self._file = file
        self._store = store
        self._first_at = at
        self._start = start
        self._end = end
        self._interval = max(MIN_INTERVAL, interval)
        self._playback = Playback(0, playing=playing, speed=speed)
        self._moves: list[Move] = []
        self._wake = asyncio.Event()
        self._following = False
        self._mark: Mark | None = None
        self._pace = Pace()
        self._at: Millis = 0
        """The moment shown."""
        self._painted: tuple[Millis, int] | None = None
        """The moment read last, and for which subscriptions."""

    # --- Feed ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Show and play until cancelled. Raises DatabaseError or DatabaseVersionError when nothing can be shown.

        Once something is shown, a part that cannot be read is told in `FeedState.problem`, and the last picture stays.
        """
        async with open_recording(self._file) as (db, copied):
            reel = Reel(db, self._file, copied=copied, start=self._start, end=self._end)
            await reel.refresh()
            self._moves.insert(0, partial(self._go, self._first_at or 0))
            async with HistoryDesk(self._store, await file_of(db)).at_work():
                await self._play(reel)

    async def _play(self, reel: Reel) -> None:
        while True:
            try:
                delay = await self._turn(reel)
            except (sqlite3.Error, msgspec.ValidationError, DatabaseError) as error:
                if self._store.get(Keys.FEED) is None:
                    raise
                self._tell_problem(reel, error)
                delay = PATIENCE_SECONDS
            await self._wait(reel, delay)

    async def send(self, command: Command) -> None:  # noqa: ARG002 - Feed's signature
        """Raises MonitorError: what has been cannot be changed."""
        raise MonitorError("a replay shows the past: acknowledge in the live view.")

    def set_interval(self, seconds: float) -> None:
        """Look this often while following."""
        self._interval = max(MIN_INTERVAL, seconds)
        self._wake.set()

    # --- Player -------------------------------------------------------------------------------------------------

    def seek(self, at: Millis) -> None:
        """Show this moment, or the end of the recording that is nearer; what was asked for before is left out."""
        self._moves = [partial(self._go, at)]
        self._wake.set()

    def step(self, samples: int) -> None:
        """Go so many samples on, or back when negative, and stand there."""
        self._ask(partial(self._step, samples))

    def jump(self, kind: MarkKind, direction: int) -> None:
        """Go to the next (1) or previous (-1) alert or status change, and stand there, if there is one."""
        self._ask(partial(self._jump, kind, direction))

    def play(self, playing: bool) -> None:
        """Go on by itself, or stand still."""
        self._playback.play(playing)
        if not playing and self._following:
            self._moves.append(partial(self._go, self._at))
        self._wake.set()

    def set_speed(self, speed: float) -> None:
        """Play so many seconds of the recording a second."""
        self._playback.set_speed(speed)
        self._wake.set()

    def to_start(self) -> None:
        """Go to the first moment."""
        self.seek(0)

    def to_end(self) -> None:
        """Go to the last moment; while the recording is written, follow it from there."""
        self._moves = [self._go_to_end]
        self._wake.set()

    # --- moves --------------------------------------------------------------------------------------------------

    def _ask(self, move: Move) -> None:
        self._moves.append(move)
        self._wake.set()

    async def _go(self, at: Millis, reel: Reel) -> None:
        self._following = False
        self._playback.go(max(reel.span.first, min(at, reel.span.last)))

    async def _step(self, samples: int, reel: Reel) -> None:
        at = await step(reel.db, self._place(reel), samples)
        await self._go(at, reel)
        self._playback.play(playing=False)

    async def _jump(self, kind: MarkKind, direction: int, reel: Reel) -> None:
        mark = await find_mark(reel.db, self._place(reel), kind, direction)
        if mark is not None and reel.span.first <= mark.at <= reel.span.last:
            await self._go(mark.at, reel)
            self._playback.play(playing=False)
            self._mark = mark

    async def _go_to_end(self, reel: Reel) -> None:
        await self._go(reel.span.last, reel)
        self._following = reel.growing
        if reel.growing:
            self._playback.play(playing=True)

    def _place(self, reel: Reel) -> Millis:
        at = self._at if self._following else self._playback.at
        return max(reel.span.first, min(at, reel.span.last))

    # --- one picture --------------------------------------------------------------------------------------------

    async def _turn(self, reel: Reel) -> float | None:
        """Do what was asked, show where that leads, and say in how many seconds there is more to show, if there is."""
        if reel.refresh_due or (reel.growing and self._moves):
            await reel.refresh()
        self._pace.leap(self._playback)
        moves, self._moves = self._moves, []
        for move in moves:
            await move(reel)
        await self._come_to_an_end(reel)
        if self._following:
            await self._show_now(reel)
        else:
            await self._show(reel, self._place(reel))
        timeline = await reel.timeline()
        if timeline is not None:
            self._store.set(Keys.TIMELINE, timeline)
            self._store.flush()
        return self._delay(reel)

    async def _come_to_an_end(self, reel: Reel) -> None:
        """At the last moment stand still, or follow."""
        if self._following and not reel.growing:
            self._following = False
            self._playback.go(reel.span.last)
        if self._following or not self._playback.playing or self._playback.at < reel.span.last:
            return
        if reel.growing:
            await reel.refresh()
            self._following = self._playback.at >= reel.span.last
        else:
            self._playback.go(reel.span.last)
            self._playback.play(playing=False)

    async def _show(self, reel: Reel, at: Millis) -> None:
        wanted = (at, self._store.subscriptions_version)
        if self._painted != wanted:
            snapshot, ticks = await reel.snapshot(at, self._store)
            self._pace.stand(at, ticks, snapshot.holds_until, reel.span)
            self._fill(snapshot)
            self._painted = wanted
        self._tell(reel, at)

    async def _show_now(self, reel: Reel) -> None:
        at = time.time_ns() // 1_000_000
        version = self._store.subscriptions_version
        snapshot = await reel.look(at, self._store)
        self._pace.follow()
        self._fill(snapshot)
        self._painted = (at, version)
        self._tell(reel, at)

    def _fill(self, snapshot: Snapshot) -> None:
        recorder = snapshot.recorder
        fill(self._store, snapshot)
        self._store.set(
            Keys.FEED,
            FeedState(
                mode="replay",
                host=recorder.host if recorder is not None else "",
                interval_seconds=recorder.interval_ms / 1000 if recorder is not None else 0.0,
                database=str(self._file),
                recording=False,
            ),
        )

    def _tell(self, reel: Reel, at: Millis) -> None:
        """Say where the replay stands; the end of a picture."""
        self._at = at
        if self._mark is not None and self._mark.at != at:
            self._mark = None
        self._store.set(
            Keys.REPLAY,
            ReplayState(
                at=at,
                first=reel.span.first,
                last=max(reel.span.last, at),
                playing=self._playback.playing,
                speed=self._playback.speed,
                following=self._following,
                gap=self._pace.gap,
                mark=self._mark,
            ),
        )
        self._store.flush()

    def _tell_problem(self, reel: Reel, error: Exception) -> None:
        old: FeedState = self._store.get(Keys.FEED)
        problem = str(explain(error, self._file) if isinstance(error, sqlite3.Error) else error)
        self._store.set(Keys.FEED, msgspec.structs.replace(old, problem=problem))
        self._painted = None
        self._tell(reel, self._place(reel))

    # --- when there is more to show -----------------------------------------------------------------------------

    def _delay(self, reel: Reel) -> float | None:
        """Seconds until the picture changes; None while it stands still."""
        if self._following:
            return self._interval
        if not self._playback.playing:
            return None
        return self._pace.seconds(self._playback, self._at, reel.span.last)

    async def _wait(self, reel: Reel, delay: float | None) -> None:
        """Until the picture changes by itself, something is asked, or somebody looks at something else."""
        due = time.monotonic() + delay if delay is not None else float("inf")
        while (left := min(LOOK_SECONDS, due - time.monotonic())) > 0:
            try:
                async with asyncio.timeout(left):
                    await self._wake.wait()
                break
            except TimeoutError:
                if reel.refresh_due or self._looked_at_anew():
                    break
        self._wake.clear()

    def _looked_at_anew(self) -> bool:
        return self._painted is not None and self._painted[1] != self._store.subscriptions_version
