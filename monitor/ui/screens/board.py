"""The task board on a screen of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.ui.screens.base import Overlay

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from monitor.ui.panes.board import BoardPane
    from monitor.ui.wiring import Wiring


class BoardScreen(Overlay):
    """All tasks."""

    def __init__(self, wiring: Wiring, board: BoardPane) -> None:
        super().__init__(wiring)
        self._board = board

    def body(self) -> Iterable[Widget]:
        """The board pane."""
        yield self._board

    def on_mount(self) -> None:
        """The tasks have the focus."""
        self._board.table.focus()
