"""A real recorder of its own process, that tells each tick how it fares: `live_recorder.py FOLDER INTERVAL [need]`.

It follows itself, records every sample, retries soon, and prints a JSON line a tick.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import msgspec

import monitor.collector.sink as sinks
from monitor.collector import live
from monitor.collector.live import LiveFeed
from monitor.config import AgentSettings, Intervals, Settings
from monitor.history.writing import encode
from monitor.keystore import Keys, KeyStore
from monitor.paths import state_paths


class Told(msgspec.Struct):
    """A tick, as the screen would show it."""

    tick: int
    clock: int
    recording: bool
    problem: str
    waiting: int
    late: int
    alerts: tuple[str, ...]
    cpu: float | None


def settings_for(folder: Path, interval: float) -> Settings:
    """Nothing but this very process to look at."""
    pid_file = folder.with_name("agent.pid")
    pid_file.write_text(f"{os.getpid()}\n")
    agent = AgentSettings(id="self", pid_file=str(pid_file), worktree=str(folder.parent))
    return Settings(
        agents=(agent,), discover=False, intervals=Intervals(tick=interval, health=max(0.1, interval))
    )


async def run(folder: Path, interval: float, *, need_history: bool) -> None:
    store = KeyStore()
    paths = state_paths(str(folder))
    feed = LiveFeed(settings_for(folder, interval), paths, store, need_history=need_history)
    collecting = asyncio.create_task(feed.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, collecting.cancel)
    telling = asyncio.create_task(tell(store, feed))
    await asyncio.wait({collecting})
    telling.cancel()
    if not collecting.cancelled():
        collecting.result()


async def tell(store: KeyStore, feed: LiveFeed) -> None:
    told = 0
    while True:
        await asyncio.sleep(0.01)
        state, health = store.get(Keys.FEED), store.get(Keys.HEALTH)
        if feed.ticks == told or state is None or health is None:
            continue
        told = feed.ticks
        metrics = store.get(Keys.metrics("self"))
        line = Told(
            tick=told,
            clock=store.get(Keys.CLOCK),
            recording=state.recording,
            problem=state.problem,
            waiting=health.collector.samples_waiting,
            late=health.collector.late_ticks,
            alerts=tuple(alert.rule for alert in store.get(Keys.ALERTS, ())),
            cpu=metrics.cpu_usage if metrics is not None else None,
        )
        sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sinks.RETRY_SECONDS = 0.3  # type: ignore[misc]
    live.REOPEN_SECONDS = 0.3  # type: ignore[misc]
    encode.SAMPLE_REPEAT_MS = 0  # type: ignore[misc]
    asyncio.run(run(Path(sys.argv[1]), float(sys.argv[2]), need_history="need" in sys.argv[3:]))
