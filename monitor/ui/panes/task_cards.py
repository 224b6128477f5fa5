"""Tasks as the screen shows them: with their age in status, what they wait for, and how their agent is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from monitor.keystore import Keys
from monitor.model import Board, Dependencies, Since, Status, Task, Wait, in_status
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.task_words import is_over, status_look
from monitor.ui.spans import UNKNOWN
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from monitor.keystore import KeyStore
    from monitor.model import AgentStatus, TaskEvent, WaitState
    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell, Span

EVERYBODY = "all"
"""What a board writes for a task of every agent (SIB-05)."""
_AT_WORK = frozenset({"IN_PROGRESS", "REVIEW"})
_GONE: frozenset[Status | None] = frozenset({"offline", "error"})
_WORST_FIRST: tuple[WaitState, ...] = ("circle", "missing", "open", "unsure", "done")


class AgentGlance(NamedTuple):
    """An agent as a task tells of it."""

    id: str
    name: str
    status: Status | None
    """None: the monitor does not know this agent."""
    stale: bool


class TaskCard(msgspec.Struct, frozen=True):
    """A task with what the rest of the store says about it."""

    task: Task
    since: Since
    """Since when it has its status."""
    waits: tuple[Wait, ...]
    agent: AgentGlance | None
    """None: it is nobody's, or everybody's."""

    @property
    def deserted(self) -> bool:
        """Whether it is said to be in progress, and nobody is there to work on it."""
        if self.task.status != "IN_PROGRESS" or self.task.assigned_to == EVERYBODY:
            return False
        return self.agent is None or self.agent.status in _GONE


class TaskBook:
    """Makes the cards from a store. A task about which nothing has changed keeps its very card."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._board = Board()
        self.dependencies = Dependencies(())
        self._cards: dict[str, TaskCard] = {}
        self._glances: dict[str, AgentGlance] = {}

    def rows(self) -> list[Row[TaskCard]]:
        """All tasks of all roots, in the boards' order."""
        board = self._read()
        agents = {task.assigned_to for task in board.tasks} - {None, EVERYBODY}
        self._glances = {agent: self._glance(agent) for agent in agents if agent}
        return [Row(row_id(task.root, task.id), self._card(task)) for task in board.tasks]

    def find(self, root: str, task_id: str) -> TaskCard | None:
        """The card of one task; None when the board does not have it."""
        self._read()
        task = self.dependencies.get(root, task_id)
        return None if task is None else self.card(task)

    def concerns(self, changed: frozenset[str]) -> bool:
        """Whether changed keys say anything new of a card: most changes of an agent's status record do not."""
        moved = {Keys.status(agent) for agent in self._glances if self._glance(agent) != self._glances[agent]}
        return any(key in moved or not key.startswith("agents:") for key in changed - {Keys.CLOCK})

    def card(self, task: Task) -> TaskCard:
        """The card of any task, also of one that is not on the board."""
        history: tuple[TaskEvent, ...] = self._store.get(Keys.task_history(task.id), ())
        name = task.assigned_to
        agent = None if name is None or name == EVERYBODY else self._glances.get(name) or self._glance(name)
        return TaskCard(task, in_status(task, history), self.dependencies.waits(task), agent)

    def _read(self) -> Board:
        board: Board = self._store.get(Keys.TASKS) or Board()
        if board is not self._board:
            self._board = board
            self.dependencies = Dependencies(board.tasks)
            ids = {row_id(task.root, task.id) for task in board.tasks}
            self._cards = {key: card for key, card in self._cards.items() if key in ids}
        return board

    def _card(self, task: Task) -> TaskCard:
        key, card = row_id(task.root, task.id), self.card(task)
        known = self._cards.get(key)
        if known == card:
            return known
        self._cards[key] = card
        return card

    def _glance(self, agent_id: str) -> AgentGlance:
        status: AgentStatus | None = self._store.get(Keys.status(agent_id))
        if status is None:
            return AgentGlance(agent_id, clean(agent_id), None, stale=False)
        return AgentGlance(agent_id, clean(status.name), status.status, status.stale)


def row_id(root: str, task_id: str) -> str:
    """A task's identity among the tasks of all roots."""
    return f"{root}\n{task_id}"


def agent_cell(card: TaskCard, *, word: bool = False) -> Cell:
    """Whose task it is, with the agent's own status; the status in a word where asked for, or where it matters."""
    if card.task.assigned_to == EVERYBODY:
        return (("all agents", "muted"),)
    agent = card.agent
    if agent is None:
        return (("nobody", "warn"),) if card.deserted else ((UNKNOWN, "faint"),)
    if agent.status is None:
        return (("? ", "muted"), (agent.name, "text"))
    glyph, style = text.STATUS_GLYPHS[agent.status]
    told: Cell = ((f"{glyph} ", "bad" if card.deserted else style), (agent.name, "text"))
    if not word and not card.deserted:
        return told
    return (*told, (f" {agent.status}{'?' if agent.stale else ''}", "bad" if card.deserted else "muted"))


def waits_cell(card: TaskCard) -> Cell:
    """What the task waits for: why it is blocked, then its dependencies, the worst first; a task that is over has no
    need of either.
    """
    task = card.task
    if is_over(task.status):
        return ()
    spans: list[Span] = []
    if task.blockers:
        style: StyleName = "warn" if task.status == "BLOCKED" else "muted"
        spans.append((f"{clean(task.blockers[-1])}  ", style))
    worst_first = sorted(card.waits, key=lambda wait: _WORST_FIRST.index(wait.state))
    spans += [(f"{wait_words(wait)}  ", wait_style(wait, task)) for wait in worst_first]
    if spans:
        last, style = spans[-1]
        spans[-1] = (last.rstrip(), style)
    return tuple(spans)


def wait_words(wait: Wait) -> str:
    """A dependency as it stands: `✓ TASK-1`, `● TASK-2`, `? TASK-3 unknown`, `↻ TASK-4 circle`."""
    name = clean(wait.task_id)
    if wait.state == "circle":
        return f"↻ {name} circle"
    if wait.state == "missing":
        return f"? {name} unknown"
    return f"{status_look(wait.status)[0]} {name}"


def wait_style(wait: Wait, task: Task) -> StyleName:
    """What is not done stands out, most of all where the task was begun without it; what is done stands back."""
    if wait.state == "circle":
        return "bad"
    if wait.state == "done":
        return "faint"
    return "warn" if wait.state == "missing" or task.status in _AT_WORK else "text"
