"""A ribbon: status after status along a line, each with a character of its own, so that it reads without colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.ui import format as text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Severity, Status
    from monitor.ui.spans import Cell, Span

RIBBON: Final[dict[Status | None, Span]] = {
    "error": ("✖", "bad"),
    "blocked": ("■", "warn"),
    "active": ("▆", "ok"),
    "idle": ("▂", "muted"),
    "offline": ("·", "muted"),
    None: (" ", "text"),
}
"""Active stands high, idle low; what needs a person has the sign that it has everywhere."""
COMMIT: Final[Span] = ("┼", "accent")
"""A commit, where nobody is needed: what is blocked or in error keeps its sign."""
_KEPT: Final = frozenset({"error", "blocked"})
_WORDS: Final[tuple[Status, ...]] = ("active", "idle", "blocked", "error", "offline")


def ribbon(statuses: Sequence[Status | None], commits: Sequence[int] = ()) -> Cell:
    """A cell for each status; a commit is marked over it."""
    cells = [RIBBON[status] for status in statuses]
    for column, count in enumerate(commits[: len(cells)]):
        if count and statuses[column] not in _KEPT:
            cells[column] = COMMIT
    return joined(cells)


def alert_line(severities: Sequence[Severity | None]) -> Cell:
    """A cell for each severity; a blank where nothing fired."""
    return joined([text.SEVERITY_GLYPHS[one] if one is not None else (" ", "text") for one in severities])


def legend(*, commits: bool = False) -> Cell:
    """What the characters mean."""
    spans: list[Span] = []
    for word in _WORDS:
        spans += [RIBBON[word], (f" {word}  ", "muted")]
    if commits:
        spans += [COMMIT, (" commit", "muted")]
    else:
        spans[-1] = (f" {_WORDS[-1]}", "muted")
    return tuple(spans)


def joined(spans: Sequence[Span]) -> Cell:
    """Equal neighbours as one: a line of a hundred spans costs as much to compare as to draw."""
    found: list[Span] = []
    for letter, style in spans:
        if found and found[-1][1] == style:
            found[-1] = (found[-1][0] + letter, style)
        else:
            found.append((letter, style))
    return tuple(found)
