"""An agent's past in pictures: its status as a ribbon; CPU, memory, uncommitted changes and commits as charts."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING, ClassVar, Final

from monitor.keystore import Keys
from monitor.ui.commands import bindings
from monitor.ui.panes.chart_kinds import KINDS, Kind
from monitor.ui.panes.over_span import OverSpan
from monitor.ui.spans import cell_width, fit
from monitor.ui.widgets.charts.area import area, scale_labels
from monitor.ui.widgets.charts.columns import statuses
from monitor.ui.widgets.charts.picture import Picture
from monitor.ui.widgets.charts.plan import COMFORTABLE, GUTTER, Block, plan
from monitor.ui.widgets.charts.ribbon import legend, ribbon
from monitor.ui.widgets.charts.scale import axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.binding import BindingType
    from textual.widget import Widget

    from monitor.model import AgentMetrics, AgentStatus, Series
    from monitor.ui.spans import Cell, Span
    from monitor.ui.wiring import Wiring

_MARGIN: Final = 1
_HEADING_GAP: Final = "   "


class ChartsPane(OverSpan):
    """A ribbon over charts over one line of times; with fewer lines lower charts, the ribbon and the CPU first."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("pane", "span"))
    NUMBER = "2"
    CAPTION = "Charts"

    def __init__(self, wiring: Wiring, agent_id: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(wiring, id=id)
        self.agent_id = agent_id
        self.picture = Picture(self.draw)
        self._made: tuple[Series | None, int, int] = (None, -1, -1)
        self._rows: dict[str, Sequence[Cell]] = {}

    @property
    def inner(self) -> Widget:
        """The picture."""
        return self.picture

    @property
    def wanted(self) -> int:
        """A title, the ribbon, charts of some lines each, and the times."""
        return 1 + COMFORTABLE

    def span_key(self) -> str:
        """The agent's series."""
        return Keys.series(self.agent_id, self.span)

    def span_pattern(self) -> str:
        """That key alone, whatever the agent's id holds."""
        return glob.escape(self.span_key())

    def patterns(self) -> tuple[str, ...]:
        """The series, what is told as the numbers of now, and what is wrong with reading them."""
        own = (self.span_key(), Keys.metrics(self.agent_id), Keys.status(self.agent_id))
        return (*(glob.escape(key) for key in own), Keys.HISTORY_PROBLEM, Keys.FEED)

    def notice(self, _changed: frozenset[str]) -> None:
        """Draw what has changed: the charts with the series, the numbers of now with each tick."""
        self.read_span()
        problem = self.problem() if self.shown is not None else ()
        self.title.tell(self.span_summary(), problem or (legend() if self._has_room_for_legend() else ()))
        self.picture.redraw()

    def on_resize(self) -> None:
        """The legend stands where there is room."""
        self.notice(frozenset())

    def _has_room_for_legend(self) -> bool:
        used = len(self.CAPTION) + cell_width(self.span_summary()) + 8
        return self.size.width >= used + cell_width(legend())

    # --- what stands where --------------------------------------------------------------------------------------

    def draw(self, width: int, height: int) -> Sequence[Cell]:
        """The lines of the picture."""
        series: Series | None = self.shown
        if series is None:
            return [((" " * _MARGIN, "text"), *self.nothing())]
        plot = width - GUTTER - 2 * _MARGIN
        if plot < 1 or height < 1:
            return []
        blocks = plan(height)
        if self._made[0] is not series or self._made[1:] != (width, height):
            self._made = (series, width, height)
            self._rows = {block.name: self._block(block, series, plot) for block in blocks}
        lines: list[Cell] = []
        for block in blocks:
            if block.headed:
                lines.append(self._heading(KINDS[block.name], series, plot))
            lines += self._rows[block.name]
        return lines

    def _block(self, block: Block, series: Series, plot: int) -> Sequence[Cell]:
        """The rows of a block that depend on nothing but the series."""
        if block.name == "ribbon":
            words = statuses([point.status for point in series.points], plot)
            return [_line((("status", "muted"),), ribbon(words))]
        if block.name == "axis":
            return [_line((), axis(series.start, _whole_end(series), plot))]
        kind = KINDS[block.name]
        found = kind.values(series.points, plot)
        look = kind.look(found)
        rows = area(found, look, block.rows)
        if block.headed:
            labels = scale_labels(look, block.rows, GUTTER)
        else:
            labels = [
                ((f"{kind.short} {look.label(look.top)}".rjust(GUTTER - 1)[: GUTTER - 1] + "┤", "muted"),)
            ]
        return [_line(label, row) for label, row in zip(labels, rows, strict=True)]

    def _heading(self, kind: Kind, series: Series, plot: int) -> Cell:
        """The name of a chart with its numbers, as many as there is room for."""
        metrics: AgentMetrics | None = self.store.get(Keys.metrics(self.agent_id))
        status: AgentStatus | None = self.store.get(Keys.status(self.agent_id))
        spans: list[Span] = []
        for word, number in kind.numbers(series.points, metrics, status):
            more: list[Span] = [(f"{word} ", "muted"), (number, "text"), (_HEADING_GAP, "text")]
            if cell_width((*spans, *more[:2])) > plot:
                break
            spans += more
        return _line(((kind.name, "title"),), tuple(spans))


def _line(label: Cell, content: Cell) -> Cell:
    """A line: the margin, what stands left of the chart, and the chart."""
    return ((" " * _MARGIN, "text"), *fit(label, GUTTER), *content)


def _whole_end(series: Series) -> int:
    """The end of the last part, as if it were over: each part has the same room."""
    return series.start + len(series.points) * series.bucket_ms
