"""A line of parts of which the least important go when there is no room for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from monitor.ui.spans import Cell, cell_width
from monitor.ui.widgets.line import Line

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = 3


class Ranked(NamedTuple):
    """A part of a line."""

    rank: int
    """The part with the highest one goes first; 0 stays, and is cut when it must be."""
    cell: Cell


class RankedLine(Line):
    """As many of its parts as fit, in their order."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._ranked: tuple[Ranked, ...] = ()

    def show_parts(self, parts: Sequence[Ranked]) -> None:
        """Show these parts from now on."""
        if tuple(parts) != self._ranked:
            self._ranked = tuple(parts)
            self.redraw()

    def parts(self, width: int) -> tuple[Cell, Cell]:
        """The parts that have room."""
        return kept_parts(self._ranked, width), ()


def kept_parts(parts: Sequence[Ranked], width: int) -> Cell:
    """One cell of the parts that fit, the least important of the others gone first."""
    kept = [part for part in parts if part.cell]
    while sum(cell_width(part.cell) + _GAP for part in kept) > width:
        least = max((part.rank for part in kept), default=0)
        if not least:
            break
        kept.remove(next(part for part in reversed(kept) if part.rank == least))
    return tuple(
        span
        for place, part in enumerate(kept)
        for span in ((" " * (_GAP if place else 1), "text"), *part.cell)
    )
