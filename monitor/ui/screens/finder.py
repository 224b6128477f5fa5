"""Textual's command palette, which also stands the smallest terminal."""

from __future__ import annotations

from textual.command import CommandList, CommandPalette


class Finder(CommandPalette):
    """Finds commands, agents, tasks, commits and themes."""

    def _action_command_list(self, action: str) -> None:
        # Where the list has no room, Textual's own fails on a page up or down: no line of it has been made.
        if self.query_one(CommandList).scrollable_content_region.area:
            super()._action_command_list(action)
