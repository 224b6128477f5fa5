"""The agents of attached systems as these tell of them, and what this host says where that cannot be so."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from monitor.keystore import Keys
from monitor.model import STATUSES, AgentStatus, Status, SystemAgent
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.pane import Sort
from monitor.ui.panes.system_pane import SystemListPane
from monitor.ui.panes.system_words import their_word
from monitor.ui.spans import UNKNOWN
from monitor.ui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.ui.filter import Numbers
    from monitor.ui.panes.system_scope import Scope
    from monitor.ui.spans import Cell, Span
    from monitor.ui.widgets.rows import Row
    from monitor.ui.wiring import Wiring

_NEED: tuple[Status, ...] = ("error", "blocked", "active", "idle", "offline")
_WELL: frozenset[Status] = frozenset({"active", "idle"})
_BUT = ", but "
"""Stands in the reason for a status between what a system says and why that cannot be so."""


class SystemAgentsPane(SystemListPane[SystemAgent]):
    """One line an agent, what needs somebody first."""

    NUMBER = "9"
    CAPTION = "Agents"
    PATTERNS = (Keys.SYSTEMS, Keys.system("*"), Keys.AGENTS, Keys.status("*"))
    PARTS = ("agents",)
    FIELDS = frozenset({"system", "status", "word", "name", "role", "group", "kind", "task", "pid", "id"})
    NUMBERS: ClassVar[Numbers] = {"heartbeat": "seconds", "load": "count", "done": "count", "errors": "count"}
    SORTS: ClassVar = (
        Sort("status", "what needs somebody", lambda row: (_NEED.index(row.status), row.name.casefold())),
        Sort("name", "name", lambda row: row.name.casefold() or row.id),
        Sort("heartbeat", "heartbeat", lambda row: row.heartbeat_at, descending=True),
        Sort("load", "load", lambda row: row.workload, descending=True),
        Sort("group", "group", lambda row: row.group or None),
    )

    def __init__(self, wiring: Wiring, scope: Scope, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        self._ours: dict[str, AgentStatus] = {}
        super().__init__(wiring, scope, id=id)

    def own_columns(self) -> Sequence[Column[SystemAgent]]:
        """Status in both words, name, role, group, what it works on, load, heartbeat, process, what the host says."""
        return (
            Column("status", "STATUS", 9, _status),
            Column(
                "word",
                "ITS WORD",
                9,
                lambda row, _: their_word(row.system_status, row.status),
                priority=3,
                flexible=1,
                limit=14,
            ),
            Column(
                "name",
                "NAME",
                12,
                lambda row, _: ((clean(row.name or row.id), "text"),),
                flexible=2,
                limit=28,
            ),
            Column("role", "ROLE", 9, _role, priority=6, flexible=1, limit=20),
            Column(
                "group",
                "GROUP",
                9,
                lambda row, _: ((clean(row.group), "muted"),),
                priority=7,
                flexible=1,
                limit=16,
            ),
            Column("task", "WORKS ON", 9, _task, priority=4, flexible=2, limit=30),
            Column("load", "LOAD", 6, _load, "right", priority=5),
            Column("pid", "PID", 7, _pid, "right", priority=5),
            Column("heartbeat", "HEARD", 5, self._heartbeat, "right", priority=2, moving=True),
            Column("host", "THIS HOST SAYS", 28, self._host, flexible=6, priority=1, moving=True),
        )

    def _signature(self) -> object:
        """Also what this host says of them."""
        said = tuple(
            (status.id, status.status, status.status_reason, status.status_evidence)
            for status in self._known().values()
        )
        return (super()._signature(), said)

    def _known(self) -> dict[str, AgentStatus]:
        """By our id: what this host says of the agents that the systems shown tell of."""
        agents = (agent for reading in self.scope.readings() for agent in reading.agents)
        ids = dict.fromkeys(agent.ours for agent in agents if agent.ours)
        statuses = ((agent_id, self.store.get(Keys.status(agent_id))) for agent_id in ids)
        return {agent_id: status for agent_id, status in statuses if status is not None}

    def records(self) -> Sequence[Row[SystemAgent]]:
        """A row for each agent."""
        self._ours = self._known()
        return super().records()

    def ours_of(self, row: SystemAgent) -> AgentStatus | None:
        """The same agent as this host knows it; None before it does."""
        return self._ours.get(row.ours)

    def said(self, row: SystemAgent) -> tuple[str, bool]:
        """What this host says of an agent where its system says something else, and whether both cannot be true."""
        ours = self.ours_of(row)
        if ours is None or ours.status == row.status:
            return "", False
        told = f"{row.system} says "
        against = (
            one.text for one in ours.status_evidence if one.kind == "system" and one.text.startswith(told)
        )
        why = next((text.partition(_BUT)[2] for text in against if _BUT in text), "")
        said = why or f"{ours.status}: {ours.status_reason}"
        return said, bool(why) or (ours.status in _WELL) != (row.status in _WELL)

    def _host(self, row: SystemAgent, _width: int) -> Cell:
        said, contradicted = self.said(row)
        if contradicted:
            return ((f"▲ {clean(said)}", "bad"),)
        if said:
            return ((clean(said), "muted"),)
        return (("the same", "faint"),) if self.ours_of(row) is not None else ()

    def _heartbeat(self, row: SystemAgent, _width: int) -> Cell:
        """When it was heard of last: too long ago stands out."""
        at = row.heartbeat_at if row.heartbeat_at is not None else row.updated_at
        state = self.scope.by_name().get(row.system)
        limit = state.heartbeat_seconds if state is not None else 0.0
        lost = (
            limit > 0
            and row.heartbeat_at is not None
            and self.now is not None
            and self.now - row.heartbeat_at > limit * 1000
            and row.status != "offline"
        )
        return ((text.age(at, self.now), "bad" if lost else "muted"),)

    def fields(self, record: SystemAgent) -> Mapping[str, str]:
        """What of an agent can be searched."""
        return {
            **self.common_fields(record),
            "status": record.status,
            "word": record.system_status,
            "name": record.name,
            "role": record.role,
            "group": record.group,
            "kind": record.kind,
            "task": record.current_task,
            "pid": "" if record.pid is None else str(record.pid),
            "skills": " ".join(record.capabilities),
        }

    def numbers(self, record: SystemAgent) -> Mapping[str, float | None]:
        """What of an agent can be compared."""
        return {
            "heartbeat": self.seconds_since(record.heartbeat_at),
            "load": record.workload,
            "done": record.tasks_done,
            "errors": record.errors,
        }

    def summary(self) -> Cell:
        """How many are in each status, and of how many the host says something else."""
        agents = [agent for reading in self.scope.readings() for agent in reading.agents]
        spans: list[Span] = []
        if against := sum(self.said(agent)[1] for agent in agents):
            spans += [(f"▲ {against} contradicted", "bad"), ("   ", "text")]
        for status in STATUSES:
            if count := sum(agent.status == status for agent in agents):
                glyph, style = text.STATUS_GLYPHS[status]
                spans += [(f"{glyph} {count} {status}", style), ("   ", "text")]
        return (*spans[:-1], *self.more())


def _status(row: SystemAgent, _width: int) -> Cell:
    glyph, style = text.STATUS_GLYPHS[row.status]
    return ((f"{glyph} {row.status}", style),)


def _role(row: SystemAgent, _width: int) -> Cell:
    return ((clean(row.role or row.kind), "muted"),)


def _task(row: SystemAgent, _width: int) -> Cell:
    return ((clean(row.current_task), "text"),) if row.current_task else ((UNKNOWN, "faint"),)


def _pid(row: SystemAgent, _width: int) -> Cell:
    return () if row.pid is None else ((str(row.pid), "info"),)


def _load(row: SystemAgent, _width: int) -> Cell:
    """What it has to do, of what it may have."""
    if row.workload is None:
        return ()
    full = row.capacity is not None and row.capacity > 0 and row.workload >= row.capacity
    most = f"/{row.capacity:g}" if row.capacity is not None else ""
    return ((f"{row.workload:g}{most}", "warn" if full else "text"),)
