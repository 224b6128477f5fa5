"""A recorder that starts again goes on where history ends, and records nothing twice (DESIGN.md §1)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec

from monitor.collector.live import LiveFeed
from monitor.config import Settings, load
from monitor.demo.fleet import Fleet
from monitor.keystore import Keys, KeyStore
from monitor.paths import StatePaths, state_paths

ONCE = dict.fromkeys(("task_events", "git_commits", "commit_agents", "alerts"), "true")
ONCE["events"] = "type <> 'source'"
"""What is recorded once; how its sources fare, each recorder tells anew."""


async def collect(
    settings: Settings, paths: StatePaths, enough: Callable[[KeyStore, LiveFeed], bool]
) -> KeyStore:
    """Record until `enough`."""
    store = KeyStore()
    feed = LiveFeed(settings, paths, store, need_history=True)
    task = asyncio.create_task(feed.run())
    try:
        async with asyncio.timeout(20):
            while not enough(store, feed):
                assert not task.done(), task.exception()
                await asyncio.sleep(0.05)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return store


def counts(paths: StatePaths) -> dict[str, int]:
    with sqlite3.connect(f"file:{paths.database}?mode=ro", uri=True) as connection:
        return {
            name: connection.execute(f"SELECT count(*) FROM {name} WHERE {which}").fetchone()[0]
            for name, which in ONCE.items()
        }


def all_read(store: KeyStore, feed: LiveFeed) -> bool:
    """Every agent's git was read, the board too, and some ticks came after that."""
    statuses = [store.get(Keys.status(agent_id)) for agent_id in store.get(Keys.AGENTS, ())]
    board = store.get(Keys.TASKS)
    return (
        bool(statuses)
        and all(status is not None and status.branch for status in statuses)  # a status follows its agent
        and board is not None
        and bool(board.tasks)
        and feed.ticks > 12
    )


async def test_nothing_is_recorded_twice_and_everything_goes_on(tmp_path: Path) -> None:
    paths = state_paths(str(tmp_path / "state"))
    with Fleet(tmp_path / "fleet", agents=3, seed=2, pace=0) as fleet:
        loaded = load(fleet.config, environ={}).settings
        quick = msgspec.structs.replace(
            loaded,
            intervals=msgspec.structs.replace(loaded.intervals, tick=0.2),
            thresholds=msgspec.structs.replace(loaded.thresholds, status_hold_seconds=0.0),
        )
        first = await collect(quick, paths, all_read)
        before = counts(paths)
        second = await collect(quick, paths, all_read)
        after = counts(paths)
    assert before["task_events"] > 0
    assert before["git_commits"] > 0
    assert before["alerts"] > 0, "the demo's board holds a task that has been blocked for long"
    assert after == before
    for agent_id in first.get(Keys.AGENTS):
        old, new = first.get(Keys.status(agent_id)), second.get(Keys.status(agent_id))
        assert (new.status, new.status_since) == (old.status, old.status_since)
        assert second.get(Keys.recent_commits(agent_id)) == first.get(Keys.recent_commits(agent_id))
    assert [alert.alert_id for alert in second.get(Keys.ALERTS)] == [
        alert.alert_id for alert in first.get(Keys.ALERTS)
    ]
    assert second.get(Keys.TASKS).tasks == first.get(Keys.TASKS).tasks
