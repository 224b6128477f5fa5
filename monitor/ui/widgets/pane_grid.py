"""A container that puts each of its panes where it was told, without asking the styles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.ui.panes.base import BasePane


class PaneGrid(Widget):
    """Holds panes at the places of `place`; a pane without a place is not displayed."""

    def __init__(self, panes: Iterable[BasePane], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        self._panes = tuple(panes)
        super().__init__(*self._panes, id=id)
        self.places: Mapping[str, Region] = {}
        """By the pane's id."""
        self._layout = _Placed()

    @property
    def layout(self) -> Layout:
        """Textual asks for it whenever something has to be laid out."""
        return self._layout

    def place(self, places: Mapping[str, Region]) -> bool:
        """Put the panes there; False when they stand there already."""
        if places == self.places:
            return False
        self.places = dict(places)
        for pane in self._panes:
            pane.show(displayed=pane.id in self.places)
        # Textual forgets only the ancestors' arrangements for a new layout, and this one's when a child comes or goes.
        self._clear_arrangement_cache()
        self.refresh(layout=True)
        return True


class _Placed(Layout):
    """Each child at its own region."""

    name = "placed"

    def arrange(
        self,
        parent: Widget,
        children: list[Widget],
        size: Size,  # noqa: ARG002 - Textual's signature
        greedy: bool = True,  # noqa: ARG002 - as above
    ) -> ArrangeResult:
        """The children that have a place."""
        places = parent.places if isinstance(parent, PaneGrid) else {}
        return [
            WidgetPlacement(place, NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if (place := places.get(child.id or "")) is not None
        ]
