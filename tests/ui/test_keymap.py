"""Keys from the configuration."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ui_screens import Screen, shown

from monitor.errors import ConfigError
from monitor.keystore import KeyStore
from monitor.ui.commands import COMMANDS, CommandSpec, key_label
from monitor.ui.commands.keymap import SCENES, checked_keymap
from monitor.ui.options import ScreenOptions
from monitor.ui.screens.base import BaseScreen

FILE = "/home/ada/config.toml"


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("x", None),
        ("Z", "Z"),
        ("?, F7", None),
        ("F7", "f7"),
        ("pgdn", None),
        ("ctrl+o", "ctrl+o"),
        ("alt+Left", "alt+left"),
        ("@", "at"),
        ("%, &", "percent_sign,ampersand"),
        ("ctrl+o,CTRL+O", "ctrl+o"),
        ("shift+F3", "shift+f3"),
        ("ö", "ö"),
    ],
)
def test_a_key_may_be_written_as_people_see_it(written: str, keys: str | None) -> None:
    if keys is None:  # it belongs to another command
        with pytest.raises(ConfigError, match="give one of them another"):
            checked_keymap({"view.zoom": written}, FILE)
    else:
        assert checked_keymap({"view.zoom": written}, FILE) == {"view.zoom": keys}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_every_key_of_every_command_may_be_written_as_it_is_shown(command: CommandSpec) -> None:
    labels = [key_label(key) for key in command.keys]
    # Among others the comma has to be written as a word: it stands between them.
    written = (
        labels[0] if len(labels) == 1 else ",".join("comma" if label == "," else label for label in labels)
    )
    assert checked_keymap({command.id: written}, FILE)[command.id] == ",".join(command.keys)


@pytest.mark.parametrize(
    ("keymap", "told"),
    [
        (
            {"view.zom": "Z"},
            r'config.toml: screen.keys."view.zom": there is no such command; do you mean view.zoom',
        ),
        ({"nonsense-of-all": "Z"}, "no such command; "),
        (
            {"view.zoom": "nokey"},
            r'screen.keys."view.zoom" = "nokey": "nokey" is no key; allowed: a character',
        ),
        ({"view.zoom": "hyperdrive+x"}, "is no key"),
        ({"view.zoom": ""}, "is no key"),
        ({"view.zoom": "Z,"}, "is no key"),
        ({"view.zoom": "\x07"}, "is no key"),
        ({"view.zoom": "s"}, r"the key s is that of sort.next \(Sort\) as well; give one of them another"),
        ({"view.zoom": "j"}, r"the key j is that of move.down"),
        ({"view.zoom": "Z", "sort.next": "Z"}, "the key Z is that of"),
        ({"help": "a"}, "the key a is that of alert.acknowledge"),
        ({"alert.acknowledge": "?"}, r"the key \? is that of help"),
        ({"filter.keep": "k"}, "is a letter that is typed there; allowed: keys as enter"),
        ({"filter.keep": "ctrl+q"}, "the key ctrl[+]q is that of quit.now"),
    ],
)
def test_a_wrong_key_map_is_refused_with_what_is_allowed(keymap: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        checked_keymap(keymap, FILE)
    assert str(caught.value).startswith(FILE)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "keymap",
    [
        {"view.zoom": "s", "sort.next": "z"},
        {"span.longer": "v"},
        {"filter.clear": "escape,X"},
        {"choice.cancel": "escape,q,Z"},
        {"help": "question_mark"},
    ],
)
def test_what_cannot_meet_may_share_a_key_and_keys_may_be_exchanged(keymap: dict[str, str]) -> None:
    assert checked_keymap(keymap, FILE)


@given(
    st.dictionaries(st.sampled_from([command.id for command in COMMANDS]), st.text(max_size=12), max_size=3)
)
def test_any_text_is_taken_or_told(keymap: dict[str, str]) -> None:
    with contextlib.suppress(ConfigError):  # any other error is a fault
        checked = checked_keymap(keymap, FILE)
        assert checked_keymap(checked, FILE) == checked


async def test_exchanged_keys_work_and_are_shown(store: KeyStore) -> None:
    keymap = checked_keymap({"view.zoom": "s, @", "sort.next": "z"}, FILE)
    async with shown(store, options=ScreenOptions(keymap=keymap)) as screen:
        assert "s Zoom" in screen.text
        assert "z Sort" in screen.text
        await screen.press("z")
        assert screen.agent_ids()[0] == "architect"
        await screen.press("s")
        await screen.until_gone("Keep the last good board")
        await screen.press("at")
        await screen.until_shown("Keep the last good board")
        await screen.press("question_mark", "slash", *"whole", "enter")
        await screen.until_shown("s  @")


async def test_what_is_in_force_together_is_known_to_the_check_of_keys(store: KeyStore) -> None:
    everywhere = {"app", "table", "pane", "order", "replay"}

    def known(screen: Screen) -> bool:
        here = screen.app.screen
        return isinstance(here, BaseScreen) and any(
            set(here.contexts()) - everywhere <= one for one in SCENES
        )

    async with shown(store) as screen:
        for keys in ("1", "2", "3", "4", "5", "6", "7"):
            await screen.press(keys)
            assert known(screen), keys
        details = ("1 enter", "1 enter 2", "1 enter 4", "1 enter 6", "2 enter")
        for keys in (*details, "b", "b enter", "4 enter", "4 h", "4 M", "question_mark"):
            await screen.press(*keys.split())
            await screen.until(lambda: screen.app.screen is not screen.main)
            assert known(screen), keys
            while screen.app.screen is not screen.main:
                await screen.press("escape")
