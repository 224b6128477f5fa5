"""How the height of a picture is shared among a ribbon, the charts below it, and the times below these."""

from __future__ import annotations

from typing import Final, NamedTuple

GUTTER: Final = 9
"""Cells left of a chart: its name, or the numbers of its scale with the line at which it begins."""
CHARTS: Final = ("cpu", "memory", "changes", "commits")
"""From the most to the least important."""
_LEAST_ROWS, _MOST_ROWS = 2, 12
"""Rows of a chart that has a heading."""
_FRAME: Final = 2
"""Lines of the ribbon and of the times."""
_COMFORTABLE_ROWS: Final = 3
COMFORTABLE: Final = _FRAME + len(CHARTS) * (1 + _COMFORTABLE_ROWS)
"""Lines at which every chart has a heading and some rows."""


class Block(NamedTuple):
    """A part of the picture."""

    name: str
    """`ribbon`, one of `CHARTS`, or `axis`."""
    rows: int
    headed: bool = False
    """A line above it names it and tells its numbers; without, the name stands beside its only row."""

    @property
    def lines(self) -> int:
        """Lines that it takes."""
        return self.rows + self.headed


def plan(height: int) -> list[Block]:
    """What stands in so many lines, from the top down: the ribbon and the CPU first, then the times, then the others.

    Each chart has one row at first; from the top down they get a heading and two rows, and what is left goes round.
    """
    if height <= 1:
        return [Block("ribbon", 1)][:height]
    charts = max(1, min(len(CHARTS), height - _FRAME))
    rows = dict.fromkeys(CHARTS[:charts], 1)
    spare = height - 1 - charts - (height > _FRAME)
    for name in rows:
        if spare < _LEAST_ROWS:
            break
        rows[name] = _LEAST_ROWS
        spare -= _LEAST_ROWS
    headed = {name for name, count in rows.items() if count > 1}
    while spare and (growing := [name for name in rows if name in headed and rows[name] < _MOST_ROWS]):
        for name in growing[:spare]:
            rows[name] += 1
        spare -= len(growing[:spare])
    blocks = [Block("ribbon", 1), *(Block(name, count, name in headed) for name, count in rows.items())]
    return [*blocks, Block("axis", 1)] if height > _FRAME else blocks
