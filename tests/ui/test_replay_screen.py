"""What a replay shows: the header, the panes at their moment, gaps, pictures, and what a seek costs the terminal."""

from __future__ import annotations

import io
from collections.abc import Callable

import msgspec
import pytest
from rich.console import Console
from ui_fleet import MINUTE, NOW, metrics, processes
from ui_replay import FIRST, LAST, ReplayedScreen, ScriptedPlayer, in_a_gap, replay_store, replayed
from ui_screens import NARROW, lines_of, shown

from monitor.keystore import Keys, KeyStore
from monitor.model import Mark
from monitor.ui import format as text
from monitor.ui.app import MonitorApp
from monitor.ui.options import ScreenOptions
from monitor.ui.paint import CellUpdate
from monitor.ui.screens.agent import AgentScreen

Compare = Callable[..., bool]
DAY = 24 * 60 * MINUTE


def header(screen: ReplayedScreen) -> str:
    return screen.text.splitlines()[0]


# --- the header ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "replay ‖ paused"),
        ({"playing": True, "speed": 60.0}, "replay ▶ ×60"),
        ({"playing": True, "speed": 3600.0}, "replay ▶ ×3600"),
        ({"at": LAST, "following": True, "playing": True}, "replay ▶ at the end, live"),
    ],
)
async def test_the_header_says_how_the_replay_goes_on(changes: dict[str, object], words: str) -> None:
    async with replayed(replay_store(**changes), NARROW) as screen:
        assert words in header(screen)
        assert "every" not in header(screen), "an interval means nothing in a replay"
        assert "recording" not in header(screen)


async def test_the_header_shows_the_moment_with_its_date_unless_it_is_today() -> None:
    async with replayed(replay_store()) as screen:
        assert header(screen).endswith("  2026-01-01 12:03:04")
    assert text.date_time(NOW, NOW + MINUTE) == "12:03:04"
    assert text.date_time(NOW, NOW + DAY) == "2026-01-01 12:03:04"


async def test_a_gap_is_told_with_its_ends_and_the_panes_show_that_nothing_is_known() -> None:
    store = replay_store()
    in_a_gap(store)
    async with replayed(store, NARROW) as screen:
        assert "nobody recorded 11:53–13:28" in header(screen)
        rows = [line for line in screen.text.splitlines() if " worker-0" in line]
        assert rows
        for line in rows:
            assert "?" in line.split()[1], "the status is marked as stale"
            assert "–" in line.partition("worker")[2]
        assert "■blocked?" in screen.text, "the longest word keeps its mark"
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.screen, AgentScreen))
        await screen.until_shown("(stale: as it was known last)")
        assert "none seen" not in screen.text, "nobody looked"


async def test_what_a_jump_led_to_is_told() -> None:
    alert = Mark(at=NOW, kind="alert", word="critical", subject="host", text="disk \x1b[31mfull")
    change = Mark(
        at=NOW, kind="status", word="blocked", subject="builder", text="blocked: waits for a person"
    )
    async with replayed(replay_store(mark=alert), NARROW) as screen:
        assert "◆ critical: disk full " in header(screen)
        screen.feed.show(mark=change)
        await screen.until(lambda: "■ builder: blocked: waits for a person" in header(screen))
        screen.feed.show(mark=None)
        await screen.until(lambda: "■ builder" not in header(screen))


async def test_a_problem_of_the_feed_stays_in_sight() -> None:
    store = replay_store(gap=(FIRST, LAST))
    store.set(Keys.FEED, msgspec.structs.replace(store.get(Keys.FEED), problem="the recording is damaged"))
    async with replayed(store, NARROW) as screen:
        assert "✖ the recording is damaged" in header(screen)


def test_ends_of_a_stretch_are_as_exact_as_it_is_short() -> None:
    assert text.stretch(NOW, NOW + 20_000) == "12:03:04–12:03:24"
    assert text.stretch(NOW, NOW + 90 * MINUTE) == "12:03–13:33"
    assert text.stretch(NOW, NOW + 2 * DAY) == "01-01 12:03 – 01-03 12:03"
    assert text.stretch(NOW, NOW + 700 * DAY) == "2026-01-01–2027-12-02"
    assert text.ends(-(10**18), 10**18) == ("–", "–"), "no calendar has these"


# --- the panes -------------------------------------------------------------------------------------------------


async def test_ages_are_those_of_the_moment_shown() -> None:
    async with replayed(replay_store()) as screen:
        assert " 7m builder" in screen.text
        screen.feed.show(at=NOW + 53 * MINUTE)
        await screen.until_shown("1h00 builder")
        screen.feed.show(at=NOW)
        await screen.until_shown(" 7m builder")


async def test_a_sparkline_holds_no_values_of_later_moments() -> None:
    def spark(screen: ReplayedScreen) -> int:
        line = next(line for line in screen.text.splitlines() if " architect " in line)
        return sum(line.count(block) for block in "▁▂▃▄▅▆▇█")

    async with replayed(replay_store()) as screen:
        for second in range(1, 6):
            screen.feed.show(at=NOW + second * 1000)
            await screen.pilot.pause()
        await screen.until(lambda: spark(screen) == 6)
        screen.feed.show(at=NOW - 1000)
        await screen.until(lambda: spark(screen) == 1, "back: nothing of later")
        screen.feed.show(at=NOW + 1000)
        await screen.until(lambda: spark(screen) == 2)
        screen.feed.show(at=NOW + 3 * 60 * MINUTE)
        await screen.until(lambda: spark(screen) == 1, "far on: nothing of long ago")


