"""The commands of an agent's details."""

from __future__ import annotations

from typing import Final

from monitor.ui.commands.spec import CommandSpec


def _pane(number: str, name: str, title: str, pane_id: str) -> CommandSpec:
    return CommandSpec(
        f"details.{name}",
        (number,),
        title,
        f"In details: go to its {title.lower()}.",
        "Agents",
        f"pane('{pane_id}')",
        "agent",
    )


DETAILS: Final = (
    CommandSpec(
        "agent.tree",
        ("t", "f5"),
        "Tree",
        "In details: processes as a tree, or flat by CPU.",
        "Agents",
        "toggle_tree",
        "agent",
        footer=True,
    ),
    CommandSpec(
        "details.next-waiting",
        ("n",),
        "Next waiting",
        "In details: the next agent that needs a person.",
        "Agents",
        "next_waiting(1)",
        "agent",
        footer=True,
    ),
    CommandSpec(
        "details.previous-waiting",
        ("N",),
        "Previous waiting",
        "In details: the one before it.",
        "Agents",
        "next_waiting(-1)",
        "agent",
    ),
    _pane("1", "facts", "Facts", "facts"),
    _pane("2", "charts", "Charts", "charts"),
    _pane("3", "processes", "Processes", "processes"),
    _pane("4", "commits", "Commits", "commits-of-agent"),
    _pane("5", "tasks", "Tasks", "tasks-of-agent"),
    _pane("6", "alerts", "Alerts", "alerts-of-agent"),
    _pane("7", "activity", "Activity", "activity"),
    _pane("8", "session", "Session", "session-of-agent"),
    _pane("9", "tools", "Tools", "tools-of-agent"),
)
