"""The facts about one commit: its whole subject, who has it, where and when it was made, and how large it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from monitor.keystore import Keys
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.format import SHARED
from monitor.ui.panes.commit_overlaps import shared_files, touched_by
from monitor.ui.panes.commits import agent_names, agents_of
from monitor.ui.panes.facts import AGE_WIDTH, LABEL_WIDTH, Fact, FactsPane
from monitor.ui.spans import UNKNOWN, Cell
from monitor.ui.widgets.rows import Row
from monitor.ui.wrapping import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.model import Alert, Commit
    from monitor.ui.wiring import Wiring

_BESIDE = LABEL_WIDTH + AGE_WIDTH + 6
"""Cells of a line that are no value: label, age, and the gaps of a wide table."""


class CommitFactsPane(FactsPane):
    """One line a fact; the subject takes as many as it needs."""

    CAPTION = "Commit"
    PATTERNS: ClassVar = (Keys.COMMIT_FEED, Keys.ALERTS, Keys.AGENTS)

    def __init__(self, wiring: Wiring, commit: Commit, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        self._commit = commit
        super().__init__(wiring, id=id)

    @property
    def commit(self) -> Commit:
        """As the feed knows it now, for other agents may have it by now; else as it was when it was opened."""
        feed: Sequence[Commit] = self.store.get(Keys.COMMIT_FEED, ())
        commit_hash = self._commit.commit_hash
        self._commit = next((one for one in feed if one.commit_hash == commit_hash), self._commit)
        return self._commit

    def copied(self, row: Row[Fact]) -> str:  # noqa: ARG002 - whichever fact it is
        """The whole hash."""
        return self._commit.commit_hash

    def on_resize(self) -> None:
        """Wrap the subject to the new width."""
        self.refresh_rows()

    def records(self) -> Sequence[Row[Fact]]:
        """Subject, hash, agents, author, branch, repository, time, totals, and whom it meets."""
        commit = self.commit
        facts = (
            *_subject(commit, max(20, self.app.size.width - _BESIDE)),
            Fact("Hash", ((clean(commit.commit_hash), "info"),)),
            *self._agents(commit),
            *_circumstances(commit),
            *self._overlap(commit),
        )
        return [Row(str(place), fact) for place, fact in enumerate(facts)]

    def _agents(self, commit: Commit) -> Iterator[Fact]:
        known = {
            "reflog": "its worktree's log tells",
            "branch": "only the branch does: another may have made it",
        }
        for place, agent_id in enumerate(agents_of(commit)):
            how = known[commit.attribution] if place == 0 else "has it too"
            value: Cell = ((agent_names(self.store, (agent_id,)), "strong"), (f"  {how}", "muted"))
            yield Fact("" if place else "Agent", value, agent_id=agent_id)

    def _overlap(self, commit: Commit) -> Iterator[Fact]:
        alerts: Sequence[Alert] = self.store.get(Keys.ALERTS, ())
        files = touched_by(commit, shared_files(alerts))
        if files:
            yield Fact(
                "Overlap",
                ((f"{SHARED} {clean(', '.join(files))}", "warn"), (", which another agent changes", "muted")),
            )

    def summary(self) -> Cell:
        """Its short hash and size."""
        return ((clean(self._commit.short_hash), "info"), ("  ", "text"), *totals(self._commit))

    def empty(self) -> tuple[Cell, ...]:
        """A commit has facts."""
        return ()


def totals(commit: Commit) -> Cell:
    """How large it is: `3 files  +37 -11`."""
    noun = "file" if commit.files_changed == 1 else "files"
    return (
        (f"{commit.files_changed} {noun}  ", "text"),
        (f"+{commit.lines_added}", "ok"),
        (" ", "text"),
        (f"-{commit.lines_deleted}", "bad"),
    )


def _subject(commit: Commit, width: int) -> Iterator[Fact]:
    for place, line in enumerate(wrapped(clean(commit.message), width)):
        yield Fact("" if place else "Subject", ((line, "strong"),))


def _circumstances(commit: Commit) -> Iterator[Fact]:
    author: Cell = ((clean(commit.author_name), "text"), (f"  <{clean(commit.author_email)}>", "muted"))
    yield Fact("Author", author)
    yield Fact("Branch", ((clean(commit.branch), "text"),) if commit.branch else ((UNKNOWN, "faint"),))
    if commit.repository:
        yield Fact("Repository", ((clean(commit.repository), "text"),))
    yield Fact("Time", ((text.day_time(commit.commit_timestamp), "text"),), commit.commit_timestamp)
    yield Fact("Size", totals(commit))
