"""Recordings for the tests of replay, and a feed that plays one."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from history_records import AT, agent, alert, state, status

from monitor.history.replay.feed import ReplayFeed
from monitor.history.writing.rows import TickRows
from monitor.history.writing.writer import HistoryWriter
from monitor.keystore import Keys, KeyStore
from monitor.model import AgentMetrics, ReplayState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

TICK = 2000
"""Milliseconds between the recordings' ticks."""


def sample(at: int, *names: str, doing: str = "active", cpu: float = 1.0) -> TickRows:
    """A tick in which these agents have that status."""
    return TickRows(
        at=at,
        samples=[
            (
                status(name, status=doing, status_since=at, status_reason=f"{doing} now"),
                AgentMetrics(pid=7, cpu_usage=cpu),
            )
            for name in names
        ],
    )


async def write(folder: Path, ticks: Iterable[TickRows], *, killed: bool = False) -> Path:
    """What one recorder writes, from the first of the ticks to the last; returns the recording."""
    ticks = list(ticks)
    async with recorder(folder, ticks[0].at) as writer:
        for rows in ticks:
            await writer.write(rows)
        if killed:
            await writer._db.close()
            writer._lock.release()
        else:
            await writer.close(ticks[-1].at)
    return state(folder).database


@asynccontextmanager
async def recorder(folder: Path, now: int) -> AsyncIterator[HistoryWriter]:
    """A recorder that is at work; whoever asks for it closes it."""
    yield await HistoryWriter.open(
        state(folder), host="attic", boot_id="boot", version="1", interval_seconds=TICK / 1000, now=now
    )


async def night(folder: Path) -> Path:
    """Twenty ticks of two agents, an hour that nobody recorded, and twenty more.

    builder: active, idle from tick 5, error from tick 10; scout: active. An alert at tick 12, another at tick 30.
    """
    first = []
    for number in range(20):
        at = AT + number * TICK
        doing = "active" if number < 5 else "idle" if number < 10 else "error"
        rows = sample(at, "builder", doing=doing, cpu=float(number))
        rows.samples += sample(at, "scout", cpu=50.0 + number).samples
        rows.agents = [agent("builder"), agent("scout")]
        if number == 12:
            rows.alerts = [alert("alert-1", created_at=at, severity="error", title="builder failed")]
        first.append(rows)
    await write(folder, first)
    second = []
    for number in range(20):
        at = AFTER_GAP + number * TICK
        rows = sample(at, "builder", doing="error", cpu=float(20 + number))
        if number == 10:
            rows.alerts = [alert("alert-2", created_at=at, subject="host", title="disk full")]
        second.append(rows)
    return await write(folder, second)


GAP_FROM = AT + 19 * TICK
AFTER_GAP = GAP_FROM + 3_600_000
LAST = AFTER_GAP + 19 * TICK


async def until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - only looking can tell
            await asyncio.sleep(0.005)


class Watched:
    """A feed at work, and every state of it that the store told."""

    def __init__(self, file: Path, options: dict[str, Any]) -> None:
        self.store = KeyStore()
        self.feed = ReplayFeed(file, self.store, **{"playing": False, **options})
        self.told: list[ReplayState] = []
        self.store.subscribe(Keys.REPLAY, lambda _: self.told.append(self.now))
        self.running = asyncio.create_task(self.feed.run())

    @property
    def now(self) -> ReplayState:
        state: ReplayState = self.store.get(Keys.REPLAY)
        return state

    @property
    def problem(self) -> str:
        text: str = self.store.get(Keys.FEED).problem
        return text

    async def shows(self, at: int) -> None:
        await until(lambda: self.now.at == at)

    async def ends(self) -> None:
        """Wait for the feed's own end, and raise what ended it."""
        async with asyncio.timeout(10):
            await self.running


@asynccontextmanager
async def replaying(file: Path, **options: Any) -> AsyncIterator[Watched]:
    watched = Watched(file, options)
    try:
        await until(lambda: watched.running.done() or watched.told)
        if watched.running.done():
            await watched.running
        yield watched
    finally:
        watched.running.cancel()
        with suppress(asyncio.CancelledError):
            await watched.running


def milliseconds() -> int:
    return time.time_ns() // 1_000_000
