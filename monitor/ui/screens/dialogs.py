"""Dialogs: something is chosen, or a line is typed. Each lies over the screen and ends with a value, or with None."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar

from textual import on
from textual.containers import Container
from textual.screen import ModalScreen
from textual.widgets import Input

from monitor.ui.commands import bindings
from monitor.ui.spans import Cell, cell_width
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.line import Line
from monitor.ui.widgets.line_table import LineTable
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import Key

V = TypeVar("V")

_LEAST_WIDTH = 30
_FRAME_WIDTH = 4


class Choice(NamedTuple, Generic[V]):
    """One of the things that can be chosen."""

    label: str
    value: V
    key: str = ""
    """A letter that takes it at once."""
    detail: str = ""


class Dialog(ModalScreen[V]):
    """A title and lines that say what it is about, over what the person answers with."""

    def __init__(self, title: str, lines: Iterable[Cell] = ()) -> None:
        super().__init__()
        self._title = title
        self._lines = tuple(lines)

    def answer(self) -> ComposeResult:
        """What the person answers with."""
        raise NotImplementedError

    def widths(self) -> Iterable[int]:
        """Cells that it would like."""
        yield len(self._title)
        yield from map(cell_width, self._lines)

    def compose(self) -> ComposeResult:
        """A frame in the middle of the screen."""
        with Container(id="dialog"):
            title = Line()
            title.show(((self._title, "title"),))
            yield title
            for cell in self._lines:
                line = Line()
                line.show(cell)
                yield line
            yield from self.answer()

    def on_mount(self) -> None:
        """As wide as what it says, where the screen is."""
        wanted = max(_LEAST_WIDTH, *self.widths()) + _FRAME_WIDTH
        self.query_one("#dialog").styles.width = min(wanted, max(1, self.app.size.width))

    def action_cancel(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)


class ChoiceScreen(Dialog[V]):
    """One of several things is chosen, by its letter or by the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("choice"))

    def __init__(self, title: str, choices: Sequence[Choice[V]], lines: Iterable[Cell] = ()) -> None:
        super().__init__(title, lines)
        self._choices = tuple(choices)
        key_width = max((len(choice.key) for choice in choices), default=0)
        self._table: LineTable[Choice[V]] = LineTable(
            (
                Column("key", "", max(1, key_width), lambda choice, _: ((choice.key, "key"),)),
                Column("label", "", 10, _label, flexible=1),
            ),
            titles=False,
        )

    def widths(self) -> Iterable[int]:
        """Cells that it would like."""
        yield from super().widths()
        for choice in self._choices:
            yield cell_width(_label(choice, 0)) + len(choice.key) + 4

    def answer(self) -> ComposeResult:
        """The choices."""
        self._table.styles.height = len(self._choices)
        yield self._table

    def on_mount(self) -> None:
        """The first one is under the cursor."""
        self._table.set_rows([Row(str(place), choice) for place, choice in enumerate(self._choices)])
        self._table.focus()

    def on_key(self, event: Key) -> None:
        """A letter takes what it stands for."""
        for choice in self._choices:
            if choice.key and event.character == choice.key:
                event.stop()
                event.prevent_default()
                self.dismiss(choice.value)
                return

    def action_pick(self) -> None:
        """Take what the cursor is on."""
        row = self._table.selected
        self.dismiss(None if row is None else row.record.value)

    @on(LineTable.Activated)
    def _clicked_twice(self, event: LineTable.Activated) -> None:
        event.stop()
        self.action_pick()


class PromptLine(Input):
    """The line that is typed in a dialog."""

    BINDINGS: list[BindingType] = list(bindings("prompt"))  # type: ignore[misc]  # noqa: RUF012

    def action_accept(self) -> None:
        """Take what was typed."""
        self.screen.dismiss(self.value)

    def action_cancel(self) -> None:
        """Leave everything as it is."""
        self.screen.dismiss(None)


class PromptScreen(Dialog[str]):
    """A line is typed; it may be empty."""

    def __init__(
        self, title: str, value: str = "", *, placeholder: str = "", lines: Iterable[Cell] = ()
    ) -> None:
        super().__init__(title, lines)
        self._value = value
        self._placeholder = placeholder

    def widths(self) -> Iterable[int]:
        """Cells that it would like."""
        yield from super().widths()
        yield max(60, len(self._placeholder) + 4)

    def answer(self) -> ComposeResult:
        """The line."""
        yield PromptLine(self._value, placeholder=self._placeholder, compact=True, select_on_focus=False)

    def on_mount(self) -> None:
        """Keys go to the line."""
        self.set_focus(self.query_one(PromptLine))


def _label(choice: Choice[Any], _width: int) -> Cell:
    return ((choice.label, "text"), (f"  {choice.detail}" if choice.detail else "", "muted"))
