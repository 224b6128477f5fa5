"""A container that puts each of its panes where it was told, without asking the styles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class PaneGrid(Widget):
    """Holds panes at the places of `place`; a pane without a place is not displayed."""

    def __init__(self, panes: Iterable[Widget], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(*panes, id=id)
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
        for pane in self.children:
            pane.display = pane.id in self.places
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
