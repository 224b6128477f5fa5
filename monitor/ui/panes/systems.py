"""The systems pane: the other systems that are read beside the agents, how they are, and what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from monitor.keystore import Keys
from monitor.model import SourceState
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.pane import Pane
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from monitor.keystore import KeyStore
    from monitor.model import Board, BoardState, RagMetrics, RagPattern, SourceStatus
    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell, Span

_PATTERNS_SHOWN: Final = 5


class SystemRow(msgspec.Struct, frozen=True):
    """One other system, or a line about what it holds."""

    kind: str
    """What sort of system it is: `task board`, `shared memory`; empty for a line about the one above."""
    name: str
    """Which one: a folder, an address, an origin."""
    state: SourceState | None = None
    """None for a line about the one above."""
    holds: str = ""
    """What it holds, in a few words and numbers."""
    read_at: int | None = None
    """When it was read last."""
    problem: str = ""
    """Why it cannot be read, or what of it was left out."""


class SystemsPane(Pane[SystemRow]):
    """One line a system."""

    NUMBER = "7"
    CAPTION = "Systems"
    TITLES = False
    PATTERNS = (Keys.TASKS, Keys.RAG, Keys.RAG_PATTERNS, Keys.SOURCES)
    FIELDS = frozenset({"kind", "name", "state"})

    def columns(self) -> Sequence[Column[SystemRow]]:
        """State, kind, what it holds or what is wrong, where it is, age of the reading."""
        return (
            Column("state", "", 1, _glyph),
            Column("kind", "KIND", 13, lambda row, _: ((clean(row.kind), "text"),), priority=1),
            Column("holds", "HOLDS", 24, _holds, flexible=3),
            Column("name", "WHERE", 16, lambda row, _: ((clean(row.name), "muted"),), priority=2, flexible=2),
            Column("age", "READ", 4, self._age, "right", moving=True),
        )

    def _age(self, row: SystemRow, _width: int) -> Cell:
        return () if row.read_at is None else ((text.age(row.read_at, self.now), "muted"),)

    def records(self) -> Sequence[Row[SystemRow]]:
        """The task boards, then the shared memory with what is asked for most."""
        return [
            Row(f"{place}:{row.name}", row)
            for place, row in enumerate((*board_rows(self.store), *memory_rows(self.store)))
        ]

    def fields(self, record: SystemRow) -> Mapping[str, str]:
        """What of a system can be searched."""
        return {
            "kind": record.kind,
            "name": record.name,
            "state": record.state or "",
            "holds": record.holds,
            "problem": record.problem,
        }

    def summary(self) -> Cell:
        """How many there are in each state; nothing while there is none."""
        states = [row.state for row in (*board_rows(self.store), *memory_rows(self.store)) if row.state]
        spans: list[Span] = []
        for state, (glyph, style) in text.SOURCE_GLYPHS.items():
            if count := states.count(state):
                spans += [("   " if spans else "", "text"), (f"{glyph} {count} {state}", style)]
        return tuple(spans)

    def empty(self) -> tuple[Cell, ...]:
        """That is no fault: it is said calmly."""
        return ((("No other system is attached: task boards and shared memories stand here.", "muted"),),)


def board_rows(store: KeyStore) -> Iterator[SystemRow]:
    """A line for each root that has a task board."""
    board: Board | None = store.get(Keys.TASKS)
    for state in board.boards if board is not None else ():
        if state.shape or state.error:
            count = sum(task.root == state.root for task in board.tasks) if board is not None else 0
            yield _board_row(state, count)


def _board_row(state: BoardState, count: int) -> SystemRow:
    condition: SourceState = "ok"
    if state.error:
        condition = "degraded" if state.partial else "failing"
    holds = f"{count} task{'' if count == 1 else 's'}"
    return SystemRow(
        kind="task board",
        name=state.path,
        state=condition,
        holds=f"{holds}, {state.sprint}" if state.sprint else holds,
        read_at=state.last_synced,
        problem=state.error,
    )


def memory_rows(store: KeyStore) -> Iterator[SystemRow]:
    """A line for the shared memory when one is configured or found, and one for each pattern that is asked for most."""
    rag: RagMetrics | None = store.get(Keys.RAG)
    sources: Sequence[SourceStatus] = store.get(Keys.SOURCES, ())
    source = next((source for source in sources if source.name == "rag"), None)
    trouble = source is not None and source.state in ("failing", "degraded")
    if rag is None and not trouble:
        return
    told = _memory_holds(rag) if rag is not None else ""
    yield SystemRow(
        kind="shared memory",
        name=rag.origin if rag is not None else "",
        state=source.state if source is not None and trouble else "ok",
        holds=told,
        read_at=rag.timestamp if rag is not None else None,
        problem=source.error if source is not None and trouble else "",
    )
    patterns: Sequence[RagPattern] = store.get(Keys.RAG_PATTERNS) or ()
    for pattern in patterns[:_PATTERNS_SHOWN]:
        times = "" if pattern.count is None else f", asked {pattern.count:,} times"
        yield SystemRow(kind="", name="", holds=f"{pattern.name}{times}")


def _memory_holds(rag: RagMetrics) -> str:
    """What is known of the shared memory; what its origin does not tell is left out."""
    parts = (
        f"{rag.total_patterns:,} patterns" if rag.total_patterns is not None else "",
        text.size(rag.memory_usage) if rag.memory_usage is not None else "",
        f"{rag.total_queries:,} queries" if rag.total_queries is not None else "",
        f"{text.percent(rag.hit_rate)} hits" if rag.hit_rate is not None else "",
        text.milliseconds(rag.average_response_time) if rag.average_response_time is not None else "",
    )
    return ", ".join(filter(None, parts))


def _glyph(row: SystemRow, _width: int) -> Cell:
    return () if row.state is None else (text.SOURCE_GLYPHS[row.state],)


def _holds(row: SystemRow, _width: int) -> Cell:
    """What it holds; after it, what is wrong."""
    style: StyleName = "text" if row.state is not None else "muted"
    parts: list[Span] = []
    if row.state is None:
        parts.append(("└ ", "faint"))
    if row.holds:
        parts.append((clean(row.holds), style))
    if row.problem:
        parts.append((f"{'  ' if row.holds else ''}{clean(row.problem)}", "warn"))
    return tuple(parts)
