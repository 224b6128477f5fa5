"""All that the board says of a task, as lines of facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.keystore import Keys
from monitor.model import AgentStatus, Since, Task
from monitor.text import clean
from monitor.ui.panes.task_cards import TaskCard, agent_cell
from monitor.ui.panes.task_subject import TaskPane
from monitor.ui.panes.task_words import own_word, since_age, task_priority, task_status
from monitor.ui.spans import UNKNOWN, Cell
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row
from monitor.ui.wrapping import wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.ui.palette import StyleName

LABEL_WIDTH: Final = 11
AGE_WIDTH: Final = 6


class Fact(NamedTuple):
    """A line of facts."""

    label: str
    value: Cell
    since: Since | None = None
    """A moment whose age ends the line."""


class TaskFactsPane(TaskPane[Fact]):
    """All that the board says of the task."""

    CAPTION = "Task"

    def columns(self) -> Sequence[Column[Fact]]:
        """Label, value, age."""
        return (
            Column("label", "", LABEL_WIDTH, lambda fact, _: ((fact.label, "muted"),)),
            Column("value", "", 20, lambda fact, _: fact.value, flexible=1),
            Column("age", "", AGE_WIDTH, self._age, "right", moving=True),
        )

    def _age(self, fact: Fact, _width: int) -> Cell:
        return () if fact.since is None else ((since_age(fact.since, self.now), "muted"),)

    def on_resize(self) -> None:
        """Long texts are broken for the width there is."""
        self.refresh_rows()

    def records(self) -> Sequence[Row[Fact]]:
        """One row a fact, or a line of a long one."""
        card, on_board = self.subject.look()
        if card is None:
            return []
        gone = (
            []
            if on_board
            else [Fact("Gone", (("left the board; this was known last", "warn"),), self._left())]
        )
        width = max(20, self.size.width - LABEL_WIDTH - AGE_WIDTH - 6)
        facts = [*gone, *self._status(card), *_about(card.task, width), *_stamps(card.task)]
        facts += [
            Fact(clean(name) if not place else "", ((line, "text"),))
            for name, value in sorted(card.task.extra.items())
            for place, line in enumerate(wrapped(clean(value), width))
        ]
        return [Row(str(place), fact) for place, fact in enumerate(facts)]

    def _left(self) -> Since | None:
        history = self.subject.history()
        return Since(history[0].timestamp, exact=True) if history and history[0].task is None else None

    def _status(self, card: TaskCard) -> list[Fact]:
        """Its status and priority, and who is at it."""
        facts = [Fact("Status", task_status(card.task), card.since)]
        if card.task.system:
            word = own_word(card.task)
            said: Cell = ((f"  says {word}", "muted"),) if word else ()
            facts.append(Fact("System", ((clean(card.task.system), "accent"), *said)))
        if card.task.priority:
            facts.append(Fact("Priority", task_priority(card.task)))
        facts.append(Fact("Agent", agent_cell(card, word=True)))
        agent: AgentStatus | None = self.store.get(Keys.status(card.task.assigned_to or ""))
        if agent is not None and agent.status_reason:
            facts.append(
                Fact("", ((clean(agent.status_reason), "muted"),), Since(agent.status_since, exact=True))
            )
        return facts

    def fields(self, record: Fact) -> Mapping[str, str]:
        """Label and value."""
        return {"label": record.label, "value": "".join(part for part, _ in record.value)}

    def summary(self) -> Cell:
        """Its id."""
        return ((clean(self.subject.task_id), "strong"),)


def _about(task: Task, width: int) -> list[Fact]:
    """What is to be done, and how much of it there is."""
    about: tuple[tuple[str, str, StyleName], ...] = (
        ("Title", task.title, "strong"),
        ("Description", task.description, "text"),
    )
    facts = [
        Fact(label if not place else "", ((line, style),))
        for label, value, style in about
        for place, line in enumerate(wrapped(clean(value, 2000), width))
        if value
    ]
    if task.tags:
        facts.append(Fact("Tags", ((", ".join(clean(tag) for tag in task.tags), "text"),)))
    hours = [
        f"{value:g} h {word}"
        for value, word in ((task.estimated_hours, "estimated"), (task.actual_hours, "spent"))
        if value is not None
    ]
    if hours:
        facts.append(Fact("Effort", ((", ".join(hours), "text"),)))
    counts = ((task.completion_criteria, "criteria"), (task.comments, "comments"))
    told = ", ".join(f"{count} {word}" for count, word in counts if count)
    return [*facts, Fact("Notes", ((told, "text"),))] if told else facts


def _stamps(task: Task) -> list[Fact]:
    """Who made it and who touched it last, and which board it stands on."""
    facts = [
        Fact(label, ((f"by {clean(by)}" if by else "", "text"),), Since(at, exact=True))
        for label, by, at in (
            ("Created", task.created_by, task.created_at),
            ("Updated", task.updated_by, task.updated_at),
        )
        if by or at is not None
    ]
    return [*facts, Fact("Root", ((clean(task.root) or UNKNOWN, "muted"),))]
