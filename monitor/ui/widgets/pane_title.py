"""The title line of a pane: its number and name, what it holds, and a rule that shows where the focus is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from monitor.ui.spans import Cell, cell_width, cut, fit
from monitor.ui.widgets.line import Line

if TYPE_CHECKING:
    from textual import events


class PaneTitle(Line):
    """Stands on top of a pane, and alone when the pane is folded."""

    class Clicked(Message):
        """The title was clicked: its pane is wanted."""

    def __init__(self, number: str, caption: str) -> None:
        super().__init__()
        self._number = number
        self._caption = caption
        self._summary: Cell = ()
        self._note: Cell = ()
        self._focused = False

    def tell(self, summary: Cell, note: Cell = ()) -> None:
        """Say what the pane holds, and on the right what is special about it (a filter, the order)."""
        if (summary, note) != (self._summary, self._note):
            self._summary, self._note = summary, note
            self.redraw()

    def show_focus(self, *, focused: bool) -> None:
        """Show whether keys go to this pane."""
        if focused != self._focused:
            self._focused = focused
            self.redraw()

    def on_click(self, event: events.Click) -> None:
        """A click goes to the pane, and unfolds it."""
        event.stop()
        self.post_message(self.Clicked())

    def parts(self, width: int) -> tuple[Cell, Cell]:
        """The rule fills what the text leaves."""
        number = f"{self._number} " if self._number else ""
        caption: Cell = (
            ("▎", "accent" if self._focused else "faint"),
            (number, "key" if self._focused else "muted"),
            (cut(self._caption, width), "accent" if self._focused else "title"),
            ("  ", "text"),
        )
        left = (*caption, *self._summary, (" ", "text")) if self._summary else caption
        right: Cell = ((" ", "text"), *self._note, (" ", "text")) if self._note else ()
        if cell_width(left) + cell_width(right) > width and cell_width(right) > width // 2:
            right = fit(right, width // 2)
        rule = max(0, width - cell_width(left) - cell_width(right))
        return (*left, ("─" * rule, "fill" if self._focused else "faint")), right