async def test_an_agent_that_was_not_there_yet_is_unknown() -> None:
    store = replay_store()
    async with replayed(store) as screen:
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.screen, AgentScreen))
        store.set(Keys.AGENTS, tuple(one for one in store.get(Keys.AGENTS) if one != "validator"))
        for key in (Keys.status, Keys.metrics):
            store.delete(key("validator"))
        store.flush()
        await screen.until_shown("is not among the agents at this moment")


async def test_a_recorded_process_tree_is_shown() -> None:
    store = replay_store()
    store.set(Keys.processes("validator"), processes())
    async with replayed(store) as screen:
        await screen.press("enter")
        await screen.until_shown("└ pytest")
        assert "not recorded" not in screen.text


# --- cost ------------------------------------------------------------------------------------------------------


@pytest.fixture
def updates(monkeypatch: pytest.MonkeyPatch) -> list[CellUpdate]:
    """The partial updates that would go to the terminal."""
    seen: list[CellUpdate] = []

    def display(_app: MonitorApp, _screen: object, update: object) -> None:
        if isinstance(update, CellUpdate):
            seen.append(update)

    monkeypatch.setattr(MonitorApp, "_display", display)
    return seen


def size_of(updates: list[CellUpdate]) -> int:
    console = Console(file=io.StringIO(), color_system="truecolor", force_terminal=True)
    return sum(len(update.render_segments(console).encode()) for update in updates)


async def test_a_step_repaints_the_moment_and_not_the_time_line(updates: list[CellUpdate]) -> None:
    async with replayed(replay_store()) as screen:
        for _ in range(25):  # until the sparklines are full and alike
            screen.feed.show(at=screen.store.get(Keys.CLOCK) + 1)
            await screen.pilot.pause()
        before = lines_of(screen.app)
        updates.clear()
        screen.feed.show(at=NOW + 2000)
        await screen.until(lambda: updates)
        await screen.pilot.pause()
        assert "12:03:06" in screen.text
        changed = [y for y, line in enumerate(lines_of(screen.app)) if line != before[y]]
        assert changed == [0, len(before) - 3], "the header's time and the one beside the time line"
        written = {(piece.y, piece.strip.cell_length) for update in updates for piece in update.pieces}
        assert {y for y, _ in written} == set(changed)
        assert size_of(updates) < 300


async def test_a_seek_over_all_of_it_writes_less_than_four_kilobytes(updates: list[CellUpdate]) -> None:
    store = replay_store()
    store.set(Keys.AGENTS, store.get(Keys.AGENTS)[:10])
    async with replayed(store) as screen:
        sizes = []
        for turn, at in enumerate((FIRST, LAST, FIRST + 3 * DAY // 24, NOW)):
            await screen.pilot.pause()
            updates.clear()
            for place, agent_id in enumerate(store.get(Keys.AGENTS)):
                store.set(Keys.metrics(agent_id), metrics(3.0 + place * 4 + turn * 7, 300 + 50 * turn))
            screen.feed.show(at=at)
            await screen.until(lambda: updates)
            await screen.pilot.pause()
            sizes.append(size_of(updates))
        assert max(sizes) < 4000, sizes


# --- pictures --------------------------------------------------------------------------------------------------


def gap_store() -> KeyStore:
    store = replay_store()
    in_a_gap(store)
    return store


def night_store() -> KeyStore:
    mark = Mark(at=NOW, kind="alert", word="critical", subject="host", text="mcp is down: connection refused")
    return replay_store(playing=False, mark=mark)


@pytest.mark.parametrize("size", [NARROW, (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize(
    ("make", "keys"),
    [
        (lambda: replay_store(playing=True, speed=60.0), ()),
        (gap_store, ()),
        (night_store, ("enter",)),
        (replay_store, ("J", *"soon", "enter")),
        (replay_store, ("question_mark",)),
    ],
    ids=["playing", "gap", "details", "go-to", "help"],
)
def test_picture_of_a_replay(
    snap_compare: Compare, make: Callable[[], KeyStore], keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    store = make()
    app = MonitorApp(store, ScriptedPlayer(store), ScreenOptions())
    assert snap_compare(app, press=keys, terminal_size=size)


def test_picture_of_a_replay_without_colours(snap_compare: Compare) -> None:
    store = gap_store()
    app = MonitorApp(store, ScriptedPlayer(store), ScreenOptions(no_color=True))
    assert snap_compare(app, terminal_size=NARROW)


async def test_a_live_header_shows_the_interval_and_no_date(store: KeyStore) -> None:
    async with shown(store) as screen:
        first = screen.text.splitlines()[0]
        assert "every 2 s" in first
        assert first.endswith("  12:03:04")
