"""The commands of the program as a whole."""

from __future__ import annotations

from typing import Final

from monitor.ui.commands.spec import CommandSpec

PROGRAM: Final = (
    CommandSpec(
        "back",
        ("escape",),
        "Back",
        "Close this screen; first a filter that is set.",
        "Program",
        "back",
        "overlay",
        footer=True,
        palette=False,
    ),
    CommandSpec(
        "pause",
        ("space",),
        "Pause",
        "Hold the picture still, and let it go on.",
        "Program",
        "pause",
        "app",
        footer=True,
        live=True,
    ),
    CommandSpec(
        "interval.longer",
        ("plus", "equals_sign"),
        "Slower",
        "Refresh less often.",
        "Program",
        "interval(1)",
        "app",
        live=True,
    ),
    CommandSpec(
        "interval.shorter",
        ("minus",),
        "Faster",
        "Refresh more often.",
        "Program",
        "interval(-1)",
        "app",
        live=True,
    ),
    CommandSpec(
        "palette",
        ("colon", "ctrl+p"),
        "Palette",
        "Find commands, agents, tasks, commits, systems, themes.",
        "Program",
        "command_palette",
        "app",
        footer=True,
        palette=False,
    ),
    CommandSpec(
        "view.redraw",
        ("ctrl+l",),
        "Redraw",
        "Draw everything again, after something else wrote here.",
        "Program",
        "redraw",
        "app",
    ),
    CommandSpec(
        "suspend",
        ("ctrl+z",),
        "Suspend",
        "Go back to the shell that started this; fg there goes on.",
        "Program",
        "suspend_process",
        "app",
        palette=False,
    ),
    CommandSpec(
        "help", ("question_mark", "f1"), "Help", "Show all keys.", "Program", "help", "app", footer=True
    ),
    CommandSpec(
        "quit",
        ("q",),
        "Quit",
        "Leave; a recorder that runs elsewhere goes on.",
        "Program",
        "quit",
        "app",
        footer=True,
    ),
    CommandSpec(
        "quit.now",
        ("ctrl+c", "ctrl+q"),
        "Quit",
        "Leave, also while a filter is typed.",
        "Program",
        "quit",
        "app",
        palette=False,
        priority=True,
    ),
)
