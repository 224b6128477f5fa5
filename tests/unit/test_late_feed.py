"""The feed that is imported after the first picture."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from history_records import AT, recording, state, tick

from monitor.cli import late_feed
from monitor.cli.late_feed import LateFeed
from monitor.cli.live import _make_feed
from monitor.collector.live import LiveFeed
from monitor.config import Intervals, Settings
from monitor.errors import RecorderBusyError
from monitor.history.moments.attached import AttachedFeed
from monitor.keystore import Keys, KeyStore
from monitor.model import Command

COMMAND = Command(kind="acknowledge", alert_id="a1", by="ada", at=1)


class Feed:
    """A feed that notes what it is asked for."""

    def __init__(self) -> None:
        self.made_in = threading.current_thread()
        self.running = asyncio.Event()
        self.cancelled = False
        self.sent: list[Command] = []
        self.intervals: list[float] = []

    async def run(self) -> None:
        self.running.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled = True

    async def send(self, command: Command) -> None:
        self.sent.append(command)

    def set_interval(self, seconds: float) -> None:
        self.intervals.append(seconds)


async def test_the_feed_is_made_only_when_it_runs_and_not_in_the_thread_that_draws() -> None:
    loop = asyncio.get_running_loop()
    made: asyncio.Future[Feed] = loop.create_future()

    def make() -> Feed:
        feed = Feed()
        loop.call_soon_threadsafe(made.set_result, feed)
        return feed

    late = LateFeed(make)
    await late.send(COMMAND)
    late.set_interval(5.0)
    await asyncio.sleep(0)
    assert not made.done()
    running = asyncio.create_task(late.run())
    async with asyncio.timeout(5):
        feed = await made
        await feed.running.wait()
    assert feed.made_in is not threading.current_thread()
    assert feed.intervals == [5.0], "what was asked for before is not lost"
    await late.send(COMMAND)
    late.set_interval(1.0)
    assert feed.sent == [COMMAND]
    assert feed.intervals == [5.0, 1.0]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert feed.cancelled


async def test_a_feed_that_cannot_be_made_ends_with_its_error() -> None:
    def make() -> Feed:
        raise RecorderBusyError("process 7 records already")

    with pytest.raises(RecorderBusyError, match="process 7"):
        await LateFeed(make).run()


async def test_a_recorder_that_starts_at_the_same_moment_is_attached_to(tmp_path: Path) -> None:
    paths, store = state(tmp_path), KeyStore()
    settings = Settings(discover=False, intervals=Intervals(tick=0.1))
    async with recording(paths) as recorder:  # after the first feed was made, and before it ran
        made: list[object] = []

        def make() -> Any:
            made.append(_make_feed(settings, paths, store) if made else LiveFeed(settings, paths, store))
            return made[-1]

        running = asyncio.create_task(LateFeed(make).run())
        async with asyncio.timeout(10):
            while (feed := store.get(Keys.FEED)) is None or feed.mode != "attached":
                assert not running.done(), running.exception()
                await recorder.write(tick(AT, "builder"))
                await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [type(feed) for feed in made] == [LiveFeed, AttachedFeed]


async def test_a_recorder_that_never_gets_anywhere_ends_the_view_with_its_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(late_feed, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(late_feed, "RETRY_SECONDS", 0.01)
    made = 0

    class Refused(Feed):
        async def run(self) -> None:
            raise RecorderBusyError("process 7 records already")

    def make() -> Refused:
        nonlocal made
        made += 1
        return Refused()

    with pytest.raises(RecorderBusyError, match="process 7"):
        await LateFeed(make).run()
    assert made > 1
