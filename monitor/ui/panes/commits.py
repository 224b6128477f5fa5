"""The commits pane: what was committed, by which agents, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from monitor.keystore import Keys, KeyStore
from monitor.model import AgentStatus, Commit
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.pane import Pane
from monitor.ui.spans import UNKNOWN, Cell
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.ui.filter import Numbers


def agent_names(store: KeyStore, agent_ids: Sequence[str]) -> str:
    """The names of agents, as far as they are known, else their ids."""
    known: list[AgentStatus | str] = [store.get(Keys.status(agent_id)) or agent_id for agent_id in agent_ids]
    return ", ".join(clean(agent if isinstance(agent, str) else agent.name) for agent in known)


class CommitsPane(Pane[Commit]):
    """One line a commit; one that several agents have stands once (DESIGN.md §4)."""

    NUMBER = "2"
    CAPTION = "Commits"
    TITLES = False
    PATTERNS = (Keys.COMMIT_FEED,)
    FIELDS = frozenset({"agent", "branch", "hash", "subject"})
    NUMBERS: ClassVar[Numbers] = {"added": "count", "deleted": "count", "files": "count", "age": "seconds"}

    def columns(self) -> Sequence[Column[Commit]]:
        """Age, hash, agents, branch, size and subject."""
        return (
            Column(
                "age",
                "AGE",
                4,
                lambda row, _: ((text.age(row.commit_timestamp, self.now), "muted"),),
                "right",
                moving=True,
            ),
            Column("hash", "HASH", 7, lambda row, _: ((clean(row.short_hash), "info"),), priority=4),
            Column("agent", "AGENT", 12, self._agent, flexible=1, limit=20),
            Column("branch", "BRANCH", 10, _branch, priority=6, flexible=1, limit=20),
            Column("added", "+", 5, lambda row, _: ((f"+{row.lines_added}", "ok"),), "right", priority=3),
            Column(
                "deleted", "-", 5, lambda row, _: ((f"-{row.lines_deleted}", "bad"),), "right", priority=3
            ),
            Column(
                "files", "FILES", 3, lambda row, _: ((str(row.files_changed), "muted"),), "right", priority=7
            ),
            Column(
                "subject", "SUBJECT", 34, lambda row, _: ((clean(row.message), "text"),), flexible=6, liked=56
            ),
        )

    def _agent(self, row: Commit, _width: int) -> Cell:
        names = agent_names(self.store, row.agent_ids or (row.agent_id,))
        # A commit that no reflog vouches for may be another's work on the same branch.
        return ((names, "text"), ("?" if row.attribution == "branch" else "", "muted"))

    def records(self) -> Sequence[Row[Commit]]:
        """The newest commits of all agents."""
        commits: tuple[Commit, ...] = self.store.get(Keys.COMMIT_FEED, ())
        return [Row(commit.commit_hash, commit) for commit in commits]

    def about(self, record: Commit) -> Sequence[str]:
        """The agents that have it."""
        return record.agent_ids or (record.agent_id,)

    def fields(self, record: Commit) -> Mapping[str, str]:
        """What of a commit can be searched."""
        return {
            "agent": agent_names(self.store, record.agent_ids or (record.agent_id,)),
            "branch": record.branch or "",
            "hash": record.commit_hash,
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

    def empty(self) -> tuple[Cell, ...]:
        """Commits come by themselves."""
        return ((("No commits seen yet.", "muted"),),)


def _branch(row: Commit, _width: int) -> Cell:
    return ((clean(row.branch) if row.branch else UNKNOWN, "muted"),)
