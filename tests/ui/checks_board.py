"""Checks of the commands of the task board."""

from __future__ import annotations

from command_checks import covers
from ui_screens import Screen

from monitor.ui.screens.board import BoardScreen


@covers("board.open")
async def _the_board_opens(screen: Screen) -> None:
    await screen.press("b")
    await screen.until(lambda: isinstance(screen.app.screen, BoardScreen))
    await screen.until_shown("Wire the command line")
    assert "waits for TASK-003" in screen.text
