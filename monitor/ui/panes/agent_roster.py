"""All agents as the store tells of them: a row each, their loads, their tags, and what they come to."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from monitor.keystore import Keys, KeyStore
from monitor.text import clean
from monitor.ui.panes.agent_columns import urgent_line
from monitor.ui.panes.agent_loads import Loads
from monitor.ui.panes.agent_overlaps import overlaps
from monitor.ui.panes.agent_rows import AgentLine, AgentRow, waits_for_a_person
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.model import AgentMetrics, AgentStatus, Board, Status

_LEAP: Final = 600_000
"""Milliseconds: when the clock goes on further at once, or back, older values are no part of the sparkline."""
_PREFIX: Final = "agents:"
_NUMBERS: Final = frozenset({"metrics", "session"})
"""What of an agent changes neither its place in an order by status nor what they come to."""


class Roster:
    """Reads what changed, and nothing else."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self.now: int | None = None
        """The moment that the rows are of."""
        self.rows: dict[str, Row[AgentLine]] = {}
        """A row for each agent, in the store's order."""
        self.agents: dict[str, AgentRow] = {}
        """What the rows show."""
        self.loads = Loads()
        self.tagged: frozenset[str] = frozenset()
        """Ids of the agents that a person has tagged."""
        self.counts: Counter[Status] = Counter()
        """How many there are in each status."""
        self.waiting_since: int | None = None
        """Since when the one waits that has waited longest for a person; None: nobody waits."""
        self.cost: float | None = None
        """Dollars that the sessions of all agents have cost so far; None: nothing of them has a price."""
        self._titles: dict[str, str] = {}
        self._overlaps: Mapping[str, str] = {}

    def read(self, changed: frozenset[str]) -> bool:
        """Take over what has changed under these keys; True when nothing but numbers of known agents has."""
        before, self.now = self.now, self._store.get(Keys.CLOCK)
        if before is not None and self.now is not None and not 0 <= self.now - before <= _LEAP:
            self.loads.clear()
        if self._read_shared(changed):
            self._read_all()
            settled = False
        else:
            settled = self._read_changed(changed)
        if Keys.CLOCK in changed:
            for agent_id, agent in self.agents.items():
                self.loads.add(agent_id, agent.metrics.cpu_usage if agent.metrics else None)
        if not settled:
            self._count()
        return settled

    def tag(self, agent_ids: frozenset[str]) -> None:
        """Have these agents tagged, and no others."""
        changed, self.tagged = self.tagged ^ agent_ids, agent_ids
        for agent_id in changed & self.agents.keys():
            self._read(agent_id)

    def name_of(self, agent_id: str) -> str:
        """An agent's name as shown."""
        status: AgentStatus | None = self._store.get(Keys.status(agent_id))
        return clean(status.name) if status else clean(agent_id)

    def _read_shared(self, changed: frozenset[str]) -> bool:
        """Read what is told of all agents together; True when every agent has to be read again."""
        news = Keys.AGENTS in changed
        if Keys.TASKS in changed:
            board: Board | None = self._store.get(Keys.TASKS)
            self._titles = {task.id: task.title for task in board.tasks} if board else {}
            news = True
        if Keys.ALERTS in changed:
            before, self._overlaps = self._overlaps, overlaps(self._store.get(Keys.ALERTS, ()), self.name_of)
            news = news or before != self._overlaps
        return news

    def _read_all(self) -> None:
        agent_ids: tuple[str, ...] = self._store.get(Keys.AGENTS, ())
        self.tagged &= frozenset(agent_ids)
        self.loads.keep(agent_ids)
        self.rows, self.agents = {}, {}
        for agent_id in agent_ids:
            self._read(agent_id)
        self._add_up()

    def _read_changed(self, changed: frozenset[str]) -> bool:
        """Read the agents named by these keys again; False when any of them may have another status."""
        settled, spent = True, False
        for key in changed:
            agent_id, _, what = key[len(_PREFIX) :].rpartition(":")
            if agent_id in self.agents:
                self._read(agent_id)
                settled = settled and what in _NUMBERS
                spent = spent or what == "session"
        if spent:
            self._add_up()
        return settled

    def _add_up(self) -> None:
        sessions = (agent.session for agent in self.agents.values() if agent.session is not None)
        known = [session.cost_usd for session in sessions if session.cost_usd is not None]
        self.cost = sum(known) if known else None

    def _read(self, agent_id: str) -> None:
        status: AgentStatus | None = self._store.get(Keys.status(agent_id))
        metrics: AgentMetrics | None = self._store.get(Keys.metrics(agent_id))
        task = status.current_task if status else None
        agent = self.agents[agent_id] = AgentRow(
            agent_id,
            status,
            metrics,
            self._titles.get(task, "") if task else "",
            agent_id in self.tagged,
            self._overlaps.get(agent_id, ""),
            self._store.get(Keys.session(agent_id)),
        )
        self.rows[agent_id] = Row(agent_id, agent, urgent_line if waits_for_a_person(agent) else None)

    def _count(self) -> None:
        known = self.agents.values()
        self.counts = Counter(agent.status.status for agent in known if agent.status)
        self.waiting_since = min(
            (agent.status.status_since for agent in known if agent.status and waits_for_a_person(agent)),
            default=None,
        )
