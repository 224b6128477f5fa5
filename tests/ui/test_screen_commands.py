"""Each command of the registry does what its help says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import combinations

import pytest
from textual.events import Key
from ui_fleet import alert, processes
from ui_screens import NARROW, Screen, shown

from monitor.errors import MonitorError
from monitor.keystore import Keys, KeyStore
from monitor.ui.commands import COMMANDS, key_labels, offered, reference
from monitor.ui.options import ScreenOptions
from monitor.ui.screens.agent import AgentScreen
from monitor.ui.screens.board import BoardScreen
from monitor.ui.screens.help import HelpScreen
from monitor.ui.widgets.filter_line import FilterLine

Check = Callable[[Screen], Awaitable[None]]
CHECKS: dict[str, Check] = {}


def covers(*ids: str) -> Callable[[Check], Check]:
    """Say which commands a check is about."""

    def note(check: Check) -> Check:
        CHECKS.update(dict.fromkeys(ids, check))
        return check

    return note


def test_every_command_has_a_test_and_no_test_is_for_nothing() -> None:
    live = {command.id for command in offered(replay=False)}
    assert set(CHECKS) == live  # those of a replay: test_replay_keys.py


def test_no_two_commands_of_one_context_share_a_key() -> None:
    for one, other in combinations(COMMANDS, 2):
        if one.context == other.context:
            assert not set(one.keys) & set(other.keys), (one.id, other.id)


def test_the_reference_names_every_command_with_its_keys() -> None:
    page = reference()
    for command in COMMANDS:
        assert f"`{command.id}`" in page
        assert command.help in page
        assert all(f"`{label}`" in page for label in key_labels(command, {}))


@covers("agent.open", "back")
async def _details_open_and_close(screen: Screen) -> None:
    await screen.press("enter")
    await screen.until(lambda: isinstance(screen.app.screen, AgentScreen))
    await screen.press("escape")
    await screen.until(lambda: screen.app.screen is screen.main)


@covers("agent.next-waiting", "agent.previous-waiting")
async def _waiting_agents_are_visited_in_turn(screen: Screen) -> None:
    await screen.press("3", "G", "n")
    assert screen.selected == "builder"
    await screen.press("n")
    assert screen.selected == "validator"
    await screen.press("N")
    assert screen.selected == "builder"


@covers("alert.acknowledge")
async def _an_acknowledged_alert_shows_it_when_the_feed_confirms(screen: Screen) -> None:
    await screen.press("4", "a")
    await screen.until(lambda: screen.feed.sent)
    (command,) = screen.feed.sent
    assert (command.kind, command.alert_id, command.by) == ("acknowledge", "a2", "ada")
    line = next(line for line in screen.text.splitlines() if "mcp is down" in line)
    assert "✓" not in line.partition("critical")[2]
    alerts = screen.store.get(Keys.ALERTS)
    confirmed = alert("a2", "critical", title="mcp is down", acknowledged=True)
    screen.store.set(Keys.ALERTS, (confirmed, *(one for one in alerts if one.alert_id != "a2")))
    await screen.tick()
    await screen.until(
        lambda: any("✓" in line and "mcp is down" in line for line in screen.text.splitlines())
    )


@covers("alert.resolve")
async def _a_resolved_alert_is_sent_and_leaves(screen: Screen) -> None:
    await screen.press("4", "j", "R")
    await screen.until(lambda: screen.feed.sent)
    assert (screen.feed.sent[0].kind, screen.feed.sent[0].alert_id) == ("resolve", "a3")
    screen.store.set(Keys.ALERTS, tuple(one for one in screen.store.get(Keys.ALERTS) if one.alert_id != "a3"))
    await screen.tick()
    await screen.until_gone("TASK-014 is blocked")


@covers("agent.tree")
async def _processes_stand_as_a_tree_or_by_cpu(screen: Screen) -> None:
    screen.store.set(Keys.processes("validator"), processes())
    await screen.press("enter")
    await screen.until_shown("└ pytest")
    await screen.press("t")
    await screen.until_gone("└")
    assert screen.text.index("pytest") < screen.text.index("node server.js")


@covers("filter.open", "filter.clear", "filter.keep", "filter.cancel")
async def _a_filter_works_while_it_is_typed(screen: Screen) -> None:
    await screen.press("slash")
    await screen.until(lambda: isinstance(screen.app.focused, FilterLine))
    await screen.press(*"blocked")
    await screen.until(lambda: screen.agent_ids() == ["builder"])
    await screen.press("enter")
    await screen.until(lambda: screen.app.focused is screen.main.agents.table)
    assert screen.agent_ids() == ["builder"]
    await screen.press("escape")
    await screen.until(lambda: len(screen.agent_ids()) == 20)
    await screen.press("slash", *"q", "escape")
    await screen.until(lambda: screen.app.focused is screen.main.agents.table)
    assert len(screen.agent_ids()) == 20


@covers("sort.next", "sort.previous", "sort.invert")
async def _the_order_goes_through_the_columns(screen: Screen) -> None:
    assert screen.agent_ids()[:2] == ["validator", "builder"]
    await screen.press("s")
    assert screen.agent_ids()[0] == "architect"
    await screen.press("s")
    assert screen.agent_ids()[0] == "parser"
    assert screen.agent_ids()[-2:] == ["validator", "docs"], "an unknown CPU comes last"
    await screen.press("I")
    assert screen.agent_ids()[0] == "builder"
    assert screen.agent_ids()[-2:] == ["validator", "docs"]
    await screen.press("S", "S")
    assert screen.agent_ids()[:2] == ["validator", "builder"]


@covers("view.zoom")
async def _a_zoomed_pane_stands_alone(screen: Screen) -> None:
    await screen.press("2", "z")
    await screen.until_gone("Agents")
    assert "Commits" in screen.text
    await screen.press("z")
    await screen.until_shown("Agents")


@covers("pane.agents", "pane.commits", "pane.health", "pane.alerts")
async def _a_number_goes_to_its_pane(screen: Screen) -> None:
    for key, pane in (("2", "commits"), ("3", "health"), ("4", "alerts"), ("1", "agents")):
        await screen.press(key)
        assert screen.main.pane is not None
        assert screen.main.pane.id == pane


@covers("pane.next", "pane.previous")
async def _tab_goes_round_the_panes(screen: Screen) -> None:
    seen = []
    for _ in range(4):
        await screen.press("tab")
        seen.append(screen.main.pane and screen.main.pane.id)
    assert seen == ["commits", "health", "alerts", "agents"]
    await screen.press("shift+tab")
    assert screen.main.pane is screen.main.alerts


@covers("board.open")
async def _the_board_opens(screen: Screen) -> None:
    await screen.press("b")
    await screen.until(lambda: isinstance(screen.app.screen, BoardScreen))
    await screen.until_shown("Wire the command line")
    assert "waits for TASK-003" in screen.text


@covers("move.down", "move.up", "move.first", "move.last", "move.page-down", "move.page-up")
async def _the_cursor_moves(screen: Screen) -> None:
    table = screen.main.agents.table
    for keys, expected in (
        (("j", "down"), 2),
        (("k", "up"), 0),
        (("G",), 19),
        (("g",), 0),
        (("end",), 19),
        (("home",), 0),
        (("pagedown",), 19),
        (("pageup",), 0),
    ):
        await screen.press(*keys)
        assert table.cursor == expected, keys


@covers("pause")
async def _a_paused_screen_stands_still_and_then_catches_up(screen: Screen) -> None:
    await screen.press("space")
    await screen.until_shown("PAUSED since 12:03:04")
    screen.store.set(Keys.ALERTS, ())
    await screen.tick()
    assert "mcp is down" in screen.text
    await screen.press("space")
    await screen.until_shown("All quiet")
    assert "PAUSED" not in screen.text


@covers("interval.longer", "interval.shorter")
async def _the_interval_changes_in_steps(screen: Screen) -> None:
    await screen.press("plus", "minus")
    assert screen.feed.intervals == [3.0, 1.0]


@covers("palette")
async def _the_palette_runs_commands_and_finds_agents(screen: Screen) -> None:
    await screen.press("colon")
    await screen.until(lambda: type(screen.app.screen).__name__ == "CommandPalette")
    await screen.press(*"reviewer")
    await screen.until(lambda: "Agent: reviewer" in screen.text)
    await screen.press("enter")
    await screen.until(lambda: screen.app.screen is screen.main and screen.selected == "reviewer")


@covers("help")
async def _help_shows_every_command(screen: Screen) -> None:
    await screen.press("question_mark")
    await screen.until(lambda: isinstance(screen.app.screen, HelpScreen))
    table = screen.app.screen.query_one("LineTable")
    shown_ids = {row.id for row in table.rows}  # type: ignore[attr-defined]
    assert {command.id for command in offered(replay=False)} <= shown_ids
    await screen.press("f1", "escape")
    await screen.until(lambda: screen.app.screen is screen.main)


@covers("quit")
async def _quit_ends_with_success(screen: Screen) -> None:
    await screen.press("q")
    await screen.until(lambda: screen.app._exit)
    assert screen.app.return_code == 0


@covers("quit.now")
async def _control_c_ends_even_while_typing(screen: Screen) -> None:
    await screen.press("slash", "q")
    assert not screen.app._exit
    await screen.press("ctrl+c")
    await screen.until(lambda: screen.app._exit)


@pytest.mark.parametrize("check", dict.fromkeys(CHECKS.values()), ids=lambda check: check.__name__.strip("_"))
async def test_command(check: Check, store: KeyStore) -> None:
    async with shown(store) as screen:
        await check(screen)


WAY_TO: dict[str, tuple[str, ...]] = {
    "alerts": ("4",),
    "agent": ("1", "enter"),
    "overlay": ("b",),
    "filter": ("slash",),
}
"""Keys that lead from the main screen to where a command works."""


async def test_every_command_can_be_used_one_after_the_other_on_a_small_terminal(store: KeyStore) -> None:
    async with shown(store, NARROW) as screen:
        for command in offered(replay=False):
            if command.action != "quit":
                await screen.press(*WAY_TO.get(command.context, ("1",)), command.keys[0])
                await screen.tick()
                assert screen.app._exception is None, command.id
                while screen.app.screen is not screen.main:
                    await screen.press("escape")
                await screen.press("escape")
        await screen.until_shown("validator")


async def test_a_filter_that_is_typed_at_once_loses_no_key(store: KeyStore) -> None:
    async with shown(store) as screen:
        for key in ("slash", *"blocked", "enter"):
            screen.app.post_message(Key(key, key if len(key) == 1 else None))
        await screen.until(lambda: screen.agent_ids() == ["builder"])
        await screen.until(lambda: screen.app.focused is screen.main.agents.table)


async def test_what_was_typed_before_the_focus_came_is_not_typed_over(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("slash", "b")
        line = screen.main.query_one(FilterLine)
        screen.main.set_focus(None)
        screen.main.set_focus(line)
        await screen.press("l", "o")
        await screen.until(lambda: line.value == "blo")


async def test_a_refused_command_is_told(store: KeyStore) -> None:
    async with shown(store) as screen:
        screen.feed.refuses = MonitorError("the inbox is full")
        await screen.press("4", "a")
        await screen.until_shown("the inbox is full")


async def test_a_key_map_gives_a_command_another_key(store: KeyStore) -> None:
    options = ScreenOptions(keymap={"view.zoom": "x"})
    async with shown(store, options=options) as screen:
        assert "x Zoom" in screen.text
        await screen.press("x")
        await screen.until_gone("Commits")


async def test_the_footer_offers_what_works_where_the_focus_is(store: KeyStore) -> None:
    async with shown(store) as screen:
        assert "Acknowledge" not in screen.text
        await screen.press("4")
        await screen.until_shown("a Acknowledge")
