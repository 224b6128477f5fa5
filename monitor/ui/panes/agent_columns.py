"""The columns of the agents pane, from the one that always stays to the first that goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from monitor.model import AgentMetrics, AgentStatus
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.spans import UNKNOWN, Cell
from monitor.ui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.ui.palette import StyleName

_PLAIN_STATES = frozenset({"branch", "detached", "shallow", "bare"})


class AgentRow(msgspec.Struct, frozen=True):
    """An agent as its line shows it."""

    id: str
    status: AgentStatus | None
    metrics: AgentMetrics | None
    task: str
    """Title of its current task, where a board tells."""


def waits_for_a_person(row: AgentRow) -> bool:
    """Whether nothing moves until a person comes."""
    return row.status is not None and row.status.status in ("blocked", "error")


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
    return ((shown, "alarm" if row.status.status == "error" else style),)


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


def _changes(row: AgentRow, _width: int) -> Cell:
    return _quiet(text.count(row.status.uncommitted_changes if row.status else None))


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


def _reason(row: AgentRow, _width: int) -> Cell:
    if row.status is None:
        return ()
    style: StyleName = {"blocked": "warn", "error": "bad"}.get(row.status.status, "muted")  # type: ignore[assignment]
    return ((clean(row.status.status_reason), style),)


def agent_columns(
    now: Callable[[], int | None], history: Callable[[str], Iterable[float | None]]
) -> tuple[Column[AgentRow], ...]:
    """The columns; `now` is the moment the store shows, `history` gives the newest CPU values of an agent."""

    def activity(row: AgentRow, _width: int) -> Cell:
        return _quiet(text.age(row.status.last_activity if row.status else None, now()))

    def spark(row: AgentRow, width: int) -> Cell:
        return ((text.spark(history(row.id), width), "fill"),)

    return (
        Column("status", "STATUS", 9, _status, part="status"),
        Column("name", "NAME", 13, _name, part="status", flexible=2, liked=20, limit=28),
        Column("kind", "KIND", 12, _kind, part="status", priority=6),
        Column("task", "TASK", 9, _task, priority=3, flexible=4, liked=20, limit=44),
        Column("branch", "BRANCH", 14, _branch, part="status", priority=5, flexible=2, liked=16, limit=30),
        Column("changes", "±", 4, _changes, "right", part="status", priority=2),
        Column("ahead", "↑↓", 7, _ahead, part="status", priority=7),
        Column("cpu", "CPU%", 5, _cpu, "right", part="metrics"),
        Column("spark", "", 10, spark, priority=9, moving=True),
        Column("memory", "MEM", 4, _memory, "right", part="metrics", priority=1),
        Column("processes", "PROC", 4, _processes, "right", part="metrics", priority=8),
        Column("uptime", "UP", 4, _uptime, "right", part="metrics", priority=8),
        Column("activity", "SEEN", 5, activity, "right", moving=True),
        Column("reason", "WHY", 22, _reason, part="status", priority=2, flexible=5, liked=34),
    )
