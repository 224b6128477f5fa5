"""The desk beside every feed: fills what is asked for, as of the moment shown, and takes it away again."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from history_records import AT, recording, state, tick
from hypothesis import given
from hypothesis import strategies as st
from replay_records import LAST, night, replaying, until

from monitor.collector.live import LiveFeed
from monitor.config import Intervals, Settings
from monitor.history.moments.attached import AttachedFeed
from monitor.history.series.desk import REST, RETRY_SECONDS, HistoryDesk, order_for
from monitor.history.series.windows import refresh_after
from monitor.keystore import Keys, KeyStore
from monitor.model import SPANS, Ribbons, Series

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

SERIES = Keys.series("builder", "15m")
MINUTE = 60_000


class Clock:
    """The desk's own clock: moved by hand, and by so much with each look at it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.step = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


class Bench:
    """A desk at work on a store whose moment the test chooses."""

    def __init__(self, file: Path) -> None:
        self.store = KeyStore()
        self.clock = Clock()
        self.readable = True
        self.asked_whether_readable = 0
        self.desk = HistoryDesk(self.store, file, readable=self.is_readable, clock=self.clock)
        self.told: list[str] = []
        self.store.subscribe("*", self.told.extend)

    def is_readable(self) -> bool:
        self.asked_whether_readable += 1
        return self.readable

    def move(self, at: int) -> None:
        """Show this moment."""
        self.store.set(Keys.CLOCK, at)
        self.store.flush()

    def ask(self, key: str) -> Callable[[], None]:
        return self.store.subscribe(key, lambda _: None)

    async def fills(self, key: str) -> Any:
        await until(lambda: self.store.get(key) is not None)
        return self.store.get(key)

    async def has_looked_at_everything(self) -> None:
        """Wait until the desk has served what it was last asked: what comes last in its round is filled."""
        other = next(span for span in SPANS if Keys.ribbons(span) not in self.store.subscribed_keys())
        self.ask(Keys.ribbons(other))
        await self.fills(Keys.ribbons(other))


