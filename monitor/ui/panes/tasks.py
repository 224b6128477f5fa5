"""The tasks in a few words: how many there are in each status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.keystore import Keys
from monitor.text import clean
from monitor.ui import format as text

if TYPE_CHECKING:
    from monitor.keystore import KeyStore
    from monitor.model import Board
    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell, Span

TASK_GLYPHS: Final[dict[str, tuple[str, StyleName]]] = {
    "TODO": ("○", "muted"),
    "IN_PROGRESS": ("●", "info"),
    "REVIEW": ("◎", "accent"),
    "BLOCKED": ("■", "warn"),
    "DONE": ("✓", "ok"),
    "VERIFIED": ("✓", "ok"),
    "COMPLETED": ("✓", "ok"),
}


def missing_board(board: Board | None) -> Cell:
    """What to say when there are no tasks: where a board would be, or why the one that is there cannot be read."""
    if board is None:
        return (("Looking for a task board…", "muted"),)
    for state in board.boards:
        if state.error:
            return (("▲ ", "warn"), (f"{clean(state.path)}: {clean(state.error)}", "warn"))
    if any(state.shape for state in board.boards):
        return (("The board holds no tasks.", "muted"),)
    if board.boards:
        return (("No task board. It would be ", "muted"), (clean(board.boards[0].path), "text"))
    return (
        ("No task board. Name a folder that holds ", "muted"),
        ("coordination/task-board.json", "text"),
        (" with ", "muted"),
        ("--root", "key"),
    )


def task_counts(store: KeyStore) -> Cell:
    """How many tasks there are in each status, and why the board shown is not today's when it is not."""
    board: Board | None = store.get(Keys.TASKS)
    if board is None or not board.tasks:
        return missing_board(board)
    counts = board.metrics
    parts: list[Span] = []
    for word, number, style in (
        ("todo", counts.todo, "muted"),
        ("in progress", counts.in_progress, "info"),
        ("review", counts.review, "text"),
        ("blocked", counts.blocked, "warn"),
        ("done", counts.done, "ok"),
        ("other", counts.other, "muted"),
    ):
        if number:
            name: StyleName = style  # type: ignore[assignment]
            parts.append((f"{_GLYPHS[word]} {number} {word}   ", name))
    error = next((state for state in board.boards if state.error), None)
    if error is not None:
        since = text.age(error.last_synced, store.get(Keys.CLOCK))
        parts.append((f"▲ {clean(error.error)}, shown as of {since}", "warn"))
    return tuple(parts)


_GLYPHS: Final = {"todo": "○", "in progress": "●", "review": "◎", "blocked": "■", "done": "✓", "other": "?"}
