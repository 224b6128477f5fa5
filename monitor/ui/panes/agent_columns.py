"""The columns of the agents pane, from the one that always stays to the first that goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.agent_loads import POINTS
from monitor.ui.panes.agent_rows import AgentRow, waits_for_a_person
from monitor.ui.panes.agent_sessions import context_cell, cost_cell, model_cell, now_cell, tokens_cell
from monitor.ui.spans import UNKNOWN, Cell, cell_width, fit
from monitor.ui.widgets.columns import Column, Place, Placed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from monitor.model import AgentStatus
    from monitor.ui.palette import StyleName
    from monitor.ui.widgets.rows import Parts

_PLAIN_STATES: Final = frozenset({"branch", "detached", "shallow", "bare"})
_GIVES_WAY: Final = frozenset({"now", "task", "branch", "kind"})
"""Columns right of the reason that it may run over when a person has to read it."""


def branch_cell(status: AgentStatus) -> Cell:
    """The branch, after a word for the state of git when that is not plain: `rebase feat-x`."""
    state = status.git_state
    name = clean(status.branch) if status.branch else ""
    if state is None or state == "branch":
        return ((name, "text"),) if name else ((UNKNOWN, "faint"),)
    word: StyleName = "muted" if state in _PLAIN_STATES else "warn"
    return ((state, word), (f" {name}" if name else "", "text"))


def _quiet(value: str, style: StyleName = "text") -> Cell:
    """A number, in the background when it is unknown or zero."""
    return ((value, "faint" if value in (UNKNOWN, "0") else style),)


def _status(row: AgentRow, width: int) -> Cell:
    if row.status is None:
        return ((UNKNOWN, "faint"),)
    glyph, style = text.STATUS_GLYPHS[row.status.status]
    word = row.status.status + ("?" if row.status.stale else "")
    # The mark of a stale status must not be what is cut off: the longest words give up their blank for it.
    shown = f"{glyph} {word}" if len(word) + 2 <= width else f"{glyph}{word}"
    if not waits_for_a_person(row):
        return ((shown, style),)
    # A patch of the column's full width: it is seen from further away than a word.
    return ((shown.ljust(width), "alarm" if row.status.status == "error" else "call"),)


def _name(row: AgentRow, _width: int) -> Cell:
    name = clean(row.status.name) if row.status else clean(row.id)
    return ((name, "strong" if waits_for_a_person(row) else "text"),)


def _kind(row: AgentRow, _width: int) -> Cell:
    return ((clean(row.status.kind) if row.status else "", "muted"),)


def _task(row: AgentRow, _width: int) -> Cell:
    task = row.status.current_task if row.status else None
    if not task:
        return ((UNKNOWN, "faint"),)
    return ((clean(task), "text"), (f" {clean(row.task)}" if row.task else "", "muted"))


def _branch(row: AgentRow, _width: int) -> Cell:
    return branch_cell(row.status) if row.status else ((UNKNOWN, "faint"),)


def _changes(row: AgentRow, width: int) -> Cell:
    """How many; a mark before it when one of the files is another agent's too."""
    count = _quiet(text.count(row.status.uncommitted_changes if row.status else None))
    if row.overlap and cell_width(count) < width:
        return ((text.SHARED, "warn"), *count)
    return count


def _ahead(row: AgentRow, _width: int) -> Cell:
    status = row.status
    if status is None or (status.ahead is None and status.behind is None):
        return ((UNKNOWN, "faint"),)
    parts = [f"{arrow}{value}" for arrow, value in (("↑", status.ahead), ("↓", status.behind)) if value]
    return ((" ".join(parts) or "=", "text" if parts else "faint"),)


def _cpu(row: AgentRow, _width: int) -> Cell:
    return _quiet(text.cpu(row.metrics.cpu_usage if row.metrics else None))


def _memory(row: AgentRow, _width: int) -> Cell:
    return _quiet(text.size(row.metrics.memory_usage if row.metrics else None))


def _processes(row: AgentRow, _width: int) -> Cell:
    return _quiet(text.count(row.metrics.process_count if row.metrics else None))


