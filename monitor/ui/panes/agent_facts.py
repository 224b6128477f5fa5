"""The facts about one agent: its status and what that rests on, its task, git, and its process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.keystore import Keys
from monitor.model import AgentMetrics, AgentStatus, Board
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.format import SHARED
from monitor.ui.panes.agent_columns import branch_cell
from monitor.ui.panes.agent_overlaps import overlaps
from monitor.ui.panes.commits import agent_names
from monitor.ui.panes.detail import DetailPane
from monitor.ui.panes.facts import Fact, FactsPane
from monitor.ui.spans import UNKNOWN, Cell
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class AgentFactsPane(FactsPane, DetailPane[Fact]):
    """Who the agent is, why it has its status, and what it costs."""

    NUMBER = "1"
    CAPTION = "Agent"
    KEYS = (Keys.status, Keys.metrics, lambda _agent_id: Keys.TASKS, lambda _agent_id: Keys.ALERTS)

    def records(self) -> Sequence[Row[Fact]]:
        """One row a fact."""
        status: AgentStatus | None = self.store.get(Keys.status(self.agent_id))
        if status is None:
            return ()
        metrics: AgentMetrics = self.store.get(Keys.metrics(self.agent_id)) or AgentMetrics()
        facts = (
            *_status_facts(status),
            *_task_facts(status, self.store.get(Keys.TASKS) or Board()),
            *_identity_facts(status),
            *_git_facts(status),
            *self._overlap(),
            *_process_facts(metrics, unsure=status.stale),
        )
        return [Row(str(place), fact) for place, fact in enumerate(facts)]

    def _overlap(self) -> Iterator[Fact]:
        """The files that another agent changes too."""
        told = overlaps(self.store.get(Keys.ALERTS, ()), lambda other: agent_names(self.store, (other,)))
        if self.agent_id in told:
            yield Fact("Overlap", ((f"{SHARED} {told[self.agent_id]}", "warn"),))

    def copied(self, row: Row[Fact]) -> str:  # noqa: ARG002 - whichever fact it is
        """The agent's id."""
        return self.agent_id

    def summary(self) -> Cell:
        """Its id, by which the configuration and the board know it."""
        return () if self.gone else ((clean(self.agent_id), "muted"),)

    def nothing(self) -> tuple[Cell, ...]:
        """An agent that is there has facts."""
        return ()


def _status_facts(status: AgentStatus) -> Iterator[Fact]:
    glyph, style = text.STATUS_GLYPHS[status.status]
    word = f"{glyph} {status.status}" + (" (stale: as it was known last)" if status.stale else "")
    yield Fact("Status", ((word, style),), status.status_since)
    if status.status_reason:
        yield Fact("Why", ((clean(status.status_reason), "text"),))
    for place, item in enumerate(status.status_evidence):
        seen: Cell = ((f"{clean(item.kind)}  ", "muted"), (clean(item.text), "text"))
        yield Fact("" if place else "Evidence", seen, item.at)
    yield Fact("Activity", (("last seen at work", "muted"),), status.last_activity)


def _task_facts(status: AgentStatus, board: Board) -> Iterator[Fact]:
    """The task that it works on, with its title where a board tells."""
    if not status.current_task:
        return
    title = next((task.title for task in board.tasks if task.id == status.current_task), "")
    yield Fact(
        "Task", ((clean(status.current_task), "text"), (f"  {clean(title)}" if title else "", "muted"))
    )


def _identity_facts(status: AgentStatus) -> Iterator[Fact]:
    origin = {"config": "from the configuration", "board": "from the board", "discovered": "found running"}
    yield Fact("Kind", ((clean(status.kind), "text"), (f"  {origin[status.origin]}", "muted")))
    if status.system:
        said: Cell = ((f"  says {clean(status.system_status)}", "muted"),) if status.system_status else ()
        yield Fact("System", ((clean(status.system), "accent"), *said))
    if status.role:
        yield Fact("Role", ((clean(status.role), "text"),))


def _git_facts(status: AgentStatus) -> Iterator[Fact]:
    if status.worktree is None:
        yield Fact("Worktree", ((UNKNOWN, "faint"),))
        return
    counts = (
        f"{text.count(status.uncommitted_changes)} uncommitted   "
        f"↑{text.count(status.ahead)} ↓{text.count(status.behind)}   {text.count(status.stash_count)} stashed"
    )
    yield Fact("Worktree", ((clean(status.worktree), "text"),))
    yield Fact("Branch", branch_cell(status))
    yield Fact("Changes", ((counts, "text"),), status.git_read_at)


def _process_facts(metrics: AgentMetrics, *, unsure: bool) -> Iterator[Fact]:
    """The process and its load; `unsure`: nobody could look, so that none seen does not mean that there was none."""
    if metrics.pid is None:
        yield Fact("Process", (("unknown" if unsure else "none seen", "muted"),))
        return
    process: Cell = (
        (f"{metrics.pid} ", "info"),
        (clean(metrics.process), "text"),
        (f"   up {text.duration(metrics.uptime_seconds)}", "muted"),
    )
    load = (
        f"{text.cpu(metrics.cpu_usage)}% CPU   {text.size(metrics.memory_usage)} "
        f"({text.percent(metrics.memory_percent)})   {text.count(metrics.process_count)} processes   "
        f"{text.count(metrics.thread_count)} threads"
    )
    yield Fact("Process", process)
    yield Fact("Load", ((load, "text"),))
