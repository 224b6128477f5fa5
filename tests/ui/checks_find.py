"""Checks of the commands that find and filter."""

from __future__ import annotations

from command_checks import covers
from ui_screens import Screen

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
    await screen.until(lambda: type(screen.app.screen).__name__ == "CommandPalette")
    await screen.press(*"reviewer")
    await screen.until(lambda: "Agent: reviewer" in screen.text)
    await screen.press("enter")
    await screen.until(lambda: screen.app.screen is screen.main and screen.selected == "reviewer")
