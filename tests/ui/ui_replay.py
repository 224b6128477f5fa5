"""A replay filled by hand: a player that moves the store's clock and notes what it is asked for."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from ui_fleet import HOUR, MINUTE, NOW, ScriptedFeed, fill
from ui_screens import WIDE, Screen, wait_for

from monitor.keystore import Keys, KeyStore
from monitor.model import FeedState, MarkKind, Millis, ReplayState, Timeline, TimelineSlice
from monitor.ui.app import MonitorApp
from monitor.ui.options import ScreenOptions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FIRST, LAST = NOW - 2 * HOUR, NOW + 6 * HOUR
"""10:03:04 to 18:03:04."""


class ScriptedPlayer(ScriptedFeed):
    """Goes where it is told to, and notes it; what `answers` is false for is only noted."""

    def __init__(self, store: KeyStore) -> None:
        super().__init__()
        self.store = store
        self.asked: list[tuple[Any, ...]] = []
        self.answers = True

    def _answer(self, *asked: Any, **changes: Any) -> None:
        self.asked.append(asked)
        if self.answers:
            self.show(**changes)

    def show(self, **changes: Any) -> None:
        """Set the replay's state, and the clock with it."""
        state = msgspec.structs.replace(self.store.get(Keys.REPLAY), **changes)
        self.store.set(Keys.REPLAY, state)
        self.store.set(Keys.CLOCK, state.at)
        self.store.flush()

    def seek(self, at: Millis) -> None:
        self._answer("seek", at, at=at)

    def step(self, samples: int) -> None:
        self._answer("step", samples)

    def jump(self, kind: MarkKind, direction: int) -> None:
        self._answer("jump", kind, direction)

    def play(self, playing: bool) -> None:
        self._answer("play", playing, playing=playing)

    def set_speed(self, speed: float) -> None:
        self._answer("speed", speed, speed=speed)

    def to_start(self) -> None:
        self._answer("start", at=FIRST)

    def to_end(self) -> None:
        self._answer("end", at=LAST, following=True)


def timeline() -> Timeline:
    """Eight hours in 240 slices: a gap in the sixth hour, alerts and changes of status before it."""
    slices = [TimelineSlice(recorded=1.0)] * 240
    slices[150:180] = [TimelineSlice(recorded=0.0)] * 30
    slices[180] = TimelineSlice(recorded=0.5)
    slices[20] = TimelineSlice(recorded=1.0, changes=2, status="idle")
    slices[40] = TimelineSlice(recorded=1.0, alerts=1, severity="warning", changes=1, status="blocked")
    slices[80] = TimelineSlice(recorded=1.0, changes=1, status="error")
    slices[82] = TimelineSlice(recorded=1.0, alerts=2, severity="critical")
    slices[110] = TimelineSlice(recorded=1.0, changes=1, status="active")
    slices[200] = TimelineSlice(recorded=1.0, alerts=1, severity="error")
    slices[220] = TimelineSlice(recorded=1.0, changes=3, status="offline")
    return Timeline(first=FIRST, last=LAST, slices=tuple(slices))


def replay_store(**changes: Any) -> KeyStore:
    """A store as a replay fills it, standing still at `NOW`."""
    store = fill(KeyStore())
    feed = FeedState(
        mode="replay", host="forge", interval_seconds=2.0, database="/night/monitor.db", recording=False
    )
    store.set(Keys.FEED, feed)
    store.set(Keys.REPLAY, ReplayState(**{"at": NOW, "first": FIRST, "last": LAST, **changes}))
    store.set(Keys.TIMELINE, timeline())
    return store


def in_a_gap(store: KeyStore) -> None:
    """Nobody recorded: statuses are the last ones known, numbers unknown."""
    for agent_id in store.get(Keys.AGENTS):
        status = store.get(Keys.status(agent_id))
        store.set(Keys.status(agent_id), msgspec.structs.replace(status, stale=True))
        store.set(Keys.metrics(agent_id), type(store.get(Keys.metrics(agent_id)))())
    state = store.get(Keys.REPLAY)
    store.set(Keys.REPLAY, msgspec.structs.replace(state, gap=(NOW - 10 * MINUTE, NOW + 85 * MINUTE)))


class ReplayedScreen(Screen):
    """A running replay."""

    feed: ScriptedPlayer

    @property
    def asked(self) -> list[tuple[Any, ...]]:
        """What the player was asked for."""
        return self.feed.asked


@asynccontextmanager
async def replayed(
    store: KeyStore, size: tuple[int, int] = WIDE, options: ScreenOptions | None = None
) -> AsyncIterator[ReplayedScreen]:
    """The app over a replay."""
    player = ScriptedPlayer(store)
    app = MonitorApp(store, player, options or ScreenOptions(user="ada"))
    async with app.run_test(size=size, notifications=True) as pilot:
        await wait_for(pilot, lambda: player.running, "the feed runs")
        yield ReplayedScreen(app, pilot, player)
