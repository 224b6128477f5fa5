"""The tools that an agent called: when, on what, how long, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from monitor.keystore import Keys
from monitor.model import ASKING, ToolCall
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.detail import DetailPane
from monitor.ui.spans import UNKNOWN
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.model import Session, ToolOutcome
    from monitor.ui.filter import Numbers
    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell

OUTCOMES: Final[dict[ToolOutcome | None, tuple[str, str, StyleName]]] = {
    "ok": ("✓", "ok", "ok"),
    "error": ("✖", "error", "bad"),
    "denied": ("□", "denied", "warn"),
    None: ("▸", "runs", "info"),
}
"""Sign, word and style of how a call ended."""

UNTOLD: Final[tuple[str, str, StyleName]] = ("·", "unknown", "faint")
ASKS: Final[tuple[str, str, StyleName]] = ("?", "asks", "warn")


class ToolsPane(DetailPane[ToolCall]):
    """One line a call, the newest first."""

    NUMBER = "9"
    CAPTION = "Tools"
    TITLES = True
    KEYS = (Keys.session,)
    FIELDS = frozenset({"tool", "target", "outcome"})
    NUMBERS: ClassVar[Numbers] = {"took": "seconds", "age": "seconds"}

    @property
    def session(self) -> Session | None:
        """What the agent's own log tells."""
        found: Session | None = self.store.get(Keys.session(self.agent_id))
        return found

    def columns(self) -> Sequence[Column[ToolCall]]:
        """When, what, on what, how long."""
        return (
            Column(
                "age",
                "AGE",
                4,
                lambda call, _: ((text.age(call.started, self.now), "muted"),),
                "right",
                moving=True,
            ),
            Column("outcome", "END", 9, self._outcome, moving=True),
            Column("tool", "TOOL", 10, lambda call, _: ((clean(call.name), "text"),), flexible=1, limit=24),
            Column("target", "ON", 12, lambda call, _: ((clean(call.target), "muted"),), flexible=4),
            Column("took", "TOOK", 5, self._took, "right", moving=True, priority=1),
        )

    def _outcome(self, call: ToolCall, _width: int) -> Cell:
        sign, word, style = OUTCOMES[call.outcome]
        if call.outcome is None and not self._runs(call):
            sign, word, style = UNTOLD
        elif call.outcome is None and self._asks:
            sign, word, style = ASKS
        return ((f"{sign} {word}", style),)

    @property
    def _asks(self) -> bool:
        """Whether the call under way waits for a person."""
        return self.session is not None and self.session.turn_state in ASKING

    def _runs(self, call: ToolCall) -> bool:
        """Whether a call without an end is the one under way: the log of an older one never told."""
        session = self.session
        return call.ended is None and session is not None and session.turn_state in {"tool", *ASKING}

    def _took(self, call: ToolCall, _width: int) -> Cell:
        if call.started is None:
            return ((UNKNOWN, "faint"),)
        if call.ended is not None:
            return ((text.milliseconds(call.ended - call.started).replace(" ", ""), "text"),)
        return ((text.age(call.started, self.now) if self._runs(call) else UNKNOWN, "muted"),)

    def records(self) -> Sequence[Row[ToolCall]]:
        """As the log tells them, the newest first."""
        session = self.session
        return [Row(call.call_id, call) for call in session.calls] if session is not None else ()

    def fields(self, record: ToolCall) -> Mapping[str, str]:
        """Tool, target and outcome."""
        return {"tool": record.name, "target": record.target, "outcome": record.outcome or "runs"}

    def numbers(self, record: ToolCall) -> Mapping[str, float | None]:
        """How long it took, and how long ago it was called."""
        known = record.started is not None and record.ended is not None
        took = (record.ended - record.started) / 1000 if known else None  # type: ignore[operator]
        return {"took": took, "age": self.seconds_since(record.started)}

    def copied(self, row: Row[ToolCall]) -> str:
        """What it works on, else its name."""
        return row.record.target or row.record.name

    def summary(self) -> Cell:
        """How many calls of the session there were, and how many of them failed."""
        session = self.session
        if session is None or not session.tools:
            return ()
        calls, errors, denied = (
            sum(getattr(stat, name) for stat in session.tools) for name in ("calls", "errors", "denied")
        )
        most = ", ".join(f"{clean(stat.name)} {stat.calls}" for stat in session.tools[:3])
        return (
            (f"{calls} calls", "text"),
            (f"  {errors} failed" if errors else "", "bad"),
            (f"  {denied} denied" if denied else "", "warn"),
            (f"  {most}", "muted"),
        )

    def nothing(self) -> tuple[Cell, ...]:
        """It has called none, or there is no log."""
        return (
            (("No tool was called yet." if self.session is not None else "No log of its own.", "muted"),),
        )
