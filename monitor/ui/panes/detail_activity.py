"""What an agent did and what happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.keystore import Keys
from monitor.model import Activity
from monitor.text import clean
from monitor.ui.panes.detail import DetailPane
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.ui.spans import Cell


class ActivityPane(DetailPane[Activity]):
    """One line an event, the newest first."""

    NUMBER = "7"
    CAPTION = "Activity"
    KEYS = (Keys.activity,)
    FIELDS = frozenset({"kind"})

    def columns(self) -> Sequence[Column[Activity]]:
        """Age, kind, text."""
        return (
            self.age_column(lambda item: item.timestamp),
            Column("kind", "", 15, lambda item, _: ((clean(item.kind), "muted"),), priority=1),
            Column("text", "", 20, lambda item, _: ((clean(item.text), "text"),), flexible=1),
        )

    def records(self) -> Sequence[Row[Activity]]:
        """Newest first; what is equal stands once more."""
        items: Sequence[Activity] = self.store.get(Keys.activity(self.agent_id), ())
        # Counted from the oldest, so that an entry keeps its identity when newer ones come.
        return [Row(str(len(items) - place), item) for place, item in enumerate(items)]

    def fields(self, record: Activity) -> Mapping[str, str]:
        """Kind and text."""
        return {"kind": record.kind, "text": record.text}

    def copied(self, row: Row[Activity]) -> str:
        """What it says."""
        return row.record.text

    def nothing(self) -> tuple[Cell, ...]:
        """Quiet so far."""
        return ((("No activity seen yet.", "muted"),),)
