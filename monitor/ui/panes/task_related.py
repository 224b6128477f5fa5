"""What a task has to do with: its agent, why it is blocked, what it waits for, and what waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from textual import on

from monitor.keystore import Keys
from monitor.model import AgentStatus, Since, Task, blocked_since, is_done
from monitor.text import clean
from monitor.ui.commands import Context, bindings
from monitor.ui.panes.task_cards import EVERYBODY, TaskCard, agent_cell, wait_style, wait_words
from monitor.ui.panes.task_details import AGE_WIDTH, LABEL_WIDTH
from monitor.ui.panes.task_subject import TaskPane
from monitor.ui.panes.task_words import since_age, task_status
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.line_table import LineTable
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.binding import BindingType

    from monitor.ui.spans import Cell


class Relation(NamedTuple):
    """Something that the task has to do with."""

    kind: Literal["agent", "blocker", "waits", "needed"]
    label: str
    value: Cell
    since: Since
    target: str = ""
    """Id of the agent or task that it leads to; empty when it leads nowhere."""


class RelatedPane(TaskPane[Relation]):
    """Its agent, why it is blocked, what it waits for, and what waits for it."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("task"))
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("task",)
    CAPTION = "Related"

    def columns(self) -> Sequence[Column[Relation]]:
        """Kind, what it is, age."""
        return (
            Column("kind", "", LABEL_WIDTH, lambda row, _: ((row.label, "muted"),)),
            Column("value", "", 20, lambda row, _: row.value, flexible=1),
            Column(
                "age",
                "",
                AGE_WIDTH,
                lambda row, _: ((since_age(row.since, self.now), "muted"),),
                "right",
                moving=True,
            ),
        )

    def records(self) -> Sequence[Row[Relation]]:
        """The agent, then blockers and dependencies, then the tasks that need it."""
        card, _ = self.subject.look()
        if card is None:
            return []
        relations = [
            *self._agent(card),
            *self._blockers(card.task),
            *self._waits(card),
            *self._needed_by(card.task),
        ]
        labels: set[str] = set()
        rows = []
        for place, relation in enumerate(relations):
            first = relation.kind not in labels
            labels.add(relation.kind)
            shown = relation if first else relation._replace(label="")
            rows.append(Row(f"{relation.kind} {relation.target or place}", shown))
        return rows

    def _agent(self, card: TaskCard) -> list[Relation]:
        name = card.task.assigned_to
        status: AgentStatus | None = self.store.get(Keys.status(name or ""))
        if not name or name == EVERYBODY or status is None:
            return []
        since = Since(status.status_since, exact=True)
        return [Relation("agent", "Agent", agent_cell(card, word=True), since, name)]

    def _blockers(self, task: Task) -> list[Relation]:
        history = self.subject.history()
        style: Literal["warn", "muted"] = "warn" if task.status == "BLOCKED" else "muted"
        return [
            Relation("blocker", "Blocked by", ((clean(reason), style),), blocked_since(task, reason, history))
            for reason in reversed(task.blockers)
        ]

    def _waits(self, card: TaskCard) -> list[Relation]:
        dependencies = self.subject.book.dependencies
        relations = []
        for wait in card.waits:
            other = dependencies.get(card.task.root, wait.task_id)
            value: Cell = ((wait_words(wait), wait_style(wait, card.task)),)
            since = Since(None)
            if other is not None:
                value = (*value, (f"  {clean(other.status)}  ", "muted"), (clean(other.title), "text"))
                since = self.subject.book.card(other).since
            if wait.state == "circle":
                way = " → ".join(clean(name) for name in dependencies.circle(card.task))
                value = ((f"{wait_words(wait)}: {way}", "bad"),)
            target = wait.task_id if other is not None else ""
            relations.append(Relation("waits", "Waits for", value, since, target))
        return relations

    def _needed_by(self, task: Task) -> list[Relation]:
        return [
            Relation(
                "needed",
                "Needed by",
                (*task_status(other), (f"  {clean(other.id)}  ", "text"), (clean(other.title), "muted")),
                self.subject.book.card(other).since,
                other.id,
            )
            for other in self.subject.book.dependencies.needed_by(task)
        ]

    def fields(self, record: Relation) -> Mapping[str, str]:
        """Kind and what it is."""
        return {"kind": record.kind, "value": "".join(part for part, _ in record.value)}

    def copied(self, row: Row[Relation]) -> str:
        """Id of the agent or task that it leads to, else of the task itself."""
        return row.record.target or super().copied(row)

    def summary(self) -> Cell:
        """How much of what it waits for is not done yet."""
        card, _ = self.subject.look()
        if card is None or is_done(card.task.status) or not card.waits:
            return ()
        unmet = sum(wait.state != "done" for wait in card.waits)
        if not unmet:
            return (("✓ all it waits for is done", "ok"),)
        return ((f"waits for {unmet} of {len(card.waits)}", "warn"),)

    def empty(self) -> tuple[Cell, ...]:
        """Many tasks stand alone."""
        card, _ = self.subject.look()
        return (
            super().empty()
            if card is None
            else ((("It waits for nothing, and nothing waits for it.", "muted"),),)
        )

    def action_open_related(self) -> None:
        """Open the agent or the task that the selected line leads to."""
        row = self.table.selected
        if row is None or not row.record.target:
            return
        if row.record.kind == "agent":
            from monitor.ui.screens.agent import AgentScreen

            self.app.push_screen(AgentScreen(self.wiring, row.record.target))
        else:
            from monitor.ui.screens.task import TaskScreen

            self.app.push_screen(TaskScreen(self.wiring, self.subject.root, row.record.target))

    @on(LineTable.Activated)
    def _clicked_twice(self, event: LineTable.Activated) -> None:
        event.stop()
        self.action_open_related()
