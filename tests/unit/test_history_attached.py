"""A viewer that follows what another process records."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from history_records import alert, commit, recording, state, status, task, tick
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor import inbox
from monitor.errors import DatabaseError, DatabaseVersionError, MonitorError
from monitor.history.commands import send_command
from monitor.history.connection import open_reader
from monitor.history.lock import Holder, holder
from monitor.history.moments import recorder_watch
from monitor.history.moments.attached import AttachedFeed
from monitor.history.moments.follow import Follower
from monitor.history.moments.reader import alerts as list_alerts
from monitor.history.moments.recorder_watch import RecorderWatch
from monitor.history.moments.state import state_at
from monitor.history.presence import Presence
from monitor.history.queries import sql
from monitor.keystore import Keys, KeyStore
from monitor.model import (
    AgentMetrics,
    Alert,
    BoardState,
    Command,
    Event,
    ProcessInfo,
    RagMetrics,
    SystemHealth,
    TaskEvent,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from monitor.history.writing.rows import TickRows

INTERVAL = 0.1
START = 1_750_000_000_000


def now() -> int:
    return time.time_ns() // 1_000_000


async def until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - only looking can tell
            await asyncio.sleep(0.01)


async def one_more_look(store: KeyStore) -> None:
    """A look that began after this call ends."""
    for _ in range(2):
        then = store.get(Keys.CLOCK)
        await until(lambda: store.get(Keys.CLOCK) > then)  # noqa: B023 - waited for at once


@asynccontextmanager
async def attached(folder: Path, interval: float = INTERVAL) -> AsyncIterator[tuple[AttachedFeed, KeyStore]]:
    store = KeyStore()
    feed = AttachedFeed(state(folder), store, interval=interval)
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


async def test_a_recorder_that_ended_on_another_day_is_told_with_the_date(tmp_path: Path) -> None:
    ended = now() - 26 * 3_600_000
    async with recording(state(tmp_path), ended) as writer:
        await writer.write(tick(ended, "builder"))
    async with attached(tmp_path) as (_, store):
        since = datetime.fromtimestamp(ended / 1000).astimezone()
        assert store.get(Keys.FEED).problem == f"recorder gone since {since:%Y-%m-%d %H:%M}"


async def test_a_recorder_that_holds_its_lock_and_writes_nothing_is_silent(tmp_path: Path) -> None:
    stopped = now() - 60_000
    async with recording(state(tmp_path), stopped) as writer:
        await writer.write(tick(stopped, "builder"))
        async with attached(tmp_path) as (_, store):
            feed = store.get(Keys.FEED)
            assert feed.problem.startswith("recorder silent since ")
            assert (feed.recording, feed.recorder_pid) == (False, os.getpid())
            assert store.get(Keys.metrics("builder")) == AgentMetrics()
            await writer.write(tick(now(), "builder"))
            await until(lambda: store.get(Keys.FEED).recording)
            assert store.get(Keys.FEED).problem == ""


async def test_a_viewer_looks_as_often_as_the_recorder_ticks(tmp_path: Path) -> None:
    async with recording(state(tmp_path), now()) as writer:
        writer.interval_seconds = INTERVAL
        await writer.write(tick(now(), "builder"))
        async with attached(tmp_path, interval=3600.0) as (feed, store):
            busy = AgentMetrics(pid=7, cpu_usage=88.0)
            await writer.write(tick(now(), samples=[(status(), busy)]))
            await until(lambda: store.get(Keys.metrics("builder")) == busy)
            feed.set_interval(3600.0)  # a person has chosen
            await until(lambda: feed._chosen)


async def test_the_processes_of_an_agent_are_shown_to_who_looks_at_them(tmp_path: Path) -> None:
    tree = (ProcessInfo(pid=7, ppid=1, name="claude", state="S"),)
    async with recording(state(tmp_path), now()) as writer:
        await writer.write(tick(now(), "builder", processes=[("builder", tree)]))
        async with attached(tmp_path) as (_, store):
            assert store.keys("*:processes") == []
            unsubscribe = store.subscribe(Keys.processes("builder"), lambda _: None)
            await until(lambda: store.get(Keys.processes("builder")) == tree)
            unsubscribe()
            await until(lambda: store.keys("*:processes") == [])


# --- a viewer leaves no trace ------------------------------------------------------------------------------------


def open_files(folder: Path) -> dict[str, set[str]]:
    """The descriptors of this process that lead into `folder`: file name, and the numbers open on it."""
    found: dict[str, set[str]] = {}
    for number in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            file = Path(os.readlink(f"/proc/self/fd/{number}"))
            if file.parent == folder:
                found.setdefault(file.name, set()).add(number)
    return found


def may_write(number: str) -> bool:
    flags = Path(f"/proc/self/fdinfo/{number}").read_text().split("flags:")[1].split()[0]
    return int(flags, 8) & os.O_ACCMODE != os.O_RDONLY


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
async def test_a_viewer_opens_the_database_for_reading_only(tmp_path: Path) -> None:
    async with recording(state(tmp_path), now()) as writer:
        await writer.write(tick(now(), "builder"))
        before = open_files(tmp_path)
        async with attached(tmp_path):
            name = state(tmp_path).database.name
            new = open_files(tmp_path)[name] - before[name]
            assert new
            assert not any(map(may_write, new))


async def test_a_viewer_changes_no_byte_and_lets_every_checkpoint_through(tmp_path: Path) -> None:
    async with recording(state(tmp_path), now()) as writer:
        await writer.write(tick(now(), "builder"))
        async with attached(tmp_path) as (_, store):
            for number in range(5):
                await writer.write(tick(now() + number, "builder"))
                files = sorted(tmp_path.glob("monitor.db*"))
                before = [
                    (file.read_bytes(), file.stat().st_mtime_ns) for file in files if file.suffix != ".db-shm"
                ]
                sizes = [file.stat().st_size for file in files]
                await one_more_look(store)
                assert sorted(tmp_path.glob("monitor.db*")) == files
                assert [file.stat().st_size for file in files] == sizes
                after = [
                    (file.read_bytes(), file.stat().st_mtime_ns) for file in files if file.suffix != ".db-shm"
                ]
                assert after == before
                await writer._db.execute("PRAGMA busy_timeout = 0")
                rows = await writer._db.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
                assert [row[0] for row in rows] == [0], "nobody reads between two looks"


async def test_a_look_that_finds_nothing_new_reads_nothing(tmp_path: Path) -> None:
    async with recording(state(tmp_path), START) as writer, open_reader(state(tmp_path).database) as db:
        await writer.write(tick(START, "builder"))
        follower = Follower(db)
        first = await follower.look(START)
        statements: list[str] = []
        await db.set_trace_callback(statements.append)
        second = await follower.look(START + 1000)
        assert [statement for statement in statements if not statement.startswith("--")] == [
            sql("data_version")
        ]
        assert not follower.changed
        assert second.statuses is first.statuses
        assert second.at == START + 1000


async def test_the_lock_is_asked_in_silence_and_not_while_the_recorder_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    clock = [100.0]

    def counted(lock: Path) -> Holder | None:
        asked.append(clock[0])
        return holder(lock)

    monkeypatch.setattr(recorder_watch, "holder", counted)
    async with recording(state(tmp_path), START) as writer:
        await writer.write(tick(START, "builder"))
        watch = RecorderWatch(state(tmp_path).lock, lambda: clock[0])
        snapshot = await writer.load(START)
        for _ in range(10):
            clock[0] += 1.0
            watch.look(snapshot, changed=True)
        assert asked == [101.0]
        for _ in range(10):
            clock[0] += 1.0
            watch.look(snapshot, changed=False)
        assert asked[1] == 114.0, "two ticks of silence"
        assert watch.who is not None
    clock[0] += 1.0
    watch.look(snapshot, changed=False)
    assert watch.who is None


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
    assert isinstance(changed, Alert)
    assert (changed.acknowledged_by, changed.acknowledged_at) == ("me", START + 5)
    assert changed.metadata == {"note": "seen"}
    async with open_reader(state(tmp_path).database) as db:
        assert await list_alerts(db) == (changed,)
    with pytest.raises(MonitorError, match="alert alert-1 is acknowledged by me already"):
        await send_command(state(tmp_path), acknowledge())
    ended = await send_command(state(tmp_path), acknowledge(kind="resolve", note=""))
    assert isinstance(ended, Alert)
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
