"""The facts about one agent: its status and what that rests on, git, and its process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.keystore import Keys
from monitor.model import AgentMetrics, AgentStatus
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.agent_columns import branch_cell
from monitor.ui.panes.detail import DetailPane
from monitor.ui.spans import UNKNOWN, Cell
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Fact = tuple[str, Cell, int | None]
"""Label, value, and a moment whose age ends the line."""


class FactsPane(DetailPane[Fact]):
    """Who the agent is, its status and what that rests on, git, and what it costs."""

    CAPTION = "Agent"
    KEYS = (Keys.status, Keys.metrics)

    def columns(self) -> Sequence[Column[Fact]]:
        """Label, value, age."""
        return (
            Column("label", "", 11, lambda fact, _: ((fact[0], "muted"),)),
            Column("value", "", 20, lambda fact, _: fact[1], flexible=1),
            Column("age", "", 5, self._age, "right", moving=True),
        )

    def _age(self, fact: Fact, _width: int) -> Cell:
        return () if fact[2] is None else ((text.age(fact[2], self.now), "muted"),)

    def records(self) -> Sequence[Row[Fact]]:
        """One row a fact."""
        status: AgentStatus | None = self.store.get(Keys.status(self.agent_id))
        metrics: AgentMetrics | None = self.store.get(Keys.metrics(self.agent_id))
        facts: list[Fact] = []
        if status is not None:
            facts += _status_facts(status) + _git_facts(status)
            facts += _process_facts(metrics or AgentMetrics(), unsure=status.stale)
        return [Row(str(index), fact) for index, fact in enumerate(facts)]

    def fields(self, record: Fact) -> Mapping[str, str]:
        """Label and value."""
        return {"label": record[0], "value": "".join(part for part, _ in record[1])}

    def copied(self, row: Row[Fact]) -> str:  # noqa: ARG002 - whichever fact it is
        """The agent's id."""
        return self.agent_id

    def summary(self) -> Cell:
        """Its name and id."""
        status: AgentStatus | None = self.store.get(Keys.status(self.agent_id))
        name = clean(status.name) if status else ""
        shown: Cell = ((name, "strong"),) if name else ()
        return (*shown, ((f"  {clean(self.agent_id)}" if name != self.agent_id else ""), "muted"))

    def empty(self) -> tuple[Cell, ...]:
        """It may have gone meanwhile, or not have come yet at the moment that a replay shows."""
        return ((("Nothing is known of this agent at this moment.", "muted"),),)


def _status_facts(status: AgentStatus) -> list[Fact]:
    glyph, style = text.STATUS_GLYPHS[status.status]
    word = f"{glyph} {status.status}" + (" (stale: as it was known last)" if status.stale else "")
    facts: list[Fact] = [("Status", ((word, style),), status.status_since)]
    if status.status_reason:
        facts.append(("Why", ((clean(status.status_reason), "text"),), None))
    facts += [
        (
            "Evidence" if not place else "",
            ((f"{clean(item.kind)}  ", "muted"), (clean(item.text), "text")),
            item.at,
        )
        for place, item in enumerate(status.status_evidence)
    ]
    origin = {"config": "from the configuration", "board": "from the board", "discovered": "found running"}
    about = f"{clean(status.role)}, {origin[status.origin]}" if status.role else origin[status.origin]
    facts.append(("Kind", ((clean(status.kind), "text"), (f"  {about}", "muted")), None))
    facts.append(("Activity", (("last seen at work", "muted"),), status.last_activity))
    return facts


def _git_facts(status: AgentStatus) -> list[Fact]:
    if status.worktree is None:
        return [("Worktree", ((UNKNOWN, "faint"),), None)]
    counts = (
        f"{text.count(status.uncommitted_changes)} uncommitted   "
        f"↑{text.count(status.ahead)} ↓{text.count(status.behind)}   {text.count(status.stash_count)} stashed"
    )
    return [
        ("Worktree", ((clean(status.worktree), "text"),), None),
        ("Branch", branch_cell(status), None),
        ("Changes", ((counts, "text"),), status.git_read_at),
    ]


def _process_facts(metrics: AgentMetrics, *, unsure: bool) -> list[Fact]:
    """The process and its load; `unsure`: nobody could look, so that none seen does not mean that there was none."""
    if metrics.pid is None:
        return [("Process", (("unknown" if unsure else "none seen", "muted"),), None)]
    load = (
        f"{text.cpu(metrics.cpu_usage)}% CPU   {text.size(metrics.memory_usage)} "
        f"({text.percent(metrics.memory_percent)})   {text.count(metrics.process_count)} processes   "
        f"{text.count(metrics.thread_count)} threads"
    )
    return [
        (
            "Process",
            (
                (f"{metrics.pid} ", "info"),
                (clean(metrics.process), "text"),
                (f"   up {text.duration(metrics.uptime_seconds)}", "muted"),
            ),
            None,
        ),
        ("Load", ((load, "text"),), None),
    ]
