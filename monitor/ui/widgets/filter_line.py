"""The line in which a filter is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message
from textual.widgets import Input

from monitor.ui.commands import bindings

if TYPE_CHECKING:
    from textual.binding import BindingType


class FilterLine(Input):
    """One line at the bottom of a pane; what is typed filters at once."""

    BINDINGS: list[BindingType] = list(bindings("filter"))  # type: ignore[misc]  # noqa: RUF012

    class Kept(Message):
        """The filter stays and typing is over."""

    class Cancelled(Message):
        """The filter is not wanted."""

    def __init__(self, value: str) -> None:
        super().__init__(
            value,
            placeholder="words, status:blocked, kind:codex, branch:main",
            compact=True,
            select_on_focus=False,  # what was typed before the focus came would be typed over
        )

    def action_keep_filter(self) -> None:
        """Leave the line with the filter as it is."""
        self.post_message(self.Kept())

    def action_cancel_filter(self) -> None:
        """Leave the line and show everything again."""
        self.post_message(self.Cancelled())
