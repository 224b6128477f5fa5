"""Checks of the commands of the task board, and of a task's details."""

from __future__ import annotations

from command_checks import covers
from ui_screens import Screen

from monitor.ui.panes.board import BoardPane
from monitor.ui.screens.board import BoardScreen
from monitor.ui.screens.task import TaskScreen


async def _open_board(screen: Screen) -> BoardPane:
    """The board, opened from the main screen."""
    await screen.press("b")
    await screen.until(lambda: isinstance(screen.app.screen, BoardScreen))
    return screen.app.screen.query_one(BoardPane)


def _selected(pane: BoardPane) -> str:
    """Id of the selected task."""
    row = pane.table.selected
    return row.record.task.id if row else ""


@covers("board.open")
async def _the_board_opens_on_what_needs_somebody_first(screen: Screen) -> None:
    pane = await _open_board(screen)
    await screen.until_shown("Wire the command line")
    assert "waits for TASK-003" in screen.text
    assert _selected(pane) == "TASK-014"


@covers("board.left", "board.right")
async def _the_cursor_goes_from_column_to_column(screen: Screen) -> None:
    pane = await _open_board(screen)
    seen = []
    for key in ("l", "right", "l", "right", "h", "left", "h", "h", "h", "left"):
        await screen.press(key)
        seen.append(_selected(pane))
    assert seen == [
        *("TASK-016", "TASK-001", "TASK-002", "TASK-002"),
        *("TASK-001", "TASK-016", "TASK-014", "TASK-003", "TASK-015", "TASK-015"),
    ]


@covers("task.open")
async def _a_task_opens_and_closes(screen: Screen) -> None:
    await _open_board(screen)
    await screen.press("enter")
    await screen.until(lambda: isinstance(screen.app.screen, TaskScreen))
    await screen.until_shown("Blocked by")
    await screen.press("escape")
    await screen.until(lambda: isinstance(screen.app.screen, BoardScreen))


@covers("task.only-agent")
async def _only_the_tasks_of_one_agent_are_shown(screen: Screen) -> None:
    pane = await _open_board(screen)
    await screen.press("h")
    assert _selected(pane) == "TASK-003"
    await screen.press("f")
    assert {row.record.task.id for row in pane.table.rows} == {"TASK-003", "TASK-001"}
    await screen.until_shown("only architect")
    await screen.press("f")
    assert len(pane.table.rows) == 6


@covers("task.related")
async def _a_related_agent_opens(screen: Screen) -> None:
    await _open_board(screen)
    await screen.press("enter")
    await screen.until(lambda: isinstance(screen.app.screen, TaskScreen))
    await screen.press("enter")
    await screen.until(lambda: getattr(screen.app.screen, "agent_id", "") == "builder")
