"""The commands of the dialogs."""

from __future__ import annotations

from typing import Final

from monitor.ui.commands.spec import CommandSpec

DIALOGS: Final = (
    CommandSpec(
        "choice.pick",
        ("enter",),
        "Choose",
        "In a dialog: take what the cursor is on.",
        "Program",
        "pick",
        "choice",
        palette=False,
    ),
    CommandSpec(
        "choice.cancel",
        ("escape", "q"),
        "Cancel",
        "In a dialog: leave everything as it is.",
        "Program",
        "cancel",
        "choice",
        palette=False,
    ),
    CommandSpec(
        "prompt.accept",
        ("enter",),
        "Accept",
        "While typing in a dialog: take what was typed.",
        "Program",
        "accept",
        "prompt",
        palette=False,
    ),
    CommandSpec(
        "prompt.cancel",
        ("escape",),
        "Cancel",
        "While typing in a dialog: leave everything as it is.",
        "Program",
        "cancel",
        "prompt",
        palette=False,
    ),
)
