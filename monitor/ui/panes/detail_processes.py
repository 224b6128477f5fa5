"""An agent's processes, as a tree or flat by CPU, and the ports that they listen on."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from monitor.keystore import Keys
from monitor.model import FeedState, ProcessInfo
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.detail import DetailPane
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.ui.filter import Numbers
    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell
    from monitor.ui.wiring import Wiring


class ProcessesPane(DetailPane[ProcessInfo]):
    """One line a process. While it is there, the feed is asked for the tree."""

    NUMBER = "3"
    CAPTION = "Processes"
    TITLES = True
    KEYS = (Keys.processes,)
    FIELDS = frozenset({"pid", "name", "port"})
    NUMBERS: ClassVar[Numbers] = {"cpu": "percent", "mem": "bytes", "age": "seconds"}

    def __init__(self, wiring: Wiring, agent_id: str, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        self._tree = True
        super().__init__(wiring, agent_id, id=id)

    def columns(self) -> Sequence[Column[ProcessInfo]]:
        """Pid, state, cost, ports, name."""
        return (
            Column("pid", "PID", 7, lambda row, _: ((str(row.pid), "info"),), "right"),
            Column("state", "S", 1, _state, priority=4),
            Column("cpu", "CPU%", 5, _cpu, "right"),
            Column("memory", "MEM", 4, lambda row, _: ((text.size(row.memory_usage), "text"),), "right"),
            Column("threads", "THR", 3, _threads, "right", priority=3),
            Column("age", "AGE", 4, self._age, "right", priority=2, moving=True),
            Column("ports", "PORTS", 9, lambda row, _: ((_ports(row), "accent"),), flexible=1, limit=23),
            Column("name", "NAME", 16, self._process_name, flexible=3),
        )

    def _age(self, row: ProcessInfo, _width: int) -> Cell:
        return ((text.age(row.started, self.now), "muted"),)

    def _process_name(self, row: ProcessInfo, _width: int) -> Cell:
        branch = "  " * (row.depth - 1) + "└ " if self._tree and row.depth else ""
        return ((branch, "faint"), (clean(row.name), "text"))

    def toggle_tree(self) -> None:
        """Tree or flat."""
        self._tree = not self._tree
        self.table.redraw()
        self.refresh_rows()

    def _processes(self) -> Sequence[ProcessInfo]:
        return self.store.get(Keys.processes(self.agent_id)) or ()

    def records(self) -> Sequence[Row[ProcessInfo]]:
        """The processes as the feed gives them, depth first, or by CPU."""
        processes = self._processes()
        if not self._tree:
            processes = sorted(processes, key=lambda process: -(process.cpu_usage or 0.0))
        return [Row(str(process.pid), process) for process in processes]

    def fields(self, record: ProcessInfo) -> Mapping[str, str]:
        """Pid, name and ports."""
        return {"pid": str(record.pid), "name": record.name, "port": _ports(record)}

    def numbers(self, record: ProcessInfo) -> Mapping[str, float | None]:
        """What of a process can be compared."""
        return {
            "cpu": record.cpu_usage,
            "mem": record.memory_usage,
            "age": self.seconds_since(record.started),
        }

    def copied(self, row: Row[ProcessInfo]) -> str:
        """The process id."""
        return str(row.record.pid)

    def summary(self) -> Cell:
        """How many, in which order, and where they can be reached."""
        if not self.total:
            return ()
        ports = sorted({port for process in self._processes() for port in process.ports})
        return (
            (f"{self.total}", "text"),
            ("  tree" if self._tree else "  by CPU", "muted"),
            ("  listening on ", "muted") if ports else ("", "text"),
            (" ".join(map(str, ports)), "accent"),
        )

    def nothing(self) -> tuple[Cell, ...]:
        """The feed reads them at its next tick; in a gap of a recording nobody knows."""
        feed: FeedState | None = self.store.get(Keys.FEED)
        if self.store.get(Keys.processes(self.agent_id)) is None:
            if feed is not None and feed.mode != "live":
                return ((("Its processes of this moment are not recorded.", "muted"),),)
            return ((("Reading the process tree…", "muted"),),)
        return ((("No process seen.", "muted"),),)


def _ports(row: ProcessInfo) -> str:
    return " ".join(map(str, row.ports))


def _cpu(row: ProcessInfo, _width: int) -> Cell:
    return ((text.cpu(row.cpu_usage), "text"),)


def _threads(row: ProcessInfo, _width: int) -> Cell:
    return ((text.count(row.thread_count), "muted"),)


def _state(row: ProcessInfo, _width: int) -> Cell:
    style: StyleName = {"R": "ok", "D": "warn", "Z": "bad"}.get(row.state, "muted")  # type: ignore[assignment]
    return ((clean(row.state), style),)
