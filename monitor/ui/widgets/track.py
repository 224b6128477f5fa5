"""A time line in cells: what each stands for, and which cell a moment is in. No widget, no screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import SEVERITIES, Millis, Status, Timeline, TimelineSlice
from monitor.ui import format as text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell, Span

FULL: Final[Span] = ("━", "fill")
PARTLY: Final[Span] = ("─", "muted")
GAP: Final[Span] = ("┄", "faint")
CHANGED: Final[Span] = ("┯", "fill")
FIRED: Final = "╷"
MARKER: Final[Span] = ("┃", "accent")
_QUIETER: Final[dict[StyleName, StyleName]] = {"alarm": "bad"}
_SPECIAL_SHARE: Final = 4
"""One cell in so many may bear a whole mark where most cells would."""
_ALL: Final = 0.98
"""Share of a cell that is recorded from which it looks whole: the end of a recording seldom meets that of a cell."""
_URGENCY: Final[tuple[Status, ...]] = ("active", "idle", "offline", "blocked", "error")
"""The statuses from the one that needs nobody to the one that needs a person most."""

_WORTH_MORE: Final = frozenset(text.STATUS_GLYPHS.values())
"""What stays in a line of its own where an alert fired that is nothing special."""


def condense(slices: Sequence[TimelineSlice], width: int) -> tuple[TimelineSlice, ...]:
    """The slices in `width` equal parts; where parts are shorter than slices, only the first of one bears its marks."""
    count = len(slices)
    parts: list[TimelineSlice] = []
    for column in range(width if count else 0):
        first = column * count // width
        inside = slices[first : max(first + 1, (column + 1) * count // width)]
        if column and first == (column - 1) * count // width:
            parts.append(TimelineSlice(recorded=inside[0].recorded))
        else:
            parts.append(inside[0] if len(inside) == 1 else _together(inside))
    return tuple(parts)


def _together(slices: Sequence[TimelineSlice]) -> TimelineSlice:
    severities = [one.severity for one in slices if one.severity is not None]
    statuses = [one.status for one in slices if one.status is not None]
    return TimelineSlice(
        recorded=sum(one.recorded for one in slices) / len(slices),
        alerts=sum(one.alerts for one in slices),
        severity=max(severities, key=SEVERITIES.index, default=None),
        changes=sum(one.changes for one in slices),
        status=max(statuses, key=_URGENCY.index, default=None),
    )


def track_cell(part: TimelineSlice) -> Span:
    """What was recorded: a thick line, a thin one where some is missing, dots where nobody recorded."""
    if part.recorded >= _ALL:
        return FULL
    return PARTLY if part.recorded > 0 else GAP


def status_cells(parts: Sequence[TimelineSlice]) -> list[Span | None]:
    """Where agents changed their status: the one that most needs a person, or a tick where that is nothing special."""
    special = _special(
        [(_URGENCY.index(part.status), part.changes) if part.status else None for part in parts]
    )
    return [
        None if part.status is None else text.STATUS_GLYPHS[part.status] if chosen else CHANGED
        for part, chosen in zip(parts, special, strict=True)
    ]


def alert_cells(parts: Sequence[TimelineSlice]) -> list[Span | None]:
    """Where alerts fired: the gravest, or a tick in its colour where that is nothing special."""
    special = _special(
        [(SEVERITIES.index(part.severity), part.alerts) if part.severity else None for part in parts]
    )
    cells: list[Span | None] = []
    for part, chosen in zip(parts, special, strict=True):
        glyph, style = text.SEVERITY_GLYPHS[part.severity] if part.severity else ("", "text")
        cells.append((glyph, style) if chosen else (FIRED, _QUIETER.get(style, style)) if glyph else None)
    return cells


def _special(ranks: Sequence[tuple[int, int] | None]) -> list[bool]:
    """Which cells stand out: all that bear a mark, or where most do, those above the rest.

    Every cell of a month bears some mark, and a line of the same sign tells nothing.
    """
    marked = sorted((rank for rank in ranks if rank is not None), reverse=True)
    quota = max(1, len(ranks) // _SPECIAL_SHARE)
    floor = marked[quota] if len(marked) > quota else (-1, -1)
    return [rank is not None and rank > floor for rank in ranks]


class Scale(msgspec.Struct, frozen=True):
    """A span of time on so many cells."""

    first: Millis
    last: Millis
    width: int

    def column(self, at: Millis) -> int:
        """The cell of a moment; of one outside the span, the nearest."""
        length = max(1, self.last - self.first)
        return max(0, min((at - self.first) * self.width // length, self.width - 1))

    def moment(self, column: int) -> Millis:
        """The middle of a cell; of the first and the last, and beyond them, the end of the span."""
        if column <= 0:
            return self.first
        if column >= self.width - 1:
            return self.last
        return self.first + (self.last - self.first) * (2 * column + 1) // (2 * self.width)


class Track:
    """The cells of a time line at one width, made once for each of both."""

    def __init__(self) -> None:
        self._made: tuple[Timeline | None, int] = (None, -1)
        self.marks: tuple[Span, ...] = ()
        """Alerts; blank where none fired."""
        self.line: tuple[Span, ...] = ()
        """What was recorded, with the changes of status in it."""
        self.both: tuple[Span, ...] = ()
        """All in one line: an alert before a change of status."""

    def fit(self, timeline: Timeline | None, width: int) -> None:
        """Make the cells for this time line at this width; without one everything looks recorded."""
        if self._made[0] is timeline and self._made[1] == width:
            return
        self._made = (timeline, width)
        parts = condense(timeline.slices, width) if timeline is not None else ()
        parts = parts or (TimelineSlice(recorded=1.0),) * width
        alerts, statuses = alert_cells(parts), status_cells(parts)
        self.marks = tuple(alert or (" ", "text") for alert in alerts)
        self.line = tuple(status or track_cell(part) for part, status in zip(parts, statuses, strict=True))
        self.both = tuple(
            cell if alert is None or (alert[0] == FIRED and cell in _WORTH_MORE) else alert
            for alert, cell in zip(alerts, self.line, strict=True)
        )


def with_marker(cells: tuple[Span, ...], column: int) -> Cell:
    """The cells with the position marked."""
    return (*cells[:column], MARKER, *cells[column + 1 :])
