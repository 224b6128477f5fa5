"""Checks of the commands of an agent's details."""

from __future__ import annotations

from functools import partial

from command_checks import covers
from ui_fleet import processes
from ui_screens import Screen

from monitor.keystore import Keys
from monitor.ui.panes.base import BasePane
from monitor.ui.screens.agent import AgentScreen


def details(screen: Screen) -> AgentScreen:
    """The details that are open."""
    opened = screen.app.screen
    assert isinstance(opened, AgentScreen)
    return opened


def _unfolded(pane: BasePane) -> bool:
    return pane.size.height >= min(pane.wanted, 3)


@covers("agent.tree")
async def _processes_stand_as_a_tree_or_by_cpu(screen: Screen) -> None:
    screen.store.set(Keys.processes("validator"), processes())
    await screen.press("enter", "3")
    await screen.until_shown("└ pytest")
    await screen.press("t")
    await screen.until_gone("└")
    assert screen.text.index("pytest") < screen.text.index("node server.js")


@covers(
    "details.facts",
    "details.charts",
    "details.processes",
    "details.commits",
    "details.tasks",
    "details.alerts",
    "details.activity",
    "details.session",
    "details.tools",
)
async def _a_number_goes_to_its_pane(screen: Screen) -> None:
    await screen.press("enter")
    await screen.until(lambda: isinstance(screen.app.screen, AgentScreen))
    opened = details(screen)
    for pane in reversed(opened.panes()):
        await screen.press(pane.NUMBER)
        assert opened.focused_pane is pane
        await screen.until(partial(_unfolded, pane), f"{pane.id} unfolds")


@covers("details.next-waiting", "details.previous-waiting")
async def _the_next_agent_that_needs_a_person_is_shown_at_the_same_pane(screen: Screen) -> None:
    await screen.press("enter", "6", "z")
    first = details(screen)
    await screen.press("n")
    await screen.until(lambda: screen.app.screen is not first)
    second = details(screen)
    assert {first.agent_id, second.agent_id} == {"validator", "builder"}
    assert second.focused_pane is second.alerts
    assert second.zoomed
    await screen.press("N")
    await screen.until(lambda: details(screen).agent_id == first.agent_id)
    await screen.press("escape")
    await screen.until(lambda: screen.app.screen is screen.main, "one step leads back")
