"""The time line of a replay: the whole recording in a line, with what happened in it and where the screen stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from rich.segment import Segment
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from monitor.keystore import Keys, KeyStore
from monitor.ui import format as text
from monitor.ui.spans import Cell, fit, segments
from monitor.ui.widgets.line import difference
from monitor.ui.widgets.themed import Themed
from monitor.ui.widgets.track import Scale, Track, with_marker

if TYPE_CHECKING:
    from textual import events

    from monitor.model import Millis, ReplayState, Timeline

_SHORTEST: Final = 24
"""Cells that the line itself is left before it has labels."""
_HEIGHTS: Final = ((24, 2), (6, 1), (0, 0))
"""From a screen of so many lines, so many are for the time line."""


def time_line_height(screen_height: int) -> int:
    """Lines of the time line on a screen of this height."""
    return next((lines for least, lines in _HEIGHTS if screen_height >= least), 0)


class _Labels(NamedTuple):
    """What stands beside the line."""

    left: str
    right: str
    above: str = ""
    """Over the right one, where there are two lines."""

    @property
    def widths(self) -> tuple[int, int]:
        """Cells on the left and on the right, with a blank around each label."""
        right = max(len(self.right), len(self.above))
        return (len(self.left) + 2 if self.left else 0), (right + 2 if right else 0)


class TimeLine(Themed):
    """One line, or two with the alerts above what was recorded; a click or a drag goes to a moment."""

    KEYS = (Keys.REPLAY, Keys.TIMELINE)
    can_focus = False

    class Sought(Message):
        """A moment was pointed at."""

        def __init__(self, at: Millis) -> None:
            super().__init__()
            self.at = at

    def __init__(self, store: KeyStore) -> None:
        super().__init__(id="time-line")
        self._store = store
        self._track = Track()
        self._complaint = ""
        self._drawn: list[Cell] = []
        self._start = 0
        self._scale: Scale | None = None
        self._dragged_to: int | None = None

    def refresh_text(self, _changed: frozenset[str] = frozenset()) -> None:
        """Read the store again, and repaint the cells that look different now."""
        old, self._drawn = self._drawn, self._arranged()
        for y, line in enumerate(self._drawn):
            first, last = difference(old[y] if y < len(old) else (), line)
            if first < last:
                self.refresh(Region(first, y, last - first, 1))

    def complain(self, complaint: str) -> None:
        """Show in the first line what is wrong with the time that is typed; empty: nothing."""
        self._complaint = complaint
        self.refresh_text()

    def render_line(self, y: int) -> Strip:
        """One of the lines as it is now; Textual asks for it when a cell of it has changed."""
        width, style = self.size.width, self.palette.style("text")
        self._drawn = self._arranged()
        if y >= len(self._drawn):
            return Strip.blank(width, style)
        drawn = segments((self._drawn[y],), self.palette)
        return Strip(drawn or [Segment("")]).adjust_cell_length(width, style)

    # --- what stands where --------------------------------------------------------------------------------------

    def _arranged(self) -> list[Cell]:
        width, height = self.size
        state: ReplayState | None = self._store.get(Keys.REPLAY)
        timeline: Timeline | None = self._store.get(Keys.TIMELINE)
        span = timeline or state
        if span is None or state is None or width <= 0:
            lines: list[Cell] = [fit((), width) for _ in range(height)]
        else:
            # What is still written has grown since its time line was read.
            labels = _labels(state.at, span.first, max(span.last, state.at), width, height)
            left, right = labels.widths
            self._start = left
            self._scale = Scale(span.first, span.last, width - left - right)
            self._track.fit(timeline, self._scale.width)
            lines = self._lines(labels, self._scale.column(state.at), height)
        if self._complaint and lines:
            lines[0] = fit(((f" ✖ {self._complaint}", "bad"),), width)
        return lines

    def _lines(self, labels: _Labels, column: int, height: int) -> list[Cell]:
        left, right = labels.widths
        before = fit(((f" {labels.left}", "muted"),), left)
        after = fit(((f" {labels.right}", "muted"),), right)
        if height <= 1:
            return [(*before, *with_marker(self._track.both, column), *after)][:height]
        above = fit(((f" {labels.above}", "accent"),), right)
        blank = fit((), left)
        return [
            (*blank, *self._track.marks, *above),
            (*before, *with_marker(self._track.line, column), *after),
        ]

    # --- the pointer --------------------------------------------------------------------------------------------

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go to the moment under the pointer, and on as long as it is dragged."""
        event.stop()
        self.capture_mouse()
        self._dragged_to = None
        self._point_at(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow a drag; without a button held the pointer only passes."""
        if self.app.mouse_captured is self and event.button:
            self._point_at(event.x)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """The drag is over."""
        event.stop()
        self.release_mouse()

    def _point_at(self, x: int) -> None:
        if self._scale is None:
            return
        column = max(0, min(x - self._start, self._scale.width - 1))
        if column != self._dragged_to:
            self._dragged_to = column
            self.post_message(self.Sought(self._scale.moment(column)))


def _labels(at: Millis, first: Millis, last: Millis, width: int, height: int) -> _Labels:
    """The labels that leave the line enough room: both ends, and the moment that is shown."""
    start, end = text.ends(first, last)
    moment = text.moment_within(at, first, last)
    choices = (
        (_Labels(start, end, moment),)
        if height > 1
        else (_Labels(start, f"{moment} / {end}"), _Labels(start, end))
    )
    return next((labels for labels in choices if width - sum(labels.widths) >= _SHORTEST), _Labels("", ""))
