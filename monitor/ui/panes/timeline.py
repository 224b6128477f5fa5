"""The timeline pane: every agent over a span of the past, a ribbon each, under the alerts that fired meanwhile."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on

from monitor.keystore import Keys
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.commands import Context, bindings
from monitor.ui.panes.attention import attention
from monitor.ui.panes.over_span import OverSpan
from monitor.ui.panes.pane import Pane, Sort
from monitor.ui.spans import cell_width, fit
from monitor.ui.widgets.charts.columns import counts, severities, statuses
from monitor.ui.widgets.charts.ribbon import alert_line, legend, ribbon
from monitor.ui.widgets.charts.scale import axis
from monitor.ui.widgets.columns import Column, place
from monitor.ui.widgets.line import Line
from monitor.ui.widgets.line_table import LineTable
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from monitor.model import AgentStatus, Ribbon, Ribbons
    from monitor.ui.spans import Cell
    from monitor.ui.wiring import Wiring


class TimelineRow(NamedTuple):
    """An agent on the time line."""

    agent_id: str
    name: str
    status: AgentStatus | None
    """As it is at the moment shown; None for one that was there earlier."""
    ribbon: Ribbon

    @property
    def commits(self) -> int:
        """Commits that it made in the span."""
        return sum(self.ribbon.commits)


class AlertLine(Line):
    """The alerts that fired, above the ribbons of the time in which they did."""

    def __init__(self, columns: Sequence[Column[TimelineRow]]) -> None:
        super().__init__()
        self._columns = columns
        self._ribbons: Ribbons | None = None

    def tell(self, ribbons: Ribbons) -> None:
        """Show the alerts of these."""
        if ribbons is not self._ribbons:
            self._ribbons = ribbons
            self.redraw()

    def parts(self, width: int) -> tuple[Cell, Cell]:
        """The word, and a sign where an alert fired, in the columns of the table below."""
        placed = {column.key: (x + 1, cells) for column, x, cells in place(self._columns, max(0, width - 2))}
        if self._ribbons is None or "ribbon" not in placed:
            return (), ()
        (name, room), (x, cells) = placed["name"], placed["ribbon"]
        word = fit((("alerts", "muted"),), room)
        signs = alert_line(severities(self._ribbons.alerts, cells))
        return ((" " * name, "text"), *word, (" " * (x - name - room), "text"), *signs), ()


class TimelinePane(OverSpan, Pane[TimelineRow]):
    """One line an agent; in a replay it ends at the moment shown."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("timeline", "span"))
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("timeline", "span")
    NUMBER = "6"
    CAPTION = "Timeline"
    FIELDS = frozenset({"status", "name", "kind", "branch"})
    SORTS: ClassVar = (
        Sort("glyph", "attention", lambda row: attention(row.agent_id, row.status)),
        Sort("name", "name", lambda row: row.name.casefold()),
        Sort("commits", "commits", lambda row: row.commits, descending=True),
    )

    def __init__(self, wiring: Wiring, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(wiring, id=id)
        self.alerts = AlertLine(self.table.columns)
        self._rows: dict[str, Row[TimelineRow]] = {}

    def compose(self) -> ComposeResult:
        """The alerts stand between the title and the table."""
        yield self.title
        yield self.alerts
        yield self.table

    @property
    def wanted(self) -> int:
        """The alerts take a line."""
        return super().wanted + 1

    def columns(self) -> Sequence[Column[TimelineRow]]:
        """Status now, name, the ribbon under its times, commits."""
        return (
            Column("glyph", "", 1, _glyph),
            Column("name", "AGENT", 12, _name, flexible=1, limit=24),
            Column("ribbon", "", 24, _ribbon, part="ribbon", flexible=12, heading=self._times),
            Column("commits", "CMT", 4, _commits, "right", part="ribbon", priority=3),
        )

    def _times(self, width: int) -> Cell:
        shown: Ribbons | None = self.shown
        if shown is None:
            return ()
        return axis(shown.start, shown.start + len(shown.alerts) * shown.bucket_ms, width)

    # --- the store ----------------------------------------------------------------------------------------------

    def span_key(self) -> str:
        """The ribbons of all agents."""
        return Keys.ribbons(self.span)

    def span_pattern(self) -> str:
        """That key alone."""
        return glob.escape(self.span_key())

    def patterns(self) -> tuple[str, ...]:
        """The ribbons, the statuses of now that the order goes by, and what is wrong with reading."""
        return (self.span_pattern(), Keys.AGENTS, Keys.status("*"), Keys.HISTORY_PROBLEM, Keys.FEED)

    def notice(self, changed: frozenset[str]) -> None:
        """Make the rows again when the ribbons or a status have changed."""
        if self.read_span():
            self._rows.clear()
            self.alerts.tell(self.shown)
            self.table.refresh_titles()
        else:
            self._forget_changed(changed)
        self.refresh_rows()

    def _forget_changed(self, changed: frozenset[str]) -> None:
        """Rows whose agent has another status than they show are made again."""
        for agent_id in [agent_id for agent_id in self._rows if Keys.status(agent_id) in changed]:
            del self._rows[agent_id]

    def records(self) -> Sequence[Row[TimelineRow]]:
        """One row for each ribbon; the same record as before while it tells the same."""
        ribbons: Sequence[Ribbon] = self.shown.ribbons if self.shown is not None else ()
        for one in ribbons:
            if one.agent_id not in self._rows:
                self._rows[one.agent_id] = Row(one.agent_id, self._record(one))
        return [self._rows[one.agent_id] for one in ribbons]

    def _record(self, one: Ribbon) -> TimelineRow:
        status: AgentStatus | None = self.store.get(Keys.status(one.agent_id))
        return TimelineRow(one.agent_id, status.name if status else one.agent_id, status, one)

    def fields(self, record: TimelineRow) -> Mapping[str, str]:
        """What of an agent can be searched."""
        status = record.status
        return {
            "name": record.name,
            "id": record.agent_id,
            "status": status.status if status else "",
            "kind": status.kind if status else "",
            "branch": (status.branch or "") if status else "",
        }

    def copied(self, row: Row[TimelineRow]) -> str:
        """The agent's id."""
        return row.id

    # --- what it says -------------------------------------------------------------------------------------------

    def summary(self) -> Cell:
        """The span; beside it what the characters mean, where there is room."""
        if self.shown is not None and (problem := self.problem()):
            return (*self.span_summary(), ("   ", "text"), *problem)
        span = self.span_summary()
        signs = legend(commits=True)
        note = 24 if self.filter or self._sort or self._inverted else 0
        room = self.size.width - len(self.CAPTION) - cell_width(span) - note - 12
        return (*span, ("   ", "text"), *signs) if cell_width(signs) <= room else span

    def empty(self) -> tuple[Cell, ...]:
        """Why there is no ribbon."""
        if self.shown is None:
            return (self.nothing(),)
        return ((("Nothing was recorded in this span.", "muted"),),)

    def on_resize(self) -> None:
        """The legend stands where there is room."""
        self._tell_title()

    # --- commands -----------------------------------------------------------------------------------------------

    def action_open_agent(self) -> None:
        """Open the selected agent, if it is still there."""
        row = self.table.selected
        if row is not None and row.record.status is not None:
            from monitor.ui.screens.agent import AgentScreen

            self.app.push_screen(AgentScreen(self.wiring, row.id))

    @on(LineTable.Activated)
    def _clicked_twice(self, event: LineTable.Activated) -> None:
        event.stop()
        self.action_open_agent()


def _glyph(row: TimelineRow, _width: int) -> Cell:
    return (text.STATUS_GLYPHS[row.status.status] if row.status is not None else (" ", "text"),)


def _name(row: TimelineRow, _width: int) -> Cell:
    return ((clean(row.name), "text" if row.status is not None else "muted"),)


def _ribbon(row: TimelineRow, width: int) -> Cell:
    return ribbon(statuses(row.ribbon.statuses, width), counts(row.ribbon.commits, width))


def _commits(row: TimelineRow, _width: int) -> Cell:
    return ((str(row.commits), "text"),) if row.commits else (("–", "faint"),)
