"""A feed that shows any moment of a recording, and plays on from it."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from history_records import AT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from replay_records import (
    AFTER_GAP,
    GAP_FROM,
    LAST,
    TICK,
    milliseconds,
    night,
    recorder,
    replaying,
    sample,
    until,
    write,
)

from monitor.errors import DatabaseError, MonitorError
from monitor.history.connection import open_reader
from monitor.history.moments.state import fill, state_at
from monitor.history.replay.feed import ReplayFeed
from monitor.keystore import Feed, Keys, KeyStore, Player
from monitor.model import AgentMetrics, Command, FeedState, MarkKind, ProcessInfo

if TYPE_CHECKING:
    from pathlib import Path

OF_THE_FEED = {Keys.FEED, Keys.REPLAY, Keys.TIMELINE}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("night")
    return asyncio.run(night(folder))


def contents(store: KeyStore) -> dict[str, Any]:
    return {key: store.get(key) for key in store.keys() if key not in OF_THE_FEED}  # noqa: SIM118 - not a dictionary


async def rebuilt(file: Path, at: int) -> dict[str, Any]:
    store = KeyStore()
    async with open_reader(file) as db:
        fill(store, await state_at(db, at))
    return contents(store)


# --- what is shown -------------------------------------------------------------------------------------------------


async def test_it_begins_with_the_first_moment_and_says_what_it_is(recorded: Path) -> None:
    async with replaying(recorded, speed=60.0) as watched:
        now = watched.now
        assert (now.at, now.first, now.last) == (AT, AT, LAST)
        assert (now.playing, now.speed, now.following, now.gap, now.mark) == (False, 60.0, False, None, None)
        assert watched.store.get(Keys.FEED) == FeedState(
            mode="replay",
            host="attic",
            interval_seconds=TICK / 1000,
            database=str(recorded),
            recording=False,
        )
        assert watched.store.get(Keys.CLOCK) == AT
        await until(lambda: watched.store.get(Keys.TIMELINE))
        timeline = watched.store.get(Keys.TIMELINE)
        assert (timeline.first, timeline.last, len(timeline.slices)) == (AT, LAST, 240)


async def test_it_is_a_feed_and_a_player(tmp_path: Path) -> None:
    checked: Feed = ReplayFeed(tmp_path / "none.db", KeyStore())
    assert isinstance(checked, Player)


async def test_a_moment_shows_what_the_same_queries_rebuild_anywhere(recorded: Path) -> None:
    async with replaying(recorded) as watched:
        for at in (AT + 7 * TICK, AFTER_GAP + 1, GAP_FROM + 60_000, AT + 13 * TICK + 1, LAST, AT):
            watched.feed.seek(at)
            await watched.shows(at)
            assert contents(watched.store) == await rebuilt(recorded, at)


async def test_it_begins_where_it_is_told_to(recorded: Path) -> None:
    async with replaying(recorded, at=AT + 5 * TICK) as watched:
        assert watched.now.at == AT + 5 * TICK
        assert watched.store.get(Keys.status("builder")).status == "idle"


async def test_an_interval_is_all_there_is(recorded: Path) -> None:
    start, end = AT + 4 * TICK, AT + 8 * TICK
    async with replaying(recorded, start=start, end=end) as watched:
        assert (watched.now.at, watched.now.first, watched.now.last) == (start, start, end)
        watched.feed.seek(LAST)
        await watched.shows(end)
        watched.feed.jump("alert", 1)
        watched.feed.step(50)
        watched.feed.step(-1)
        await watched.shows(end - TICK)
        watched.feed.seek(0)
        await watched.shows(start)
        await until(lambda: watched.store.get(Keys.TIMELINE))
        assert watched.store.get(Keys.TIMELINE).last == end


async def test_a_moment_beyond_the_ends_is_the_end_that_is_nearer(recorded: Path) -> None:
    async with replaying(recorded) as watched:
        watched.feed.seek(LAST + 1_000_000)
        await watched.shows(LAST)
        watched.feed.seek(-5)
        await watched.shows(AT)


async def test_of_many_seeks_made_at_once_the_last_one_is_shown(recorded: Path) -> None:
    async with replaying(recorded) as watched:
        del watched.told[:]
        for at in range(AT, AT + 10 * TICK, 100):
            watched.feed.seek(at)
        await watched.shows(AT + 10 * TICK - 100)
        assert [state.at for state in watched.told] == [AT + 10 * TICK - 100]


async def test_in_a_gap_numbers_are_unknown_and_the_gap_is_told(recorded: Path) -> None:
    async with replaying(recorded) as watched:
        watched.feed.seek(GAP_FROM + 1_800_000)
        await watched.shows(GAP_FROM + 1_800_000)
        assert watched.now.gap == (GAP_FROM, AFTER_GAP)
        assert watched.store.get(Keys.metrics("builder")) == AgentMetrics()
        assert watched.store.get(Keys.status("builder")).stale
        watched.feed.seek(AFTER_GAP)
        await watched.shows(AFTER_GAP)
        assert watched.now.gap is None
        assert watched.store.get(Keys.metrics("builder")).cpu_usage == 20.0


# --- steps and jumps -----------------------------------------------------------------------------------------------


async def test_a_step_goes_to_the_next_sample_over_a_gap_too_and_stands_there(recorded: Path) -> None:
    async with replaying(recorded, playing=True) as watched:
        watched.feed.seek(GAP_FROM + 500)
        watched.feed.step(1)
        await watched.shows(AFTER_GAP)
        assert not watched.now.playing
        watched.feed.step(-2)
        await watched.shows(GAP_FROM - TICK)
        watched.feed.step(-1000)
        await watched.shows(AT)
        watched.feed.step(3)
        watched.feed.step(3)
        await watched.shows(AT + 6 * TICK)


async def test_a_jump_leads_to_the_alert_and_tells_it_as_long_as_one_stands_there(recorded: Path) -> None:
    async with replaying(recorded, playing=True) as watched:
        watched.feed.jump("alert", 1)
        await watched.shows(AT + 12 * TICK)
        mark = watched.now.mark
        assert mark is not None
        assert (mark.kind, mark.word, mark.text) == ("alert", "error", "builder failed")
        assert [one.alert_id for one in watched.store.get(Keys.ALERTS)] == ["alert-1"]
        assert not watched.now.playing
        watched.feed.jump("alert", 1)
        await watched.shows(AFTER_GAP + 10 * TICK)
        watched.feed.jump("alert", -1)
        await watched.shows(AT + 12 * TICK)
        watched.feed.step(1)
        await watched.shows(AT + 13 * TICK)
        assert watched.now.mark is None


async def test_a_jump_leads_to_changes_of_status_and_not_to_what_a_restart_notes_again(
    recorded: Path,
) -> None:
    async with replaying(recorded) as watched:
        seen = []
        for _ in range(2):
            watched.feed.jump("status", 1)
            await until(lambda: watched.now.mark is not None and watched.now.at not in seen)
            seen.append(watched.now.at)
        assert seen == [AT + 5 * TICK, AT + 10 * TICK]
        watched.feed.jump("status", 1)  # there is none: builder's error was only noted again after the gap
        watched.feed.step(0)
        await until(lambda: not watched.feed._moves)
        assert watched.now.at == AT + 10 * TICK


# --- playing -------------------------------------------------------------------------------------------------------


async def test_playing_goes_forward_and_stands_still_at_the_end(tmp_path: Path) -> None:
    ticks = [sample(AT + number * TICK, "builder", cpu=float(number)) for number in range(100)]
    file = await write(tmp_path, ticks)
    async with replaying(file, playing=True, speed=300.0) as watched:
        end = AT + 99 * TICK
        await until(lambda: watched.now.at == end and not watched.now.playing)
        moments = [state.at for state in watched.told]
        assert moments == sorted(moments)
        assert len(set(moments)) > 2
        assert watched.store.get(Keys.metrics("builder")).cpu_usage == 99.0
        watched.feed.play(playing=True)
        await until(lambda: not watched.feed._wake.is_set())
        await until(lambda: not watched.now.playing)
        assert watched.now.at == end


async def test_at_real_time_there_is_one_picture_a_sample(tmp_path: Path) -> None:
    ticks = [sample(AT + number * 400, "builder", cpu=float(number)) for number in range(4)]
    file = await write(tmp_path, ticks)
    async with replaying(file, playing=True) as watched:
        clocks: list[int] = []
        watched.store.subscribe(Keys.CLOCK, lambda _: clocks.append(watched.store.get(Keys.CLOCK)))
        await until(lambda: not watched.now.playing)
        # The machine may be late for a sample, and shows the next one then; it never shows more than there are.
        assert len(clocks) <= 5
        assert clocks[-1] == AT + 1200


async def test_a_gap_that_would_take_long_is_shown_and_left_out(recorded: Path) -> None:
    async with replaying(recorded, at=GAP_FROM + 20_000, playing=True, speed=10.0) as watched:
        await until(lambda: watched.now.at >= AFTER_GAP)  # six minutes, if it were played
        gaps = {state.gap for state in watched.told if state.at < AFTER_GAP}
        assert gaps == {(GAP_FROM, AFTER_GAP)}
        assert watched.now.playing


async def test_pausing_and_playing_take_up_where_it_stands(recorded: Path) -> None:
    async with replaying(recorded, playing=True, speed=5.0) as watched:
        await until(lambda: watched.now.at > AT)
        watched.feed.play(playing=False)
        await until(lambda: not watched.now.playing)
        stands = watched.now.at
        watched.feed.set_speed(60.0)
        await until(lambda: watched.now.speed == 60.0)
        assert watched.now.at == stands
        watched.feed.play(playing=True)
        await until(lambda: watched.now.at > stands)


@given(
    st.lists(
        st.sampled_from("seek step back alert status play stop fast slow start end".split()), max_size=12
    )
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_pressed_it_stays_within_the_recording(recorded: Path, presses: list[str]) -> None:
    async with replaying(recorded) as watched:
        feed = watched.feed
        for number, press in enumerate(presses):
            press_one(feed, press, number)
        feed.play(playing=False)
        await until(lambda: not feed._moves and not feed._wake.is_set())
        await until(lambda: not watched.now.playing)
        assert all(AT <= state.at <= LAST for state in watched.told)
        assert contents(watched.store) == await rebuilt(recorded, watched.now.at)


def press_one(feed: ReplayFeed, press: str, number: int) -> None:
    kinds: dict[str, MarkKind] = {"alert": "alert", "status": "status"}
    if press in kinds:
        feed.jump(kinds[press], 1 if number % 2 else -1)
    elif press in {"play", "stop"}:
        feed.play(press == "play")
    elif press in {"fast", "slow"}:
        feed.set_speed(3600.0 if press == "fast" else 1.0)
    elif press in {"step", "back"}:
        feed.step(3 if press == "step" else -2)
    elif press == "seek":
        feed.seek(AT + number * 50_000_000)
    else:
        (feed.to_start if press == "start" else feed.to_end)()


# --- a recording that is still written -----------------------------------------------------------------------------


async def test_the_end_of_a_recording_that_is_written_is_now(tmp_path: Path) -> None:
    begin = milliseconds() - 60_000
    await write(tmp_path, [sample(begin + number * TICK, "builder") for number in range(5)])
    async with recorder(tmp_path, milliseconds()) as writer:
        try:
            await writer.write(sample(milliseconds(), "builder", cpu=5.0))
            file = tmp_path / "monitor.db"
            async with replaying(file, interval=0.1) as watched:
                assert (watched.now.at, watched.now.following) == (begin, False)
                watched.feed.to_end()
                await until(lambda: watched.now.following)
                assert watched.now.playing
                await writer.write(sample(milliseconds(), "builder", cpu=77.0))
                await until(lambda: watched.store.get(Keys.metrics("builder")).cpu_usage == 77.0)
                watched.feed.step(-1)
                await until(lambda: not watched.now.following)
                assert watched.store.get(Keys.metrics("builder")).cpu_usage in (5.0, 77.0)
                watched.feed.to_end()
                await until(lambda: watched.now.following)
                watched.feed.play(playing=False)
                await until(lambda: not watched.now.following and not watched.now.playing)
                stands = watched.now.at
                watched.feed.play(playing=True)  # at its end it follows again
                await until(lambda: watched.now.following and watched.now.at > stands)
        finally:
            await writer.close(milliseconds())


async def test_following_ends_with_the_recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.history.replay.reel.REFRESH_SECONDS", 0.1)
    async with recorder(tmp_path, milliseconds()) as writer:
        await writer.write(sample(milliseconds(), "builder"))
        async with replaying(tmp_path / "monitor.db", interval=0.1) as watched:
            watched.feed.to_end()
            await until(lambda: watched.now.following)
            end = milliseconds()
            await writer.close(end)
            await until(lambda: not watched.now.following)
            await until(lambda: not watched.now.playing)
            assert watched.now.at == end


async def test_what_is_still_written_grows_on_the_time_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.history.replay.reel.REFRESH_SECONDS", 0.1)
    monkeypatch.setattr("monitor.history.replay.reel.TIMELINE_SECONDS", 0.1)
    async with recorder(tmp_path, milliseconds()) as writer:
        try:
            await writer.write(sample(milliseconds(), "builder"))
            async with replaying(tmp_path / "monitor.db") as watched:
                await until(lambda: watched.store.get(Keys.TIMELINE))
                later = milliseconds()
                await writer.write(sample(later, "builder", cpu=2.0))
                await until(lambda: watched.store.get(Keys.TIMELINE).last >= later)
                await until(lambda: watched.now.last >= later)
        finally:
            await writer.close(milliseconds())


# --- what it leaves alone, and what goes wrong ---------------------------------------------------------------------


async def test_it_writes_nothing(recorded: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    shutil.copy(recorded, file)
    before = file.read_bytes()
    async with replaying(file) as watched:
        watched.feed.jump("alert", 1)
        await watched.shows(AT + 12 * TICK)
    assert file.read_bytes() == before
    # What SQLite itself keeps beside a database that has a write-ahead log.
    assert {path.name for path in tmp_path.iterdir()} <= {"copy.db", "copy.db-wal", "copy.db-shm"}


async def test_what_has_been_is_not_acknowledged(recorded: Path) -> None:
    command = Command(kind="acknowledge", alert_id="alert-1", by="me", at=AT)
    async with replaying(recorded) as watched:
        with pytest.raises(MonitorError, match="a replay shows the past: acknowledge in the live view"):
            await watched.feed.send(command)


async def test_nothing_to_show_is_an_error(tmp_path: Path, recorded: Path) -> None:
    with pytest.raises(DatabaseError, match="no such database"):
        await ReplayFeed(tmp_path / "none.db", KeyStore()).run()
    with pytest.raises(DatabaseError, match="nothing was recorded then"):
        await ReplayFeed(recorded, KeyStore(), start=LAST + 1).run()


async def test_a_damaged_part_is_told_while_the_last_picture_stays(tmp_path: Path) -> None:
    ticks = [sample(AT + number * TICK, "builder", "scout", cpu=float(number)) for number in range(600)]
    file = await write(tmp_path, ticks)
    damaged_at = AT + damage_leaf(file) * TICK
    async with replaying(file) as watched:
        good = contents(watched.store)
        watched.feed.seek(damaged_at)
        await until(lambda: watched.problem)
        assert "is damaged" in watched.problem
        assert contents(watched.store) == good
        await watched.shows(damaged_at)
        end = AT + 599 * TICK
        watched.feed.seek(end)
        await until(lambda: not watched.problem)
        assert watched.store.get(Keys.metrics("builder")).cpu_usage == 599.0


async def test_a_recording_without_a_readable_first_moment_is_an_error(tmp_path: Path) -> None:
    file = await night(tmp_path)
    overwrite(file, *page_of(file, "system_health"))
    with pytest.raises(DatabaseError, match="is damaged"):
        await ReplayFeed(file, KeyStore()).run()


def page_of(file: Path, table: str) -> tuple[int, int]:
    """The first page of a table, and the size of a page."""
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    db.close()
    return page, size


def overwrite(file: Path, page: int, size: int) -> None:
    """As a failing disk does."""
    with file.open("r+b") as stream:
        stream.seek((page - 1) * size)
        stream.write(b"\xff" * size)


def damage_leaf(file: Path) -> int:
    """Damage a page in the first half of the samples, which are builder's; returns the tick of its first sample."""
    root, size = page_of(file, "agent_metrics")
    pages = file.read_bytes()
    top = pages[(root - 1) * size : root * size]
    children = int.from_bytes(top[3:5])
    cell = int.from_bytes(top[12 + children // 4 * 2 :][:2])
    page = int.from_bytes(top[cell : cell + 4])
    overwrite(file, page, size)
    # What the page begins with follows what the cell before it holds; the tree has about as many samples in each.
    return (children // 4 * 2 + 1) * 600 // (children + 1)


async def test_following_ends_when_another_file_takes_the_recording_s_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.history.replay.reel.REFRESH_SECONDS", 0.1)
    async with recorder(tmp_path, milliseconds()) as writer:
        try:
            await writer.write(sample(milliseconds(), "builder"))
            file = tmp_path / "monitor.db"
            async with replaying(file, interval=0.1) as watched:
                watched.feed.to_end()
                await until(lambda: watched.now.following)
                file.rename(tmp_path / "monitor.db.damaged")
                file.touch()
                await until(lambda: not watched.now.following)
        finally:
            await writer.close(milliseconds())


async def test_somebody_who_looks_at_an_agent_s_processes_is_shown_them_while_it_stands_still(
    tmp_path: Path,
) -> None:
    tree = (
        ProcessInfo(pid=7, ppid=1, name="claude", state="S"),
        ProcessInfo(pid=8, ppid=7, name="bash", state="R", depth=1),
    )
    rows = sample(AT, "builder")
    rows.processes = [("builder", tree)]
    file = await write(tmp_path, [rows])
    async with replaying(file) as watched:
        assert watched.store.get(Keys.processes("builder")) is None
        leave = watched.store.subscribe(Keys.processes("builder"), lambda _: None)
        await until(lambda: watched.store.get(Keys.processes("builder")))
        assert [one.pid for one in watched.store.get(Keys.processes("builder"))] == [7, 8]
        leave()
