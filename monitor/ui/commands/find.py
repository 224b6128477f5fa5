"""The commands that find things, and that do something with what was found."""

from __future__ import annotations

from typing import Final

from monitor.ui.commands.spec import CommandSpec

FIND: Final = (
    CommandSpec(
        "filter.open",
        ("slash",),
        "Filter",
        "Filter the pane: words, status:idle, kind:codex, branch:x.",
        "Find",
        "open_filter",
        "pane",
        footer=True,
    ),
    CommandSpec(
        "filter.clear",
        ("escape",),
        "Clear filter",
        "Clear the filter of the focused pane.",
        "Find",
        "clear_filter",
        "pane",
    ),
    CommandSpec(
        "filter.keep",
        ("enter", "down", "tab"),
        "Keep",
        "While typing: keep the filter and go back to the rows.",
        "Find",
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
        "Find",
        "cancel_filter",
        "filter",
        footer=True,
        palette=False,
    ),
)
