"""The task board: a lane for each status, side by side, and a line that tells how the work goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from monitor.keystore import Keys
from monitor.model import Board
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.commands import bindings
from monitor.ui.panes.pane import Sort
from monitor.ui.panes.task_cards import TaskCard, agent_cell, waits_cell
from monitor.ui.panes.task_rows import EveryTaskPane
from monitor.ui.panes.task_words import (
    board_problem,
    is_over,
    need,
    own_word,
    priority_rank,
    since_age,
    status_look,
    statuses_in_order,
    task_priority,
    velocity,
)
from monitor.ui.spans import Cell, cell_width, fit
from monitor.ui.widgets.card_table import CardTable
from monitor.ui.widgets.lane_drawing import Lane
from monitor.ui.widgets.ranked_line import Ranked, RankedLine
from monitor.ui.wrapping import wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from monitor.model import Task
    from monitor.ui.palette import StyleName
    from monitor.ui.widgets.columns import Column
    from monitor.ui.widgets.line_table import LineTable
    from monitor.ui.wiring import Wiring

_BAR: Final[dict[str, StyleName]] = {"CRITICAL": "bad", "HIGH": "warn"}


def _by_priority(card: TaskCard) -> tuple[int, int]:
    """By priority and age in status; what is done by when it was, the newest first."""
    at = card.since.at or 0
    return (0, -at) if is_over(card.task.status) else (priority_rank(card.task), at)


class BoardPane(EveryTaskPane):
    """All tasks as cards in lanes."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("columns"))
    CONTEXTS = ("tasks", "board", "columns")
    CAPTION = "Task board"
    SORTS: ClassVar = (
        Sort("priority", "priority", _by_priority),
        Sort("age", "age in status", lambda card: card.since.at),
        Sort("updated", "last update", lambda card: card.task.updated_at, descending=True),
        Sort("agent", "agent", lambda card: card.task.assigned_to),
    )

    def __init__(self, wiring: Wiring, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(wiring, id=id)
        self.work = RankedLine()
        self._begun = False

    def make_table(self) -> LineTable[TaskCard]:
        """Cards instead of lines."""
        self.cards = CardTable(self)
        return self.cards

    def columns(self) -> Sequence[Column[TaskCard]]:
        """Cards have none."""
        return ()

    def compose(self) -> ComposeResult:
        """A title, a line about the work, and the lanes."""
        yield self.title
        yield self.work
        yield self.cards

    def refresh_rows(self) -> None:
        """The lanes are those of the whole board, whatever the filter leaves of their cards."""
        board: Board = self.store.get(Keys.TASKS) or Board()
        self.cards.show_lanes(_lanes(board.tasks))
        super().refresh_rows()
        if not self._begun and self.cards.rows:
            self._begun = True
            self.cards.select(min(self.cards.rows, key=lambda row: need(row.record.task.status)).id)

    def _tell_title(self) -> None:
        super()._tell_title()
        self.work.show_parts(self._work())

    # --- cards --------------------------------------------------------------------------------------------------

    def lane_of(self, record: TaskCard) -> str:
        """A card stands in the lane of its task's status."""
        return record.task.status

    def draw(self, record: TaskCard, width: int, lines: int) -> Sequence[Cell]:
        """A card: id, priority and age; title; agent and what it waits for; on its left a bar for what is urgent."""
        task, age = record.task, since_age(record.since, self.now)
        room = max(0, width - 1)
        if is_over(task.status):
            rows: list[Cell] = [
                _ends(((clean(task.id), "muted"), *_whence(task)), ((age, "faint"),), room),
                ((clean(task.title), "muted"),),
            ]
            return [(("▎", "faint"), *row) for row in rows]
        head: Cell = ((clean(task.id), "strong"), (" ", "text"), *task_priority(task), *_whence(task))
        waits = waits_cell(record)
        rows = [_ends(head, ((age, "muted"),), room)]
        if lines > 3:
            rows += [*_about(task, waits, room), agent_cell(record, word=True)]
        else:
            rows += [((clean(task.title), "text"),), _whose(record, waits, room)]
        return [(("▎", _BAR.get(task.priority.upper(), "faint")), *row) for row in rows]

    # --- what is told above -------------------------------------------------------------------------------------

    def summary(self) -> Cell:
        """Which sprint it is, how old the reading, and where the board is."""
        board: Board | None = self.store.get(Keys.TASKS)
        if board is None or not board.boards:
            return ()
        first, *others = board.boards
        sprint: Cell = ((f"{clean(first.sprint)}   ", "text"),) if first.sprint else ()
        read = f"read {_ago(board.last_synced, self.now)}   " if first.shape else ""
        where = clean(first.path) + (f" and {len(others)} more" if others else "")
        return (*sprint, (read, "muted"), (where, "muted"))

    def _work(self) -> list[Ranked]:
        """What is wrong, whose tasks are shown, how many are done, how fast it goes, how long work is in progress."""
        board: Board = self.store.get(Keys.TASKS) or Board()
        parts: list[Ranked] = []
        problem = board_problem(board, self.now)
        if problem and board.tasks:
            parts.append(Ranked(0, ((f"▲ {problem}", "warn"),)))
        if self.only is not None:
            parts.append(
                Ranked(1, (("only ", "muted"), *self.only_words(), ("  f", "key"), (" shows all", "muted")))
            )
        if not board.tasks:
            return parts
        counts = board.metrics
        parts.append(Ranked(2, ((f"{counts.total} tasks", "text"), (f", {counts.done} done", "muted"))))
        parts.append(Ranked(3, velocity(self.store.get(Keys.VELOCITY))))
        parts.append(Ranked(4, self._mean_age()))
        deserted = sum(row.record.deserted for row in self.cards.rows)
        if deserted:
            parts.append(Ranked(1, ((f"▲ {deserted} in progress with nobody at work", "warn"),)))
        return parts

    def _mean_age(self) -> Cell:
        """How long the tasks that are in progress have been so, on average."""
        now = self.now
        cards = [row.record for row in self.cards.rows if row.record.task.status == "IN_PROGRESS"]
        known = [card.since for card in cards if card.since.at is not None]
        if not known or now is None:
            return ()
        mean = sum(max(0, now - (since.at or 0)) for since in known) / len(known) / 1000
        about = "" if all(since.exact for since in known) else "~"
        return (
            ("in progress for ", "muted"),
            (f"{about}{text.duration(mean)}", "text"),
            (" on average", "muted"),
        )

    # --- commands -----------------------------------------------------------------------------------------------

    def action_lane(self, step: int) -> None:
        """Go to the next lane that has cards, or to the one before."""
        self.cards.move_lane(step)


def _lanes(tasks: Sequence[Task]) -> tuple[Lane, ...]:
    totals: dict[str, int] = {}
    for task in tasks:
        totals[task.status] = totals.get(task.status, 0) + 1
    return tuple(
        Lane(status, clean(status), *status_look(status), total=totals.get(status, 0), brief=is_over(status))
        for status in statuses_in_order(tasks)
    )


def _ends(left: Cell, right: Cell, width: int) -> Cell:
    """Two parts at the ends of so many cells; the right one stays whole."""
    room = max(0, width - cell_width(right) - 1)
    return (*fit(left, room), (" ", "text"), *right)


def _whence(task: Task) -> Cell:
    """The attached system that a task is from, and its word for the status where that is another one."""
    if not task.system:
        return ()
    word = own_word(task)
    return ((f" {clean(task.system)}", "info"), (f" {word}" if word else "", "muted"))


def _about(task: Task, waits: Cell, width: int) -> list[Cell]:
    """At most two lines: the title, and what it waits for; else the rest of the title, or the description."""
    title = clean(task.title)
    if waits:
        return [((title, "text"),), waits]
    first, *rest = wrapped(title, width)
    if rest:
        return [((first, "text"),), ((" ".join(rest), "text"),)]
    lines: list[Cell] = [((first, "text"),)]
    if task.description:
        lines.append(((clean(task.description), "muted"),))
    return lines


def _whose(card: TaskCard, waits: Cell, width: int) -> Cell:
    """The agent, and beside it what the task waits for, which may take what the agent leaves."""
    agent = agent_cell(card)
    if not waits:
        return agent
    return (*fit(agent, min(cell_width(agent), width // 2)), ("  ", "text"), *waits)


def _ago(milliseconds: int | None, now: int | None) -> str:
    age = text.age(milliseconds, now)
    return age if age == "now" else f"{age} ago"
