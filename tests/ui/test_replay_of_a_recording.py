"""The keys of a replay on a real recording, played by the real feed."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from ui_fleet import MINUTE
from ui_recording import BLOCKED, END, FIRST_ALERT, FREED, GAP, SECOND, SECOND_ALERT, START, record
from ui_screens import WIDE, text_of, wait_for

from monitor.history.replay.feed import ReplayFeed
from monitor.keystore import Keys, KeyStore
from monitor.model import ReplayState
from monitor.ui.app import MonitorApp
from monitor.ui.options import ScreenOptions
from monitor.ui.widgets.time_line import TimeLine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from textual.pilot import Pilot


class Night:
    """A running replay of the recording."""

    def __init__(self, app: MonitorApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def state(self) -> ReplayState:
        """Where the replay stands."""
        state: ReplayState = self.app.store.get(Keys.REPLAY)
        return state

    @property
    def header(self) -> str:
        """The first line."""
        return text_of(self.app).splitlines()[0]

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait for a condition."""
        await wait_for(self.pilot, condition, what)

    async def until_shown(self, text: str) -> None:
        """Wait until a text stands on the screen."""
        await self.until(lambda: text in text_of(self.app), f"{text!r} on the screen")

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self.pilot.press(*keys)

    async def at(self, moment: int) -> None:
        """Wait until the replay stands there, and the header says so."""
        await self.until(
            lambda: self.state.at == moment, f"at {(moment - START) / SECOND:g} s of the recording"
        )


@asynccontextmanager
async def watched(folder: Path, *, size: tuple[int, int] = WIDE, **options: Any) -> AsyncIterator[Night]:
    """The screen on a recording made in this folder."""
    file = await record(folder)
    store = KeyStore()
    app = MonitorApp(store, ReplayFeed(file, store, **{"playing": False, **options}), ScreenOptions())
    async with app.run_test(size=size, notifications=True) as pilot:
        await wait_for(pilot, lambda: store.get(Keys.TIMELINE) is not None, "a time line")
        yield Night(app, pilot)


async def test_every_key_goes_where_it_says(tmp_path: Path) -> None:
    async with watched(tmp_path) as night:
        await night.at(START)
        await night.press("right_square_bracket", "right_square_bracket")
        await night.at(START + 10 * SECOND)
        await night.press("left_square_bracket")
        await night.at(START + 5 * SECOND)
        await night.press("right_curly_bracket")
        await night.at(FIRST_ALERT)
        await night.until(lambda: "◆ critical: disk nearly full" in night.header)
        await night.until_shown("◆ 1 critical")
        await night.press("right_parenthesis")
        await night.at(BLOCKED)
        await night.until(lambda: "■ builder: " in night.header)
        await night.until_shown("■ 1 blocked")
        await night.press("right_parenthesis")
        await night.at(FREED)
        await night.press("left_parenthesis")
        await night.at(BLOCKED)
        await night.press("right_curly_bracket")
        await night.at(SECOND_ALERT)
        await night.press("left_curly_bracket")
        await night.at(FIRST_ALERT)
        await night.press("greater_than_sign", "greater_than_sign", "less_than_sign")
        await night.at(FIRST_ALERT + MINUTE)
        await night.press("L")
        await night.at(END)
        await night.press("H")
        await night.at(START)
        await night.press("J", *"2026-01-01 12:05", "enter")
        await night.at(START - 4 * SECOND + 2 * MINUTE)
        assert night.app._exception is None


async def test_it_plays_at_its_speed_and_stops(tmp_path: Path) -> None:
    async with watched(tmp_path) as night:
        await night.press("plus", "plus", "plus", "plus")
        await night.until(lambda: night.state.speed == 30.0)
        await night.press("space")
        await night.until(lambda: "replay ▶ ×30" in night.header)
        await night.until(lambda: night.state.at > START + 8 * SECOND, "it goes on by itself")
        await night.press("space")
        await night.until(lambda: "replay ‖ paused" in night.header)
        stood = night.state.at
        await night.press("right_square_bracket")
        await night.until(lambda: night.state.at > stood)


async def test_a_gap_is_told_and_nothing_in_it_is_shown_as_known(tmp_path: Path) -> None:
    async with watched(tmp_path, at=sum(GAP) // 2) as night:
        await night.until(lambda: "nobody recorded 12:08:04–12:13:04" in night.header)
        line = next(line for line in text_of(night.app).splitlines() if " builder " in line)
        assert "● active?" in line
        assert "Unknown at this moment: nobody recorded it." in text_of(night.app), "no old load of the host"
        assert line.count("–") >= 4, "CPU, memory, processes and uptime are unknown"
        track = text_of(night.app).splitlines()[-2]
        assert "┄" in track
        missing = track.count("┄") / (len(track) - len(" 12:03  12:18:04 "))
        assert 0.28 < missing < 0.38, "a third of the recording"


async def test_the_time_line_has_the_marks_and_a_click_goes_there(tmp_path: Path) -> None:
    async with watched(tmp_path) as night:
        above, line = text_of(night.app).splitlines()[-3:-1]
        assert "◆" in above
        assert "▲" in above
        assert "■" in line
        await night.pilot.click(TimeLine, offset=(above.index("▲") + 1, 1))
        await night.until(lambda: 0 < night.state.at - SECOND_ALERT < 20 * SECOND)
        await night.until_shown("builder is quiet")


async def test_the_process_tree_of_the_moment_is_shown(tmp_path: Path) -> None:
    async with watched(tmp_path, at=START + 20 * SECOND) as night:
        await night.until_shown("builder")
        await night.press("enter")
        await night.until_shown("└ pytest")
        await night.press("J", *"2026-01-01 12:10", "enter")
        await night.until_shown("nobody recorded")
        await night.until(lambda: "pytest" not in text_of(night.app), "no old tree in a gap")


async def test_an_acknowledgement_is_refused(tmp_path: Path) -> None:
    async with watched(tmp_path, at=FIRST_ALERT) as night:
        await night.until_shown("disk nearly full")
        await night.press("4", "a")
        await night.until_shown("a replay shows the past")
        assert night.app.failure is None


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (120, 40)])
async def test_it_can_be_watched_at_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    async with watched(tmp_path, size=size, at=FIRST_ALERT) as night:
        lines = text_of(night.app).splitlines()
        assert "12:04:44" in lines[0]
        assert "┃" in lines[-2]
        assert "q Quit" in lines[-1]
