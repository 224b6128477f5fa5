"""The commands that choose what is shown: filters, orders, panes."""

from __future__ import annotations

from typing import Final

from monitor.ui.commands.spec import CommandSpec

VIEW: Final = (
    CommandSpec(
        "filter.open",
        ("slash",),
        "Filter",
        "Filter the pane: words, status:idle, kind:codex, branch:x.",
        "View",
        "open_filter",
        "pane",
        footer=True,
    ),
    CommandSpec(
        "filter.clear",
        ("escape",),
        "Clear filter",
        "Clear the filter of the focused pane.",
        "View",
        "clear_filter",
        "pane",
    ),
    CommandSpec(
        "filter.keep",
        ("enter", "down", "tab"),
        "Keep",
        "While typing: keep the filter and go back to the rows.",
        "View",
        "keep_filter",
        "filter",
        footer=True,
        palette=False,
    ),
    CommandSpec(
        "filter.cancel",
        ("escape",),
        "Clear",
        "While typing: clear the filter.",
        "View",
        "cancel_filter",
        "filter",
        footer=True,
        palette=False,
    ),
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
        "main",
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
    CommandSpec(
        "board.open", ("b", "5"), "Board", "Open the task board.", "View", "board", "main", footer=True
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
