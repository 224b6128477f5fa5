"""The history of one task: when it went from which status to which, who did it, and what else changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.model import TaskEvent, status_spans
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.task_ribbon import ribbon, totals
from monitor.ui.panes.task_subject import TaskPane
from monitor.ui.panes.task_words import status_look
from monitor.ui.spans import UNKNOWN, Cell
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.line import Line
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import ComposeResult

    from monitor.model import StatusSpan
    from monitor.ui.panes.task_subject import TaskSubject
    from monitor.ui.wiring import Wiring

_STAMPS = frozenset({"updated_at", "updated_by", "status"})
"""Fields whose change is told by the line itself."""


class RibbonLine(Line):
    """The task's life, each status as long as it held."""

    def __init__(self) -> None:
        super().__init__()
        self._spans: tuple[StatusSpan, ...] = ()
        self._now: int | None = None

    def show_life(self, spans: tuple[StatusSpan, ...], now: int | None) -> None:
        """Show these stretches up to now."""
        self._spans, self._now = spans, now
        self.redraw()

    def parts(self, width: int) -> tuple[Cell, Cell]:
        """The ribbon, with a blank at each end."""
        if self._now is None:
            return (), ()
        return ((" ", "text"), *ribbon(self._spans, self._now, width - 2)), ()


class TaskHistoryPane(TaskPane[TaskEvent]):
    """One line a change, newest first."""

    CAPTION = "History"

    def __init__(self, wiring: Wiring, subject: TaskSubject, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(wiring, subject, id=id)
        self.life = RibbonLine()
        self._spent: dict[tuple[str | None, int], int] = {}

    def columns(self) -> Sequence[Column[TaskEvent]]:
        """Age, time, who, from where to where, after how long, what else changed."""
        return (
            Column(
                "age",
                "",
                4,
                lambda event, _: ((text.age(event.timestamp, self.now), "muted"),),
                "right",
                moving=True,
            ),
            Column("when", "", 19, self._when, "right", priority=4, moving=True),
            Column(
                "who", "", 10, lambda event, _: ((clean(event.changed_by or UNKNOWN), "text"),), priority=2
            ),
            Column("what", "", 22, lambda event, _: _what(event), flexible=3, limit=44),
            Column("spent", "", 11, self._after, priority=1, moving=True),
            Column("changed", "", 12, lambda event, _: _changed(event), priority=3, flexible=2),
        )

    def compose(self) -> ComposeResult:
        """The life in one line over the changes."""
        yield self.title
        yield self.life
        yield self.table

    @property
    def wanted(self) -> int:
        """One line more, for the ribbon."""
        return super().wanted + 1

    def notice(self, changed: frozenset[str]) -> None:
        """The last stretch grows with the clock."""
        before = self.now
        super().notice(changed)
        if self.now != before:
            self._tell_life()

    def records(self) -> Sequence[Row[TaskEvent]]:
        """Newest first."""
        events = self.subject.history()
        self._tell_life()
        return [Row(str(len(events) - place), event) for place, event in enumerate(events)]

    def _spans(self) -> tuple[StatusSpan, ...]:
        card, _ = self.subject.look()
        return () if card is None else status_spans(card.task, self.subject.history())

    def _tell_life(self) -> None:
        spans = self._spans()
        self._spent = {
            (span.status, span.end): span.end - span.start.at
            for span in spans
            if span.end is not None and span.start.at is not None
        }
        self.life.show_life(spans, self.now)

    def _when(self, event: TaskEvent, _width: int) -> Cell:
        return ((text.date_time(event.timestamp, self.now or event.timestamp), "muted"),)

    def _after(self, event: TaskEvent, _width: int) -> Cell:
        """How long it had been in the status that it left."""
        spent = self._spent.get((event.previous_status, event.timestamp))
        if spent is None or event.previous_status == event.new_status:
            return ()
        return ((f"after {text.duration(max(0, spent) / 1000)}", "muted"),)

    def fields(self, record: TaskEvent) -> Mapping[str, str]:
        """Who, and what changed."""
        return {
            "who": record.changed_by or "",
            "what": "".join(part for part, _ in (*_what(record), *_changed(record))),
        }

    def summary(self) -> Cell:
        """How long it was in each status."""
        return totals(self._spans(), self.now)

    def empty(self) -> tuple[Cell, ...]:
        """What was before the first recording is not known."""
        return ((("Nothing was seen to happen to it yet.", "muted"),),)


def _status(status: str | None) -> Cell:
    if status is None:
        return ()
    glyph, style = status_look(status)
    return ((f"{glyph} {clean(status)}", style),)


def _what(event: TaskEvent) -> Cell:
    """From where to where, or what kind of change it was."""
    if event.task is None:
        return (("left the board, was ", "warn"), *_status(event.previous_status))
    if event.previous_status is None:
        return (("came to the board: ", "muted"), *_status(event.new_status))
    if event.event_type == "assigned":
        return (
            ("assigned to ", "muted"),
            (clean(event.assigned_to) if event.assigned_to else "nobody", "text"),
        )
    if event.previous_status != event.new_status:
        return (*_status(event.previous_status), (" → ", "muted"), *_status(event.new_status))
    return (("updated", "muted"),)


def _changed(event: TaskEvent) -> Cell:
    """What else changed, in the board's words."""
    names = [name.replace("_", " ") for name in event.changed if name not in _STAMPS]
    return ((", ".join(clean(name) for name in names), "muted"),)
