"""Checks of the commands of an agent's details."""

from __future__ import annotations

from command_checks import covers
from ui_fleet import processes
from ui_screens import Screen

from monitor.keystore import Keys


@covers("agent.tree")
async def _processes_stand_as_a_tree_or_by_cpu(screen: Screen) -> None:
    screen.store.set(Keys.processes("validator"), processes())
    await screen.press("enter", "tab")
    await screen.until_shown("└ pytest")
    await screen.press("t")
    await screen.until_gone("└")
    assert screen.text.index("pytest") < screen.text.index("node server.js")
