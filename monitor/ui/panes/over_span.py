"""Panes that show a span of the past: which one, how it is changed, and what stands there until it has been read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from monitor.keystore import Keys
from monitor.model import SPANS, FeedState
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.base import BasePane

if TYPE_CHECKING:
    from monitor.ui.commands import Context
    from monitor.ui.spans import Cell

_SPANS: Final = tuple(SPANS)


class OverSpan(BasePane):
    """Shows a record that the history fills for a span while somebody subscribes to it (`history/series/desk.py`)."""

    CONTEXTS: ClassVar[tuple[Context, ...]] = ("span",)
    span = "1h"
    """One of `SPANS`; the one of before, where one was chosen."""
    shown: Any = None
    """The record that is drawn: the one of before, until there is another."""
    _span_of_shown = ""

    def span_key(self) -> str:
        """The key that holds the record of the span."""
        raise NotImplementedError

    def span_pattern(self) -> str:
        """The same as a pattern of the store."""
        raise NotImplementedError

    def read_span(self) -> bool:
        """Take the record that the store holds now; whether it is another one than the one that was shown."""
        found = self.store.get(self.span_key())
        if found is None or found is self.shown:
            return False
        self.shown, self._span_of_shown = found, self.span
        return True

    def on_mount(self) -> None:
        """Begin with the span that was chosen last."""
        remembered = self.wiring.memory.of_pane(self.id or "").get("span", "")
        if remembered in SPANS:
            self.span = remembered

    def cover(self, *, covered: bool) -> None:
        """What nobody sees need not be read from the history."""
        if covered:
            self._asleep()
        else:
            self._awake()

    def listen(self) -> None:
        """Be told of the record of this span; while the screen is paused, until there is something to show at all."""
        super().listen()
        self._stop_waiting = self.wiring.notices.listen((self.span_pattern(),), self._first, always=True)

    def stop_listening(self) -> None:
        """Nobody need fill it for this pane."""
        super().stop_listening()
        self._stop_waiting()

    def _first(self, changed: frozenset[str]) -> None:
        if self.wiring.notices.paused and self._span_of_shown != self.span:
            self.notice(changed)

    @property
    def waiting(self) -> bool:
        """Whether the record of the span is still to come; what is drawn is another one, or nothing."""
        return self._span_of_shown != self.span or self.store.get(self.span_key()) is None

    def action_span(self, step: int) -> None:
        """Show a longer or a shorter span."""
        wanted = _SPANS[max(0, min(_SPANS.index(self.span) + step, len(_SPANS) - 1))]
        if wanted != self.span:
            self.stop_listening()
            self.span = wanted
            self.wiring.memory.change_pane(self.id or "", span=wanted)
            self.listen()
            self.notice(frozenset((self.span_key(),)))

    # --- what it says -------------------------------------------------------------------------------------------

    def span_summary(self) -> Cell:
        """The span, and from when to when that is."""
        if self.waiting:
            return ((f"{self.span}", "text"), ("  reading…", "muted"))
        return ((f"{self.span}", "text"), (f"  {text.stretch(self.shown.start, self.shown.end)}", "muted"))

    def problem(self) -> Cell:
        """Why there is nothing newer to see; empty while all is well."""
        problem: str = self.store.get(Keys.HISTORY_PROBLEM, "")
        return (("▲ ", "warn"), (f"cannot be read: {clean(problem)}", "warn")) if problem else ()

    def nothing(self) -> Cell:
        """What to say while there is no record."""
        feed: FeedState | None = self.store.get(Keys.FEED)
        if problem := self.problem():
            return problem
        if feed is not None and feed.mode == "live" and not feed.recording:
            return (("Nothing is recorded, so there is no history to show.", "muted"),)
        return (("Reading the history…", "muted"),)
