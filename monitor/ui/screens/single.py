"""A screen that one pane has to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.ui.screens.base import Overlay

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from monitor.ui.panes.base import BasePane
    from monitor.ui.wiring import Wiring


class PaneScreen(Overlay):
    """One pane, which has the focus."""

    def __init__(self, wiring: Wiring, pane: BasePane) -> None:
        super().__init__(wiring)
        self._single = pane

    def body(self) -> Iterable[Widget]:
        """The pane."""
        yield self._single

    def on_mount(self) -> None:
        """Keys go to it."""
        self._single.focus()
