"""What happened in attached systems, what nobody has resolved first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from monitor.model import SEVERITIES, SystemEvent
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.pane import Sort
from monitor.ui.panes.system_pane import SystemListPane
from monitor.ui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.ui.filter import Numbers
    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell, Span


def _urgency(event: SystemEvent) -> tuple[bool, int, int]:
    """What is unresolved first, the gravest in front; then the newest."""
    is_open = event.resolved is False
    return (not is_open, -SEVERITIES.index(event.severity) if is_open else 0, -(event.at or 0))


class SystemEventsPane(SystemListPane[SystemEvent]):
    """One line an event."""

    NUMBER = "6"
    CAPTION = "Events"
    PARTS = ("events",)
    FIELDS = frozenset({"system", "severity", "word", "kind", "source", "state", "id"})
    NUMBERS: ClassVar[Numbers] = {"age": "seconds"}
    SORTS: ClassVar = (
        Sort("state", "what is open", _urgency),
        Sort("age", "age", lambda event: event.at, descending=True),
        Sort("severity", "severity", lambda event: (-SEVERITIES.index(event.severity), -(event.at or 0))),
        Sort("kind", "kind", lambda event: (event.kind, -(event.at or 0))),
    )

    def own_columns(self) -> Sequence[Column[SystemEvent]]:
        """Severity in both words, age, whether it is resolved, kind, source, text."""
        return (
            Column("severity", "SEVERITY", 10, _severity),
            Column("word", "ITS WORD", 8, _word, priority=6),
            Column("age", "AGE", 4, self._age, "right", moving=True),
            Column("state", "STATE", 8, _state, priority=1),
            Column(
                "kind",
                "KIND",
                12,
                lambda row, _: ((clean(row.kind), "muted"),),
                priority=3,
                flexible=1,
                limit=28,
            ),
            Column(
                "source",
                "SOURCE",
                9,
                lambda row, _: ((clean(row.source), "muted"),),
                priority=4,
                flexible=1,
                limit=20,
            ),
            Column("text", "TEXT", 20, _text, flexible=5),
        )

    def _age(self, row: SystemEvent, _width: int) -> Cell:
        return ((text.age(row.at, self.now), "muted"),)

    def fields(self, record: SystemEvent) -> Mapping[str, str]:
        """What of an event can be searched."""
        return {
            "system": record.system,
            "id": record.id,
            "severity": record.severity,
            "word": record.system_severity,
            "kind": record.kind,
            "source": record.source,
            "state": _state_word(record),
            "text": record.text,
        }

    def numbers(self, record: SystemEvent) -> Mapping[str, float | None]:
        """How long ago it happened."""
        return {"age": self.seconds_since(record.at)}

    def summary(self) -> Cell:
        """How many of each severity nobody has resolved, and how many there are at all."""
        events = [event for reading in self.scope.readings() for event in reading.events]
        counts = Counter(event.severity for event in events if event.resolved is False)
        spans: list[Span] = []
        for severity in reversed(SEVERITIES):
            if counts[severity]:
                glyph, style = text.SEVERITY_GLYPHS[severity]
                spans += [(f"{glyph} {counts[severity]} {severity}", style), ("   ", "text")]
        total = super().summary()
        return (*spans, *total) if total else ()


def _stands_back(row: SystemEvent) -> bool:
    return row.resolved is True


def _severity(row: SystemEvent, _width: int) -> Cell:
    glyph, style = text.SEVERITY_GLYPHS[row.severity]
    return ((f"{glyph} {row.severity}", "muted" if _stands_back(row) else style),)


def _word(row: SystemEvent, _width: int) -> Cell:
    same = row.system_severity.casefold() == row.severity
    return () if same else ((clean(row.system_severity), "muted"),)


def _state_word(row: SystemEvent) -> str:
    return "" if row.resolved is None else "resolved" if row.resolved else "open"


def _state(row: SystemEvent, _width: int) -> Cell:
    style: StyleName = "warn" if row.resolved is False else "muted"
    return ((_state_word(row), style),)


def _text(row: SystemEvent, _width: int) -> Cell:
    return ((clean(row.text, 500), "muted" if _stands_back(row) else "text"),)
