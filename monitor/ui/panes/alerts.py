"""The alerts pane: what fires now, the worst first, and what a person has seen of it."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from monitor.keystore import Keys
from monitor.model import SEVERITIES, Alert, Command
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.commands import bindings
from monitor.ui.panes.commits import agent_names
from monitor.ui.panes.pane import Pane, Sort
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.binding import BindingType

    from monitor.ui.filter import Numbers
    from monitor.ui.spans import Cell, Span


def _urgency(alert: Alert) -> tuple[bool, int, int]:
    """What nobody has seen first, then by severity, then the newest."""
    return (alert.acknowledged, -SEVERITIES.index(alert.severity), -alert.created_at)


class AlertsPane(Pane[Alert]):
    """One line an alert."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("alerts"))
    CONTEXTS = ("alerts",)
    NUMBER = "4"
    CAPTION = "Alerts"
    TITLES = False
    PATTERNS = (Keys.ALERTS,)
    FIELDS = frozenset({"severity", "type", "rule", "subject"})
    NUMBERS: ClassVar[Numbers] = {"age": "seconds"}
    SORTS: ClassVar = (
        Sort("severity", "urgency", _urgency),
        Sort("age", "age", lambda alert: alert.created_at, descending=True),
    )

    def columns(self) -> Sequence[Column[Alert]]:
        """Severity, age, whether it was seen, title, subject."""
        self._sent: dict[str, Literal["acknowledge", "resolve"]] = {}
        return (
            Column("severity", "", 1, _glyph),
            Column("word", "SEVERITY", 8, _word, priority=4),
            Column(
                "age",
                "AGE",
                4,
                lambda row, _: ((text.age(row.created_at, self.now), "muted"),),
                "right",
                moving=True,
            ),
            Column("seen", "", 1, self._seen, moving=True),
            Column("title", "TITLE", 46, _title, flexible=4),
            Column("subject", "SUBJECT", 16, self._subject, priority=5, flexible=1, limit=24),
        )

    def _seen(self, row: Alert, _width: int) -> Cell:
        if row.acknowledged:
            return (("✓", "ok"),)
        return (("…", "muted"),) if row.alert_id in self._sent else ()

    def _subject(self, row: Alert, _width: int) -> Cell:
        return ((agent_names(self.store, (row.subject,)), "muted"),)

    def records(self) -> Sequence[Row[Alert]]:
        """The alerts that fire."""
        alerts: tuple[Alert, ...] = self.store.get(Keys.ALERTS, ())
        return [Row(alert.alert_id, alert) for alert in alerts]

    def fields(self, record: Alert) -> Mapping[str, str]:
        """What of an alert can be searched."""
        return {
            "severity": record.severity,
            "type": record.type,
            "rule": record.rule,
            "title": record.title,
            "subject": agent_names(self.store, (record.subject,)),
            "message": record.message,
        }

    def numbers(self, record: Alert) -> Mapping[str, float | None]:
        """For how long it has been firing."""
        return {"age": self.seconds_since(record.created_at)}

    def copied(self, row: Row[Alert]) -> str:
        """The alert's id, as `agent-monitor alerts` takes it."""
        return row.record.alert_id

    def summary(self) -> Cell:
        """How many there are of each severity that nobody has seen."""
        alerts: tuple[Alert, ...] = self.store.get(Keys.ALERTS, ())
        counts = Counter(alert.severity for alert in alerts if not alert.acknowledged)
        spans: list[Span] = []
        for severity in reversed(SEVERITIES):
            if counts[severity]:
                glyph, style = text.SEVERITY_GLYPHS[severity]
                spans += [(f"{glyph} {counts[severity]} {severity}", style), ("   ", "text")]
        seen = len(alerts) - counts.total()
        if seen:
            spans.append((f"✓ {seen} seen", "muted"))
        return tuple(spans) or (("✓ none", "ok"),)

    def empty(self) -> tuple[Cell, ...]:
        """Nothing is wrong, said calmly."""
        return ((("✓ ", "ok"), ("All quiet: nothing fires.", "muted")),)

    def action_acknowledge(self) -> None:
        """Say that the selected alert was seen."""
        self._send("acknowledge")

    def action_resolve(self) -> None:
        """Take the selected alert off the list."""
        self._send("resolve")

    def _send(self, kind: Literal["acknowledge", "resolve"]) -> None:
        row = self.table.selected
        if row is None or (kind == "acknowledge" and row.record.acknowledged):
            return
        self._mark_sent(row.id, kind)
        # The wall clock: a person acts now, whatever moment the store shows.
        at = time.time_ns() // 1_000_000
        command = Command(kind=kind, alert_id=row.id, by=self.wiring.options.user, at=at)
        self.wiring.send(command, partial(self._mark_sent, row.id, None))

    def _mark_sent(self, alert_id: str, kind: Literal["acknowledge", "resolve"] | None) -> None:
        """Show that a command is under way, or no longer."""
        if kind is None:
            self._sent.pop(alert_id, None)
        else:
            self._sent[alert_id] = kind
        self.table.set_rows(self.table.rows)


def _glyph(row: Alert, _width: int) -> Cell:
    glyph, style = text.SEVERITY_GLYPHS[row.severity]
    return ((glyph, "muted" if row.acknowledged else style),)


def _word(row: Alert, _width: int) -> Cell:
    style = text.SEVERITY_GLYPHS[row.severity][1]
    return ((row.severity, "muted" if row.acknowledged else style),)


def _title(row: Alert, _width: int) -> Cell:
    return ((clean(row.title), "muted" if row.acknowledged else "text"),)
