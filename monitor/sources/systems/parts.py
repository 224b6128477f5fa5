"""The parts that a system can have: what a query gives for each, how much of it is kept, and how it is read on."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from monitor.model import Task
from monitor.model.systems import (
    Assignment,
    Execution,
    LogLine,
    Message,
    Project,
    QueueItem,
    SystemAgent,
    SystemEvent,
    SystemItem,
    SystemMetric,
    Workflow,
    WorkResult,
)

EXTRA: Final = "extra."
"""A column named so is no field of the record: it goes to its `extra` under the rest of the name."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part.

    Its queries give the fields of `record` under their names, as they are stored, and `changed`: what grows with each
    change. A keyed part's give `id` and `closed` (1 for what has ended), and `status` where words are looked up.
    """

    record: type[msgspec.Struct]
    limit: int
    """Records kept: of a keyed part the open ones and those that changed last, of a list its end."""
    form: Literal["keyed", "list"] = "keyed"
    """`keyed`: rows change, and are told apart by `id`. `list`: rows are only ever added."""
    words: Literal["agent", "task", "work", ""] = ""
    """How the word in `status` is looked up."""
    has_queues: bool = False
    """Whether its rows are in queues, whose depths are told."""
    constants: dict[str, Any] = {}
    belongs_to: str = ""
    """The field of a reading that it goes to; empty: the one of its own name."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What each of its queries has to give, beside the fields of the record."""
        keyed = ("closed",) if self.form == "keyed" else ()
        return (
            "id",
            "changed",
            *keyed,
            *(("status",) if self.words else ()),
            *(("queue",) if self.has_queues else ()),
        )


class Dependency(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the part `dependencies`: it becomes a field of its task."""

    system: str
    id: str
    task_id: str = ""
    depends_on: str = ""
    kind: str = ""
    lag_hours: float | None = None


PARTS: Final[dict[str, Part]] = {
    "agents": Part(record=SystemAgent, limit=1_000, words="agent"),
    "tasks": Part(record=Task, limit=5_000, words="task"),
    "dependencies": Part(record=Dependency, limit=20_000),
    "queue": Part(record=QueueItem, limit=2_000, words="work", has_queues=True),
    "executions": Part(record=Execution, limit=2_000, words="work"),
    "assignments": Part(record=Assignment, limit=2_000, words="work"),
    "workflows": Part(record=Workflow, limit=2_000, words="work"),
    "results": Part(record=WorkResult, limit=1_000),
    "logs": Part(record=LogLine, limit=1_000, form="list"),
    "events": Part(record=SystemEvent, limit=1_000),
    "metrics": Part(record=SystemMetric, limit=1_000, form="list"),
    "messages": Part(record=Message, limit=1_000),
    "projects": Part(record=Project, limit=500),
    "templates": Part(record=SystemItem, limit=200, constants={"part": "templates"}, belongs_to="items"),
    "configuration": Part(
        record=SystemItem, limit=500, constants={"part": "configuration"}, belongs_to="items"
    ),
    "documents": Part(record=SystemItem, limit=500, constants={"part": "documents"}, belongs_to="items"),
}
"""In the order in which they are read: what a person looks for first comes first."""
