"""Each command of the registry does what its help says."""

from __future__ import annotations

from itertools import combinations

import pytest
from command_checks import Check, collect
from textual.events import Key
from ui_screens import NARROW, WIDE, shown

from monitor.errors import MonitorError
from monitor.keystore import KeyStore
from monitor.ui.commands import COMMANDS, key_labels, offered, reference
from monitor.ui.options import ScreenOptions
from monitor.ui.widgets.filter_line import FilterLine

CHECKS = collect()


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


@pytest.mark.parametrize("check", dict.fromkeys(CHECKS.values()), ids=lambda check: check.__name__.strip("_"))
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "200x50"])
async def test_command(check: Check, size: tuple[int, int], store: KeyStore) -> None:
    async with shown(store, size) as screen:
        await check(screen)


WAY_TO: dict[str, tuple[str, ...]] = {
    "alerts": ("4",),
    "past-alerts": ("4", "h"),
    "mutes": ("4", "M"),
    "agent": ("1", "enter"),
    "span": ("1", "enter", "2"),
    "commit": ("2", "enter"),
    "overlay": ("b",),
    "systems": ("7",),
    "attached": ("d",),
    "system-rows": ("d", "2"),
    "workflows": ("d", "4"),
    "log": ("d", "5"),
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
        await screen.press("1", "home")
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
    options = ScreenOptions(keymap={"view.zoom": "Z"})
    async with shown(store, options=options) as screen:
        assert "Z Zoom" in screen.text
        await screen.press("Z")
        await screen.until_gone("Keep the last good board")


async def test_the_footer_offers_what_works_where_the_focus_is(store: KeyStore) -> None:
    async with shown(store) as screen:
        assert "Acknowledge" not in screen.text
        await screen.press("4")
        await screen.until_shown("a Acknowledge")
