"""A viewer that follows what another process records."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from history_records import alert, commit, recording, state, status, task, tick
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor import inbox
from monitor.errors import DatabaseError, DatabaseVersionError, MonitorError
from monitor.history.attached import AttachedFeed
from monitor.history.commands import send_command
from monitor.history.connection import open_reader
from monitor.history.follow import Follower
from monitor.history.presence import Presence
from monitor.history.reader import alerts as list_alerts
from monitor.history.state import state_at
from monitor.keystore import Keys, KeyStore
from monitor.model import (
    AgentMetrics,
    BoardState,
    Command,
    Event,
    RagMetrics,
    SystemHealth,
    TaskEvent,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from monitor.history.rows import TickRows

INTERVAL = 0.1
START = 1_750_000_000_000


def now() -> int:
    return time.time_ns() // 1_000_000


async def until(condition: Callable[[], Any], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - only looking can tell
            await asyncio.sleep(0.01)


@asynccontextmanager
async def attached(folder: Path) -> AsyncIterator[tuple[AttachedFeed, KeyStore]]:
    store = KeyStore()
    feed = AttachedFeed(state(folder), store, interval=INTERVAL)
    running = asyncio.create_task(feed.run())
    try:
        await until(lambda: running.done() or store.get(Keys.FEED) is not None)
        yield feed, store
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_what_is_recorded_is_seen_within_one_look(tmp_path: Path) -> None:
    async with recording(state(tmp_path), now()) as writer:
        await writer.write(tick(now(), "builder"))
        async with attached(tmp_path) as (_, store):
            assert store.get(Keys.AGENTS) == ("builder",)
            seen: list[frozenset[str]] = []
            store.subscribe("agents:*:metrics", seen.append)
            busy = AgentMetrics(pid=7, cpu_usage=88.0)
            await writer.write(tick(now(), samples=[(status(), busy)]))
            begin = time.monotonic()
            await until(lambda: seen)
            assert time.monotonic() - begin < INTERVAL + 0.5
            assert store.get(Keys.metrics("builder")) == busy


async def test_the_clock_is_now_and_the_header_knows_the_recorder(tmp_path: Path) -> None:
    async with recording(state(tmp_path), now()), attached(tmp_path) as (_, store):
        feed = store.get(Keys.FEED)
        assert (feed.mode, feed.recording, feed.problem) == ("attached", True, "")
        assert feed.recorder_pid is not None
        assert feed.database == str(state(tmp_path).database)
        then = store.get(Keys.CLOCK)
        await until(lambda: store.get(Keys.CLOCK) > then)


async def test_the_end_of_the_recorder_is_noted(tmp_path: Path) -> None:
    async with recording(state(tmp_path), now()) as writer:
        await writer.write(tick(now(), "builder"))
    async with attached(tmp_path) as (_, store):
        assert store.get(Keys.FEED).problem == f"recorder gone since {time.strftime('%H:%M')}"
        assert store.get(Keys.FEED).recorder_pid is None
        async with recording(state(tmp_path), now()):
            await until(lambda: store.get(Keys.FEED).recording)
            assert store.get(Keys.FEED).problem == ""
        await until(lambda: store.get(Keys.FEED).problem)


async def test_viewers_see_each_other(tmp_path: Path) -> None:
    async with recording(state(tmp_path), now()), attached(tmp_path) as (_, store):
        with Presence(state(tmp_path), "browser"):
            await until(lambda: [viewer.kind for viewer in store.get(Keys.CONNECTIONS)] == ["browser"])


async def test_a_database_put_in_the_place_of_another_is_followed(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with recording(state(tmp_path / "other"), now()) as writer:
        await writer.write(tick(now(), "restored"))
    async with recording(state(tmp_path), now()) as writer:
        await writer.write(tick(now(), "builder"))
    async with attached(tmp_path) as (_, store):
        state(tmp_path / "other").database.replace(state(tmp_path).database)
        await until(lambda: store.get(Keys.AGENTS) == ("restored",))


async def test_a_database_that_vanishes_is_told_while_the_last_state_stays(tmp_path: Path) -> None:
    async with recording(state(tmp_path), now()) as writer:
        await writer.write(tick(now(), "builder"))
    async with attached(tmp_path) as (_, store):
        state(tmp_path).database.unlink()
        await until(lambda: "there is no such database" in store.get(Keys.FEED).problem)
        assert store.get(Keys.AGENTS) == ("builder",)


async def test_a_first_look_that_fails_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="there is no such database"):
        await AttachedFeed(state(tmp_path), KeyStore(), interval=1.0).run()
    async with recording(state(tmp_path)) as writer:
        await writer._db.execute("INSERT INTO schema_version VALUES (9999, 'later', '', 0, 0, 1)")
    with pytest.raises(DatabaseVersionError, match="newer"):
        await AttachedFeed(state(tmp_path), KeyStore(), interval=1.0).run()


async def test_a_new_interval_counts_at_once(tmp_path: Path) -> None:
    store = KeyStore()
    async with recording(state(tmp_path), now()):
        feed = AttachedFeed(state(tmp_path), store, interval=3600.0)
        running = asyncio.create_task(feed.run())
        await until(lambda: store.get(Keys.CLOCK))
        then = store.get(Keys.CLOCK)
        feed.set_interval(INTERVAL)
        await until(lambda: store.get(Keys.CLOCK) > then)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


# --- commands ---------------------------------------------------------------------------------------------------


def acknowledge(name: str = "alert-1", **changes: Any) -> Command:
    return Command(
        **{"kind": "acknowledge", "alert_id": name, "by": "me", "at": START + 5, "note": "seen", **changes}
    )


async def test_a_command_is_handed_to_the_process_that_records(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(START, alerts=[alert()]))
        async with attached(tmp_path) as (feed, _):
            await feed.send(acknowledge())
        assert inbox.take(state(tmp_path).inbox) == [acknowledge()]
        assert not (await writer.load(START)).alerts[0].acknowledged


async def test_a_command_is_applied_here_when_nobody_records(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(START, alerts=[alert()]))
    changed = await send_command(state(tmp_path), acknowledge())
    assert changed is not None
    assert (changed.acknowledged_by, changed.acknowledged_at) == ("me", START + 5)
    assert changed.metadata == {"note": "seen"}
    async with open_reader(state(tmp_path).database) as db:
        assert await list_alerts(db) == (changed,)
    with pytest.raises(MonitorError, match="alert alert-1 is acknowledged by me already"):
        await send_command(state(tmp_path), acknowledge())
    ended = await send_command(state(tmp_path), acknowledge(kind="resolve", note=""))
    assert ended is not None
    assert ended.resolved_at == START + 5
    with pytest.raises(MonitorError, match="alert alert-1 is resolved already"):
        await send_command(state(tmp_path), acknowledge())
    async with open_reader(state(tmp_path).database) as db:
        assert await list_alerts(db) == ()
        assert await list_alerts(db, include_resolved=True) == (ended,)


async def test_an_unknown_alert_is_named(tmp_path: Path) -> None:
    async with recording(state(tmp_path)):
        pass
    with pytest.raises(MonitorError, match="there is no alert 'x' OR 1=1"):
        await send_command(state(tmp_path), acknowledge("'x' OR 1=1"))


# --- following is the same as reading everything ------------------------------------------------------------------

names = st.sampled_from(["builder", "tester", "new"])


@st.composite
def ticks(draw: st.DrawFn, moment: int) -> TickRows:
    """A tick in which some of what can happen happens."""
    at = START + moment * 2000
    members = draw(st.lists(names, unique=True, max_size=3))
    rows = tick(at)
    for name in members:
        words = draw(st.sampled_from(["active", "blocked"]))
        known = status(name, status=words, status_since=at if draw(st.booleans()) else START)
        rows.samples.append((known, AgentMetrics(cpu_usage=draw(st.integers(0, 9)))))
    if draw(st.booleans()):
        number = draw(st.integers(1, 4))
        maker = ("builder", "tester", "new", "builder")[number - 1]
        owners = tuple(dict.fromkeys([maker, *draw(st.lists(names, unique=True))]))
        rows.commits.append(commit(number, agent_id=maker, agent_ids=owners, commit_timestamp=START + number))
    if draw(st.booleans()):
        name = draw(st.sampled_from(["TASK-1", "TASK-2"]))
        known_task = draw(st.sampled_from([None, task(name), task(name, status="DONE")]))
        rows.task_events.append(
            TaskEvent(task_id=name, event_type="updated", timestamp=at, task=known_task, root="/shop")
        )
    if draw(st.booleans()):
        rows.events.append(Event(timestamp=at, type="activity", agent_id=draw(names), details={"text": "x"}))
        rows.events.append(Event(timestamp=at, type="source", subject="git", details={"state": "ok"}))
    if draw(st.booleans()):
        resolved = draw(st.booleans())
        rows.alerts.append(
            alert(draw(names), subject="x", resolved=resolved, resolved_at=at if resolved else None)
        )
        rows.health = SystemHealth(status="healthy", last_check=at)
        rows.rag = RagMetrics(timestamp=at)
        rows.boards.append(BoardState(root="/shop", path="/shop/b", last_synced=at))
    return rows


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.data())
async def test_a_follower_has_what_a_full_reading_has(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("follow")
    async with recording(state(folder), START) as writer, open_reader(state(folder).database) as db:
        follower = Follower(db)
        for moment in range(6):
            at = START + moment * 2000
            if data.draw(st.booleans()):
                await writer.write(data.draw(ticks(moment)))
            followed, read = await follower.look(at), await state_at(db, at)
            for field in read.__struct_fields__:
                assert getattr(followed, field) == getattr(read, field), field


async def test_a_follower_sees_the_gap_that_no_write_announces(tmp_path: Path) -> None:
    async with recording(state(tmp_path), START) as writer, open_reader(state(tmp_path).database) as db:
        await writer.write(tick(START, "builder"))
        follower = Follower(db)
        assert (await follower.look(START + 14_000)).metrics["builder"] is not None
        gap = await follower.look(START + 14_001)
        assert gap.metrics["builder"] is None
        assert gap.statuses["builder"].stale
        assert (await follower.look(START + 1000)).metrics["builder"] is not None  # the clock was set back
