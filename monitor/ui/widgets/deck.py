"""A container whose children stand where arithmetic has put them: no rule of a stylesheet, no change of a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Container
from textual.geometry import NULL_OFFSET, NULL_REGION, NULL_SPACING
from textual.layout import Layout, WidgetPlacement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.geometry import Region, Size
    from textual.widget import Widget


class Deck(Container):
    """Shows each child in a region of its own, and hides those that have none."""

    def __init__(self, *children: Widget) -> None:
        super().__init__(*children)
        self._placed = _Placed()

    @property
    def layout(self) -> Layout:
        """Not one of the stylesheet's."""
        return self._placed

    def place(self, regions: Mapping[str, Region]) -> None:
        """Show the children of these ids there, relative to the deck; the others have no place."""
        if regions == self._placed.regions:
            return
        self._placed.regions = dict(regions)
        for child in self.children:
            child.display = child.id in regions
        self.refresh(layout=True)

    def reveal(self, child: Widget) -> None:
        """Let a child have the focus, which only what is displayed can; where it stands, the next `place` says."""
        if not child.display:
            self._placed.regions = {}
            child.display = True


class _Placed(Layout):
    """Textual's side of it."""

    name = "placed"

    def __init__(self) -> None:
        self.regions: dict[str, Region] = {}

    def arrange(
        self,
        parent: Widget,  # noqa: ARG002 - Textual's signature
        children: list[Widget],
        size: Size,  # noqa: ARG002
        greedy: bool = True,  # noqa: ARG002
    ) -> list[WidgetPlacement]:
        """Each child where it was put."""
        return [
            WidgetPlacement(self.regions.get(child.id or "", NULL_REGION), NULL_OFFSET, NULL_SPACING, child)
            for child in children
        ]
