"""The line above the footer that names the panes for which there is no room, and those that are hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from monitor.keystore import Keys
from monitor.ui.panes.tasks import task_counts
from monitor.ui.spans import cell_width
from monitor.ui.widgets.line import Line

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from textual import events

    from monitor.ui.panes.base import BasePane
    from monitor.ui.spans import Cell
    from monitor.ui.wiring import Wiring


def briefly(counts: Cell) -> Cell:
    """Counts without their words: `■ 1  ● 2`."""
    return tuple((" ".join(text.split()[:2]) + "  ", style) for text, style in counts if text.strip())


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
        self._panes: Sequence[BasePane] = ()
        self._hidden: Collection[str] = ()

    def on_mount(self) -> None:
        """Listen, and show what there is already."""
        self._stop_listening = self._wiring.notices.listen(self.PATTERNS, self.notice)
        self.notice()

    def on_unmount(self) -> None:
        """Stop listening."""
        self._stop_listening()

    def tell(self, panes: Sequence[BasePane], hidden: Collection[str]) -> None:
        """Name these panes; those that a person has hidden stand back."""
        self._panes, self._hidden = tuple(panes), frozenset(hidden)
        self.notice()

    def notice(self, _changed: frozenset[str] = frozenset()) -> None:
        """Count the tasks again."""
        if self.is_mounted and self.display:
            self.show(tuple(span for _, cell in self._parts() for span in cell))

    def on_resize(self) -> None:
        """What is said of the tasks is as long as there is room."""
        self.notice()

    def _parts(self) -> list[tuple[str, Cell]]:
        """The panes, each with what the line says of it; every name has room before anything else is said."""
        parts: list[tuple[str, Cell]] = [(pane.id or "", self._caption(pane)) for pane in self._panes]
        room = self.size.width - sum(cell_width(cell) for _, cell in parts)
        for place, (name, cell) in enumerate(parts):
            if name == "tasks":
                counts = task_counts(self._wiring.store)
                said = next((one for one in (counts, briefly(counts)) if cell_width(one) <= room), ())
                parts[place] = (name, cell + said)
        return parts

    def _caption(self, pane: BasePane) -> Cell:
        hidden = pane.id in self._hidden
        return (
            (" ", "text"),
            (pane.NUMBER, "muted"),
            (" ", "text"),
            (pane.CAPTION, "faint" if hidden else "title"),
            ("  ", "text"),
        )

    def on_click(self, event: events.Click) -> None:
        """Go to the pane whose name is under the pointer."""
        x = 0
        for name, cell in self._parts():
            x += cell_width(cell)
            if event.x < x:
                event.stop()
                self.post_message(self.Clicked(name))
                return
