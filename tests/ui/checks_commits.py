"""Checks of the commands of commits."""

from __future__ import annotations

from command_checks import covers
from ui_screens import Screen

from monitor.ui.screens.agent import AgentScreen
from monitor.ui.screens.commit import CommitScreen


@covers("commit.open", "commit.open-agent")
async def _a_commit_opens_with_its_files_and_leads_to_its_agent(screen: Screen) -> None:
    await screen.press("2", "enter")
    await screen.until(lambda: isinstance(screen.app.screen, CommitScreen))
    await screen.until_shown("Keep the last good board on screen")
    await screen.press("enter")
    await screen.until(lambda: isinstance(screen.app.screen, AgentScreen))
    assert screen.app.screen.agent_id == "builder"  # type: ignore[attr-defined]


@covers("commit.agent")
async def _from_the_list_one_goes_to_the_agent(screen: Screen) -> None:
    await screen.press("2", "j", "e")
    await screen.until(lambda: isinstance(screen.app.screen, AgentScreen))
    assert screen.app.screen.agent_id == "parser"  # type: ignore[attr-defined]
