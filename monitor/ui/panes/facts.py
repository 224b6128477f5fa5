"""Panes of facts: a label, what is known, and how old that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from monitor.ui import format as text
from monitor.ui.panes.pane import Pane
from monitor.ui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.ui.spans import Cell

LABEL_WIDTH = 11
AGE_WIDTH = 5


class Fact(NamedTuple):
    """One line."""

    label: str
    """Empty for a line that goes on with the fact above it."""
    value: Cell
    at: int | None = None
    """A moment whose age ends the line."""
    agent_id: str = ""
    """The agent that the line names."""


class FactsPane(Pane[Fact]):
    """One line a fact."""

    TITLES: ClassVar[bool] = False
    FIELDS: ClassVar = frozenset({"label"})

    def columns(self) -> Sequence[Column[Fact]]:
        """Label, value, age."""
        return (
            Column("label", "", LABEL_WIDTH, lambda fact, _: ((fact.label, "muted"),)),
            Column("value", "", 20, lambda fact, _: fact.value, flexible=1),
            Column("age", "", AGE_WIDTH, self._age, "right", moving=True),
        )

    def _age(self, fact: Fact, _width: int) -> Cell:
        return () if fact.at is None else ((text.age(fact.at, self.now), "muted"),)

    def fields(self, record: Fact) -> Mapping[str, str]:
        """Label and value."""
        return {"label": record.label, "value": plain(record.value)}


def plain(cell: Cell) -> str:
    """The text of a cell."""
    return "".join(part for part, _ in cell)
