"""The commands for agents and alerts."""

from __future__ import annotations

from typing import Final

from monitor.ui.commands.spec import CommandSpec

AGENTS: Final = (
    CommandSpec(
        "agent.open",
        ("enter",),
        "Details",
        "Open the details of the selected agent.",
        "Agents and alerts",
        "open",
        "main",
        footer=True,
        palette=False,
    ),
    CommandSpec(
        "agent.next-waiting",
        ("n",),
        "Next waiting",
        "Select the next agent that is blocked or in error.",
        "Agents and alerts",
        "next_waiting(1)",
        "main",
    ),
    CommandSpec(
        "agent.previous-waiting",
        ("N",),
        "Previous waiting",
        "Select the one before it.",
        "Agents and alerts",
        "next_waiting(-1)",
        "main",
    ),
    CommandSpec(
        "alert.acknowledge",
        ("a",),
        "Acknowledge",
        "Acknowledge the selected alert: you have seen it.",
        "Agents and alerts",
        "acknowledge",
        "alerts",
        footer=True,
        live=True,
    ),
    CommandSpec(
        "alert.resolve",
        ("R",),
        "Resolve",
        "Resolve the selected alert: it leaves the list.",
        "Agents and alerts",
        "resolve",
        "alerts",
        footer=True,
        live=True,
    ),
    CommandSpec(
        "agent.tree",
        ("t",),
        "Tree",
        "In details: processes as a tree, or flat by CPU.",
        "Agents and alerts",
        "toggle_tree",
        "agent",
        footer=True,
    ),
)
