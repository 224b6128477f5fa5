"""Checks of the commands of the agents pane."""

from __future__ import annotations

from command_checks import covers
from ui_screens import Screen

from monitor.ui.screens.agent import AgentScreen


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
