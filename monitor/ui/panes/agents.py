"""The agents pane: what each agent is doing, what it costs, and which one waits for a person."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, ClassVar, Final

from monitor.keystore import Keys
from monitor.model import STATUSES, AgentMetrics, AgentStatus, Board
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.commands import bindings
from monitor.ui.panes.agent_columns import AgentRow, agent_columns, waits_for_a_person
from monitor.ui.panes.attention import attention
from monitor.ui.panes.pane import Pane, Sort
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.binding import BindingType

    from monitor.ui.filter import Numbers
    from monitor.ui.spans import Cell, Span
    from monitor.ui.widgets.columns import Column

_SPARK_VALUES: Final = 20
_LEAP: Final = 600_000
"""Milliseconds: when the clock goes on further at once, or back, older values are no part of the sparkline."""
_PREFIX: Final = "agents:"


def _attention(row: AgentRow) -> tuple[int, str, str]:
    return attention(row.id, row.status)


class AgentsPane(Pane[AgentRow]):
    """One line an agent."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("acting"))
    CONTEXTS = ("acting",)
    NUMBER = "1"
    CAPTION = "Agents"
    PATTERNS = (Keys.AGENTS, Keys.status("*"), Keys.metrics("*"), Keys.TASKS)
    FIELDS = frozenset({"status", "kind", "branch", "name", "task", "reason", "role"})
    NUMBERS: ClassVar[Numbers] = {
        "cpu": "percent",
        "mem": "bytes",
        "changes": "count",
        "age": "seconds",
        "procs": "count",
        "ahead": "count",
        "behind": "count",
        "up": "seconds",
        "since": "seconds",
    }
    SORTS: ClassVar = (
        Sort("status", "attention", _attention, part="status"),
        Sort("name", "name", lambda row: row.status.name.casefold() if row.status else row.id, part="status"),
        Sort("cpu", "CPU", lambda row: row.metrics and row.metrics.cpu_usage, descending=True),
        Sort("memory", "memory", lambda row: row.metrics and row.metrics.memory_usage, descending=True),
        Sort(
            "activity",
            "activity",
            lambda row: row.status and row.status.last_activity,
            descending=True,
            part="status",
        ),
        Sort(
            "changes",
            "changes",
            lambda row: row.status and row.status.uncommitted_changes,
            descending=True,
            part="status",
        ),
    )

    def columns(self) -> Sequence[Column[AgentRow]]:
        """See agent_columns.py."""
        self._history: dict[str, deque[float | None]] = {}
        self._rows: dict[str, Row[AgentRow]] = {}
        self._titles: dict[str, str] = {}
        return agent_columns(lambda: self.now, lambda agent_id: self._history.get(agent_id, ()))

    def records(self) -> Sequence[Row[AgentRow]]:
        """One row for each agent that the store lists."""
        return list(self._rows.values())

    def notice(self, changed: frozenset[str]) -> None:
        """Read again the agents that changed, and move the sparklines on by one tick."""
        before, self.now = self.now, self.store.get(Keys.CLOCK)
        if before is not None and self.now is not None and not 0 <= self.now - before <= _LEAP:
            self._history = {agent_id: deque(maxlen=_SPARK_VALUES) for agent_id in self._history}
        if Keys.TASKS in changed:
            board: Board = self.store.get(Keys.TASKS) or Board()
            self._titles = {task.id: task.title for task in board.tasks}
        settled = Keys.AGENTS not in changed and Keys.TASKS not in changed
        if settled:
            settled = self._read_changed(changed)
        else:
            self._rows = {agent_id: self._read(agent_id) for agent_id in self.store.get(Keys.AGENTS, ())}
            self._history = {agent_id: self._history_of(agent_id) for agent_id in self._rows}
        if Keys.CLOCK in changed:
            for agent_id, row in self._rows.items():
                metrics = row.record.metrics
                self._history[agent_id].append(metrics.cpu_usage if metrics else None)
        if settled and self.sort.part == "status" and not self.filter:
            # Only numbers have changed: neither the order nor the counts can have.
            self.table.set_rows([self._rows[row.id] for row in self.table.rows])
        else:
            self.refresh_rows()

    def _read_changed(self, changed: frozenset[str]) -> bool:
        """Read the agents named by these keys again; False when any of them may have another status."""
        settled = True
        for key in changed:
            agent_id, _, what = key[len(_PREFIX) :].rpartition(":")
            if agent_id in self._rows:
                self._rows[agent_id] = self._read(agent_id)
                settled = settled and what == "metrics"
        return settled

    def _history_of(self, agent_id: str) -> deque[float | None]:
        return self._history.get(agent_id) or deque(maxlen=_SPARK_VALUES)

    def _read(self, agent_id: str) -> Row[AgentRow]:
        status: AgentStatus | None = self.store.get(Keys.status(agent_id))
        metrics: AgentMetrics | None = self.store.get(Keys.metrics(agent_id))
        task = status.current_task if status else None
        return Row(agent_id, AgentRow(agent_id, status, metrics, self._titles.get(task, "") if task else ""))

    def fields(self, record: AgentRow) -> Mapping[str, str]:
        """What of an agent can be searched."""
        status = record.status
        if status is None:
            return {"name": record.id}
        return {
            "name": f"{status.name} {record.id}",
            "status": status.status,
            "kind": status.kind,
            "branch": status.branch or "",
            "task": f"{status.current_task or ''} {record.task}",
            "reason": status.status_reason,
            "role": status.role,
        }

    def numbers(self, record: AgentRow) -> Mapping[str, float | None]:
        """What of an agent can be compared; `age` is that of its last activity, `since` that of its status."""
        metrics, status = record.metrics, record.status
        numbers: dict[str, float | None] = {}
        if metrics is not None:
            numbers["cpu"] = metrics.cpu_usage
            numbers["mem"] = metrics.memory_usage
            numbers["procs"] = metrics.process_count
            numbers["up"] = metrics.uptime_seconds
        if status is not None:
            numbers["changes"] = status.uncommitted_changes
            numbers["ahead"] = status.ahead
            numbers["behind"] = status.behind
            numbers["age"] = self.seconds_since(status.last_activity)
            numbers["since"] = self.seconds_since(status.status_since)
        return numbers

    def agent_of(self, row: Row[AgentRow]) -> str:
        """Each row is one."""
        return row.id

    def copied(self, row: Row[AgentRow]) -> str:
        """The agent's id."""
        return row.id

    def summary(self) -> Cell:
        """How many agents there are in each status."""
        counts = Counter(row.record.status.status for row in self._rows.values() if row.record.status)
        spans: list[Span] = [(str(self.total), "text")] if self.total else []
        for status in STATUSES:
            if counts[status]:
                glyph, style = text.STATUS_GLYPHS[status]
                spans += [("   ", "text"), (f"{glyph} {counts[status]} {status}", style)]
        return tuple(spans)

    def empty(self) -> tuple[Cell, ...]:
        """What to do when no agent was found."""
        if self.store.get(Keys.AGENTS) is None:
            return ((("Looking for agents…", "muted"),),)
        return (
            (),
            (("No agents found.", "strong"),),
            (
                ("Start one, name a folder with ", "muted"),
                ("--root", "key"),
                (", or try: ", "muted"),
                ("agent-monitor demo", "key"),
            ),
        )

    def waiting(self, step: int) -> str | None:
        """Id of the next (1) or previous (-1) agent after the cursor that needs a person; None when nobody does."""
        rows = self.table.rows
        for distance in range(1, len(rows) + 1):
            row = rows[(self.table.cursor + step * distance) % len(rows)]
            if waits_for_a_person(row.record):
                return row.id
        return None

    def name_of(self, agent_id: str) -> str:
        """An agent's name as shown."""
        row = self._rows.get(agent_id)
        return clean(row.record.status.name) if row and row.record.status else clean(agent_id)