def _uptime(row: AgentRow, _width: int) -> Cell:
    seconds = row.metrics.uptime_seconds if row.metrics else None
    return _quiet(text.duration(seconds), "muted")


def _urgent(row: AgentRow, otherwise: StyleName) -> StyleName:
    """The style of what is told of an agent: its colour when it needs a person."""
    if row.status is None or not waits_for_a_person(row):
        return otherwise
    return "bad" if row.status.status == "error" else "warn"


def _reason(row: AgentRow, _width: int) -> Cell:
    """Why it has its status; behind that what it shares with another agent, which a mark beside ± tells in any case."""
    if row.status is None:
        return ()
    reason: Cell = ((clean(row.status.status_reason), _urgent(row, "muted")),)
    return (*reason, ("  ", "text"), (f"{text.SHARED} {row.overlap}", "warn")) if row.overlap else reason


def urgent_line(row: AgentRow, columns: Sequence[Placed[Any]]) -> Parts:
    """The line of an agent that needs a person: the reason takes the room of its right neighbours while it needs it."""
    parts: list[tuple[Place, Cell]] = []
    wanted = 0
    """Where the reason would like to end, while it is the last part and may grow."""
    for column, x, width in columns:
        cell = column.cell(row, width)
        if column.key == "reason":
            wanted = x + cell_width(cell)
            parts.append((Place(x, width), cell))
        elif column.key in _GIVES_WAY and x <= wanted:
            start = parts[-1][0].x
            parts[-1] = Place(start, x + width - start), parts[-1][1]
        else:
            wanted = 0
            parts.append((Place(x, width), fit(cell, width, column.align)))
    return parts


def agent_columns(
    now: Callable[[], int | None], history: Callable[[str, int], Iterable[float | None]]
) -> tuple[Column[AgentRow], ...]:
    """The columns; `now` is the moment the store shows, `history` gives the newest CPU values of an agent."""

    def doing(row: AgentRow, width: int) -> Cell:
        return now_cell(row, now(), width)

    def activity(row: AgentRow, _width: int) -> Cell:
        return _quiet(text.age(row.status.last_activity if row.status else None, now()))

    def since(row: AgentRow, _width: int) -> Cell:
        return ((text.age(row.status.status_since if row.status else None, now()), _urgent(row, "muted")),)

    def spark(row: AgentRow, width: int) -> Cell:
        return ((text.spark(history(row.id, width), width), "fill"),)

    return (
        Column("status", "STATUS", 9, _status, part="status"),
        Column("since", "FOR", 4, since, "right", moving=True),
        Column("name", "NAME", 12, _name, part="status", flexible=4, liked=20, limit=28),
        Column("reason", "WHY", 18, _reason, flexible=5, liked=28, limit=72),
        Column("now", "NOW", 13, doing, priority=3, flexible=4, liked=18, limit=36, moving=True),
        Column("task", "TASK", 9, _task, priority=5, flexible=4, liked=14, limit=44),
        Column("branch", "BRANCH", 14, _branch, part="status", priority=5, flexible=2, liked=16, limit=30),
        Column("changes", "±", 4, _changes, "right", priority=4),
        Column("ahead", "↑↓", 7, _ahead, part="status", priority=8),
        Column("kind", "KIND", 12, _kind, part="status", priority=7),
        Column("model", "MODEL", 10, model_cell, part="session", priority=5, flexible=1, limit=16),
        Column("context", "CTX", 4, context_cell, "right", part="session", priority=4),
        Column("tokens", "TOK", 4, tokens_cell, "right", part="session", priority=5),
        Column("cost", "COST", 6, cost_cell, "right", part="session", priority=4),
        Column("cpu", "CPU%", 5, _cpu, "right", part="metrics", priority=1),
        Column("spark", "", 10, spark, priority=6, flexible=7, limit=POINTS, moving=True),
        Column("memory", "MEM", 4, _memory, "right", part="metrics", priority=2),
        Column("processes", "PROC", 4, _processes, "right", part="metrics", priority=8),
        Column("uptime", "UP", 4, _uptime, "right", part="metrics", priority=8),
        Column("activity", "SEEN", 4, activity, "right", priority=5, moving=True),
    )
