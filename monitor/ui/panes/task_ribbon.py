"""The life of a task in one line: each status as long as the task spent in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.task_words import status_look
from monitor.ui.spans import Cell, Span, fit, text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Millis, StatusSpan

_RULE = "━"


def ribbon(spans: Sequence[StatusSpan], now: Millis, width: int) -> Cell:
    """The stretches whose start is known, in exactly `width` cells, each with its glyph and, where it fits, its name.

    A stretch too short to be seen has one cell; where there are more stretches than cells, the oldest are left out.
    """
    known = [span for span in spans if span.start.at is not None][-width:] if width > 0 else []
    lengths = [max(0, (now if span.end is None else span.end) - (span.start.at or 0)) for span in known]
    drawn: list[Span] = []
    for span, cells in zip(known, _cells(lengths, width), strict=True):
        glyph, style = status_look(span.status)
        name = f"{glyph} {clean(span.status)} "
        head = name if text_width(name) < cells else glyph
        drawn.append((head + _RULE * (cells - text_width(head)), style))
    return fit(tuple(drawn), max(0, width))


def _cells(lengths: Sequence[int], width: int) -> list[int]:
    """Share cells out by length, at least one to each, all of them in the end."""
    if not lengths:
        return []
    spare, total = width - len(lengths), sum(lengths) or len(lengths)
    shares = [spare * (length if sum(lengths) else 1) / total for length in lengths]
    cells = [1 + int(share) for share in shares]
    by_rest = sorted(range(len(lengths)), key=lambda place: int(shares[place]) - shares[place])
    for place in by_rest[: width - sum(cells)]:
        cells[place] += 1
    return cells


def totals(spans: Sequence[StatusSpan], now: Millis | None) -> Cell:
    """How long the task was in each status altogether, in the order in which it first came to them."""
    if now is None:
        return ()
    times: dict[str, int] = {}
    for span in spans:
        if span.start.at is not None:
            end = now if span.end is None else span.end
            times[span.status] = times.get(span.status, 0) + max(0, end - span.start.at)
    return tuple(
        (
            f"{status_look(status)[0]} {clean(status)} {text.duration(milliseconds / 1000)}   ",
            status_look(status)[1],
        )
        for status, milliseconds in times.items()
    )
