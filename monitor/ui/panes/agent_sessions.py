"""What an agent's own log tells, as cells of the agents pane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.model import ASKING, WORKING
from monitor.rules.session_words import doing
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.spans import UNKNOWN, Cell, cell_width, fit

if TYPE_CHECKING:
    from monitor.model import Session, TurnState
    from monitor.ui.palette import StyleName
    from monitor.ui.panes.agent_rows import AgentRow

TURN_STYLES: Final[dict[TurnState, StyleName]] = {
    "thinking": "muted",
    "tool": "text",
    "permission": "warn",
    "input": "warn",
    "limited": "warn",
    "compacting": "muted",
    "idle": "faint",
    "error": "bad",
    "ended": "faint",
    "unknown": "faint",
}


def now_cell(row: AgentRow, now: int | None, width: int) -> Cell:
    """What it does now and for how long; without a log, the task that it is at."""
    session = row.session
    if session is None:
        task = row.status.current_task if row.status else None
        return ((clean(task), "muted"), (f" {clean(row.task)}", "faint")) if task else ((UNKNOWN, "faint"),)
    told = ((clean(doing(session)) or UNKNOWN, TURN_STYLES[session.turn_state]),)
    since = turn_since(session)
    if since is None:
        return told
    age = f" {text.age(since, now)}"
    # How long is not what is cut off: the end of a target tells less.
    room = width - cell_width(((age, "muted"),))
    return (*fit_cell(told, room), (age, "muted"))


def fit_cell(cell: Cell, width: int) -> Cell:
    """The cell, cut to a width with an ellipsis where it is longer, and not padded."""
    return cell if cell_width(cell) <= width else fit(cell, width)


def turn_since(session: Session) -> int | None:
    """Since when it does what it does, where that matters."""
    if session.turn_state in ASKING:
        return session.waiting_since or session.state_since
    if session.turn_state == "tool":
        return session.tool_since or session.state_since
    return session.state_since if session.turn_state in WORKING else None


def model_cell(row: AgentRow, _width: int) -> Cell:
    """The model's short name."""
    return (
        (
            clean(text.model(row.session.model)) if row.session else UNKNOWN,
            "muted" if row.session else "faint",
        ),
    )


def context_percent(session: Session) -> float | None:
    """How full its context window is."""
    if session.context_used is None or not session.context_size:
        return None
    return 100 * session.context_used / session.context_size


def context_cell(row: AgentRow, _width: int) -> Cell:
    """How full the context window is: a warning from 80 %, bad from 90 %."""
    share = context_percent(row.session) if row.session else None
    if share is None:
        return ((UNKNOWN, "faint"),)
    style = text.level(share)
    return ((text.percent(share), "text" if style == "fill" else style),)


def tokens_cell(row: AgentRow, _width: int) -> Cell:
    """All tokens of the session."""
    return _number(text.tokens(row.session.tokens.total if row.session else None))


def cost_cell(row: AgentRow, _width: int) -> Cell:
    """What the session cost so far."""
    return _number(text.dollars(row.session.cost_usd if row.session else None))


def _number(value: str) -> Cell:
    return ((value, "faint" if value in (UNKNOWN, "0", "$0.00") else "text"),)
