"""Where the panes of the main screen stand: a pure function of the size, of what each needs, and of what was chosen.

The agents stand on top over the whole width. The others stand below in a grid of one, two or three columns, in the
order of their numbers. Those for which there is no room are folded: the line above the footer names them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from textual.geometry import Region

from monitor.ui.screens.layout import Slot, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.geometry import Size

TOP: Final = "agents"
IMPORTANCE: Final = ("agents", "alerts", "commits", "health", "tasks", "timeline", "systems")
"""From the pane that is folded last to the one that is folded first."""
_COLUMNS: Final = ((170, 3), (110, 2), (0, 1))
"""From so many cells of width, so many columns."""
_ROW_LEAST: Final = {1: 3, 2: 6, 3: 6}
"""Lines of a row of panes, its titles included, below which it is not worth showing, by the number of columns."""
_TOP_LEAST: Final = 5
"""Title, column titles, and three agents."""
_ALONE: Final = 9
"""Lines below which one pane stands alone."""


class Need(NamedTuple):
    """A pane that is to be shown."""

    name: str
    wanted: int
    """Lines at which all that it has is in sight, its titles included."""
    limit: int = 1000
    """Cells beyond which it does not grow beside others."""


def arrange(size: Size, needs: Sequence[Need], here: str, zoomed: str | None = None) -> dict[str, Region]:
    """The places of the panes on an area of this size, by name; one that is not in it is folded.

    `needs` are the panes in the order of their numbers, `here` is the one with the focus, `zoomed` has the whole area.
    """
    width, height = size
    names = [need.name for need in needs]
    if not names or width <= 0 or height <= 0:
        return {}
    alone = zoomed if zoomed in names else None
    if alone is None and (height < _ALONE or len(names) == 1):
        alone = here if here in names else names[0]
    if alone is not None:
        return {alone: Region(0, 0, width, height)}
    columns = next(count for least, count in _COLUMNS if width >= least)
    top = next((need for need in needs if need.name == TOP), None)
    lower = [need for need in needs if need.name != TOP]
    promised = min(max(_TOP_LEAST, top.wanted), height // 2) if top is not None else 0
    chosen = _chosen(lower, here, columns, height - promised)
    rows = [chosen[place : place + columns] for place in range(0, len(chosen), columns)]
    upper = _top_height(top, rows, columns, height) if top is not None else 0
    placed = {TOP: Region(0, 0, width, upper)} if top is not None else {}
    y = upper
    for row, lines in zip(rows, _row_heights(rows, here, columns, height - upper), strict=True):
        placed |= _beside(row, y, width, lines)
        y += lines
    return placed


def _chosen(lower: Sequence[Need], here: str, columns: int, room: int) -> list[Need]:
    """The panes for which there is room below the agents, in the order of their numbers."""
    least = _ROW_LEAST[columns]
    rows = max(1, room // least)
    ranked = sorted(lower, key=lambda need: (need.name != here, _importance(need.name)))
    kept = set(ranked[: rows * columns])
    return [need for need in lower if need in kept]


def _importance(name: str) -> int:
    return IMPORTANCE.index(name) if name in IMPORTANCE else len(IMPORTANCE)


def _top_height(top: Need, rows: Sequence[Sequence[Need]], columns: int, height: int) -> int:
    """Agents: what they need, up to half and to what the others do not need; a little more beside one row alone."""
    if not rows:
        return height
    needed = sum(max(need.wanted for need in row) for row in rows)
    share_of = height * 3 // 5 if columns > 1 and len(rows) == 1 else height // 2
    least = _ROW_LEAST[columns] * len(rows)
    most = max(min(share_of, height - least), height - needed)
    return max(min(_TOP_LEAST, height - len(rows)), min(max(top.wanted, _TOP_LEAST), most))


def _row_heights(rows: Sequence[Sequence[Need]], here: str, columns: int, height: int) -> list[int]:
    """Lines of each row by need; where panes stand one below the other, the focused one has what it wants first."""
    if not rows:
        return []
    slots = []
    for number, row in enumerate(rows):
        wanted = max(need.wanted for need in row)
        focused = columns == 1 and any(need.name == here for need in row)
        slots.append(Slot(str(number), wanted, least=2, promised=height * focused))
    ranked = sorted(range(len(rows)), key=lambda number: min(_importance(need.name) for need in rows[number]))
    lines = share(slots, height, [str(number) for number in ranked])
    return [lines[slot.name] for slot in slots]


def _beside(row: Sequence[Need], y: int, width: int, height: int) -> dict[str, Region]:
    """Panes beside each other: equal parts, but none wider than its limit while another can use the cells."""
    widths = dict.fromkeys((need.name for need in row), 0)
    growing = list(row)
    spare = width
    while spare and growing:
        part = max(1, spare // len(growing))
        for need in tuple(growing):
            more = min(part, spare, need.limit - widths[need.name])
            widths[need.name] += more
            spare -= more
            if widths[need.name] >= need.limit:
                growing.remove(need)
    if spare:
        widths[row[-1].name] += spare
    placed, x = {}, 0
    for need in row:
        placed[need.name] = Region(x, y, widths[need.name], height)
        x += widths[need.name]
    return placed
