"""Each command of a replay does what its help says, and nothing of a replay is there outside of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.command import CommandPalette
from textual.events import Key
from ui_fleet import HOUR, MINUTE, NOW
from ui_replay import FIRST, LAST, ReplayedScreen, replay_store, replayed
from ui_screens import NARROW, shown

from monitor.errors import MonitorError
from monitor.keystore import Keys, KeyStore
from monitor.model import REPLAY_SPEEDS
from monitor.ui.commands import COMMANDS, offered
from monitor.ui.commands.spec import REPLAY_CONTEXTS
from monitor.ui.options import ScreenOptions
from monitor.ui.screens.agent import AgentScreen
from monitor.ui.screens.help import HelpPane, HelpScreen
from monitor.ui.search import commands_here
from monitor.ui.widgets.moment_line import MomentLine

Check = Callable[[ReplayedScreen], Awaitable[None]]
CHECKS: dict[str, Check] = {}
REPLAY_COMMANDS = [command for command in COMMANDS if command.context in REPLAY_CONTEXTS]


def covers(*ids: str) -> Callable[[Check], Check]:
    """Say which commands a check is about."""

    def note(check: Check) -> Check:
        CHECKS.update(dict.fromkeys(ids, check))
        return check

    return note


def test_every_replay_command_has_a_test_and_no_test_is_for_nothing() -> None:
    assert set(CHECKS) == {command.id for command in REPLAY_COMMANDS}


def test_no_key_of_a_replay_hides_another_that_works_there() -> None:
    replay = {key for command in REPLAY_COMMANDS if command.context == "replay" for key in command.keys}
    for command in offered(replay=True):
        if command.context not in (*REPLAY_CONTEXTS, "filter"):
            assert not replay & set(command.keys), command.id


@covers("replay.play")
async def _space_plays_and_stops(screen: ReplayedScreen) -> None:
    await screen.press("space")
    assert screen.asked == [("play", True)]
    await screen.until_shown("replay ▶ ×1")
    assert not screen.app.notices.paused, "the picture itself is not held"
    await screen.press("space")
    assert screen.asked[1:] == [("play", False)]
    await screen.until_shown("replay ‖ paused")


@covers("replay.next-sample", "replay.previous-sample")
async def _brackets_step_by_sample(screen: ReplayedScreen) -> None:
    await screen.press("right_square_bracket", "left_square_bracket", "left_square_bracket")
    assert screen.asked == [("step", 1), ("step", -1), ("step", -1)]


@covers("replay.next-alert", "replay.previous-alert")
async def _braces_jump_by_alert(screen: ReplayedScreen) -> None:
    await screen.press("right_curly_bracket", "left_curly_bracket")
    assert screen.asked == [("jump", "alert", 1), ("jump", "alert", -1)]


@covers("replay.next-status", "replay.previous-status")
async def _parentheses_jump_by_change_of_status(screen: ReplayedScreen) -> None:
    await screen.press("right_parenthesis", "left_parenthesis")
    assert screen.asked == [("jump", "status", 1), ("jump", "status", -1)]


@covers("replay.minute-on", "replay.minute-back")
async def _angle_brackets_go_by_the_minute(screen: ReplayedScreen) -> None:
    await screen.press("greater_than_sign", "greater_than_sign", "less_than_sign")
    assert screen.asked == [("seek", NOW + MINUTE), ("seek", NOW + 2 * MINUTE), ("seek", NOW + MINUTE)]
    await screen.until_shown("12:04:04")


@covers("replay.faster", "replay.slower")
async def _plus_and_minus_go_through_the_speeds(screen: ReplayedScreen) -> None:
    await screen.press(*["plus"] * (len(REPLAY_SPEEDS) + 1))
    await screen.press(*["minus"] * 2)
    speeds = [speed for _, speed in screen.asked]
    assert speeds == [*REPLAY_SPEEDS[1:], REPLAY_SPEEDS[-1], REPLAY_SPEEDS[-1], *REPLAY_SPEEDS[-2:-4:-1]]
    assert screen.feed.intervals == [], "the interval is the live view's"


@covers("replay.start", "replay.end")
async def _capitals_go_to_both_ends(screen: ReplayedScreen) -> None:
    await screen.press("H")
    await screen.until_shown("10:03:04")
    await screen.press("L")
    await screen.until_shown("at the end, live")
    assert screen.asked == [("start",), ("end",)]
    await screen.press("space")
    assert screen.asked[-1] == ("play", False), "what follows moves: the key makes it stand still"


@covers("replay.go-to", "moment.go", "moment.cancel")
async def _a_time_is_typed_and_gone_to(screen: ReplayedScreen) -> None:
    await screen.press("J")
    await screen.until(lambda: isinstance(screen.app.focused, MomentLine))
    await screen.press(*"2026-01-01 12:30", "enter")
    await screen.until(lambda: screen.app.focused is screen.main.agents.table)
    assert screen.asked == [("seek", NOW - 3 * MINUTE - 4000 + 30 * MINUTE)]
    await screen.press("J", *"11:00", "escape")
    await screen.until(lambda: screen.app.focused is screen.main.agents.table)
    assert len(screen.asked) == 1
    assert not screen.main.query_one(MomentLine).display


@pytest.mark.parametrize("check", dict.fromkeys(CHECKS.values()), ids=lambda check: check.__name__.strip("_"))
async def test_command(check: Check) -> None:
    async with replayed(replay_store()) as screen:
        await check(screen)


# --- keys that are pressed faster than the replay follows ------------------------------------------------------


async def test_keys_pressed_before_the_replay_has_followed_all_count() -> None:
    async with replayed(replay_store()) as screen:
        screen.feed.answers = False
        await screen.press(*["greater_than_sign"] * 3, "plus", "plus", "space", "space")
        assert screen.asked[2] == ("seek", NOW + 3 * MINUTE)
        assert screen.asked[3:] == [("speed", 2.0), ("speed", 5.0), ("play", True), ("play", False)]


async def test_a_minute_beyond_the_end_is_the_end() -> None:
    async with replayed(replay_store(at=LAST - 1000)) as screen:
        await screen.press("greater_than_sign", "H", "less_than_sign")
        assert screen.asked == [("seek", LAST), ("start",), ("seek", FIRST)]


async def test_keys_before_the_first_moment_do_no_harm() -> None:
    store = replay_store()
    for key in (Keys.REPLAY, Keys.TIMELINE, Keys.CLOCK):
        store.delete(key)
    async with replayed(store) as screen:
        screen.feed.answers = False
        for command in REPLAY_COMMANDS:
            if command.context == "replay":
                await screen.press(command.keys[0])
        await screen.press("escape")
        assert screen.app._exception is None
        assert all(asked[0] != "seek" for asked in screen.asked)


# --- a time to go to -------------------------------------------------------------------------------------------


async def test_a_time_that_is_none_is_told_in_place_and_stays_to_be_corrected() -> None:
    async with replayed(replay_store()) as screen:
        await screen.press("J", *"soon", "enter")
        await screen.until_shown("'soon' is no time")
        line = screen.app.focused
        assert isinstance(line, MomentLine)
        assert line.value == "soon"
        await screen.press("backspace")
        await screen.until_gone("is no time")
        assert screen.asked == []
        await screen.press("escape")
        await screen.until(lambda: not screen.main.query_one(MomentLine).display)


async def test_a_time_outside_the_recording_is_told_with_what_is_recorded() -> None:
    async with replayed(replay_store()) as screen:
        await screen.press("J", *"2020-01-01", "enter")
        await screen.until_shown("outside the recording, which holds 10:03–18:03")
        assert screen.asked == []


async def test_a_time_counts_from_the_end_of_an_old_recording() -> None:
    async with replayed(replay_store()) as screen:
        await screen.press("J", *"-2h", "enter")
        assert screen.asked == [("seek", LAST - 2 * HOUR)]
        await screen.press("J", *"12:30", "enter")
        assert screen.asked[1] == ("seek", NOW - 3 * MINUTE - 4000 + 30 * MINUTE)


async def test_typing_a_time_leaves_the_panes_as_they_are() -> None:
    async with replayed(replay_store(), NARROW) as screen:
        await screen.press("4")
        await screen.until(lambda: screen.main.alerts.size.height > 3)
        before = [pane.size for pane in screen.main.panes()]
        await screen.press("J", *"1q? :")
        await screen.until_shown("esc Cancel")
        assert [pane.size for pane in screen.main.panes()] == before
        await screen.press("escape")
        await screen.until(lambda: screen.main.pane is screen.main.alerts)


async def test_a_time_that_is_typed_at_once_loses_no_key() -> None:
    async with replayed(replay_store()) as screen:
        for key in ("J", "minus", "2", "h", "enter"):
            screen.app.post_message(Key(key, {"minus": "-", "enter": None}.get(key, key)))
        await screen.until(lambda: screen.asked == [("seek", LAST - 2 * HOUR)])
        await screen.until(lambda: screen.app.focused is screen.main.agents.table)


async def test_what_was_typed_before_the_focus_came_is_not_typed_over() -> None:
    async with replayed(replay_store()) as screen:
        await screen.press("J", "-")
        line = screen.main.query_one(MomentLine)
        screen.main.set_focus(None)
        screen.main.set_focus(line)
        await screen.press("2", "h")
        await screen.until(lambda: line.value == "-2h")


async def test_a_second_press_of_the_key_opens_no_second_line() -> None:
    async with replayed(replay_store()) as screen:
        await screen.press("J")
        await screen.app.screen.run_action("replay_go_to")  # as the palette would
        await screen.pilot.pause()
        assert len(screen.main.query(MomentLine)) == 1


# --- where the keys are offered --------------------------------------------------------------------------------


async def test_the_footer_offers_the_keys_of_a_replay_on_every_screen() -> None:
    async with replayed(replay_store()) as screen:
        for keys in ((), ("enter",), ("escape", "b"), ("escape", "question_mark")):
            await screen.press(*keys)
            await screen.until_shown("[ ] Step  { } Alert  J Go to")
            assert "Pause" not in screen.text.splitlines()[-1]


async def test_the_keys_work_on_every_screen() -> None:
    async with replayed(replay_store()) as screen:
        for keys in (("enter",), ("escape", "b"), ("escape", "question_mark")):
            await screen.press(*keys, "right_square_bracket")
            await screen.press("J", *"12:30", "enter")
        assert [asked[0] for asked in screen.asked] == ["step", "seek"] * 3


async def test_help_and_palette_show_what_means_something_in_a_replay() -> None:
    async with replayed(replay_store()) as screen:
        titles = {entry.text for entry in commands_here(screen.app, screen.app.screen)}
        assert {"Play", "Go to", "Next pane"} <= titles
        assert not {"Pause", "Acknowledge", "Faster"} & titles
        await screen.press("question_mark")
        await screen.until(lambda: isinstance(screen.app.screen, HelpScreen))
        pane = screen.app.screen.query_one(HelpPane)
        listed = {row.id for row in pane.table.rows}
        assert "replay.go-to" in listed
        assert not {"pause", "alert.mute"} & listed


async def test_the_palette_runs_a_command_of_the_replay() -> None:
    async with replayed(replay_store()) as screen:
        await screen.press("colon")
        await screen.until(lambda: isinstance(screen.app.screen, CommandPalette))
        await screen.press(*"Previous alert")
        await screen.until(lambda: "alert before" in screen.text)
        await screen.press("enter")
        await screen.until(lambda: screen.asked == [("jump", "alert", -1)])


async def test_a_key_map_gives_both_keys_of_a_pair_others() -> None:
    keymap = {"replay.previous-sample": "X", "replay.next-sample": "Y", "pause": "Z"}
    async with replayed(replay_store(), options=ScreenOptions(keymap=keymap)) as screen:
        await screen.until_shown("X Y Step")
        await screen.press("Y", "Z")
        assert screen.asked == [("step", 1)]
        assert not screen.app.notices.paused


async def test_an_acknowledgement_is_refused_politely_and_leaves_no_trace() -> None:
    async with replayed(replay_store()) as screen:
        screen.feed.refuses = MonitorError("a replay shows the past: acknowledge in the live view")
        await screen.press("4", "a")
        await screen.until_shown("a replay shows the past")
        assert "…" not in next(line for line in screen.text.splitlines() if "mcp is down" in line)
        assert screen.app.failure is None


async def test_every_key_of_a_replay_can_be_used_one_after_the_other_on_a_small_terminal() -> None:
    async with replayed(replay_store(), NARROW) as screen:
        for command in offered(replay=True):
            if command.context == "replay":
                await screen.press("1", command.keys[0])
                await screen.tick()
                assert screen.app._exception is None, command.id
                while screen.app.screen is not screen.main:
                    await screen.press("escape")
                await screen.press("escape")
        await screen.until_shown("validator")


# --- outside of a replay ---------------------------------------------------------------------------------------


async def test_a_live_screen_has_neither_the_time_line_nor_its_keys(store: KeyStore) -> None:
    async with shown(store) as screen:
        assert not screen.app.screen.query("#time-line")
        footer = screen.text.splitlines()[-1]
        assert not [word for word in ("[ ]", "{ }", "Go to", "Play") if word in footer]
        before = screen.text
        for command in REPLAY_COMMANDS:
            if command.context == "replay" and command.keys[0] not in ("space", "plus", "minus"):
                await screen.press(*command.keys)
        assert screen.text == before
        titles = {entry.text for entry in commands_here(screen.app, screen.app.screen)}
        assert not titles & {command.title for command in REPLAY_COMMANDS}
        await screen.press("question_mark")
        await screen.until(lambda: isinstance(screen.app.screen, HelpScreen))
        rows = {row.id for row in screen.app.screen.query_one("LineTable").rows}  # type: ignore[attr-defined]
        assert not rows & {command.id for command in REPLAY_COMMANDS}
        assert "Replay" not in rows


async def test_no_other_screen_has_a_time_line_outside_of_a_replay(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.screen, AgentScreen))
        assert not screen.app.screen.query("#time-line")
