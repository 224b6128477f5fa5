"""How tasks are told of: glyphs, words and orders of statuses and priorities, and what is said without a board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.model import DONE_STATUSES, is_done
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.spans import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.model import Board, BoardState, DayCount, Since, Task
    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell

_STATUS_LOOKS: Final[dict[str, tuple[str, StyleName]]] = {
    "TODO": ("○", "muted"),
    "IN_PROGRESS": ("●", "info"),
    "REVIEW": ("◎", "accent"),
    "BLOCKED": ("■", "warn"),
    **dict.fromkeys(DONE_STATUSES, ("✓", "ok")),
    "FAILED": ("✖", "bad"),
    "CANCELLED": ("∅", "faint"),
}
_LIFE: Final = ("TODO", "IN_PROGRESS", "BLOCKED", "REVIEW")
_ENDS: Final = ("DONE", "VERIFIED", "FAILED", "CANCELLED")
_GIVEN_UP: Final = frozenset({"FAILED", "CANCELLED"})
_NEED: Final = ("BLOCKED", "IN_PROGRESS", "REVIEW", "TODO")
_PRIORITIES: Final = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
_PRIORITY_STYLES: Final[dict[str, StyleName]] = {"CRITICAL": "bad", "HIGH": "warn"}
_VELOCITY_DAYS: Final = 14


def status_look(status: str) -> tuple[str, StyleName]:
    """Glyph and style of a task's status; a question mark for one that the board made up."""
    return _STATUS_LOOKS.get(status, ("?", "muted"))


def task_status(task: Task) -> Cell:
    """A task's status in the board's own word, with a glyph."""
    glyph, style = status_look(task.status)
    return ((f"{glyph} {clean(task.status)}", style),)


def statuses_in_order(tasks: Iterable[Task]) -> tuple[str, ...]:
    """The statuses of a board in the order of a task's life: the declared ones, those it made up, the finished ones.

    VERIFIED, which no board declares, and how tasks of attached systems end are there only when a task has them.
    """
    used = {task.status for task in tasks}
    made_up = sorted(used - {*_LIFE, *_ENDS})
    return (*_LIFE, *made_up, *(end for end in _ENDS if end == "DONE" or end in used))


def need(status: str) -> int:
    """Rank of a status by what needs somebody first: blocked, in progress, review, to do; what is over comes last."""
    if status in _NEED:
        return _NEED.index(status)
    return len(_NEED) + is_over(status)


def is_over(status: str) -> bool:
    """Whether nobody works on a task of this status any more: it is done, or an attached system gave it up."""
    return is_done(status) or status in _GIVEN_UP


def own_word(task: Task) -> str:
    """What an attached system calls the status of its task, where that is another word than ours."""
    word = task.system_status or ""
    return "" if _plain(word) == _plain(task.status) else clean(word)


def _plain(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")


def priority_rank(task: Task) -> int:
    """Rank of a task by priority, the highest first; one the board made up comes after those it declares."""
    priority = task.priority.upper()
    return _PRIORITIES.index(priority) if priority in _PRIORITIES else len(_PRIORITIES)


def task_priority(task: Task) -> Cell:
    """A task's priority in a small word."""
    return ((clean(task.priority).casefold(), _PRIORITY_STYLES.get(task.priority.upper(), "muted")),)


def since_age(since: Since, now: int | None) -> str:
    """How long something has held: `2h14`; `~2h14` when it may be longer."""
    age = text.age(since.at, now)
    return age if since.exact or since.at is None or now is None else f"~{age}"


def missing_board(board: Board | None) -> Cell:
    """What to say when there are no tasks: where a board would be, or why the one that is there cannot be read."""
    if board is None:
        return (("Looking for a task board…", "muted"),)
    for state in board.boards:
        if state.error:
            return (("▲ ", "warn"), (f"{clean(state.path)}: {clean(state.error)}", "warn"))
    if any(state.shape for state in board.boards):
        return (("The board holds no tasks.", "muted"),)
    if board.boards:
        return (("No task board. It would be ", "muted"), (clean(board.boards[0].path), "text"))
    return (
        ("No task board. Name a folder that holds ", "muted"),
        ("coordination/task-board.json", "text"),
        (" with ", "muted"),
        ("--root", "key"),
    )


def board_problem(board: Board, now: int | None) -> str:
    """What is wrong with the first board that has an error, and how old what is shown is; empty when all is well."""
    state: BoardState | None = next((state for state in board.boards if state.error), None)
    if state is None:
        return ""
    where = f"{clean(state.path)}: " if len(board.boards) > 1 else ""
    shown = "" if state.partial else f", shown as of {_ago(text.age(state.last_synced, now))}"
    return f"{where}{clean(state.error)}{shown}"


def _ago(age: str) -> str:
    return {"now": "now", UNKNOWN: "an unknown time"}.get(age, f"{age} ago")


def board_counts(board: Board) -> Cell:
    """How many tasks there are in each status, what needs somebody first."""
    counts = board.metrics
    # Words of attached systems, which the board's own counts take for made up.
    failed, cancelled = (
        sum(task.status == word for task in board.tasks) if counts.other else 0
        for word in ("FAILED", "CANCELLED")
    )
    numbers: tuple[tuple[str, int, str, StyleName], ...] = (
        ("■", counts.blocked, "blocked", "warn"),
        ("●", counts.in_progress, "in progress", "info"),
        ("◎", counts.review, "review", "text"),
        ("○", counts.todo, "todo", "muted"),
        ("?", counts.other - failed - cancelled, "other", "muted"),
        ("✖", failed, "failed", "bad"),
        ("∅", cancelled, "cancelled", "faint"),
        ("✓", counts.done, "done", "ok"),
    )
    return tuple((f"{glyph} {number} {word}   ", style) for glyph, number, word, style in numbers if number)


def velocity(days: Sequence[DayCount] | None, *, words: bool = True) -> Cell:
    """How many tasks were completed a day, over the last fourteen: a sparkline and the mean.

    Unknown, it is a dash after its name, and nothing without it.
    """
    label: Cell = (("velocity ", "muted"),) if words else ()
    if not days:
        return (*label, (UNKNOWN, "faint")) if words else ()
    counts = [day.completed_tasks for day in days[-_VELOCITY_DAYS:]]
    drawn = text.spark(counts, len(counts), top=1.0)
    mean = f" {sum(counts) / len(counts):.1f}"
    return (*label, (drawn, "fill"), (mean, "text"), (" a day" if words else "/d", "muted"))
