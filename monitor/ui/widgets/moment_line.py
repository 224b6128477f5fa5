"""The line in which the time to go to is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message
from textual.widgets import Input

from monitor.ui.commands import bindings

if TYPE_CHECKING:
    from textual.binding import BindingType


class MomentLine(Input):
    """One line beside the footer, displayed while a time is typed; what is typed counts when it is entered.

    It is always there: to add it and to take it away again would repaint the whole screen.
    """

    BINDINGS: list[BindingType] = list(bindings("moment"))  # type: ignore[misc]  # noqa: RUF012

    class Entered(Message):
        """This is where to go."""

        def __init__(self, when: str) -> None:
            super().__init__()
            self.when = when

    class Cancelled(Message):
        """Nobody wants to go anywhere."""

    def __init__(self) -> None:
        super().__init__(
            placeholder="go to 14:05, -2h, yesterday 23:00, 2026-01-31 14:05",
            compact=True,
            select_on_focus=False,  # what was typed before the focus came would be typed over
        )

    def action_go(self) -> None:
        """Say what was typed; an empty line is as good as leaving it."""
        self.post_message(self.Entered(self.value) if self.value.strip() else self.Cancelled())

    def action_cancel(self) -> None:
        """Leave the line without going anywhere."""
        self.post_message(self.Cancelled())
