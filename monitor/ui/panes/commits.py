"""Commits: what was committed, by which agents, newest first, and what of it meets another agent's work."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from monitor.keystore import Keys, KeyStore
from monitor.model import AgentStatus, Alert, Commit
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.commands import bindings
from monitor.ui.format import SHARED
from monitor.ui.panes.commit_overlaps import shared_files, touched_by
from monitor.ui.panes.pane import Pane, Sort
from monitor.ui.spans import UNKNOWN, Cell
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.line_table import LineTable
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.binding import BindingType

    from monitor.ui.filter import Numbers


def agent_names(store: KeyStore, agent_ids: Sequence[str]) -> str:
    """The names of agents, as far as they are known, else their ids."""
    known: list[AgentStatus | str] = [store.get(Keys.status(agent_id)) or agent_id for agent_id in agent_ids]
    return ", ".join(clean(agent if isinstance(agent, str) else agent.name) for agent in known)


def agents_of(commit: Commit) -> tuple[str, ...]:
    """Ids of the agents that have a commit."""
    return commit.agent_ids or (commit.agent_id,)


class CommitList(Pane[Commit]):
    """One line a commit. A mark stands before a commit that touches a file which another agent changes too."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("commits"))
    CONTEXTS = ("commits",)
    CAPTION = "Commits"
    TITLES: ClassVar[bool] = False
    FIELDS = frozenset({"agent", "branch", "hash", "file", "subject"})
    NUMBERS: ClassVar[Numbers] = {"added": "count", "deleted": "count", "files": "count", "age": "seconds"}
    SORTS: ClassVar[tuple[Sort, ...]] = (
        Sort("age", "age", lambda commit: commit.commit_timestamp, descending=True),
        Sort("agent", "agent", lambda commit: (agents_of(commit), -commit.commit_timestamp)),
        Sort("added", "size", lambda commit: commit.lines_added + commit.lines_deleted, descending=True),
    )

    def columns(self) -> Sequence[Column[Commit]]:
        """Age, hash, agents, branch, size and subject."""
        self._overlaps: dict[str, tuple[str, ...]] = {}
        self._derived_from: tuple[object, object] = (None, None)
        return (
            Column("age", "AGE", 4, self._age, "right", moving=True),
            Column("hash", "HASH", 7, lambda row, _: ((clean(row.short_hash), "info"),), priority=4),
            Column("agent", "AGENT", 12, self._agent, flexible=1, limit=20),
            Column("branch", "BRANCH", 10, _branch, priority=6, flexible=1, limit=20),
            Column("added", "+", 5, lambda row, _: ((f"+{row.lines_added}", "ok"),), "right", priority=3),
            Column(
                "deleted", "-", 5, lambda row, _: ((f"-{row.lines_deleted}", "bad"),), "right", priority=3
            ),
            Column("files", "FILES", 3, _files, "right", priority=7),
            Column("subject", "SUBJECT", 34, self._subject, flexible=6, liked=56, moving=True),
        )

    def _age(self, row: Commit, _width: int) -> Cell:
        return ((text.age(row.commit_timestamp, self.now), "muted"),)

    def _agent(self, row: Commit, _width: int) -> Cell:
        # A commit that no reflog vouches for may be another's work on the same branch.
        unsure = "?" if row.attribution == "branch" else ""
        return ((agent_names(self.store, agents_of(row)), "text"), (unsure, "muted"))

    def _subject(self, row: Commit, _width: int) -> Cell:
        subject = (clean(row.message), "text")
        return ((f"{SHARED} ", "warn"), subject) if row.commit_hash in self._overlaps else (subject,)  # type: ignore[return-value]

    def commits(self) -> Sequence[Commit]:
        """What it shows, newest first."""
        raise NotImplementedError

    def records(self) -> Sequence[Row[Commit]]:
        """A row for each commit."""
        commits = self.commits()
        self._find_overlaps(commits)
        return [Row(commit.commit_hash, commit) for commit in commits]

    def about(self, record: Commit) -> Sequence[str] | None:
        """The agents that have it."""
        return agents_of(record)

    def _find_overlaps(self, commits: Sequence[Commit]) -> None:
        """Look for overlaps when commits or alerts are others than before: never for a drawing."""
        alerts: Sequence[Alert] = self.store.get(Keys.ALERTS, ())
        if self._derived_from[0] is commits and self._derived_from[1] is alerts:
            return
        self._derived_from = commits, alerts
        shared = shared_files(alerts)
        found = ((commit.commit_hash, touched_by(commit, shared)) for commit in commits)
        self._overlaps = {commit_hash: files for commit_hash, files in found if files}

    def fields(self, record: Commit) -> Mapping[str, str]:
        """What of a commit can be searched."""
        return {
            "agent": agent_names(self.store, agents_of(record)),
            "branch": record.branch or "",
            "hash": record.commit_hash,
            "file": " ".join(change.path for change in record.files or ()),
            "subject": record.message,
        }

    def numbers(self, record: Commit) -> Mapping[str, float | None]:
        """What of a commit can be compared."""
        return {
            "added": record.lines_added,
            "deleted": record.lines_deleted,
            "files": record.files_changed,
            "age": self.seconds_since(record.commit_timestamp),
        }

    def copied(self, row: Row[Commit]) -> str:
        """The whole hash."""
        return row.record.commit_hash

    def summary(self) -> Cell:
        """How many, and how many of them meet another agent's work."""
        if not self._overlaps:
            return super().summary()
        noun = "touches a file" if len(self._overlaps) == 1 else "touch files"
        return (
            *super().summary(),
            (f"   {SHARED} {len(self._overlaps)} {noun} that another agent changes", "warn"),
        )

    # --- commands -----------------------------------------------------------------------------------------------

    def action_open_commit(self) -> None:
        """Open the selected commit."""
        row = self.table.selected
        if row is not None:
            from monitor.ui.screens.commit import CommitScreen

            self.app.push_screen(CommitScreen(self.wiring, row.record))

    def action_commit_agent(self) -> None:
        """Open the agent that made the selected commit."""
        row = self.table.selected
        if row is not None:
            from monitor.ui.screens.agent import show_agent

            show_agent(self.app, self.wiring, agents_of(row.record)[0])

    @on(LineTable.Activated)
    def _clicked_twice(self, event: LineTable.Activated) -> None:
        event.stop()
        self.action_open_commit()


class CommitsPane(CommitList):
    """The newest commits of all agents; one that several have stands once (DESIGN.md §4)."""

    NUMBER = "2"
    PATTERNS = (Keys.COMMIT_FEED, Keys.ALERTS)

    def commits(self) -> Sequence[Commit]:
        """The feed."""
        commits: Sequence[Commit] = self.store.get(Keys.COMMIT_FEED, ())
        return commits

    def empty(self) -> tuple[Cell, ...]:
        """Commits come by themselves."""
        return ((("No commits seen yet.", "muted"),),)


def _branch(row: Commit, _width: int) -> Cell:
    return ((clean(row.branch) if row.branch else UNKNOWN, "muted"),)


def _files(row: Commit, _width: int) -> Cell:
    return ((str(row.files_changed), "muted"),)
