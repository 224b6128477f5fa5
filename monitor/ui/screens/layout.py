"""How the height of a screen is shared among panes that stand one below another. Pure arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Slot(NamedTuple):
    """A pane that wants to be seen."""

    name: str
    wanted: int
    """Lines at which it shows all that matters, its title included."""
    least: int = 4
    """Lines below which it is not worth unfolding."""


def fold(slots: Sequence[Slot], height: int, order: Sequence[str]) -> dict[str, int]:
    """Lines for each pane: those named first in `order` unfold first, the others show their title line only.

    The first pane in `order` takes what nobody else wants. Where there is no room even for the titles, it stands alone
    and the others get 0.
    """
    by_name = {slot.name: slot for slot in slots}
    ranked = [by_name[name] for name in order]
    first = ranked[0]
    if height < len(slots) - 1 + first.least:
        return {slot.name: max(0, height) if slot is first else 0 for slot in slots}
    lines = {slot.name: 1 for slot in slots}
    spare = height - len(slots)
    for place, slot in enumerate(ranked):
        # The second pane is promised its least before the first takes all that it wants.
        promised = ranked[1].least - 1 if place == 0 and len(ranked) > 1 else 0
        more = min(slot.wanted - 1, spare - promised if spare - promised >= slot.least - 1 else spare)
        if more >= slot.least - 1:
            lines[slot.name] += more
            spare -= more
    lines[first.name] += spare
    return lines
