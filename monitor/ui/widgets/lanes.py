"""Where the lanes of a card table stand, and how much each card shows. Pure arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

STRIP: Final = 5
"""Cells of a folded lane: its glyph and its count, its name downwards."""
MARK: Final = 3
"""Cells at an edge that say how many lanes stand beyond it."""
GAP: Final = 1
_OPEN: Final = 25
"""Cells below which an open lane is not worth reading."""
_BRIEF: Final = 21
_BRIEF_LIMIT: Final = 34
"""Cells beyond which a brief lane does not grow while others can."""


class LaneShape(NamedTuple):
    """What the arithmetic needs to know of a lane."""

    brief: bool = False
    """Its cards are short, and it stands back."""
    empty: bool = False

    @property
    def least(self) -> int:
        """Cells it needs when it is open."""
        return _BRIEF if self.brief else _OPEN


class Space(NamedTuple):
    """Where a lane stands."""

    lane: int
    x: int
    width: int
    open: bool


class Placement(NamedTuple):
    """Where the lanes stand, from left to right; those that found no room are counted where there is room to say so."""

    spaces: tuple[Space, ...] = ()
    before: int = 0
    after: int = 0

    @property
    def opened(self) -> frozenset[int]:
        """The lanes that show cards."""
        return frozenset(space.lane for space in self.spaces if space.open)


class Density(NamedTuple):
    """Lines of a card, and blank ones under it."""

    lines: int
    gap: int

    @property
    def height(self) -> int:
        """Lines from one card to the next."""
        return self.lines + self.gap


DENSE: Final = Density(3, 0)
AIRY: Final = Density(3, 1)
AMPLE: Final = Density(4, 1)
_LOW: Final = 24
"""Lines below which cards stand close."""


def choose_density(cards: int, lines: int) -> Density:
    """The roomiest one under which `cards` fit into so many lines; when none does, as the height of the screen asks."""
    for density in (AMPLE, AIRY):
        if cards * density.height - density.gap <= lines:
            return density
    return DENSE if lines < _LOW else AIRY


def place_lanes(
    shapes: Sequence[LaneShape], width: int, focused: int, kept: frozenset[int] = frozenset()
) -> Placement:
    """Place the lanes in `width` cells: the focused one is open, others as far as there is room, the rest are strips.

    `kept` are the lanes that were open before: they stay so, so that a step into a neighbour moves as little as it can.
    Where there is no room even for the strips, the lanes farthest from the focused one are left out.
    """
    if not shapes or width <= 0:
        return Placement()
    if width <= 2 * MARK:
        return Placement((Space(focused, 0, width, open=True),))
    first, last = _shown(shapes, width, focused)
    room = width - MARK * (first > 0) - MARK * (last < len(shapes)) - GAP * (last - first - 1)
    opened = {focused}
    spare = room - STRIP * (last - first - 1) - shapes[focused].least
    candidates = [lane for lane in range(first, last) if lane != focused]
    candidates.sort(key=lambda lane: (shapes[lane].empty, lane not in kept, abs(lane - focused), lane))
    for lane in candidates:
        if shapes[lane].least - STRIP <= spare:
            spare -= shapes[lane].least - STRIP
            opened.add(lane)
    widths = {lane: shapes[lane].least if lane in opened else STRIP for lane in range(first, last)}
    if spare > 0:
        _spread(spare, widths, shapes, sorted(opened))
    else:
        widths[focused] += spare
    spaces: list[Space] = []
    x = MARK * (first > 0)
    for lane, cells in widths.items():
        spaces.append(Space(lane, x, cells, lane in opened))
        x += cells + GAP
    return Placement(tuple(spaces), first, len(shapes) - last)


def _shown(shapes: Sequence[LaneShape], width: int, focused: int) -> tuple[int, int]:
    """First and one past the last lane that has room, at least as a strip."""
    first, last = 0, len(shapes)

    def needed() -> int:
        marks = MARK * (first > 0) + MARK * (last < len(shapes))
        return shapes[focused].least + (last - first - 1) * (STRIP + GAP) + marks

    while last - first > 1 and needed() > width:
        if last - 1 - focused >= focused - first:
            last -= 1
        else:
            first += 1
    return first, last


def _spread(spare: int, widths: dict[int, int], shapes: Sequence[LaneShape], opened: Sequence[int]) -> None:
    """Give the spare cells to the open lanes: the brief ones grow half as fast, up to their limit."""
    full = [lane for lane in opened if not shapes[lane].brief]
    brief = [lane for lane in opened if shapes[lane].brief]
    if full and brief:
        each = min(_BRIEF_LIMIT - _BRIEF, spare // (2 * len(full) + len(brief)))
        for lane in brief:
            widths[lane] += each
        spare -= each * len(brief)
    growing = full or brief
    for place, lane in enumerate(growing):
        widths[lane] += spare // len(growing) + (place < spare % len(growing))
