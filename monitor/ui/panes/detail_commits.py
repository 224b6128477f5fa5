"""An agent's newest commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from monitor.keystore import Keys
from monitor.model import Commit
from monitor.ui.panes.commits import CommitList
from monitor.ui.panes.detail import DetailPane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.ui.panes.pane import Sort
    from monitor.ui.spans import Cell
    from monitor.ui.widgets.columns import Column


class AgentCommitsPane(CommitList, DetailPane[Commit]):
    """As the commits pane, of one agent."""

    NUMBER = "4"
    SORTS: ClassVar[tuple[Sort, ...]] = tuple(sort for sort in CommitList.SORTS if sort.column != "agent")
    KEYS = (Keys.recent_commits, lambda _agent_id: Keys.ALERTS)

    def columns(self) -> Sequence[Column[Commit]]:
        """Whose they are is known; who else has one, the commit itself tells."""
        return [column for column in super().columns() if column.key != "agent"]

    def commits(self) -> Sequence[Commit]:
        """Newest first."""
        commits: Sequence[Commit] = self.store.get(Keys.recent_commits(self.agent_id), ())
        return commits

    def about(self, record: Commit) -> None:
        """Whoever is followed elsewhere, these stay in sight."""

    def nothing(self) -> tuple[Cell, ...]:
        """It may not have committed."""
        return ((("No commits seen yet.", "muted"),),)
