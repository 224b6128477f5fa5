"""One alert in full: what it says, who has seen it, what keeps it quiet, and when the same has fired before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual import on

from monitor.keystore import Keys
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.alert_actions import AlertActions
from monitor.ui.panes.alert_words import (
    QUIET,
    SEEN,
    lasted,
    muted_thing,
    note_of,
    quiet_for,
    resolved_by,
    severity_glyph,
    severity_word,
)
from monitor.ui.panes.commits import agent_names
from monitor.ui.panes.facts import AGE_WIDTH, LABEL_WIDTH, Fact, FactsPane
from monitor.ui.widgets.line_table import LineTable
from monitor.ui.widgets.rows import Row
from monitor.ui.wrapping import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.model import Alert
    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell
    from monitor.ui.wiring import Wiring

_BESIDE: Final = LABEL_WIDTH + AGE_WIDTH + 6
"""Cells of a line that are no value: label, age, and the gaps of a wide table."""
_TOLD: Final = frozenset({"note", "resolved_by", "reason"})
"""Keys of the metadata that have a line of their own, or are the rule's own business."""
_TEXT_LIMIT: Final = 2_000
"""Characters of a text that is wrapped: more than any rule writes."""
_BEFORE_LIMIT: Final = 20
"""Earlier firings that are named one by one."""


