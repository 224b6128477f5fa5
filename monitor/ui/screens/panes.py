"""Screens with several panes: each can be gone to, one that is folded unfolds, and one can have all the room.

A screen says where its panes stand in a given area (`lay_out`), with `stack` and `side_by_side` to help; everything
else is here. The height is shared out on a resize, on a change of focus, and when a pane has more to show; never on a
tick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.events import DescendantFocus
from textual.geometry import Region
from textual.screen import ScreenResultType

from monitor.ui.commands import bindings
from monitor.ui.panes.base import BasePane
from monitor.ui.screens.base import BaseScreen
from monitor.ui.screens.layout import Slot, share
from monitor.ui.widgets.pane_grid import PaneGrid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from textual.binding import BindingType
    from textual.geometry import Size

    from monitor.ui.wiring import Wiring

_FRAME: Final = 2
"""Lines of header and footer."""


class PanesScreen(BaseScreen[ScreenResultType]):
    """Holds its panes in a grid, which its `body` yields."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("panes"))
    PLACES_ZOOMED: ClassVar[bool] = False
    """Whether `lay_out` also places a pane that has all the room, because something stands beside it."""
    LINES: ClassVar[int] = 0
    """Lines that stand above and below the grid beside header, time line and footer."""

    def __init__(self, wiring: Wiring, panes: Sequence[BasePane], *, start: str = "") -> None:
        """`panes` in the order in which one goes through them; `start` is the id of the one that has the focus."""
        super().__init__(wiring)
        self.every_pane = tuple(panes)
        self.grid = PaneGrid(self.every_pane, id="panes")
        self.zoomed = False
        """Whether the pane that has the focus has all the room."""
        self._start = start

    def lay_out(self, area: Region, here: BasePane) -> Mapping[str, Region]:
        """Where the panes stand in this area while that one has the focus, by id; a folded one is left out."""
        raise NotImplementedError

    # --- layout -------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """The size is known before Textual tells it, so the first picture is right."""
        first = self.named(self._start) or self.panes()[0]
        self.share_out(self.app.size, first)
        self.set_focus(first.inner)

    def on_resize(self) -> None:
        """Share the new size out."""
        self.share_out(self.size)

    @on(BasePane.Grown)
    @on(DescendantFocus)
    def _share_again(self) -> None:
        self.share_out(self.size)

    def share_out(self, size: Size, here: BasePane | None = None) -> None:
        """Give each pane its place on a screen of this size, when it comes to another one than before."""
        here = here or self.focused_pane or self.panes()[0]
        # Also where there is no line left: a pane that is not displayed would lose the focus, and be left for good.
        height = max(1, size.height - _FRAME - self.LINES - self.time_line_height(size))
        area = Region(0, 0, size.width, height)
        alone = self.zoomed and not self.PLACES_ZOOMED
        self.grid.place({here.id or "": area} if alone else self.lay_out(area, here))

    # --- panes --------------------------------------------------------------------------------------------------

    def panes(self) -> list[BasePane]:
        """Those that can be gone to, folded or not: going to one unfolds it."""
        return list(self.every_pane)

    def named(self, name: str) -> BasePane | None:
        """The pane of this id."""
        return next((pane for pane in self.every_pane if pane.id == name), None)

    def go_to(self, pane: BasePane) -> None:
        """Give a pane the focus."""
        # Only what is displayed can have it.
        self.share_out(self.size, pane)
        # Not `focus()`, which waits its turn behind keys that are already there.
        self.set_focus(pane.inner)

    def action_pane(self, name: str) -> None:
        """Go to the pane of this id."""
        pane = self.named(name)
        if pane is not None:
            self.go_to(pane)

    def action_cycle(self, step: int) -> None:
        """Go to the next pane, or to the one before, also when that one is folded now."""
        panes, focused = self.panes(), self.focused_pane
        here = panes.index(focused) if focused in panes else 0
        self.go_to(panes[(here + step) % len(panes)])

    def action_zoom(self) -> None:
        """Give the focused pane everything, or give it back."""
        self.zoomed = not self.zoomed
        self.share_out(self.size)


def stack(
    panes: Sequence[BasePane], area: Region, here: BasePane, *, first: BasePane | None = None
) -> Iterator[tuple[str, Region]]:
    """The panes one below the other in an area, by need.

    The one that has the focus gets what it wants before the others get more than a row; then `first`, up to half.
    """
    slots = []
    for pane in panes:
        promised = area.height if pane is here else area.height // 2 if pane is first else 0
        slots.append(Slot(pane.id or "", pane.wanted, pane.least, promised))
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
