"""Help: every key, from the registry of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.ui.commands import GROUPS, CommandSpec, key_labels
from monitor.ui.panes.pane import Pane
from monitor.ui.screens.single import PaneScreen
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.ui.spans import Cell
    from monitor.ui.wiring import Wiring


class HelpPane(Pane[CommandSpec | str]):
    """Commands under the names of their groups; it can be filtered like any pane."""

    CAPTION = "Keys"
    TITLES = False
    PATTERNS = ()

    def columns(self) -> Sequence[Column[CommandSpec | str]]:
        """Keys and what they do."""
        return (
            Column("keys", "", 18, self._keys),
            Column("help", "", 30, _help, flexible=1),
        )

    def _keys(self, row: CommandSpec | str, _width: int) -> Cell:
        if isinstance(row, str):
            return ((row, "title"),)
        return (("  ", "text"), ("  ".join(self._labels(row)), "key"))

    def _labels(self, command: CommandSpec) -> tuple[str, ...]:
        return key_labels(command, self.wiring.options.keymap)

    def records(self) -> Sequence[Row[CommandSpec | str]]:
        """A heading for each group that has commands here, then its commands."""
        rows: list[Row[CommandSpec | str]] = []
        known = list(self.wiring.offered())
        for group in GROUPS:
            if not any(command.group == group for command in known):
                continue
            if rows and not self.filter:
                rows.append(Row(f"space:{group}", ""))
            if not self.filter:
                rows.append(Row(group, group))
            rows += [Row(command.id, command) for command in known if command.group == group]
        return rows

    def fields(self, record: CommandSpec | str) -> Mapping[str, str]:
        """What of a command can be searched."""
        if isinstance(record, str):
            return {}
        return {"help": record.help, "title": record.title, "keys": " ".join(self._labels(record))}

    def copied(self, row: Row[CommandSpec | str]) -> str:
        """The command's id, which a key map takes."""
        return row.record.id if isinstance(row.record, CommandSpec) else ""

    def summary(self) -> Cell:
        """Where to change them."""
        return ()

    def empty(self) -> tuple[Cell, ...]:
        """There are always keys."""
        return ()


class HelpScreen(PaneScreen):
    """All keys."""

    def __init__(self, wiring: Wiring) -> None:
        super().__init__(wiring, HelpPane(wiring))


def _help(row: CommandSpec | str, _width: int) -> Cell:
    return () if isinstance(row, str) else ((row.help, "text"),)
