"""The commands of the task board, of the tasks pane, and of a task's details."""

from __future__ import annotations

from typing import Final

from monitor.ui.commands.spec import CommandSpec

BOARD: Final = (
    CommandSpec(
        "board.open",
        ("b",),
        "Board",
        "Open the task board.",
        "Tasks and commits",
        "board",
        "main",
        footer=True,
    ),
    CommandSpec(
        "task.open",
        ("enter",),
        "Details",
        "Open the details of the selected task.",
        "Tasks and commits",
        "open_task",
        "tasks",
        footer=True,
        palette=False,
    ),
    CommandSpec(
        "task.only-agent",
        ("f",),
        "One agent",
        "Show only this agent's tasks, or those of all again.",
        "Tasks and commits",
        "only_agent",
        "board",
        footer=True,
    ),
    CommandSpec(
        "board.right",
        ("l", "right"),
        "Column",
        "On the board: to the next column that has tasks.",
        "Tasks and commits",
        "lane(1)",
        "columns",
        footer=True,
        palette=False,
        back="board.left",
    ),
    CommandSpec(
        "board.left",
        ("h", "left"),
        "Column before",
        "On the board: to the column before it.",
        "Tasks and commits",
        "lane(-1)",
        "columns",
        palette=False,
    ),
    CommandSpec(
        "task.related",
        ("enter",),
        "Open",
        "In a task's details: open the related task or agent.",
        "Tasks and commits",
        "open_related",
        "task",
        footer=True,
        palette=False,
    ),
)
