"""The footer: the keys that matter where the focus is, from the registry of commands. Never remounted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.ui.commands import CommandSpec, footer_label
from monitor.ui.spans import Cell, cell_width
from monitor.ui.widgets.line import Line

if TYPE_CHECKING:
    from collections.abc import Iterable


class FooterLine(Line):
    """Keys and what they do, as many as fit."""

    def __init__(self, keymap: dict[str, str]) -> None:
        super().__init__(id="footer")
        self._keymap = keymap
        self._here: tuple[CommandSpec, ...] = ()
        self._everywhere: tuple[CommandSpec, ...] = ()

    def offer(self, here: Iterable[CommandSpec], everywhere: Iterable[CommandSpec]) -> None:
        """Show the keys that work here, as many as fit, and on the right those that work everywhere."""
        self._here, self._everywhere = tuple(here), tuple(everywhere)
        self.redraw()

    def parts(self, width: int) -> tuple[Cell, Cell]:
        """As many keys as fit."""
        right: Cell = ()
        for command in reversed(self._everywhere):
            right = self._key(command) + right
        room = width - cell_width(right)
        left: Cell = ((" ", "text"),)
        for command in self._here:
            key = self._key(command)
            if cell_width(left) + cell_width(key) > room:
                break
            left += key
        return left, right

    def _key(self, command: CommandSpec) -> Cell:
        return ((footer_label(command, self._keymap), "key"), (f" {command.title}  ", "muted"))
