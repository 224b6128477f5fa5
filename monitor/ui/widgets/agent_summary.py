"""One agent in one line: what it is doing, why and since when, and what it costs."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING, Final

from monitor.keystore import Keys
from monitor.model import AgentMetrics, AgentStatus
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.spans import Cell, cell_width
from monitor.ui.widgets.line import Line

if TYPE_CHECKING:
    from monitor.ui.palette import StyleName
    from monitor.ui.wiring import Wiring

_REASON_WIDTH: Final = 34
"""Cells that the reason has, as far as it needs them, before anything stands on the right."""
_NEEDS_PERSON: Final[dict[str, StyleName]] = {"blocked": "warn", "error": "bad"}


class AgentSummary(Line):
    """Stands over an agent's details."""

    def __init__(self, wiring: Wiring, agent_id: str) -> None:
        super().__init__(id="summary")
        self._wiring = wiring
        self._agent_id = agent_id
        self._last: AgentStatus | None = None
        """What was known last, for when the agent is gone."""

    def on_mount(self) -> None:
        """Listen, and show what there is already."""
        own = (Keys.status(self._agent_id), Keys.metrics(self._agent_id))
        patterns = (*map(glob.escape, own), Keys.CLOCK)
        self._stop_listening = self._wiring.notices.listen(patterns, self.notice)
        self.notice()

    def on_unmount(self) -> None:
        """Stop listening."""
        self._stop_listening()

    def notice(self, _changed: frozenset[str] = frozenset()) -> None:
        """Read the store again."""
        self._last = self._wiring.store.get(Keys.status(self._agent_id)) or self._last
        self.redraw()

    def parts(self, width: int) -> tuple[Cell, Cell]:
        """Status, name and reason on the left; on the right what there is room for, the load before the rest."""
        store = self._wiring.store
        now: int | None = store.get(Keys.CLOCK)
        status: AgentStatus | None = store.get(Keys.status(self._agent_id))
        if status is None:
            return self._gone(now), ()
        left = (*_status(status, now), *_reason(status))
        wanted = min(cell_width(left), cell_width(_status(status, now)) + _REASON_WIDTH)
        metrics: AgentMetrics = store.get(Keys.metrics(self._agent_id)) or AgentMetrics()
        right: Cell = (("  ", "text"),)
        for part in (_load(metrics), _branch(status), ((f"{clean(status.kind)}   ", "muted"),)):
            if wanted + cell_width(part) + cell_width(right) > width:
                break
            right = (*part, *right)
        return left, (("  ", "text"), *right[:-1], (" ", "text"))

    def _gone(self, now: int | None) -> Cell:
        """It is not there: said in so many words, with what it was."""
        last = self._last
        name = clean(last.name if last else self._agent_id)
        parts: Cell = (
            (" ○ gone  ", "muted"),
            (name, "strong"),
            ("  is not among the agents at this moment", "text"),
        )
        if last is None:
            return parts
        glyph, style = text.STATUS_GLYPHS[last.status]
        return (*parts, ("; it was ", "muted"), (f"{glyph} {last.status}", style), _since(last, now))


def _since(status: AgentStatus, now: int | None) -> tuple[str, StyleName]:
    return f" since {text.age(status.status_since, now)} ago", "muted"


def _status(status: AgentStatus, now: int | None) -> Cell:
    glyph, style = text.STATUS_GLYPHS[status.status]
    word = f" {glyph} {status.status}{'?' if status.stale else ''} "
    since = text.age(status.status_since, now)
    return (
        (word, "alarm" if status.status == "error" else style),
        (f" {since}  ", "muted"),
        (clean(status.name), "strong"),
        ("  ", "text"),
    )


def _reason(status: AgentStatus) -> Cell:
    return ((clean(status.status_reason), _NEEDS_PERSON.get(status.status, "text")),)


def _branch(status: AgentStatus) -> Cell:
    if not status.branch:
        return ()
    changes = text.count(status.uncommitted_changes)
    return ((clean(status.branch, 40), "text"), (f" ±{changes}   ", "muted" if changes == "0" else "text"))


def _load(metrics: AgentMetrics) -> Cell:
    if metrics.pid is None:
        return (("no process", "muted"),)
    return (
        (f"{text.cpu(metrics.cpu_usage)}%", "text"),
        (" CPU  ", "muted"),
        (text.size(metrics.memory_usage), "text"),
        (" MEM", "muted"),
    )
