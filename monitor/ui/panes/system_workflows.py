"""The workflows of attached systems as a tree: how far each is, and below it who was given what and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

import msgspec

from monitor.model import OPEN_WORK, Assignment, Workflow, WorkResult
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.commands import bindings
from monitor.ui.panes.pane import Sort
from monitor.ui.panes.system_pane import SystemListPane
from monitor.ui.panes.system_words import run_seconds, their_word, work_cell, work_counts, work_rank
from monitor.ui.spans import UNKNOWN
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.binding import BindingType

    from monitor.ui.filter import Numbers
    from monitor.ui.panes.system_scope import Scope
    from monitor.ui.spans import Cell
    from monitor.ui.wiring import Wiring

_BAR: Final = 8
Told: TypeAlias = Workflow | Assignment | WorkResult
_PARTS: Final[dict[type[Any], str]] = {
    Workflow: "workflows",
    Assignment: "assignments",
    WorkResult: "results",
}


class WorkflowLine(msgspec.Struct, frozen=True):
    """A workflow, or below an unfolded one an assignment or a result of it."""

    told: Told
    depth: int = 0
    inner: int = 0
    """Assignments and results that it can unfold."""
    unfolded: bool = False

    @property
    def system(self) -> str:
        """Whose it is."""
        return self.told.system


class WorkflowsPane(SystemListPane[WorkflowLine]):
    """One line a workflow; children stand under their parents."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("workflows"))
    CONTEXTS = ("system-rows", "workflows")
    NUMBER = "4"
    CAPTION = "Workflows"
    PARTS = ("workflows", "assignments", "results", "agents")
    FIELDS = frozenset({"system", "status", "word", "kind", "agent", "name", "step", "issue", "id"})
    NUMBERS: ClassVar[Numbers] = {"percent": "percent", "results": "count", "age": "seconds"}
    SORTS: ClassVar = (
        Sort("status", "what is open", lambda row: _rank(row.told)),
        Sort("progress", "progress", lambda row: _percent(row.told), descending=True),
        Sort("age", "last change", lambda row: _changed(row.told), descending=True),
        Sort("name", "name", lambda row: _title(row.told).casefold()),
    )

    def __init__(self, wiring: Wiring, scope: Scope, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        self._unfolded: frozenset[str] = frozenset()
        self._inner: dict[tuple[str, str], list[Told]] = {}
        self._more_lines = 0
        super().__init__(wiring, scope, id=id)

    def own_columns(self) -> Sequence[Column[WorkflowLine]]:
        """Status in both words, name in the tree, step, progress, agent, results, last change, what went wrong."""
        return (
            Column("status", "STATUS", 11, _status),
            Column("word", "ITS WORD", 9, _word, priority=5, flexible=1, limit=14),
            Column("name", "WORKFLOW", 16, _name, flexible=5, limit=70),
            Column("kind", "KIND", 9, _kind, priority=7, flexible=1, limit=16),
            Column("step", "STEP", 12, _step, priority=2, flexible=2, limit=30),
            Column("progress", "PROGRESS", _BAR + 5, _progress),
            Column("agent", "AGENT", 9, self._agent, priority=1, flexible=1, limit=20),
            Column("results", "RESULTS", 9, _results, priority=6),
            Column("age", "AGE", 4, self._age, "right", priority=3, moving=True),
            Column("error", "ERROR", 12, _error, priority=4, flexible=4),
        )

    def _agent(self, row: WorkflowLine, _width: int) -> Cell:
        told = row.told
        if isinstance(told, WorkResult):
            return ((clean(told.agent_kind), "muted"),)
        kind = told.agent_kind if isinstance(told, Assignment) else ""
        return ((self.agent(told) or clean(kind), "text"),)

    def _age(self, row: WorkflowLine, _width: int) -> Cell:
        return ((text.age(_changed(row.told), self.now), "muted"),)

    # --- lines --------------------------------------------------------------------------------------------------

    def records(self) -> Sequence[Row[WorkflowLine]]:
        """All workflows; what they can unfold is remembered by workflow."""
        readings = self.scope.readings()
        self._inner = {}
        for reading in readings:
            given = sorted(reading.assignments, key=lambda one: (one.step or 0, one.assigned_at or 0))
            brought = sorted(reading.results, key=lambda one: one.at or 0)
            inner: list[Assignment | WorkResult] = [*given, *brought]
            for one in inner:
                self._inner.setdefault((one.system, one.workflow_id), []).append(one)
        return [
            Row(
                f"{workflow.system}\n{workflow.id}",
                WorkflowLine(workflow, inner=len(self._inner.get((workflow.system, workflow.id), ()))),
            )
            for reading in readings
            for workflow in reading.workflows
        ]

    def arranged(self, rows: Sequence[Row[WorkflowLine]]) -> Sequence[Row[WorkflowLine]]:
        """As a tree, each level in the order chosen; one whose parent is not shown stands on its own."""
        here = {row.id for row in rows}
        below: dict[str, list[Row[WorkflowLine]]] = {}
        for row in rows:
            told = row.record.told
            parent = (
                f"{told.system}\n{told.parent_id}" if isinstance(told, Workflow) and told.parent_id else ""
            )
            below.setdefault(parent if parent in here else "", []).append(row)
        lines: list[Row[WorkflowLine]] = []
        done: set[str] = set()
        # Those that are each other's parents have no beginning: they come last, as they stand.
        waiting = [(row, 0) for row in (*reversed(rows), *reversed(below.get("", ())))]
        while waiting:
            row, depth = waiting.pop()
            if row.id in done:
                continue
            done.add(row.id)
            unfolded = row.id in self._unfolded
            record = msgspec.structs.replace(row.record, depth=depth, unfolded=unfolded)
            lines.append(row._replace(record=record))
            if unfolded:
                lines += self._unfold(row.id, record)
            waiting += [(child, depth + 1) for child in reversed(below.get(row.id, ()))]
        if not self.filter:
            self._more_lines = len(lines) - len(rows)
        return lines

    @property
    def wanted(self) -> int:
        """What is unfolded counts as lines."""
        return super().wanted + self._more_lines

    def _unfold(self, row_id: str, line: WorkflowLine) -> list[Row[WorkflowLine]]:
        inner = self._inner.get((line.told.system, line.told.id), ())
        return [
            Row(f"{row_id}\n{_PARTS[type(one)]}\n{one.id}", WorkflowLine(one, depth=line.depth + 1))
            for one in inner
        ]

    def place_of(self, record: WorkflowLine) -> tuple[str, str, str]:
        """Where the workflow, the assignment or the result stands."""
        return (record.told.system, _PARTS[type(record.told)], record.told.id)

    def fields(self, record: WorkflowLine) -> Mapping[str, str]:
        """What of a workflow can be searched, also in what it unfolds."""
        told = record.told
        if not isinstance(told, Workflow):
            return {}
        inner = " ".join(_title(one) for one in self._inner.get((told.system, told.id), ()))
        return {
            "system": told.system,
            "id": told.id,
            "status": told.status,
            "word": told.system_status,
            "kind": told.kind,
            "agent": f"{told.agent_id} {self.agent(told)}",
            "name": told.name,
            "step": told.step_name,
            "issue": told.issue_id,
            "error": told.error,
            "inner": inner,
        }

    def numbers(self, record: WorkflowLine) -> Mapping[str, float | None]:
        """What of a workflow can be compared."""
        told = record.told
        results = told.results if isinstance(told, Workflow) else None
        return {
            "percent": _percent(told),
            "results": results,
            "age": self.seconds_since(_changed(told)),
        }

    def summary(self) -> Cell:
        """How many there are in each status."""
        rows = (one.status for reading in self.scope.readings() for one in reading.workflows)
        return (*work_counts(rows), *self.more())

    # --- commands -----------------------------------------------------------------------------------------------

    def action_steps(self) -> None:
        """Show what the workflow under the cursor was split into, or hide it."""
        row = self.table.selected
        if row is not None:
            self._fold(row.id, folded=_workflow_id(row.id) in self._unfolded)

    def action_narrow(self) -> None:
        """Fold the workflow, or go to the one that it stands under."""
        row = self.table.selected
        if row is None:
            return
        if _workflow_id(row.id) in self._unfolded:
            self._fold(row.id, folded=True)
            return
        told = row.record.told
        if isinstance(told, Workflow) and told.parent_id:
            self.table.select(f"{told.system}\n{told.parent_id}")

    def action_widen(self) -> None:
        """Unfold the workflow."""
        row = self.table.selected
        if row is not None:
            self._fold(row.id, folded=False)

    def _fold(self, row_id: str, *, folded: bool) -> None:
        own = _workflow_id(row_id)
        if folded and own != row_id:
            self.table.select(own)
        self._unfolded = self._unfolded - {own} if folded else self._unfolded | {own}
        self.refresh_rows()


def _workflow_id(row_id: str) -> str:
    """The id of the line of the workflow that a line belongs to."""
    return "\n".join(row_id.split("\n", 2)[:2])


def _rank(told: Told) -> tuple[int, int, int]:
    if isinstance(told, WorkResult):
        return (3, 0, 0)
    since = told.created_at if isinstance(told, Workflow) else told.assigned_at
    return work_rank(told.status, since, told.ended_at)


def _percent(told: Told) -> float | None:
    """How far a workflow is: as its system says, else by its steps."""
    if not isinstance(told, Workflow):
        return None
    if told.percent is not None:
        return told.percent
    return 100 * told.step / told.steps if told.step is not None and told.steps else None


def _changed(told: Told) -> int | None:
    """When something happened to it last."""
    if isinstance(told, WorkResult):
        return told.at
    moments = (
        (told.ended_at, told.updated_at, told.created_at)
        if isinstance(told, Workflow)
        else (told.ended_at, told.started_at, told.assigned_at)
    )
    return next((at for at in moments if at is not None), None)


def _title(told: Told) -> str:
    if isinstance(told, Workflow):
        return told.name or told.issue_id or told.id
    if isinstance(told, Assignment):
        return told.step_name or told.task_id or told.id
    return told.title or told.kind or told.id


def _status(row: WorkflowLine, _width: int) -> Cell:
    told = row.told
    if not isinstance(told, WorkResult):
        return work_cell(told.status)
    if told.success is None:
        return (("· result", "muted"),)
    return (("✓ result", "ok"),) if told.success else (("✖ result", "bad"),)


def _word(row: WorkflowLine, _width: int) -> Cell:
    told = row.told
    return () if isinstance(told, WorkResult) else their_word(told.system_status, told.status)


def _name(row: WorkflowLine, _width: int) -> Cell:
    """The name in the tree: `▸` unfolds, and for an assignment from whom to whom it was handed."""
    told = row.told
    indent = "  " * (row.depth - 1) + "└ " if row.depth else ""
    if isinstance(told, Workflow):
        mark = ("▾ " if row.unfolded else "▸ ") if row.inner else ""
        style = text.WORK_GLYPHS[told.status][1] if told.status == "failed" else "text"
        return ((indent, "faint"), (mark, "muted"), (clean(_title(told)), style))
    if isinstance(told, Assignment):
        handed = f"  from {clean(told.handoff_from)}" if told.handoff_from else ""
        handed += f"  to {clean(told.handoff_to)}" if told.handoff_to else ""
        return ((indent, "faint"), (clean(_title(told)), "text"), (handed, "info"))
    return ((indent, "faint"), (clean(_title(told)), "text"))


def _kind(row: WorkflowLine, _width: int) -> Cell:
    told = row.told
    return () if isinstance(told, Assignment) else ((clean(told.kind), "muted"),)


def _step(row: WorkflowLine, _width: int) -> Cell:
    """The step of how many, and its name."""
    told = row.told
    if isinstance(told, WorkResult):
        return ()
    if isinstance(told, Assignment):
        return () if told.step is None else ((f"step {told.step}", "muted"),)
    if told.step is None and not told.step_name:
        return ((UNKNOWN, "faint"),)
    named = told.step_name.casefold() == f"step {told.step}" and not told.steps
    number = "" if told.step is None or named else f"{told.step}{f'/{told.steps}' if told.steps else ''} "
    return ((number, "text"), (clean(told.step_name), "muted"))


def _progress(row: WorkflowLine, _width: int) -> Cell:
    """A bar for a workflow, how long an assignment took, how good a result is."""
    told = row.told
    if isinstance(told, Workflow):
        percent = _percent(told)
        if percent is None:
            return ((UNKNOWN, "faint"),)
        style = text.WORK_GLYPHS[told.status][1] if told.status in ("failed", "done") else "fill"
        return (*text.bar(percent, _BAR, style), (f" {text.percent(percent):>4}", "text"))
    if isinstance(told, Assignment):
        seconds = run_seconds(told.started_at, told.ended_at, None)
        return ((f"took {text.duration(seconds)}", "muted"),) if seconds is not None else ()
    if told.confidence is not None:
        return ((f"{text.percent(100 * told.confidence)} sure", "text"),)
    return ((f"quality {told.quality:g}", "text"),) if told.quality is not None else ()


def _results(row: WorkflowLine, _width: int) -> Cell:
    """How many results there are, and how sure the best one is."""
    told = row.told
    if not isinstance(told, Workflow) or not told.results:
        return ()
    best = "" if told.best_confidence is None else f" {text.percent(100 * told.best_confidence)}"
    return ((str(told.results), "text"), (best, "muted"))


def _error(row: WorkflowLine, _width: int) -> Cell:
    told = row.told
    if isinstance(told, Assignment):
        waits = told.handoff_from and told.status in OPEN_WORK
        return (("handed over", "muted"),) if waits else ()
    return ((clean(told.error), "warn"),)
