"""What attached systems run: each run's time against what it may take, its process, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from monitor.model import Execution
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.pane import Sort
from monitor.ui.panes.system_pane import SystemListPane
from monitor.ui.panes.system_words import (
    against,
    run_seconds,
    their_word,
    work_cell,
    work_counts,
    work_rank,
)
from monitor.ui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.model import SystemReading, SystemState
    from monitor.ui.filter import Numbers
    from monitor.ui.spans import Cell


class RunsPane(SystemListPane[Execution]):
    """One line a run, what runs first."""

    NUMBER = "3"
    CAPTION = "Runs"
    PARTS = ("executions", "agents")
    FIELDS = frozenset({"system", "status", "word", "task", "agent", "workflow", "pid", "id"})
    NUMBERS: ClassVar[Numbers] = {"run": "seconds", "exit": "count", "age": "seconds"}
    SORTS: ClassVar = (
        Sort("status", "what is open", lambda row: work_rank(row.status, row.started_at, row.ended_at)),
        Sort("started", "start", lambda row: row.started_at, descending=True),
        Sort("agent", "agent", lambda row: row.agent_id or None),
        Sort("name", "name", lambda row: row.name or row.id),
    )

    def own_columns(self) -> Sequence[Column[Execution]]:
        """Status in both words, name, agent, process, run time, how it ended."""
        return (
            Column("status", "STATUS", 11, lambda row, _: work_cell(row.status)),
            Column(
                "word",
                "ITS WORD",
                9,
                lambda row, _: their_word(row.system_status, row.status),
                priority=5,
                flexible=1,
                limit=16,
            ),
            Column("name", "RUN OF", 12, _name, flexible=3, limit=48),
            Column(
                "agent",
                "AGENT",
                9,
                lambda row, _: ((self.agent(row), "text"),),
                flexible=1,
                limit=20,
                priority=1,
            ),
            Column("pid", "PID", 7, _pid, "right", priority=4),
            Column("run", "RUN TIME", 12, self._run, moving=True),
            Column("share", "", 10, self._share, priority=6, moving=True),
            Column("exit", "EXIT", 4, _exit, "right", priority=3),
            Column("started", "STARTED", 7, self._started, "right", priority=2, moving=True),
            Column(
                "error", "ERROR", 12, lambda row, _: ((clean(row.error), "warn"),), priority=7, flexible=4
            ),
        )

    def _part_signature(self, state: SystemState, reading: SystemReading | None, part: str) -> object:
        return (super()._part_signature(state, reading, part), state.timeout_seconds, state.max_processes)

    def _limit(self, row: Execution) -> float | None:
        """Seconds it may take: its own limit, else its system's."""
        state = self.scope.by_name().get(row.system)
        return row.timeout_seconds or (state.timeout_seconds if state is not None else None) or None

    def _seconds(self, row: Execution) -> float | None:
        if row.status != "running" and row.duration_seconds is not None:
            return row.duration_seconds
        if row.status != "running" and row.ended_at is None:
            return None
        return run_seconds(row.started_at, row.ended_at, self.now)

    def _run(self, row: Execution, _width: int) -> Cell:
        return against(self._seconds(row), self._limit(row), is_open=row.status == "running")

    def _share(self, row: Execution, width: int) -> Cell:
        """The run time as a share of what it may take."""
        seconds, limit = self._seconds(row), self._limit(row)
        if row.status != "running" or seconds is None or limit is None:
            return ()
        share = 100 * seconds / limit
        return text.bar(min(100.0, share), width, text.level(share, 80, 100))

    def _started(self, row: Execution, _width: int) -> Cell:
        return ((text.age(row.started_at, self.now), "muted"),)

    def fields(self, record: Execution) -> Mapping[str, str]:
        """What of a run can be searched."""
        return {
            **self.common_fields(record),
            "status": record.status,
            "word": record.system_status,
            "name": record.name,
            "task": record.task_id,
            "agent": f"{record.agent_id} {self.agent(record)}",
            "workflow": record.workflow_id,
            "pid": "" if record.pid is None else str(record.pid),
            "error": record.error,
        }

    def numbers(self, record: Execution) -> Mapping[str, float | None]:
        """What of a run can be compared."""
        return {
            "run": self._seconds(record),
            "exit": record.exit_code,
            "age": self.seconds_since(record.started_at),
        }

    def summary(self) -> Cell:
        """How many there are in each status, and how many may run at most."""
        rows = [run.status for reading in self.scope.readings() for run in reading.executions]
        most = sum(state.max_processes for state in self.scope.states)
        limit: Cell = ((f"   {most} may run", "muted"),) if most and rows else ()
        return (*work_counts(rows), *self.more(), *limit)


def _name(row: Execution, _width: int) -> Cell:
    return ((clean(row.name or row.task_id or row.id), "text"),)


def _pid(row: Execution, _width: int) -> Cell:
    return () if row.pid is None else ((str(row.pid), "info"),)


def _exit(row: Execution, _width: int) -> Cell:
    return () if row.exit_code is None else ((str(row.exit_code), "bad" if row.exit_code else "muted"),)
