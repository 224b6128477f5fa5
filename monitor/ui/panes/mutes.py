"""What is muted: until when, by whom, and how many alerts it keeps quiet now."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from monitor.keystore import Keys
from monitor.model import Command, Mute
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.commands import bindings
from monitor.ui.panes.alert_words import UNDER_WAY
from monitor.ui.panes.commits import agent_names
from monitor.ui.panes.pane import Pane, Sort
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.binding import BindingType

    from monitor.model import Alert
    from monitor.ui.spans import Cell
    from monitor.ui.wiring import Wiring


class MutesPane(Pane[Mute]):
    """One line a mute."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("mutes"))
    CONTEXTS = ("mutes",)
    CAPTION = "Muted"
    PATTERNS = (Keys.MUTES, Keys.ALERTS)
    FIELDS = frozenset({"rule", "subject", "by"})
    SORTS: ClassVar = (
        Sort("left", "what ends first", lambda mute: mute.until),
        Sort("rule", "rule", lambda mute: (mute.rule, mute.subject)),
        Sort("subject", "subject", lambda mute: (mute.subject, mute.rule)),
        Sort("by", "who", lambda mute: mute.by),
    )

    def __init__(self, wiring: Wiring, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        self._sent: set[str] = set()
        super().__init__(wiring, id=id)

    def columns(self) -> Sequence[Column[Mute]]:
        """Rule, subject, how long still, alerts that it keeps quiet, who, note."""
        return (
            Column("rule", "RULE", 16, lambda row, _: _named(row.rule), flexible=1, limit=28),
            Column("subject", "SUBJECT", 12, self._subject, flexible=1, limit=28),
            Column("left", "LEFT", 5, self._left, "right", moving=True),
            Column("now", "ALERTS", 7, self._alerts, "right", priority=2, moving=True),
            Column(
                "by", "BY", 8, lambda row, _: ((clean(row.by), "text"),), priority=3, flexible=1, limit=20
            ),
            Column("note", "NOTE", 16, lambda row, _: ((clean(row.note), "muted"),), priority=1, flexible=4),
        )

    def _subject(self, row: Mute, _width: int) -> Cell:
        return _named(agent_names(self.store, (row.subject,)) if row.subject else "")

    def _left(self, row: Mute, _width: int) -> Cell:
        if _id(row) in self._sent:
            return (UNDER_WAY,)
        left = None if self.now is None else (row.until - self.now) / 1000
        return ((text.duration(left), "text"),)

    def _alerts(self, row: Mute, _width: int) -> Cell:
        """How many of the open alerts are covered."""
        alerts: Sequence[Alert] = self.store.get(Keys.ALERTS, ())
        quiet = sum(row.covers(alert, self.now or 0) for alert in alerts)
        return ((str(quiet), "text"),) if quiet else (("none", "faint"),)

    def records(self) -> Sequence[Row[Mute]]:
        """Those that hold."""
        mutes: Sequence[Mute] = self.store.get(Keys.MUTES, ())
        rows = [Row(_id(mute), mute) for mute in mutes]
        self._sent &= {row.id for row in rows}
        return rows

    def fields(self, record: Mute) -> Mapping[str, str]:
        """What of a mute can be searched."""
        subject = agent_names(self.store, (record.subject,)) if record.subject else ""
        return {"rule": record.rule, "subject": subject, "by": record.by, "note": record.note}

    def empty(self) -> tuple[Cell, ...]:
        """How something is muted."""
        return (
            (
                ("Nothing is muted: ", "muted"),
                ("m", "key"),
                (" on an alert keeps it quiet for a time.", "muted"),
            ),
        )

    def action_unmute(self) -> None:
        """Hear again of what is under the cursor."""
        row = self.table.selected
        if row is None:
            return
        self._mark_sent(row.id, under_way=True)
        mute = row.record
        command = Command(
            kind="unmute",
            by=self.wiring.options.user,
            at=time.time_ns() // 1_000_000,
            rule=mute.rule,
            subject=mute.subject,
        )
        self.wiring.send(command, partial(self._mark_sent, row.id, under_way=False))

    def _mark_sent(self, row_id: str, *, under_way: bool) -> None:
        """Show that the command is under way, or no longer."""
        self._sent = self._sent | {row_id} if under_way else self._sent - {row_id}
        self.refresh_rows()


def _id(mute: Mute) -> str:
    return f"{mute.rule}\n{mute.subject}"


def _named(name: str) -> Cell:
    return ((clean(name), "text"),) if name else (("any", "muted"),)
