"""The commands of an agent's details."""

from __future__ import annotations

from typing import Final

from monitor.ui.commands.spec import CommandSpec

DETAILS: Final = (
    CommandSpec(
        "agent.tree",
        ("t",),
        "Tree",
        "In details: processes as a tree, or flat by CPU.",
        "Agents",
        "toggle_tree",
        "agent",
        footer=True,
    ),
)
