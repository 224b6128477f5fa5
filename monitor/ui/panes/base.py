"""What every pane is, whatever it holds: a title, something below it that keys go to, and news from the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from textual import on
from textual.containers import Container
from textual.events import DescendantBlur, DescendantFocus
from textual.message import Message

from monitor.ui.widgets.pane_title import PaneTitle

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from monitor.ui.commands import Context
    from monitor.ui.wiring import Wiring


class BasePane(Container):
    """A title over what keys go to."""

    CONTEXTS: ClassVar[tuple[Context, ...]] = ()
    """Contexts of the commands that it serves beside those of every pane."""
    NUMBER: ClassVar[str] = ""
    CAPTION: ClassVar[str]

    class Grown(Message):
        """It has more to show than it has lines for."""

    def __init__(self, wiring: Wiring, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self.wiring = wiring
        self.store = wiring.store
        self.title = PaneTitle(self.NUMBER, self.CAPTION)
        self._listening = False

    # --- what a pane says of itself -----------------------------------------------------------------------------

    @property
    def inner(self) -> Widget:
        """What keys go to."""
        raise NotImplementedError

    @property
    def wanted(self) -> int:
        """Lines at which all it has is in sight, its titles included."""
        raise NotImplementedError

    @property
    def least(self) -> int:
        """Lines below which it shows nothing."""
        return 3

    def patterns(self) -> tuple[str, ...]:
        """Keys of the store to be told of."""
        raise NotImplementedError

    def notice(self, changed: frozenset[str]) -> None:
        """Some of its keys have changed."""
        raise NotImplementedError

    # --- life ---------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """A title over what it holds."""
        yield self.title
        yield self.inner

    def on_mount(self) -> None:
        """Listen to the store, and show what it holds already."""
        self._awake()

    def on_unmount(self) -> None:
        """Stop listening."""
        self._asleep()

    def show(self, *, displayed: bool) -> None:
        """Display it or not; while it is not displayed it is told of nothing, and so costs nothing."""
        self.display = displayed
        if displayed and self.is_mounted:
            self._awake()
        elif not displayed:
            self._asleep()

    def cover(self, *, covered: bool) -> None:
        """Another screen lies over it, or does no longer."""

    def _awake(self) -> None:
        if not self._listening and self.display:
            self._listening = True
            self.listen()
            self.notice(frozenset(self.patterns()) | frozenset(self.store.keys()))

    def _asleep(self) -> None:
        if self._listening:
            self._listening = False
            self.stop_listening()

    def listen(self) -> None:
        """Be told of changes."""
        self._stop_listening = self.wiring.notices.listen(self.patterns(), self.notice)

    def stop_listening(self) -> None:
        """Be told no more."""
        self._stop_listening()

    # --- focus --------------------------------------------------------------------------------------------------

    def focus(self, scroll_visible: bool = True) -> Self:
        """Have keys go to what it holds."""
        self.inner.focus(scroll_visible)
        return self

    @on(DescendantFocus)
    def _focused(self) -> None:
        self.title.show_focus(focused=True)

    @on(DescendantBlur)
    def _blurred(self) -> None:
        self.title.show_focus(focused=False)

    @on(PaneTitle.Clicked)
    def _title_clicked(self, event: PaneTitle.Clicked) -> None:
        event.stop()
        self.focus()