class AlertPane(AlertActions[Fact], FactsPane):
    """One line a fact; its commands are about the alert, whatever line the cursor is on."""

    CAPTION = "Alert"
    PATTERNS = (Keys.ALERTS, Keys.MUTES, Keys.ALERT_HISTORY)

    def __init__(self, wiring: Wiring, alert_id: str, *, id: str | None = None) -> None:  # noqa: A002
        self._alert_id = alert_id
        self._known: Alert | None = None
        super().__init__(wiring, id=id)

    def alert_here(self) -> Alert | None:
        """The alert as it is now; one that is in no list any more as it was seen last."""
        past: Sequence[Alert] = self.store.get(Keys.ALERT_HISTORY) or ()
        for alert in (*self.store.get(Keys.ALERTS, ()), *past):
            if alert.alert_id == self._alert_id:
                self._known = alert
                break
        return self._known

    def copied(self, row: Row[Fact]) -> str:  # noqa: ARG002 - whichever fact it is
        """The alert's id."""
        return self._alert_id

    def on_resize(self) -> None:
        """Wrap the long lines to the new width."""
        self.refresh_rows()

    def records(self) -> Sequence[Row[Fact]]:
        """What it says, its life, what it is about, and its like before it."""
        alert = self.alert_here()
        if alert is None:
            return []
        self.settle((alert,))
        width = max(20, self.app.size.width - _BESIDE)
        facts = (
            *_lines("Alert", alert.title, width, "strong"),
            *_lines("What to do", alert.message, width, "text"),
            *self._life(alert),
            *self._quiet(alert),
            *self._subject(alert),
            *_numbers(alert, width),
            Fact("Id", ((clean(alert.alert_id), "muted"),)),
            *self._before(alert),
        )
        return [Row(str(place), fact) for place, fact in enumerate(facts)]

    def _life(self, alert: Alert) -> Iterator[Fact]:
        word: Cell = (*severity_glyph(alert, back=False), (" ", "text"), *severity_word(alert, back=False))
        yield Fact("Severity", (*word, ("  ", "text"), *self.under_way(alert)))
        since = self._moment(alert.created_at)
        yield Fact("Fired", ((since, "text"),), alert.created_at)
        if alert.acknowledged:
            by = clean(alert.acknowledged_by or "somebody")
            yield Fact("Seen", (SEEN, (f" acknowledged by {by}", "text")), alert.acknowledged_at)
            if note := note_of(alert):
                yield from _lines("Note", note, max(20, self.app.size.width - _BESIDE), "text")
        elif not alert.resolved:
            yield Fact("Seen", (("by nobody yet", "muted"),))
        if alert.resolved:
            yield Fact("Resolved", ((_end_of(alert), "text"),), alert.resolved_at)
        elif not any(alert.alert_id == one.alert_id for one in self.store.get(Keys.ALERTS, ())):
            yield Fact("Resolved", (("it fires no longer", "text"),))

    def _quiet(self, alert: Alert) -> Iterator[Fact]:
        mute = self.mute_of(alert)
        if mute is None:
            return
        what = muted_thing(mute.rule, mute.subject)
        told = quiet_for(mute, self.now)
        yield Fact("Muted", (QUIET, (f" {told}: ", "text"), *what), mute.at)
        if mute.note:
            yield Fact("", ((clean(mute.note), "muted"),))

    def _subject(self, alert: Alert) -> Iterator[Fact]:
        name = agent_names(self.store, (alert.subject,))
        agent = self.store.get(Keys.status(alert.subject)) is not None
        kind = "an agent" if agent else clean(alert.type)
        yield Fact("About", ((name, "text"), (f"  {kind}", "muted")), agent_id=alert.subject if agent else "")
        yield Fact("Rule", ((clean(alert.rule), "text"), (f"  seen in {clean(alert.source)}", "muted")))

    def _before(self, alert: Alert) -> Iterator[Fact]:
        """When the same rule fired about the same subject before, the newest first."""
        past: Sequence[Alert] | None = self.store.get(Keys.ALERT_HISTORY)
        same = [
            one
            for one in past or ()
            if (one.rule, one.subject) == (alert.rule, alert.subject)
            and one.alert_id != alert.alert_id
            and one.created_at <= alert.created_at
        ]
        for place, one in enumerate(same[:_BEFORE_LIMIT]):
            value: Cell = ((self._moment(one.created_at), "text"), (f"  {_end_of(one)}", "muted"))
            yield Fact("" if place else "Before", value, one.created_at)
        if len(same) > _BEFORE_LIMIT:
            yield Fact("", ((f"and {len(same) - _BEFORE_LIMIT} times more", "muted"),))

    def _moment(self, at: int) -> str:
        return text.date_time(at, self.store.get(Keys.CLOCK) or at)

    def summary(self) -> Cell:
        """Its severity and rule."""
        alert = self.alert_here()
        if alert is None:
            return ()
        return (*severity_glyph(alert, back=False), (f" {clean(alert.rule)}", "muted"))

    def empty(self) -> tuple[Cell, ...]:
        """It may be too old, or not have fired yet at the moment that a replay shows."""
        return ((("Nothing is known of this alert at this moment.", "muted"),),)

    def action_open_alert(self) -> None:
        """The details of the agent that it is about, if it is about one."""
        alert = self.alert_here()
        if alert is None or self.store.get(Keys.status(alert.subject)) is None:
            self.notify("It is about no agent that is known now.", timeout=3)
            return
        from monitor.ui.screens.agent import AgentScreen

        self.app.push_screen(AgentScreen(self.wiring, alert.subject))

    @on(LineTable.Activated)
    def _clicked_twice(self, event: LineTable.Activated) -> None:
        event.stop()
        self.action_open_alert()


def _lines(label: str, words: str, width: int, style: StyleName) -> Iterator[Fact]:
    """A text over as many lines as it needs; nothing for an empty one."""
    if words:
        for place, line in enumerate(wrapped(clean(words, _TEXT_LIMIT), width)):
            yield Fact("" if place else label, ((line, style),))


def _end_of(alert: Alert) -> str:
    """`lasted 4m, resolved by ada`: how it ended."""
    by = resolved_by(alert)
    how = f"resolved by {by}" if by else "over by itself"
    return f"lasted {text.duration(lasted(alert))}, {how}"


def _numbers(alert: Alert, width: int) -> Iterator[Fact]:
    """What the rule measured."""
    told = [
        f"{clean(key)} {_value(value)}"
        for key, value in alert.metadata.items()
        if key not in _TOLD and value not in (None, "", [], {})
    ]
    yield from _lines("Measured", "; ".join(told), width, "muted")


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(_value(one) for one in value)
    return clean(str(value))
