"""The commands of the agents pane."""

from __future__ import annotations

from typing import Final

from monitor.ui.commands.spec import CommandSpec

AGENTS: Final = (
    CommandSpec(
        "agent.open",
        ("enter",),
        "Details",
        "Go to the selected agent: to its own pane of tmux, where it has one, else to its details.",
        "Agents",
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
        "Agents",
        "next_waiting(1)",
        "main",
    ),
    CommandSpec(
        "agent.previous-waiting",
        ("N",),
        "Previous waiting",
        "Select the one before it.",
        "Agents",
        "next_waiting(-1)",
        "main",
    ),
)
