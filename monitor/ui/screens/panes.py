"""Screens with several panes: each can be gone to, one that is folded unfolds, and one can have all the room.

A screen says where its panes stand in a given area (`lay_out`), with `stack` and `side_by_side` to help; everything
else is here. The height is shared out on a resize, on a change of focus, and when a pane has more to show; never on a
tick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.events import DescendantFocus
from textual.geometry import Region
from textual.screen import ScreenResultType

from monitor.ui.commands import bindings
from monitor.ui.panes.pane import Pane
from monitor.ui.screens.base import BaseScreen
from monitor.ui.screens.layout import Slot, share
from monitor.ui.widgets.deck import Deck

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from textual.binding import BindingType
    from textual.geometry import Size

    from monitor.ui.wiring import Wiring

_FRAME = 2
"""Lines of header and footer."""


class PanesScreen(BaseScreen[ScreenResultType]):
    """Holds its panes in a deck, which its `body` yields."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("panes"))
    LINES: ClassVar[int] = 0
    """Lines that stand above and below the deck beside header, time line and footer."""

    def __init__(self, wiring: Wiring, panes: Sequence[Pane[Any]], *, start: str = "") -> None:
        """`panes` in the order in which one goes through them; `start` is the id of the one that has the focus."""
        super().__init__(wiring)
        self.deck = Deck(*panes)
        self.zoomed = False
        """Whether the pane that has the focus has all the room."""
        self._panes = tuple(panes)
        self._start = start

    def lay_out(self, area: Region, here: Pane[Any]) -> Mapping[str, Region]:
        """Where the panes stand in this area while that one has the focus, by id; a folded one is left out."""
        raise NotImplementedError

    # --- layout -------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """The size is known before Textual tells it, so the first picture is right."""
        self.share_out(self.app.size)
        self.go_to(self.query_one(f"#{self._start}", Pane) if self._start else self._panes[0])

    def on_resize(self) -> None:
        """Share the new size out."""
        self.share_out(self.size)

    @on(Pane.Grown)
    @on(DescendantFocus)
    def _share_again(self) -> None:
        self.share_out(self.size)

    def share_out(self, size: Size) -> None:
        """Share a screen of this size among the panes."""
        height = max(0, size.height - _FRAME - self.LINES - self.time_line_height(size))
        area = Region(0, 0, size.width, height)
        here = self.pane or self._panes[0]
        self.deck.place({here.id or "": area} if self.zoomed else self.lay_out(area, here))

    # --- commands -----------------------------------------------------------------------------------------------

    def panes(self) -> list[Pane[Any]]:
        """All of them, folded or not: going to one unfolds it."""
        return list(self._panes)

    def go_to(self, pane: Pane[Any]) -> None:
        """Give a pane the focus."""
        self.deck.reveal(pane)
        # Not `focus()`, which waits its turn behind keys that are already there.
        self.set_focus(pane.table)

    def action_pane(self, name: str) -> None:
        """Go to the pane of this id."""
        self.go_to(self.query_one(f"#{name}", Pane))

    def action_cycle(self, step: int) -> None:
        """Go to the next pane, or to the one before."""
        here = self._panes.index(self.pane) if self.pane in self._panes else 0
        self.go_to(self._panes[(here + step) % len(self._panes)])

    def action_zoom(self) -> None:
        """Give the focused pane everything, or give it back."""
        self.zoomed = not self.zoomed
        self.share_out(self.size)


def stack(
    panes: Sequence[Pane[Any]], area: Region, here: Pane[Any], *, first: Pane[Any] | None = None
) -> Iterator[tuple[str, Region]]:
    """The panes one below the other in an area, by need.

    The one that has the focus gets what it wants before the others get more than a row; then `first`, up to half.
    """
    slots = []
    for pane in panes:
        promised = area.height if pane is here else area.height // 2 if pane is first else 0
        # Title and a row, under the column titles where it has some.
        slots.append(Slot(pane.id or "", pane.wanted, 2 + pane.TITLES, promised))
    order = sorted(slots, key=lambda slot: (slot.name != here.id, first is None or slot.name != first.id))
    lines = share(slots, area.height, [slot.name for slot in order])
    y = area.y
    for slot in slots:
        height = lines[slot.name]
        if height:
            yield slot.name, Region(area.x, y, area.width, height)
        y += height


def side_by_side(area: Region, count: int) -> Iterator[Region]:
    """An area in so many columns of the same width; what cannot be shared goes to the last one."""
    width = area.width // count
    for place in range(count):
        x = area.x + place * width
        yield Region(x, area.y, width if place < count - 1 else area.right - x, area.height)