@asynccontextmanager
async def at_work(file: Path, at: int | None = AT + MINUTE) -> AsyncIterator[Bench]:
    bench = Bench(file)
    if at is not None:
        bench.store.set(Keys.CLOCK, at)
    async with bench.desk.at_work():
        yield bench


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A recording of builder and tester over two minutes, and of builder alone over two more."""
    async with recording(state(tmp_path)) as writer:
        for number in range(48):
            names = ("builder", "tester") if number < 24 else ("builder",)
            await writer.write(tick(AT + number * 5_000, *names))
    return state(tmp_path).database


# --- what is filled ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", SPANS)
async def test_each_key_is_filled_with_what_it_says(file: Path, span: str) -> None:
    async with at_work(file) as bench:
        bench.store.set(Keys.AGENTS, ("tester", "builder"))
        keys = (Keys.series("builder", span), Keys.ribbons(span), Keys.ALERT_HISTORY, Keys.VELOCITY)
        for key in keys:
            bench.ask(key)
        for key in keys:
            await bench.fills(key)
        series: Series = bench.store.get(keys[0])
        found: Ribbons = bench.store.get(keys[1])
        assert (series.agent_id, series.points[-1].status) == ("builder", "active")
        assert (series.start, series.end, series.bucket_ms) == (found.start, found.end, found.bucket_ms)
        assert [ribbon.agent_id for ribbon in found.ribbons] == ["tester", "builder"]
        assert bench.store.get(Keys.ALERT_HISTORY) == ()
        assert len(bench.store.get(Keys.VELOCITY)) == 14
        assert set(keys) <= set(bench.told)


async def test_nothing_is_read_that_nobody_asks_for(file: Path) -> None:
    async with at_work(file) as bench:
        for number in range(100):
            bench.move(AT + number * 60_000)
        bench.store.subscribe("agents:*", lambda _: None)
        stop = bench.ask(Keys.VELOCITY)
        await bench.fills(Keys.VELOCITY)
        assert bench.desk.readings == 1, "a pattern asks for no series"
        stop()
        await until(lambda: bench.store.get(Keys.VELOCITY) is None)


async def test_what_was_asked_for_before_it_began_is_filled_too(file: Path) -> None:
    bench = Bench(file)
    bench.ask(SERIES)
    async with bench.desk.at_work():
        bench.move(AT + MINUTE)
        await bench.fills(SERIES)


async def test_an_agent_may_have_any_name(file: Path) -> None:
    name = "claude-code:shop#2[a]*:series:1h"
    async with at_work(file) as bench:
        bench.store.subscribe("agents:claude-code:shop#2[[]a][*]:series:1h:series:7d", lambda _: None)
        found = await bench.fills(Keys.series(name, "7d"))
        assert found.agent_id == name


@given(st.text(min_size=1), st.sampled_from(tuple(SPANS)))
def test_the_key_alone_tells_what_to_read(agent_id: str, span: str) -> None:
    order = order_for(Keys.series(agent_id, span))
    assert order is not None
    assert order.refresh == refresh_after(span)
    for other in (
        Keys.status(agent_id),
        Keys.series(agent_id, "2h"),
        Keys.ribbons(f"{agent_id}:15"),
        Keys.CLOCK,
    ):
        assert order_for(other) is None


# --- when it is read again -----------------------------------------------------------------------------------------


async def test_it_is_read_again_once_the_moment_has_moved_on_far_enough(file: Path) -> None:
    async with at_work(file, AT) as bench:
        bench.ask(SERIES)
        first = await bench.fills(SERIES)
        bench.move(AT + 4_999)
        await bench.has_looked_at_everything()
        assert bench.store.get(SERIES) is first
        bench.move(AT + 5_000)
        await until(lambda: bench.store.get(SERIES).end == AT + 5_001)


async def test_what_lies_after_the_moment_is_taken_away_at_once(file: Path) -> None:
    async with at_work(file, AT + 4 * MINUTE) as bench:
        bench.ask(SERIES)
        await bench.fills(SERIES)
        bench.move(AT + MINUTE)
        assert bench.store.get(SERIES) is None
        assert (await bench.fills(SERIES)).end == AT + MINUTE + 1


async def test_a_slow_reading_rests_longer_than_it_took(file: Path) -> None:
    async with at_work(file, AT) as bench:
        bench.clock.step = 1.0
        bench.ask(SERIES)
        first = await bench.fills(SERIES)
        bench.clock.step = 0.0
        bench.move(AT + MINUTE)
        await bench.has_looked_at_everything()
        assert bench.store.get(SERIES) is first
        bench.clock.now += 2 * REST
        bench.move(AT + MINUTE + 1)
        await until(lambda: bench.store.get(SERIES).end == AT + MINUTE + 2)


async def test_without_a_moment_there_is_nothing_to_read(file: Path) -> None:
    async with at_work(file, None) as bench:
        bench.ask(SERIES)
        bench.store.flush()
        assert bench.desk.readings == 0
        bench.move(AT)
        await bench.fills(SERIES)
        bench.store.delete(Keys.CLOCK)
        bench.store.flush()
        assert bench.store.get(SERIES) is None


# --- what goes wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [None, b"no database", b"SQLite format 3\x00" + bytes(4096)])
async def test_what_cannot_be_read_is_told_and_tried_again(
    tmp_path: Path, file: Path, damage: bytes | None
) -> None:
    other = tmp_path / "other.db"
    if damage is not None:
        other.write_bytes(damage)
    async with at_work(other) as bench:
        bench.ask(SERIES)
        problem = await bench.fills(Keys.HISTORY_PROBLEM)
        assert str(other) in problem
        file.rename(other)
        bench.clock.now += RETRY_SECONDS
        bench.move(AT + MINUTE + 1)
        await bench.fills(SERIES)
        assert bench.store.get(Keys.HISTORY_PROBLEM) is None


async def test_what_was_filled_stays_while_it_cannot_be_read(file: Path) -> None:
    async with at_work(file) as bench:
        bench.ask(SERIES)
        first = await bench.fills(SERIES)
        file.unlink()
        bench.move(AT + 2 * MINUTE)
        await bench.fills(Keys.HISTORY_PROBLEM)
        assert bench.store.get(SERIES) is first


async def test_another_file_under_the_same_name_is_read_instead(tmp_path: Path, file: Path) -> None:
    newer = tmp_path / "newer"
    newer.mkdir()
    async with recording(state(newer)) as writer:
        await writer.write(tick(AT + MINUTE, "replacement"))
    async with at_work(file) as bench:
        bench.ask(Keys.ribbons("15m"))
        before = await bench.fills(Keys.ribbons("15m"))
        assert [ribbon.agent_id for ribbon in before.ribbons] == ["builder", "tester"]
        state(newer).database.rename(file)
        bench.move(AT + 2 * MINUTE)
        await until(lambda: bench.store.get(Keys.ribbons("15m")) is not before)
        assert [ribbon.agent_id for ribbon in bench.store.get(Keys.ribbons("15m")).ribbons] == ["replacement"]


async def test_while_nothing_is_recorded_nothing_is_shown(file: Path) -> None:
    async with at_work(file) as bench:
        bench.readable = False
        bench.ask(SERIES)
        bench.asked_whether_readable = 0
        await until(lambda: bench.asked_whether_readable)
        assert bench.desk.readings == 0
        assert bench.store.get(Keys.HISTORY_PROBLEM) is None
        bench.readable = True
        bench.move(AT + 3 * MINUTE)
        await bench.fills(SERIES)
        bench.readable = False
        bench.move(AT + 3 * MINUTE + 1)
        await until(lambda: bench.store.get(SERIES) is None)


async def test_at_its_end_nothing_of_it_is_left(file: Path) -> None:
    async with at_work(file) as bench:
        bench.ask(SERIES)
        await bench.fills(SERIES)
        store = bench.store
    assert store.get(SERIES) is None
    assert store.subscribed_keys() == {SERIES}, "it listens to no clock any more"
    bench.ask(Keys.VELOCITY)
    bench.move(AT + 4 * MINUTE)
    assert bench.desk.readings == 1


# --- beside the feeds ----------------------------------------------------------------------------------------------


async def test_a_live_view_has_its_history(tmp_path: Path) -> None:
    store = KeyStore()
    feed = LiveFeed(Settings(discover=False, intervals=Intervals(tick=0.1)), state(tmp_path), store)
    store.subscribe(Keys.ribbons("15m"), lambda _: None)
    running = asyncio.create_task(feed.run())
    try:
        await until(lambda: store.get(Keys.ribbons("15m")) is not None)
        assert store.get(Keys.ribbons("15m")).end <= store.get(Keys.CLOCK) + 1
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert store.get(Keys.ribbons("15m")) is None


async def test_an_attached_view_has_the_recorders_history(tmp_path: Path) -> None:
    now = time.time_ns() // 1_000_000
    store = KeyStore()
    store.subscribe(SERIES, lambda _: None)
    async with recording(state(tmp_path), now) as writer:
        await writer.write(tick(now, "builder"))
        running = asyncio.create_task(AttachedFeed(state(tmp_path), store, interval=0.1).run())
        try:
            await until(lambda: store.get(SERIES) is not None)
            assert "active" in {point.status for point in store.get(SERIES).points}
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_a_replay_has_the_history_of_the_moment_it_shows(tmp_path: Path) -> None:
    async with replaying(await night(tmp_path)) as watched:
        key = Keys.series("builder", "24h")
        watched.store.subscribe(key, lambda _: None)
        watched.feed.seek(LAST)
        await until(lambda: (found := watched.store.get(key)) is not None and found.end == LAST + 1)
        assert watched.store.get(key).points[-1].status == "error"
        watched.feed.seek(AT + 6_000)
        await until(lambda: (found := watched.store.get(key)) is not None and found.end == AT + 6_001)
        assert {point.status for point in watched.store.get(key).points} == {None, "active"}
