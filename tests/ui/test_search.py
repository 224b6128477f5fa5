"""What the palette finds, and where it leads."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.command import CommandPalette
from ui_fleet import add_agent, status
from ui_replay import replay_store, replayed
from ui_screens import NARROW, WIDE, Screen, shown

from monitor.keystore import Keys, KeyStore
from monitor.ui.options import ScreenOptions
from monitor.ui.screens.agent import AgentScreen
from monitor.ui.screens.alert import AlertScreen
from monitor.ui.screens.commit import CommitScreen
from monitor.ui.screens.task import TaskScreen
from monitor.ui.search import LIMIT, Entry, best, score


def entry(text: str, kind: str = "task", more: str = "") -> Entry:
    return Entry.of(kind, text, "about it", print, more=more)


def test_every_word_has_to_be_there_in_any_order() -> None:
    one = entry("Task: TASK-014 Wire the commands", more="BLOCKED builder")
    assert score(one, ("wire", "014"))
    assert score(one, ("builder", "wire")), "also in what is not shown"
    assert not score(one, ("wire", "nobody"))


def test_a_word_from_its_beginning_comes_before_one_from_its_middle() -> None:
    entries = [entry("rewire it"), entry("wire it up again")]
    assert [found.text for _, found in best(entries, "WIRE")] == ["wire it up again", "rewire it"]


def test_of_equally_good_ones_commands_and_agents_come_first() -> None:
    entries = [entry("sort", kind) for kind in ("theme", "commit", "agent", "command")]
    assert [found.kind for _, found in best(entries, "sort")] == ["command", "agent", "commit", "theme"]


@given(st.lists(st.text(max_size=20), max_size=60), st.text(max_size=10))
def test_whatever_is_typed_is_looked_for_and_the_results_are_bounded(texts: list[str], query: str) -> None:
    found = best([entry(text) for text in texts], query)
    assert len(found) <= min(LIMIT, len(texts))
    assert [value for value, _ in found] == sorted((value for value, _ in found), reverse=True)


def test_ten_thousand_things_are_looked_through_within_a_key() -> None:
    entries = [
        entry(f"Task: TASK-{number} wire the commands of worker {number % 97}") for number in range(10_000)
    ]
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        assert len(best(entries, "wire worker 13")) == LIMIT
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.05


async def type_into_palette(screen: Screen, typed: str, found: str) -> None:
    """Open the palette, type, and wait until this is the best result."""
    await screen.press("colon")
    await screen.until(lambda: isinstance(screen.app.screen, CommandPalette))
    await screen.press(*("space" if letter == " " else letter for letter in typed))
    await screen.until_shown(found)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_task_is_found_by_its_id_and_opened(store: KeyStore, size: tuple[int, int]) -> None:
    async with shown(store, size) as screen:
        await type_into_palette(screen, "014 wire", "Task: TASK-014 Wire the comman")
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.screen, TaskScreen))
        await screen.until_shown("TASK-014")


async def test_a_commit_is_found_by_its_hash_and_opened(store: KeyStore) -> None:
    commit = store.get(Keys.COMMIT_FEED)[2]
    async with shown(store) as screen:
        await type_into_palette(screen, commit.commit_hash[:12], f"Commit: {commit.short_hash}")
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.screen, CommitScreen))
        await screen.until_shown(commit.commit_hash)


async def test_an_agent_is_gone_to_without_the_filter_that_hides_it(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("slash", *"nothing-like-it", "enter")
        await screen.until_shown("Nothing matches the filter")
        await screen.press("b")
        await type_into_palette(screen, "agent reviewer", "Agent: reviewer")
        await screen.press("enter")
        await screen.until(lambda: screen.app.screen is screen.main and screen.selected == "reviewer")


async def test_an_alert_and_the_details_of_an_agent_are_opened(store: KeyStore) -> None:
    async with shown(store) as screen:
        await type_into_palette(screen, "alert mcp", "Alert: ")
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.screen, AlertScreen))
        await type_into_palette(screen, "details reviewer", "Details: reviewer")
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.screen, AgentScreen))


async def test_a_theme_is_found_and_taken(store: KeyStore) -> None:
    async with shown(store) as screen:
        await type_into_palette(screen, "theme nord", "Theme: nord")
        await screen.press("enter")
        await screen.until(lambda: screen.app.theme == "nord")


async def test_where_no_colour_is_wanted_no_theme_is_found(store: KeyStore) -> None:
    async with shown(store, options=ScreenOptions(no_color=True)) as screen:
        await type_into_palette(screen, "theme nord", "No matches found")


async def test_a_command_is_found_with_its_key_and_runs_as_if_it_had_been_pressed(store: KeyStore) -> None:
    async with shown(store, options=ScreenOptions(keymap={"sort.next": "Z"})) as screen:
        await type_into_palette(screen, "sort", "Sort  Z")
        await type_nothing_more(screen)
        await type_into_palette(screen, "tasks", "Pane: ")


async def type_nothing_more(screen: Screen) -> None:
    await screen.press("escape")
    await screen.until(lambda: screen.app.screen is screen.main)


@pytest.mark.parametrize(("readonly", "found"), [(False, "Signal"), (True, "No matches found")])
async def test_read_only_finds_no_command_that_does_something_outside(
    store: KeyStore, *, readonly: bool, found: str
) -> None:
    async with shown(store, options=ScreenOptions(readonly=readonly)) as screen:
        await type_into_palette(screen, "process.act", found)


async def test_a_replay_finds_its_own_commands_and_none_of_what_happens_now() -> None:
    async with replayed(replay_store()) as screen:
        await screen.press("colon", *"process.act")
        await screen.until_shown("No matches found")
        await screen.press("escape", "colon", *"replay.play")
        await screen.until(lambda: "No matches found" not in screen.text and "Play" in screen.text)


async def test_names_from_outside_are_text_and_nothing_else(store: KeyStore) -> None:
    add_agent(
        store, status("evil", name="[red]evil[/] \x1b]52;c;ZXZpbA==\x07[@click=app.quit]x", kind="[/nope]")
    )
    async with shown(store) as screen:
        await type_into_palette(screen, "agent evil", "Agent: [red]evil[/] ")
        await screen.until_shown("[@click=app.quit]x")
        await screen.press("enter")
        await screen.until(lambda: screen.selected == "evil")
