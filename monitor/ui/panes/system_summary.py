"""The line over the panes of attached systems: which system they show, how it fares, and how old that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.keystore import Keys
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.system_facts import heard_at, source_of
from monitor.ui.spans import Cell, cell_width
from monitor.ui.widgets.line import Line

if TYPE_CHECKING:
    from monitor.model import SystemState
    from monitor.ui.panes.system_scope import Scope
    from monitor.ui.wiring import Wiring


class SystemSummary(Line):
    """One system in one line, or how all of them fare."""

    def __init__(self, wiring: Wiring, scope: Scope) -> None:
        super().__init__(id="summary")
        self._wiring = wiring
        self._scope = scope

    def on_mount(self) -> None:
        """Listen, and show what there is already."""
        patterns = (Keys.SYSTEMS, Keys.SOURCES, Keys.CLOCK)
        self._stop_listening = self._wiring.notices.listen(patterns, self.notice)
        self._stop_scope = self._scope.subscribe(self.redraw)
        self.redraw()

    def on_unmount(self) -> None:
        """Stop listening."""
        self._stop_listening()
        self._stop_scope()

    def notice(self, _changed: frozenset[str] = frozenset()) -> None:
        """Read the store again."""
        self.redraw()

    def parts(self, width: int) -> tuple[Cell, Cell]:
        """Which one it is and how it fares; on the right, which others there are."""
        states = self._scope.states
        every = self._scope.every_state
        if not states:
            name = clean(self._scope.name)
            return (((f" {name} is not attached" if name else " No system is attached", "muted"),), ())
        if not self._scope.name and len(every) > 1:
            return self._all(), ()
        left = self._one(states[0])
        if len(every) < 2:
            return left, ()
        right: Cell = ((f"  {every.index(states[0]) + 1} of {len(every)} systems ", "muted"),)
        return left, right if cell_width(right) + 24 < width else ()

    def _all(self) -> Cell:
        """How each of them fares, by name."""
        spans: Cell = ((" All systems", "strong"),)
        for state in self._scope.every_state:
            glyph, style = text.SOURCE_GLYPHS[state.state]
            spans = (*spans, ("   ", "text"), (f"{glyph} ", style), (clean(state.name), "text"))
        return spans

    def _one(self, state: SystemState) -> Cell:
        store = self._wiring.store
        now: int | None = store.get(Keys.CLOCK)
        glyph, style = text.SOURCE_GLYPHS[state.state]
        heard = heard_at(state, source_of(store.get(Keys.SOURCES, ()), state.name))
        age = text.age(heard, now)
        old = age if age == "now" else f"{age} ago"
        kind = "  ".join(filter(None, (clean(state.kind), clean(state.engine))))
        spans: Cell = (
            (f" {glyph} ", style),
            (clean(state.name), "strong"),
            (f"  {state.state}", style),
            (f" for {text.age(state.since, now)}", style)
            if state.state in ("failing", "degraded")
            else ("", "text"),
            (f"  as of {old}" if heard is not None else "", "muted"),
            (f"  {kind}", "muted"),
        )
        return (*spans, (f"  {clean(state.problem)}", "warn")) if state.problem else spans
