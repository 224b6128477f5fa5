"""What attached systems have queued: how long it waits, how often it was tried, when it expires."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from monitor.model import OPEN_WORK, QueueItem
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.pane import Sort
from monitor.ui.panes.system_pane import SystemListPane
from monitor.ui.panes.system_words import (
    against,
    run_seconds,
    their_word,
    until,
    work_cell,
    work_counts,
    work_rank,
)
from monitor.ui.spans import UNKNOWN
from monitor.ui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.ui.filter import Numbers
    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell


class QueuePane(SystemListPane[QueueItem]):
    """One line an entry, what is open first."""

    NUMBER = "2"
    CAPTION = "Queue"
    PARTS = ("queue", "agents")
    FIELDS = frozenset({"system", "status", "word", "queue", "task", "agent", "priority", "id"})
    NUMBERS: ClassVar[Numbers] = {"waited": "seconds", "run": "seconds", "tries": "count"}
    SORTS: ClassVar = (
        Sort("status", "what is open", lambda row: work_rank(row.status, row.enqueued_at, row.ended_at)),
        Sort("waited", "waiting time", lambda row: row.enqueued_at),
        Sort("queue", "queue", lambda row: (row.queue, row.enqueued_at or 0)),
        Sort("tries", "tries", lambda row: row.attempts, descending=True),
        Sort("agent", "agent", lambda row: row.agent_id or None),
    )

    def own_columns(self) -> Sequence[Column[QueueItem]]:
        """Status in both words, queue, task, agent, tries, waiting and running time, expiry, what went wrong."""
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
            Column("queue", "QUEUE", 9, _queue, priority=3, flexible=1, limit=20),
            Column("task", "TASK", 9, _task, flexible=2, limit=40),
            Column(
                "agent",
                "AGENT",
                9,
                lambda row, _: ((self.agent(row), "text"),),
                flexible=1,
                limit=20,
                priority=2,
            ),
            Column("priority", "PRIORITY", 8, lambda row, _: ((clean(row.priority), "muted"),), priority=7),
            Column("tries", "TRIES", 5, _tries, "right"),
            Column("waited", "WAITED", 6, self._waited, "right", moving=True),
            Column("run", "RUN", 12, self._run, priority=1, moving=True),
            Column("expires", "EXPIRES", 11, self._expires, priority=4, moving=True),
            Column(
                "error", "ERROR", 12, lambda row, _: ((clean(row.error), "warn"),), priority=6, flexible=4
            ),
        )

    def _waited(self, row: QueueItem, _width: int) -> Cell:
        ended = row.claimed_at if row.claimed_at is not None else row.ended_at
        seconds = run_seconds(row.enqueued_at, ended, self.now)
        return ((text.duration(seconds), "text" if row.status in OPEN_WORK else "muted"),)

    def _run_seconds(self, row: QueueItem) -> float | None:
        return run_seconds(row.claimed_at, row.ended_at, self.now)

    def _run(self, row: QueueItem, _width: int) -> Cell:
        if row.claimed_at is None or (row.ended_at is None and row.status not in OPEN_WORK):
            return ()
        return against(self._run_seconds(row), row.timeout_seconds, is_open=row.status == "running")

    def _expires(self, row: QueueItem, _width: int) -> Cell:
        is_open = row.status in OPEN_WORK
        if row.status == "delayed" and row.delay_until is not None and self.now is not None:
            left = (row.delay_until - self.now) / 1000
            return ((f"due in {text.duration(left)}" if left > 0 else "due now", "muted"),)
        return until(row.expires_at, self.now, is_open=is_open)

    def fields(self, record: QueueItem) -> Mapping[str, str]:
        """What of an entry can be searched."""
        return {
            **self.common_fields(record),
            "status": record.status,
            "word": record.system_status,
            "queue": record.queue,
            "task": record.task_id,
            "agent": f"{record.agent_id} {self.agent(record)}",
            "priority": record.priority,
            "error": record.error,
        }

    def numbers(self, record: QueueItem) -> Mapping[str, float | None]:
        """What of an entry can be compared."""
        ended = record.claimed_at if record.claimed_at is not None else record.ended_at
        return {
            "waited": run_seconds(record.enqueued_at, ended, self.now),
            "run": self._run_seconds(record),
            "tries": record.attempts,
        }

    def summary(self) -> Cell:
        """How many there are in each status; where the entries are not told, how many wait in each queue."""
        if self.total:
            rows = (item.status for reading in self.scope.readings() for item in reading.queue)
            return (*work_counts(rows), *self.more())
        depths = [
            f"{clean(name)} {depth:,}" for state in self.scope.states for name, depth in state.depths.items()
        ]
        return (("  ".join(depths), "text"),) if depths else ()


def _queue(row: QueueItem, _width: int) -> Cell:
    return ((clean(row.queue), "muted"),)


def _task(row: QueueItem, _width: int) -> Cell:
    return ((clean(row.task_id or row.id), "text"),)


def _tries(row: QueueItem, _width: int) -> Cell:
    """Attempts of how many; the last one stands out."""
    if row.attempts is None:
        return ((UNKNOWN, "faint"),)
    if row.max_attempts is None:
        return ((str(row.attempts), "text"),)
    spent = row.attempts >= row.max_attempts
    style: StyleName = "text"
    if spent:
        style = "bad" if row.status in ("failed", "timeout") else "warn"
    return ((f"{row.attempts}/{row.max_attempts}", style),)
