"""The panes of one agent's details: processes, commits, tasks, activity."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from monitor.keystore import Keys
from monitor.model import Activity, Board, Commit, FeedState, ProcessInfo, Task
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.detail import DetailPane
from monitor.ui.panes.task_words import task_status
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.ui.filter import Numbers
    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell


class ProcessesPane(DetailPane[ProcessInfo]):
    """The agent's processes, as a tree or flat by CPU."""

    CAPTION = "Processes"
    TITLES = True
    KEYS = (Keys.processes,)
    FIELDS = frozenset({"pid", "name"})
    NUMBERS: ClassVar[Numbers] = {"cpu": "percent", "mem": "bytes", "age": "seconds"}

    def columns(self) -> Sequence[Column[ProcessInfo]]:
        """Pid, state, cost, name."""
        self._tree = True
        return (
            Column("pid", "PID", 7, lambda row, _: ((str(row.pid), "info"),), "right"),
            Column("state", "S", 1, _state, priority=4),
            Column("cpu", "CPU%", 5, lambda row, _: ((text.cpu(row.cpu_usage), "text"),), "right"),
            Column("memory", "MEM", 4, lambda row, _: ((text.size(row.memory_usage), "text"),), "right"),
            Column(
                "threads",
                "THR",
                3,
                lambda row, _: ((text.count(row.thread_count), "muted"),),
                "right",
                priority=3,
            ),
            Column(
                "age",
                "AGE",
                4,
                lambda row, _: ((text.age(row.started, self.now), "muted"),),
                "right",
                priority=2,
                moving=True,
            ),
            Column("name", "NAME", 16, self._process_name, flexible=1),
        )

    def _process_name(self, row: ProcessInfo, _width: int) -> Cell:
        branch = "  " * (row.depth - 1) + "└ " if self._tree and row.depth else ""
        return ((branch, "faint"), (clean(row.name), "text"))

    def toggle_tree(self) -> None:
        """Tree or flat."""
        self._tree = not self._tree
        self.table.redraw()
        self.refresh_rows()

    def records(self) -> Sequence[Row[ProcessInfo]]:
        """The processes as the feed gives them, depth first, or by CPU."""
        processes: Sequence[ProcessInfo] = self.store.get(Keys.processes(self.agent_id), ())
        if not self._tree:
            processes = sorted(processes, key=lambda process: -(process.cpu_usage or 0.0))
        return [Row(str(process.pid), process) for process in processes]

    def fields(self, record: ProcessInfo) -> Mapping[str, str]:
        """Pid and name."""
        return {"pid": str(record.pid), "name": record.name}

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
        """How many, and in which order."""
        if not self.total:
            return ()
        return ((f"{self.total}", "text"), ("  tree" if self._tree else "  by CPU", "muted"))

    def empty(self) -> tuple[Cell, ...]:
        """The feed reads them at its next tick; in a gap of a recording nobody knows."""
        feed: FeedState | None = self.store.get(Keys.FEED)
        if self.store.get(Keys.processes(self.agent_id)) is None:
            if feed is not None and feed.mode != "live":
                return ((("Its processes of this moment are not recorded.", "muted"),),)
            return ((("Reading the process tree…", "muted"),),)
        return ((("No process seen.", "muted"),),)


def _state(row: ProcessInfo, _width: int) -> Cell:
    style: StyleName = {"R": "ok", "D": "warn", "Z": "bad"}.get(row.state, "muted")  # type: ignore[assignment]
    return ((clean(row.state), style),)


class AgentCommitsPane(DetailPane[Commit]):
    """The agent's newest commits."""

    CAPTION = "Commits"
    KEYS = (Keys.recent_commits,)

    def columns(self) -> Sequence[Column[Commit]]:
        """Age, hash, size, subject."""
        return (
            self.age_column(lambda commit: commit.commit_timestamp),
            Column("hash", "", 7, lambda row, _: ((clean(row.short_hash), "info"),), priority=2),
            Column("added", "", 5, lambda row, _: ((f"+{row.lines_added}", "ok"),), "right", priority=1),
            Column("deleted", "", 5, lambda row, _: ((f"-{row.lines_deleted}", "bad"),), "right", priority=1),
            Column("subject", "", 20, lambda row, _: ((clean(row.message), "text"),), flexible=1),
        )

    def records(self) -> Sequence[Row[Commit]]:
        """Newest first."""
        commits: Sequence[Commit] = self.store.get(Keys.recent_commits(self.agent_id), ())
        return [Row(commit.commit_hash, commit) for commit in commits]

    def fields(self, record: Commit) -> Mapping[str, str]:
        """Hash and subject."""
        return {"hash": record.commit_hash, "subject": record.message}

    def copied(self, row: Row[Commit]) -> str:
        """The whole hash."""
        return row.record.commit_hash

    def empty(self) -> tuple[Cell, ...]:
        """It may not have committed."""
        return ((("No commits seen yet.", "muted"),),)


class AgentTasksPane(DetailPane[Task]):
    """The tasks assigned to the agent."""

    CAPTION = "Tasks"
    KEYS = (lambda _agent_id: Keys.TASKS,)

    def columns(self) -> Sequence[Column[Task]]:
        """Status, id, title, age of the last update."""
        return (
            Column("status", "", 13, lambda task, _: task_status(task)),
            Column("id", "", 8, lambda task, _: ((clean(task.id), "text"),), limit=12, flexible=1),
            Column("title", "", 20, lambda task, _: ((clean(task.title), "text"),), flexible=4),
            self.age_column(lambda task: task.updated_at),
        )

    def records(self) -> Sequence[Row[Task]]:
        """Those assigned to it, or to all."""
        board: Board = self.store.get(Keys.TASKS) or Board()
        mine = [task for task in board.tasks if task.assigned_to in (self.agent_id, "all")]
        return [Row(f"{task.root}\n{task.id}", task) for task in mine]

    def fields(self, record: Task) -> Mapping[str, str]:
        """Id, status and title."""
        return {"id": record.id, "status": record.status, "title": record.title}

    def copied(self, row: Row[Task]) -> str:
        """The task's id."""
        return row.record.id

    def empty(self) -> tuple[Cell, ...]:
        """The board may not name it."""
        return ((("No tasks are assigned to it.", "muted"),),)


class ActivityPane(DetailPane[Activity]):
    """What the agent did and what happened to it."""

    CAPTION = "Activity"
    KEYS = (Keys.activity,)

    def columns(self) -> Sequence[Column[Activity]]:
        """Age, kind, text."""
        return (
            self.age_column(lambda item: item.timestamp),
            Column("kind", "", 15, lambda item, _: ((clean(item.kind), "muted"),), priority=1),
            Column("text", "", 20, lambda item, _: ((clean(item.text), "text"),), flexible=1),
        )

    def records(self) -> Sequence[Row[Activity]]:
        """Newest first; what is equal stands once more."""
        items: Sequence[Activity] = self.store.get(Keys.activity(self.agent_id), ())
        # Counted from the oldest, so that an entry keeps its identity when newer ones come.
        return [Row(str(len(items) - place), item) for place, item in enumerate(items)]

    def fields(self, record: Activity) -> Mapping[str, str]:
        """Kind and text."""
        return {"kind": record.kind, "text": record.text}

    def empty(self) -> tuple[Cell, ...]:
        """Quiet so far."""
        return ((("No activity seen yet.", "muted"),),)
