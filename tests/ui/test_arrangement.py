"""What a person chose about the screen is there again at the next start, and a damaged file does no harm."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ui_screens import shown

from monitor.ui.arrangement import SIZE_LIMIT, Arrangement, Memory, load, save
from monitor.ui.options import ScreenOptions
from monitor.ui.themes import LIGHT

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.keystore import KeyStore


def options(folder: Path) -> ScreenOptions:
    """A screen that remembers."""
    return ScreenOptions(user="ada", arrangement=folder / "screen.json")


async def test_hidden_panes_zoom_and_theme_are_there_again_at_the_next_start(
    store: KeyStore, tmp_path: Path
) -> None:
    async with shown(store, options=options(tmp_path)) as screen:
        await screen.press("2", "w", "4", "z")
        screen.app.theme = LIGHT.name
        await screen.until((tmp_path / "screen.json").exists, "written while it runs")
    async with shown(store, options=options(tmp_path)) as screen:
        assert screen.app.theme == LIGHT.name
        assert [pane.id for pane in screen.main.query("Pane") if pane.display] == ["alerts"]
        await screen.press("z")
        await screen.until_shown("Agents")
        assert not screen.main.query_one("#commits").display


async def test_what_was_chosen_just_before_the_end_is_remembered(store: KeyStore, tmp_path: Path) -> None:
    async with shown(store, options=options(tmp_path)) as screen:
        await screen.press("2", "w")
    assert load(tmp_path / "screen.json").hidden == ("commits",)


async def test_a_start_without_a_choice_writes_nothing(store: KeyStore, tmp_path: Path) -> None:
    async with shown(store, options=options(tmp_path)) as screen:
        await screen.press("tab", "j")
    assert not (tmp_path / "screen.json").exists()


async def test_a_folder_that_cannot_be_written_is_told_and_stops_nothing(
    store: KeyStore, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    async with shown(store, options=options(tmp_path / "state")) as screen:
        await screen.press("2", "w")
        await screen.until(lambda: screen.app._notifications, "a notice")
        assert "cannot be remembered" in next(iter(screen.app._notifications)).message
        await screen.press("W")
        await screen.until_shown("Keep the last good board")


@given(st.binary(max_size=200))
def test_a_damaged_file_is_as_good_as_none(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("state") / "screen.json"
    file.write_bytes(content)
    assert isinstance(load(file), Arrangement)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"hidden": 3}', b"[" * 60_000, b" " * (SIZE_LIMIT + 1)])
def test_a_file_of_another_shape_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "screen.json").write_bytes(content)
    assert load(tmp_path / "screen.json") == Arrangement()


def test_the_file_is_the_persons_own(tmp_path: Path) -> None:
    file = tmp_path / "state" / "screen.json"
    save(file, Arrangement(hidden=("health",)))
    assert load(file).hidden == ("health",)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["screen.json"], "no draft is left"


def test_plain_choices_of_a_pane_need_not_be_remembered(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "screen.json")
    assert memory.change_pane("agents", sort="cpu", group="")
    assert memory.of_pane("agents") == {"sort": "cpu"}
    assert memory.change_pane("agents", sort="")
    assert memory.arrangement.panes == {}
    assert not memory.change_pane("agents", sort="")
