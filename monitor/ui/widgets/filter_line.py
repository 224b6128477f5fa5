"""The line in which a filter is typed, and beside it what is wrong with what was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Container
from textual.message import Message
from textual.widgets import Input

from monitor.ui.commands import bindings
from monitor.ui.spans import cut, text_width
from monitor.ui.widgets.line import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from monitor.ui.filter import Numbers


class FilterLine(Input):
    """One line at the bottom of a pane; what is typed filters at once."""

    BINDINGS: list[BindingType] = list(bindings("filter"))  # type: ignore[misc]  # noqa: RUF012

    class Kept(Message):
        """The filter stays and typing is over."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Cancelled(Message):
        """The filter is not wanted."""

    def __init__(self, value: str, hint: str, earlier: Sequence[str]) -> None:
        super().__init__(
            value,
            placeholder=hint,
            compact=True,
            select_on_focus=False,  # what was typed before the focus came would be typed over
        )
        self._hint = hint
        self._earlier = tuple(earlier)
        self._recalled = len(self._earlier)

    def on_resize(self) -> None:
        """The hint ends with an ellipsis where it does not fit."""
        self.placeholder = cut(self._hint, max(0, self.size.width - 1))

    def action_keep_filter(self) -> None:
        """Leave the line with the filter as it is."""
        self.post_message(self.Kept(self.value))

    def action_cancel_filter(self) -> None:
        """Leave the line and show everything again."""
        self.post_message(self.Cancelled())

    def action_recall_filter(self) -> None:
        """Take the filter that was kept before; after the oldest one, the newest again."""
        if self._earlier:
            self._recalled = (self._recalled - 1) % len(self._earlier)
            self.value = self._earlier[self._recalled]
            self.cursor_position = len(self.value)


class FilterBar(Container):
    """The line, and what is wrong with the filter on its right."""

    def __init__(self, value: str, hint: str, earlier: Sequence[str] = ()) -> None:
        super().__init__()
        self.line = FilterLine(value, hint, earlier)
        self._complaint = Line()

    def compose(self) -> ComposeResult:
        """The complaint has no width while there is none."""
        yield self.line
        self._complaint.styles.width = 0
        yield self._complaint

    def complain(self, complaint: str) -> None:
        """Say what is wrong; empty when nothing is. At least half of the width stays for typing."""
        text = cut(f"▲ {complaint} ", self.size.width // 2) if complaint else ""
        self._complaint.styles.width = text_width(text)
        self._complaint.show(((text, "warn"),))


def hint_of(fields: Iterable[str], numbers: Numbers) -> str:
    """What can be typed in a pane with these fields and numbers."""
    examples = {"percent": "50", "bytes": "1G", "seconds": "10m", "count": "3", "level": "=warning"}
    parts = [
        'words "a phrase" !not',
        *(f"{name}:" for name in sorted(fields)),
        *(f"{name}>{examples[measure]}" for name, measure in numbers.items()),
    ]
    return "  ".join(parts)
