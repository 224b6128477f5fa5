"""The commands of the task board."""

from __future__ import annotations

from typing import Final

from monitor.ui.commands.spec import CommandSpec

BOARD: Final = (
    CommandSpec(
        "board.open",
        ("b", "5"),
        "Board",
        "Open the task board.",
        "Tasks and commits",
        "board",
        "main",
        footer=True,
    ),
)
