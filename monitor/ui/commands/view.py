"""The commands that choose what is shown: orders and panes."""

from __future__ import annotations

from typing import Final

from monitor.ui.commands.spec import CommandSpec

VIEW: Final = (
    CommandSpec(
        "sort.next", ("s", "f6"), "Sort", "Sort by the next column.", "View", "sort(1)", "order", footer=True
    ),
    CommandSpec(
        "sort.previous", ("S",), "Sort back", "Sort by the column before it.", "View", "sort(-1)", "order"
    ),
    CommandSpec("sort.invert", ("I",), "Invert", "Turn the order round.", "View", "invert", "order"),
    CommandSpec(
        "view.zoom",
        ("z",),
        "Zoom",
        "Give the pane the whole screen, or give it back.",
        "View",
        "zoom",
        "panes",
        footer=True,
    ),
    CommandSpec("pane.agents", ("1",), "Agents", "Go to the agents.", "View", "pane('agents')", "main"),
    CommandSpec("pane.commits", ("2",), "Commits", "Go to the commits.", "View", "pane('commits')", "main"),
    CommandSpec(
        "pane.health",
        ("3",),
        "Health",
        "Go to the health of host, services and monitor.",
        "View",
        "pane('health')",
        "main",
    ),
    CommandSpec("pane.alerts", ("4",), "Alerts", "Go to the alerts.", "View", "pane('alerts')", "main"),
    CommandSpec("pane.tasks", ("5",), "Tasks", "Go to the tasks.", "View", "pane('tasks')", "main"),
    CommandSpec(
        "pane.timeline",
        ("6",),
        "Timeline",
        "Go to the timeline of everyone's status.",
        "View",
        "pane('timeline')",
        "main",
    ),
    CommandSpec(
        "pane.systems",
        ("7",),
        "Systems",
        "Go to the systems that are read.",
        "View",
        "pane('systems')",
        "main",
    ),
    CommandSpec(
        "view.hide",
        ("w",),
        "Hide",
        "Hide the pane; its number shows it again.",
        "View",
        "hide",
        "main",
    ),
    CommandSpec(
        "view.show-all",
        ("W",),
        "Show all",
        "Show every pane that was hidden.",
        "View",
        "show_all",
        "main",
    ),
    CommandSpec(
        "pane.next", ("tab",), "Next pane", "Go to the next pane.", "View", "screen.cycle(1)", "pane"
    ),
    CommandSpec(
        "pane.previous",
        ("shift+tab",),
        "Previous pane",
        "Go to the pane before it.",
        "View",
        "screen.cycle(-1)",
        "pane",
    ),
)
