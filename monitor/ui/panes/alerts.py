"""The alerts pane: what fires now, the worst first; below it what a person has seen, and last what is muted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from textual import on

from monitor.keystore import Keys
from monitor.model import SEVERITIES, Alert
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.agent_overlaps import words
from monitor.ui.panes.alert_actions import AlertActions
from monitor.ui.panes.alert_words import QUIET, SEEN, quiet_for, seen_by, severity_glyph, severity_word
from monitor.ui.panes.commits import agent_names
from monitor.ui.panes.pane import Sort
from monitor.ui.spans import cut, text_width
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.line_table import LineTable
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.model import Mute
    from monitor.ui.filter import Numbers
    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell, Span
    from monitor.ui.wiring import Wiring


def _urgency(alert: Alert) -> tuple[bool, int, int]:
    """What nobody has seen first, then by severity, then the newest."""
    return (alert.acknowledged, -SEVERITIES.index(alert.severity), -alert.created_at)


def subjects_of(alert: Alert) -> Sequence[str]:
    """What an alert is about: its subject, whose task it tells of, and the agents that its rule names."""
    told = alert.metadata
    return (alert.subject, told.get("assigned_to") or "", *words(told.get("agents")))


class AlertsPane(AlertActions[Alert]):
    """One line an alert."""

    NUMBER = "4"
    CAPTION = "Alerts"
    TITLES = False
    PATTERNS = (Keys.ALERTS, Keys.MUTES)
    FIELDS = frozenset({"severity", "type", "rule", "subject", "state"})
    NUMBERS: ClassVar[Numbers] = {"age": "seconds"}
    SORTS: ClassVar = (
        Sort("severity", "urgency", _urgency),
        Sort("age", "age", lambda alert: alert.created_at, descending=True),
    )

    def __init__(self, wiring: Wiring, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        self._quiet: dict[str, Mute] = {}
        super().__init__(wiring, id=id)

    def columns(self) -> Sequence[Column[Alert]]:
        """Severity, age, whether it was seen, title and what people did about it, subject."""
        return (
            Column(
                "severity",
                "",
                1,
                lambda row, _: severity_glyph(row, back=self._stands_back(row)),
                moving=True,
            ),
            Column(
                "word",
                "SEVERITY",
                8,
                lambda row, _: severity_word(row, back=self._stands_back(row)),
                priority=4,
                moving=True,
            ),
            Column(
                "age",
                "AGE",
                4,
                lambda row, _: ((text.age(row.created_at, self.now), "muted"),),
                "right",
                moving=True,
            ),
            Column("seen", "", 1, self._seen, moving=True),
            Column("title", "TITLE", 46, self._title, flexible=4, moving=True),
            Column("subject", "SUBJECT", 16, self._subject, priority=5, flexible=1, limit=24),
        )

    def _stands_back(self, row: Alert) -> bool:
        return row.acknowledged or row.alert_id in self._quiet

    def _seen(self, row: Alert, _width: int) -> Cell:
        waiting = self.under_way(row)
        if waiting:
            return waiting
        if row.alert_id in self._quiet:
            return (QUIET,)
        return (SEEN,) if row.acknowledged else ()

    def _title(self, row: Alert, width: int) -> Cell:
        """Its title, and in a quieter voice what a person did about it, which has a third of the room at least."""
        mute = self._quiet.get(row.alert_id)
        done = quiet_for(mute, self.now) if mute is not None else seen_by(row)
        style: StyleName = "muted" if self._stands_back(row) else "text"
        if not done:
            return ((clean(row.title), style),)
        done = f"  {done}"
        title = cut(clean(row.title), width - min(text_width(done), width // 3))
        return ((title, style), (done, "info"))

    def _subject(self, row: Alert, _width: int) -> Cell:
        return ((agent_names(self.store, (row.subject,)), "muted"),)

    def alerts(self) -> Sequence[Alert]:
        """The alerts that fire."""
        alerts: Sequence[Alert] = self.store.get(Keys.ALERTS, ())
        return alerts

    def alert_here(self) -> Alert | None:
        """The one under the cursor."""
        row = self.table.selected
        return None if row is None else row.record

    def notice(self, changed: frozenset[str]) -> None:
        """What is muted can be searched for, and changes without the alerts."""
        if Keys.MUTES in changed:
            self._searched.clear()
        super().notice(changed)

    def records(self) -> Sequence[Row[Alert]]:
        """A row for each of them."""
        alerts = self.alerts()
        mutes = ((alert.alert_id, self.mute_of(alert)) for alert in alerts)
        self._quiet = {alert_id: mute for alert_id, mute in mutes if mute is not None}
        self.settle(alerts)
        return [Row(alert.alert_id, alert) for alert in alerts]

    def _ordered(self, rows: Sequence[Row[Alert]]) -> Sequence[Row[Alert]]:
        """The muted ones come last in every order."""
        ordered = super()._ordered(rows)
        heard = [row for row in ordered if row.id not in self._quiet]
        return [*heard, *(row for row in ordered if row.id in self._quiet)]

    def about(self, record: Alert) -> Sequence[str] | None:
        """The agents that it is about."""
        return subjects_of(record)

    def fields(self, record: Alert) -> Mapping[str, str]:
        """What of an alert can be searched."""
        return {
            "severity": record.severity,
            "type": record.type,
            "rule": record.rule,
            "state": self._state(record),
            "title": record.title,
            "subject": agent_names(self.store, (record.subject,)),
            "message": record.message,
            "note": seen_by(record),
        }

    def numbers(self, record: Alert) -> Mapping[str, float | None]:
        """For how long it has been firing."""
        return {"age": self.seconds_since(record.created_at)}

    def copied(self, row: Row[Alert]) -> str:
        """The alert's id, as `agent-monitor alerts` takes it."""
        return row.record.alert_id

    def _state(self, record: Alert) -> str:
        if record.alert_id in self._quiet:
            return "muted"
        return "acknowledged" if record.acknowledged else "firing"

    def summary(self) -> Cell:
        """How many there are of each severity that nobody has seen, how many somebody has, and how many are muted."""
        heard = [alert for alert in self.alerts() if alert.alert_id not in self._quiet]
        counts = Counter(alert.severity for alert in heard if not alert.acknowledged)
        parts: list[Span] = []
        for severity in reversed(SEVERITIES):
            if counts[severity]:
                glyph, style = text.SEVERITY_GLYPHS[severity]
                parts.append((f"{glyph} {counts[severity]} {severity}", style))
        if seen := len(heard) - counts.total():
            parts.append((f"{SEEN[0]} {seen} seen", "muted"))
        if self._quiet:
            parts.append((f"{QUIET[0]} {len(self._quiet)} muted", "muted"))
        gap: Span = ("   ", "text")
        return tuple(span for part in parts for span in (gap, part))[1:] or (("✓ none", "ok"),)

    def empty(self) -> tuple[Cell, ...]:
        """Nothing is wrong, said calmly."""
        return ((("✓ ", "ok"), ("All quiet: nothing fires.", "muted")),)

    @on(LineTable.Activated)
    def _clicked_twice(self, event: LineTable.Activated) -> None:
        event.stop()
        self.action_open_alert()
