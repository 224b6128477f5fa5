"""The alerts that are over: when, after how long, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from monitor.keystore import Keys
from monitor.model import SEVERITIES, Alert
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.commands import bindings
from monitor.ui.panes.alert_words import lasted, resolved_by, seen_by, severity_glyph, severity_word
from monitor.ui.panes.commits import agent_names
from monitor.ui.panes.pane import Pane, Sort
from monitor.ui.spans import UNKNOWN, Cell
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.line_table import LineTable
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.binding import BindingType

    from monitor.ui.filter import Numbers


class AlertHistoryPane(Pane[Alert]):
    """One line an alert; while it is open, the feed is asked for them."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("past-alerts"))
    CONTEXTS = ("past-alerts",)
    CAPTION = "Alerts that are over"
    PATTERNS = (Keys.ALERT_HISTORY,)
    FIELDS = frozenset({"severity", "type", "rule", "subject", "by"})
    NUMBERS: ClassVar[Numbers] = {"age": "seconds", "lasted": "seconds"}
    SORTS: ClassVar = (
        Sort("over", "end", lambda alert: alert.resolved_at, descending=True),
        Sort("word", "severity", lambda alert: SEVERITIES.index(alert.severity), descending=True),
        Sort("lasted", "duration", lasted, descending=True),
        Sort("subject", "subject", lambda alert: (alert.subject, alert.rule)),
    )

    def columns(self) -> Sequence[Column[Alert]]:
        """When it ended, how long it lasted, severity, title, subject, who had to do with it."""
        return (
            Column("over", "OVER", 5, self._over, "right", moving=True),
            Column("lasted", "LASTED", 7, _lasted, "right"),
            Column("glyph", "", 1, lambda row, _: severity_glyph(row, back=False)),
            Column("word", "SEVERITY", 9, lambda row, _: severity_word(row, back=False), priority=3),
            Column("title", "TITLE", 30, lambda row, _: ((clean(row.title), "text"),), flexible=4),
            Column("subject", "SUBJECT", 12, self._subject, priority=4, flexible=1, limit=24),
            Column("by", "SEEN OR RESOLVED", 16, _people, priority=2, flexible=2, limit=60),
        )

    def _over(self, row: Alert, _width: int) -> Cell:
        return ((text.age(row.resolved_at, self.now), "muted"),)

    def _subject(self, row: Alert, _width: int) -> Cell:
        return ((agent_names(self.store, (row.subject,)), "muted"),)

    def records(self) -> Sequence[Row[Alert]]:
        """The newest end first."""
        alerts: Sequence[Alert] = self.store.get(Keys.ALERT_HISTORY) or ()
        return [Row(alert.alert_id, alert) for alert in alerts]

    def fields(self, record: Alert) -> Mapping[str, str]:
        """What of an alert can be searched."""
        return {
            "severity": record.severity,
            "type": record.type,
            "rule": record.rule,
            "subject": agent_names(self.store, (record.subject,)),
            "by": f"{record.acknowledged_by or ''} {resolved_by(record)}",
            "title": record.title,
            "message": record.message,
        }

    def numbers(self, record: Alert) -> Mapping[str, float | None]:
        """How long ago it was over, and how long it lasted."""
        return {"age": self.seconds_since(record.resolved_at), "lasted": lasted(record)}

    def copied(self, row: Row[Alert]) -> str:
        """The alert's id."""
        return row.record.alert_id

    def empty(self) -> tuple[Cell, ...]:
        """They are read when somebody looks, from what was recorded."""
        if self.store.get(Keys.ALERT_HISTORY) is None:
            return ((("Reading what was recorded…", "muted"),),)
        return ((("No alert is over yet.", "muted"),),)

    def action_open_past_alert(self) -> None:
        """Everything about the alert under the cursor."""
        from monitor.ui.screens.alert import AlertScreen

        if (row := self.table.selected) is not None:
            self.app.push_screen(AlertScreen(self.wiring, row.id))

    @on(LineTable.Activated)
    def _clicked_twice(self, event: LineTable.Activated) -> None:
        event.stop()
        self.action_open_past_alert()


def _lasted(row: Alert, _width: int) -> Cell:
    return ((text.duration(lasted(row)), "text"),)


def _people(row: Alert, _width: int) -> Cell:
    """Who resolved it, who acknowledged it and with what note; a dash when nobody did."""
    ended, seen = resolved_by(row), seen_by(row)
    told = "  ".join(filter(None, (f"resolved by {ended}" if ended else "", f"✓ {seen}" if seen else "")))
    return ((told, "muted"),) if told else ((UNKNOWN, "faint"),)
