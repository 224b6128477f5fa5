"""The process trees that can be unfolded under agents; a tree is asked for only while it is in sight."""

from __future__ import annotations

import glob
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from monitor.keystore import Keys
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.agent_rows import AgentLine, ProcessRow
from monitor.ui.spans import Cell, Span, fit
from monitor.ui.widgets.columns import Place, Placed
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from monitor.model import FeedState, ProcessInfo
    from monitor.ui.palette import StyleName
    from monitor.ui.widgets.rows import Parts
    from monitor.ui.wiring import Wiring

_STATES: Final[dict[str, StyleName]] = {"R": "ok", "D": "warn", "Z": "bad"}
_PORTS: Final = 3
"""Ports that a line names."""


class Trees:
    """Which agents show their processes, and the subscriptions of those in sight."""

    def __init__(self, wiring: Wiring, changed: Callable[[], None], now: Callable[[], int | None]) -> None:
        self._store = wiring.store
        self._notices = wiring.notices
        self._changed = changed
        self._now = now
        self.unfolded: frozenset[str] = frozenset()
        """Ids of the agents that show their processes."""
        self._listening: dict[str, Callable[[], None]] = {}
        self._known: dict[str, tuple[ProcessInfo, ...]] = {}

    def toggle(self, agent_ids: Collection[str]) -> None:
        """Unfold these agents, or fold them when all of them are unfolded."""
        chosen = frozenset(agent_ids)
        self.keep(self.unfolded - chosen if chosen <= self.unfolded else self.unfolded | chosen)

    def keep(self, agent_ids: Collection[str]) -> None:
        """Let these agents be unfolded, and no others."""
        self.unfolded = frozenset(agent_ids)
        self._known = {agent_id: tree for agent_id, tree in self._known.items() if agent_id in self.unfolded}
        self.look_at(self._listening.keys() & self.unfolded)

    def look_at(self, agent_ids: Collection[str]) -> bool:
        """These are in sight: ask for the trees of those that are unfolded, and for no others.

        True when a tree that was not asked for before is known already.
        """
        wanted = self.unfolded & frozenset(agent_ids)
        before = dict(self._known)
        for agent_id in self._listening.keys() - wanted:
            self._listening.pop(agent_id)()
        for agent_id in wanted - self._listening.keys():
            key = glob.escape(Keys.processes(agent_id))
            self._listening[agent_id] = self._notices.listen((key,), partial(self._told, agent_id))
            self._remember(agent_id)
        return self._known != before

    def close(self) -> None:
        """Ask for nothing any more."""
        self.look_at(())

    def _told(self, agent_id: str, _keys: frozenset[str]) -> None:
        self._remember(agent_id)
        self._changed()

    def _remember(self, agent_id: str) -> None:
        """Note a tree, or that nobody knows it; what nobody asks for may vanish from the store and stays here."""
        tree: tuple[ProcessInfo, ...] | None = self._store.get(Keys.processes(agent_id))
        if tree is None:
            self._known.pop(agent_id, None)
        else:
            self._known[agent_id] = tree

    def rows(self, agent_id: str) -> list[Row[AgentLine]]:
        """The lines under an agent: its processes, or why there are none."""
        tree = self._known.get(agent_id)
        if tree:
            return [
                Row(f"\n{agent_id}\n{process.pid}", ProcessRow(agent_id, process), self._line)
                for process in tree
            ]
        if tree is not None:
            note = "No process seen."
        else:
            feed: FeedState | None = self._store.get(Keys.FEED)
            live = feed is None or feed.mode == "live"
            note = "Reading the process tree…" if live else "Its processes of this moment are not recorded."
        return [Row(f"\n{agent_id}\n", ProcessRow(agent_id, None, note), self._line)]

    def _line(self, row: ProcessRow, columns: Sequence[Placed[Any]]) -> Parts:
        """State and age under those of agents, the name indented in the room up to the numbers."""
        placed = {column.key: Place(x, width) for column, x, width in columns}
        name = placed.get("name", Place(0, 0))
        end = columns[-1].x + columns[-1].width if columns else 0
        end = max(name.x, min([end, *(placed[key].x - 1 for key in ("cpu", "memory") if key in placed)]))
        label = (Place(name.x, end - name.x), _label(row))
        process = row.process
        if process is None:
            return [label]
        state: Cell = ((clean(process.state), _STATES.get(process.state, "muted")),)
        cells: dict[str, Cell] = {
            "status": state,
            "since": ((text.age(process.started, self._now()), "muted"),),
            "cpu": ((text.cpu(process.cpu_usage), "text"),),
            "memory": ((text.size(process.memory_usage), "text"),),
        }
        parts = [
            (place, fit(cells[key], place.width, "right")) for key, place in placed.items() if key in cells
        ]
        # Where the names have no room, nothing may stand on the other columns.
        return sorted([*parts, label] if "name" in placed else parts, key=lambda part: part[0].x)


def _label(row: ProcessRow) -> Cell:
    if row.process is None:
        return (("└ ", "faint"), (row.note, "muted"))
    process = row.process
    spans: list[Span] = [
        ("  " * process.depth + "└ ", "faint"),
        (f"{process.pid} ", "info"),
        (clean(process.name), "text"),
    ]
    if process.ports:
        more = "…" if len(process.ports) > _PORTS else ""
        spans.append(("  " + " ".join(f":{port}" for port in process.ports[:_PORTS]) + more, "muted"))
    return tuple(spans)
