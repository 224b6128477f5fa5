"""The commands that move the cursor of a table."""

from __future__ import annotations

from typing import Final

from monitor.ui.commands.spec import CommandSpec

MOVE: Final = (
    CommandSpec(
        "move.down", ("j", "down"), "Down", "One row down.", "Move", "move(1)", "table", palette=False
    ),
    CommandSpec("move.up", ("k", "up"), "Up", "One row up.", "Move", "move(-1)", "table", palette=False),
    CommandSpec(
        "move.page-down",
        ("pagedown",),
        "Page down",
        "One screenful down.",
        "Move",
        "page(1)",
        "table",
        palette=False,
    ),
    CommandSpec(
        "move.page-up",
        ("pageup",),
        "Page up",
        "One screenful up.",
        "Move",
        "page(-1)",
        "table",
        palette=False,
    ),
    CommandSpec(
        "move.first",
        ("g", "home"),
        "First",
        "To the first row.",
        "Move",
        "edge('first')",
        "table",
        palette=False,
    ),
    CommandSpec(
        "move.last",
        ("G", "end"),
        "Last",
        "To the last row.",
        "Move",
        "edge('last')",
        "table",
        palette=False,
    ),
)
