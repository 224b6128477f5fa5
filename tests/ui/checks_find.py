"""Checks of the commands that find and filter."""

from __future__ import annotations

import msgspec
from command_checks import covers
from textual.command import CommandPalette
from ui_fleet import metrics
from ui_screens import Screen

from monitor.keystore import Keys
from monitor.model import ProcessKey
from monitor.ui.widgets.filter_line import FilterLine


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


@covers("palette")
async def _the_palette_runs_commands_and_finds_agents(screen: Screen) -> None:
    await screen.press("colon")
    await screen.until(lambda: isinstance(screen.app.screen, CommandPalette))
    await screen.press(*"reviewer")
    await screen.until(lambda: "Agent: reviewer" in screen.text)
    await screen.press("enter")
    await screen.until(lambda: screen.app.screen is screen.main and screen.selected == "reviewer")


@covers("filter.recall")
async def _an_earlier_filter_is_recalled(screen: Screen) -> None:
    for typed in ("blocked", "idle"):
        await screen.press("slash", *typed, "enter")
        await screen.until(lambda: screen.app.focused is screen.main.agents.table)
        await screen.press("escape")
    await screen.press("slash", "up", "up")
    await screen.until(lambda: screen.agent_ids() == ["builder"])
    await screen.press("up")
    await screen.until(lambda: "reviewer" in screen.agent_ids())
    await screen.press("escape")


@covers("copy")
async def _the_id_or_hash_of_a_row_is_copied(screen: Screen) -> None:
    for key, copied in (("1", "validator"), ("2", "01" + ("a3f9c2" * 7)[:38]), ("4", "a2")):
        await screen.press(key, "y")
        await screen.until(lambda: screen.app.clipboard == copied)  # noqa: B023 - waited for in the same turn
        await screen.until_told(f"Sent to the terminal's clipboard: {copied}")
    await screen.press("3", "y")
    await screen.until_told("nothing to copy")


@covers("open.shell", "open.editor")
async def _a_shell_is_not_opened_where_there_is_no_terminal_or_no_worktree(screen: Screen) -> None:
    for key in ("o", "O"):
        await screen.press("1", key)
        await screen.until_told("The worktree /shop/agents/validator cannot be opened: No such file")
        screen.app.clear_notifications()


@covers("process.act")
async def _a_dialog_names_what_a_signal_would_reach(screen: Screen) -> None:
    key = ProcessKey("boot", 4711, 99)
    load = msgspec.structs.replace(metrics(), process_key=key)
    screen.store.set(Keys.metrics("builder"), load)
    await screen.tick()
    await screen.press("1", "j", "x")
    await screen.until_shown("Processes of builder")
    text = screen.text
    assert "claude --model opus  pid 4711, 5 processes" in text
    assert "17 uncommitted changes stay behind" in text
    assert "SIGTERM to all 5 processes" in text
    await screen.press("enter")
    await screen.until(lambda: screen.app.screen is screen.main)
    assert not screen.told, "Cancel stands under the cursor"
    await screen.press("f9")
    await screen.until_shown("Processes of builder")
    await screen.press("j", "j", "enter")
    await screen.until_told("Nothing was sent; 1 was gone")
