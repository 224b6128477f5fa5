"""The line above the footer that names the panes for which there is no room, and those that are hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.message import Message

from monitor.keystore import Keys
from monitor.ui.panes.tasks import task_counts
from monitor.ui.spans import cell_width
from monitor.ui.widgets.line import Line

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from textual import events

    from monitor.ui.panes.pane import Pane
    from monitor.ui.spans import Cell
    from monitor.ui.wiring import Wiring


class FoldedLine(Line):
    """Number and name of each; of the tasks also how many there are in each status."""

    PATTERNS = (Keys.TASKS, Keys.CLOCK)

    class Clicked(Message):
        """The name of a pane was clicked: it is wanted."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, wiring: Wiring) -> None:
        super().__init__(id="folded")
        self._wiring = wiring
        self._panes: Sequence[Pane[Any]] = ()
        self._hidden: Collection[str] = ()

    def on_mount(self) -> None:
        """Listen, and show what there is already."""
        self._stop_listening = self._wiring.notices.listen(self.PATTERNS, self.notice)
        self.notice()

    def on_unmount(self) -> None:
        """Stop listening."""
        self._stop_listening()

    def tell(self, panes: Sequence[Pane[Any]], hidden: Collection[str]) -> None:
        """Name these panes; those that a person has hidden stand back."""
        self._panes, self._hidden = tuple(panes), frozenset(hidden)
        self.notice()

    def notice(self, _changed: frozenset[str] = frozenset()) -> None:
        """Count the tasks again."""
        if self.is_mounted and self.display:
            self.show(tuple(span for _, cell in self._parts() for span in cell))

    def _parts(self) -> list[tuple[str, Cell]]:
        """The panes, each with what the line says of it."""
        parts: list[tuple[str, Cell]] = []
        for pane in self._panes:
            hidden = pane.id in self._hidden
            cell: Cell = (
                (" ", "text"),
                (pane.NUMBER, "muted"),
                (" ", "text"),
                (pane.CAPTION, "faint" if hidden else "title"),
                ("  ", "text"),
            )
            if pane.id == "tasks":
                cell += task_counts(self._wiring.store)
            parts.append((pane.id or "", cell))
        return parts

    def on_click(self, event: events.Click) -> None:
        """Go to the pane whose name is under the pointer."""
        x = 0
        for name, cell in self._parts():
            x += cell_width(cell)
            if event.x < x:
                event.stop()
                self.post_message(self.Clicked(name))
                return
