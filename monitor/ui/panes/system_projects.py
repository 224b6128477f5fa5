"""The projects of attached systems: how far their tasks are, and which are overdue."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from monitor.model import Project
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.pane import Sort
from monitor.ui.panes.system_pane import SystemListPane
from monitor.ui.panes.system_words import until
from monitor.ui.spans import UNKNOWN
from monitor.ui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.ui.filter import Numbers
    from monitor.ui.spans import Cell

_OVER: Final = frozenset(
    {"completed", "complete", "done", "finished", "closed", "cancelled", "canceled", "archived"}
)
"""Words of systems for a project that nobody works on any more."""
_BAR: Final = 10


def progress(project: Project) -> float | None:
    """Percent: from its tasks where they are known, else what the system says."""
    if project.average_progress is not None:
        return project.average_progress
    if project.tasks and project.tasks_done is not None:
        return 100 * project.tasks_done / project.tasks
    return project.progress


def is_over(project: Project) -> bool:
    """Whether nobody works on it any more, in the system's own word."""
    return project.status.casefold() in _OVER


class ProjectsPane(SystemListPane[Project]):
    """One line a project, what ends first in front."""

    NUMBER = "8"
    CAPTION = "Projects"
    PARTS = ("projects",)
    FIELDS = frozenset({"system", "status", "priority", "name", "state", "id"})
    NUMBERS: ClassVar[Numbers] = {"progress": "percent", "tasks": "count", "cost": "count"}
    SORTS: ClassVar = (
        Sort("ends", "end", lambda row: (is_over(row), row.ends_at or (1 << 62))),
        Sort("progress", "progress", progress, descending=True),
        Sort("name", "name", lambda row: row.name.casefold() or row.id),
        Sort("status", "status", lambda row: row.status or None),
    )

    def own_columns(self) -> Sequence[Column[Project]]:
        """Name, its status, progress, tasks, end, cost."""
        return (
            Column("name", "PROJECT", 14, _name, flexible=4, limit=50),
            Column("status", "ITS STATUS", 10, lambda row, _: ((clean(row.status), "text"),), priority=2),
            Column("priority", "PRIORITY", 8, lambda row, _: ((clean(row.priority), "muted"),), priority=6),
            Column("progress", "PROGRESS", _BAR + 5, _progress),
            Column("tasks", "TASKS", 11, _tasks, priority=3),
            Column("ends", "ENDS", 12, self._ends, moving=True, priority=1),
            Column("cost", "COST", 14, _cost, priority=5, flexible=1, limit=24),
            Column("age", "CHANGED", 7, self._age, "right", priority=4, moving=True),
        )

    def _ends(self, row: Project, _width: int) -> Cell:
        return until(row.ends_at, self.now, is_open=not is_over(row), over="late")

    def _age(self, row: Project, _width: int) -> Cell:
        return ((text.age(row.updated_at, self.now), "muted"),)

    def _is_overdue(self, row: Project) -> bool:
        return (
            row.ends_at is not None and self.now is not None and row.ends_at < self.now and not is_over(row)
        )

    def fields(self, record: Project) -> Mapping[str, str]:
        """What of a project can be searched."""
        return {
            **self.common_fields(record),
            "name": record.name,
            "status": record.status,
            "priority": record.priority,
            "state": "over" if is_over(record) else "overdue" if self._is_overdue(record) else "open",
        }

    def numbers(self, record: Project) -> Mapping[str, float | None]:
        """What of a project can be compared."""
        return {"progress": progress(record), "tasks": record.tasks, "cost": record.cost}

    def summary(self) -> Cell:
        """How many, and how many are late."""
        total = super().summary()
        late = sum(self._is_overdue(row) for reading in self.scope.readings() for row in reading.projects)
        return ((f"▲ {late} overdue   ", "bad"), *total) if late else total


def _name(row: Project, _width: int) -> Cell:
    return ((clean(row.name or row.id), "muted" if is_over(row) else "text"),)


def _progress(row: Project, _width: int) -> Cell:
    percent = progress(row)
    if percent is None:
        return ((UNKNOWN, "faint"),)
    return (
        *text.bar(percent, _BAR, "ok" if percent >= 100 else "fill"),
        (f" {text.percent(percent):>4}", "text"),
    )


def _tasks(row: Project, _width: int) -> Cell:
    if row.tasks is None:
        return ((UNKNOWN, "faint"),)
    done = text.count(row.tasks_done)
    return ((done, "text"), (f" of {row.tasks}", "muted"))


def _cost(row: Project, _width: int) -> Cell:
    """What it cost, of what it may: in the system's own currency, which it does not name."""
    if row.cost is None:
        return ((f"of {row.budget:,.0f}", "muted"),) if row.budget else ()
    over = row.budget is not None and row.cost > row.budget
    budget = f" of {row.budget:,.0f}" if row.budget else ""
    return ((f"{row.cost:,.0f}", "bad" if over else "text"), (budget, "muted"))
