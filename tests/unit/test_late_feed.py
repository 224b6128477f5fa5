"""The feed that is imported after the first picture."""

from __future__ import annotations

import asyncio
import threading

import pytest

from monitor.cli.late_feed import LateFeed
from monitor.errors import RecorderBusyError
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
