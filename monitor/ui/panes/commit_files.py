"""The files of a commit, with what was added and deleted in each, as `git diff --stat` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from monitor.keystore import Keys
from monitor.text import clean
from monitor.ui.format import SHARED
from monitor.ui.panes.commit_facts import totals
from monitor.ui.panes.commit_overlaps import shared_files, touched_by
from monitor.ui.panes.pane import Pane, Sort
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row
from monitor.ui.wrapping import cut_start

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.model import Alert, Commit, FileChange
    from monitor.ui.filter import Numbers
    from monitor.ui.spans import Cell
    from monitor.ui.wiring import Wiring

_MARK_WIDTH = 2
_PATH_LIMIT = 4096


class FileRow(NamedTuple):
    """A file, or in the last line how many more there are."""

    place: int
    change: FileChange | None
    overlaps: bool = False
    """Whether another agent changes it too."""
    more: int = 0


class CommitFilesPane(Pane[FileRow]):
    """One line a file."""

    CAPTION = "Files"
    PATTERNS: ClassVar = (Keys.ALERTS,)
    FIELDS = frozenset({"path"})
    NUMBERS: ClassVar[Numbers] = {"added": "count", "deleted": "count"}
    SORTS: ClassVar = (
        Sort("", "git's order", lambda row: row.place if row.change else None),
        Sort("path", "path", lambda row: row.change and row.change.path),
        Sort("lines", "size", lambda row: _lines(row.change) if row.change else None, descending=True),
    )

    def __init__(self, wiring: Wiring, commit: Commit, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        self._commit = commit
        self._most = max((_lines(change) for change in commit.files or ()), default=0)
        super().__init__(wiring, id=id)

    def columns(self) -> Sequence[Column[FileRow]]:
        """Path, lines, bar."""
        return (
            Column("path", "FILE", 24, _path, flexible=6, limit=100),
            Column("added", "+", 6, _added, "right"),
            Column("deleted", "-", 6, _deleted, "right"),
            Column("lines", "LINES", 10, self._bar, priority=1, flexible=2, limit=50),
        )

    def _bar(self, row: FileRow, width: int) -> Cell:
        return stat_bar(row.change, self._most, width) if row.change else ()

    def records(self) -> Sequence[Row[FileRow]]:
        """A row for each file that is known by name, and a last one for the others."""
        changes = self._commit.files or ()
        alerts: Sequence[Alert] = self.store.get(Keys.ALERTS, ())
        overlapping = frozenset(touched_by(self._commit, shared_files(alerts)))
        rows = [
            Row(change.path, FileRow(place, change, change.path in overlapping))
            for place, change in enumerate(changes)
        ]
        more = self._commit.files_changed - len(changes)
        if rows and more > 0:
            rows.append(Row("\n", FileRow(len(rows), None, more=more)))
        return rows

    def fields(self, record: FileRow) -> Mapping[str, str]:
        """The path."""
        return {"path": record.change.path if record.change else ""}

    def numbers(self, record: FileRow) -> Mapping[str, float | None]:
        """What of a file can be compared; of a binary one no lines are known."""
        change = record.change
        return {"added": change.lines_added, "deleted": change.lines_deleted} if change else {}

    def copied(self, row: Row[FileRow]) -> str:
        """The path."""
        return row.record.change.path if row.record.change else ""

    def summary(self) -> Cell:
        """How many, and their lines."""
        return totals(self._commit)

    def empty(self) -> tuple[Cell, ...]:
        """A merge changes none by itself; of an old recording they are not known."""
        if self._commit.files is None and self._commit.files_changed:
            return ((("Which files it changed was not recorded.", "muted"),),)
        return ((("It changed no file.", "muted"),),)


def stat_bar(change: FileChange, most: int, width: int) -> Cell:
    """The lines of a file as plus and minus signs: as many as there are, or to scale where `most` would not fit."""
    if change.lines_added is None or change.lines_deleted is None:
        return (("binary", "muted"),)
    added, deleted = change.lines_added, change.lines_deleted
    if most > width:
        added, deleted = _scaled(added, deleted, most, width)
    return (("+" * added, "ok"), ("-" * deleted, "bad"))


def _scaled(added: int, deleted: int, most: int, width: int) -> tuple[int, int]:
    """Signs for these lines when `most` lines take the whole width; what is there never becomes nothing."""
    total = added + deleted
    if not total:
        return 0, 0
    kinds = (added > 0) + (deleted > 0)
    signs = min(width, max(kinds, round(total * width / most)))
    if not deleted:
        return signs, 0
    plus = min(signs - 1, max(int(added > 0), round(signs * added / total)))
    return plus, signs - plus


def _lines(change: FileChange) -> int:
    return (change.lines_added or 0) + (change.lines_deleted or 0)


def _path(row: FileRow, width: int) -> Cell:
    if row.change is None:
        return ((f"…and {row.more} more", "muted"),)
    mark = f"{SHARED} " if row.overlaps else ""
    room = width - _MARK_WIDTH if row.overlaps else width
    return ((mark, "warn"), (cut_start(clean(row.change.path, _PATH_LIMIT), room), "text"))


def _added(row: FileRow, _width: int) -> Cell:
    count = row.change.lines_added if row.change else None
    return ((f"+{count}", "ok"),) if count else ()


def _deleted(row: FileRow, _width: int) -> Cell:
    count = row.change.lines_deleted if row.change else None
    return ((f"-{count}", "bad"),) if count else ()
