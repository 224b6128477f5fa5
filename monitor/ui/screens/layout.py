"""How the height of a screen is shared among panes that stand one below another. Pure arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


_CROWDED: Final = 4
"""Lines beside the titles below which one pane stands alone."""
_SHARE_OF_FIRST: Final = 3
"""Part of the height that the most important pane may have before the others show more than their titles."""


class Slot(NamedTuple):
    """A pane that wants to be seen."""

    name: str
    wanted: int
    """Lines at which it shows all that it has, its title included."""
    least: int = 2
    """Lines below which it is not worth unfolding."""
    promised: int = 0
    """Lines it gets, as far as it wants them, before the others get more than their least."""


def share(slots: Sequence[Slot], height: int, order: Sequence[str]) -> dict[str, int]:
    """Lines for each pane; `order` names them from the most important to the least.

    Each gets its title, the most important one up to a third of the height, as far as it is promised, then each its
    least, and what it is promised; the rest goes round a line at a time, so that nobody stays folded while another has
    blank lines. What nobody wants goes to the last slot, at the bottom. Where there is room for little more than the
    titles, the most important pane stands alone and the others get 0.
    """
    by_name = {slot.name: slot for slot in slots}
    ranked = [by_name[name] for name in order]
    first = ranked[0]
    if height < len(slots) + _CROWDED:
        return {slot.name: max(0, height) if slot is first else 0 for slot in slots}
    lines = {slot.name: 1 for slot in slots}
    spare = height - len(slots)

    def give(slot: Slot, up_to: int) -> None:
        nonlocal spare
        more = max(0, min(up_to - lines[slot.name], spare))
        lines[slot.name] += more
        spare -= more

    give(first, min(first.promised, first.wanted, height // _SHARE_OF_FIRST))
    for slot in ranked:
        if spare >= slot.least - 1:
            give(slot, slot.least)
    for slot in ranked:
        give(slot, min(slot.promised, slot.wanted))
    while spare and (hungry := [slot for slot in ranked if lines[slot.name] < slot.wanted]):
        for slot in hungry:
            give(slot, lines[slot.name] + 1)
    lines[slots[-1].name] += spare
    return lines
