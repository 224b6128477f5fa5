"""The systems pane: the other systems that are read beside the agents, how they are, and what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

import msgspec
from textual import on
from textual.actions import SkipAction

from monitor.keystore import Keys
from monitor.model import SYSTEM_SHAPE, SourceState, SystemState
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.commands import Context, bindings
from monitor.ui.panes.pane import Pane
from monitor.ui.panes.system_facts import heard_at, source_of
from monitor.ui.panes.system_words import amount
from monitor.ui.spans import cell_width
from monitor.ui.widgets.columns import Column, Place
from monitor.ui.widgets.line_table import LineTable
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from textual.binding import BindingType

    from monitor.keystore import KeyStore
    from monitor.model import Board, BoardState, RagMetrics, RagPattern, SourceStatus, SystemReading
    from monitor.ui.filter import Numbers
    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell, Span
    from monitor.ui.widgets.columns import Placed
    from monitor.ui.widgets.rows import Parts
    from monitor.ui.wiring import Wiring

_PATTERNS_SHOWN: Final = 5
_LABEL: Final = 13
"""Cells of the word for what a line is, where it is no attached system."""


class SystemRow(msgspec.Struct, frozen=True):
    """A task board or the shared memory, or a line about what it holds."""

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


class AttachedRow(msgspec.Struct, frozen=True):
    """An attached system."""

    system: SystemState
    waiting: int | None = None
    """Entries of its queues that wait or run."""
    running: int | None = None
    """What it runs now."""
    read_at: int | None = None
    """When it was read last: so old may be what is shown of it."""

    @property
    def state(self) -> SourceState:
        """How it fares."""
        return self.system.state

    def held(self, part: str) -> int | None:
        """How many of a part there are; None when it does not tell."""
        return self.system.counts.get(part)


Line: TypeAlias = SystemRow | AttachedRow


class SystemsPane(Pane[Line]):
    """One line a system: those that are attached first, each with what it holds as far as there is room."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("systems"))
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("systems",)
    NUMBER = "7"
    CAPTION = "Systems"
    TITLES = False
    PATTERNS = (Keys.SYSTEMS, Keys.system("*"), Keys.TASKS, Keys.RAG, Keys.RAG_PATTERNS, Keys.SOURCES)
    FIELDS = frozenset({"kind", "name", "state", "engine"})
    NUMBERS: ClassVar[Numbers] = {
        "age": "seconds",
        "agents": "count",
        "tasks": "count",
        "queue": "count",
        "running": "count",
        "workflows": "count",
        "events": "count",
        "messages": "count",
    }

    def __init__(self, wiring: Wiring, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        self._attached = self._in_trouble = False
        super().__init__(wiring, id=id)

    def columns(self) -> Sequence[Column[Line]]:
        """Without an attached system: state, kind, what it holds or what is wrong, where it is, age of the reading.

        With one: its name, kind and engine, what is wrong, a column for each of its numbers, and the age.
        """
        age: Column[Line] = Column("age", "READ", 4, self._age, "right", moving=True)
        glyph: Column[Line] = Column("state", "", 1, _glyph)
        if not self._attached:
            return (
                glyph,
                Column("kind", "KIND", _LABEL, _kind, priority=1),
                Column("holds", "HOLDS", 24, _holds, flexible=3),
                Column("name", "WHERE", 16, _where, priority=2, flexible=2),
                age,
            )
        return (
            glyph,
            Column("name", "SYSTEM", 12, _name, flexible=2, limit=24),
            Column("word", "STATE", 8, _word, priority=7),
            Column("kind", "KIND", 12, _system_kind, priority=9, flexible=1, limit=22),
            Column("engine", "ENGINE", 8, _engine, priority=8),
            Column("agents", "", 10, self._number("agents"), priority=1),
            Column("tasks", "", 12, self._number("tasks"), priority=2),
            Column("queue", "", 10, _waiting, priority=3),
            Column("running", "", 10, _running, priority=4),
            Column("workflows", "", 13, self._number("workflows"), priority=5),
            Column("events", "", 10, self._number("events"), priority=6),
            Column("messages", "", 12, self._number("messages"), priority=6),
            # A problem is worth more than numbers; without one, these have the room.
            Column("problem", "", 28 if self._in_trouble else 9, self._problem, flexible=4, moving=True),
            age,
        )

    def _number(self, part: str) -> Any:
        def cell(row: Line, _width: int) -> Cell:
            count = row.held(part) if isinstance(row, AttachedRow) else None
            return () if count is None else ((amount(part, count), "text" if count else "faint"),)

        return cell

    def _age(self, row: Line, _width: int) -> Cell:
        return () if row.read_at is None else ((text.age(row.read_at, self.now), "muted"),)

    def _problem(self, row: Line, _width: int) -> Cell:
        """Since when it is down and why; of one that is well, nothing."""
        if not isinstance(row, AttachedRow):
            return ()
        system = row.system
        if system.state in ("failing", "degraded"):
            style: StyleName = "bad" if system.state == "failing" else "warn"
            since = f"for {text.age(system.since, self.now)}: " if system.since is not None else ""
            return ((f"{since}{clean(system.problem) or system.state}", style),)
        return ((f"{len(system.missing)} missing", "muted"),) if system.missing else ()

    def records(self) -> Sequence[Row[Line]]:
        """The attached systems, the task boards, then the shared memory with what is asked for most."""
        attached: list[Row[Line]] = [
            Row(f"system:{row.system.name}", row) for row in attached_rows(self.store)
        ]
        others = (*board_rows(self.store), *memory_rows(self.store))
        layout = self._spread if attached else None
        rows: list[Row[Line]] = [Row(f"{place}:{row.name}", row, layout) for place, row in enumerate(others)]
        return [*attached, *rows]

    def _spread(self, row: SystemRow, columns: Sequence[Placed[Any]]) -> Parts:
        """A line that is no attached system's, across the columns of those: what it is, holds, and where."""
        start = columns[1].x if len(columns) > 1 else 2
        last = columns[-1]
        end = last.x - 1
        holds = _holds(row, 0)
        if row.kind:
            label = min(_LABEL, max(0, end - start))
            parts = [(Place(0, 1), _glyph(row, 1)), (Place(start, label), _kind(row, label))]
            start += label + 1
        else:
            parts = []
        room = max(0, end - start)
        used = cell_width(holds)
        if row.name and room - used > _LABEL:
            holds = (*holds, ("   ", "text"), (clean(row.name), "muted"))
        parts.append((Place(start, room), holds))
        if last.column.key == "age":
            parts.append((Place(last.x, last.width), self._aged(row, last.width)))
        return parts

    def _aged(self, row: SystemRow, width: int) -> Cell:
        age = self._age(row, width)
        return ((" " * max(0, width - cell_width(age)), "text"), *age)

    def refresh_rows(self) -> None:
        """Read, filter and show; attached systems have columns of their own."""
        states: Sequence[SystemState] = self.store.get(Keys.SYSTEMS, ())
        look = (bool(states), any(state.state in ("failing", "degraded") for state in states))
        if look != (self._attached, self._in_trouble):
            self._attached, self._in_trouble = look
            self.table.show_columns(self.columns())
        super().refresh_rows()

    def fields(self, record: Line) -> Mapping[str, str]:
        """What of a system can be searched."""
        if isinstance(record, AttachedRow):
            system = record.system
            return {
                "kind": system.kind,
                "name": system.name,
                "state": system.state,
                "engine": system.engine,
                "where": system.url,
                "problem": " ".join((system.problem, *system.missing)),
            }
        return {
            "kind": record.kind,
            "name": record.name,
            "state": record.state or "",
            "holds": record.holds,
            "problem": record.problem,
        }

    def numbers(self, record: Line) -> Mapping[str, float | None]:
        """What of a system can be compared."""
        told: dict[str, float | None] = {"age": self.seconds_since(record.read_at)}
        if isinstance(record, AttachedRow):
            parts = ("agents", "tasks", "workflows", "events", "messages")
            told |= {part: record.held(part) for part in parts}
            told |= {"queue": record.waiting, "running": record.running}
        return told

    def copied(self, row: Row[Line]) -> str:
        """The attached system's name; of others, where they are."""
        return row.record.system.name if isinstance(row.record, AttachedRow) else row.record.name

    def summary(self) -> Cell:
        """How many there are in each state; nothing while there is none."""
        rows: tuple[Line, ...] = (
            *attached_rows(self.store),
            *board_rows(self.store),
            *memory_rows(self.store),
        )
        states = [row.state for row in rows if row.state]
        spans: list[Span] = []
        for state, (glyph, style) in text.SOURCE_GLYPHS.items():
            if count := states.count(state):
                spans += [("   " if spans else "", "text"), (f"{glyph} {count} {state}", style)]
        return tuple(spans)

    def empty(self) -> tuple[Cell, ...]:
        """That is no fault: it is said calmly."""
        return ((("No other system is attached: task boards and shared memories stand here.", "muted"),),)

    def action_open_system(self) -> None:
        """Look into the attached system under the cursor; on any other line the key means something else."""
        row = self.table.selected
        if row is None or not isinstance(row.record, AttachedRow):
            raise SkipAction
        from monitor.ui.opening import open_system

        open_system(self.app, self.wiring, row.record.system.name)

    @on(LineTable.Activated)
    def _clicked_twice(self, event: LineTable.Activated) -> None:
        row = self.table.selected
        if row is not None and isinstance(row.record, AttachedRow):
            event.stop()
            self.action_open_system()


def attached_rows(store: KeyStore) -> Iterator[AttachedRow]:
    """A line for each attached system."""
    sources: Sequence[SourceStatus] = store.get(Keys.SOURCES, ())
    states: Sequence[SystemState] = store.get(Keys.SYSTEMS, ())
    for state in states:
        reading: SystemReading | None = store.get(Keys.system(state.name))
        running = None
        if reading is not None and "executions" in state.counts:
            running = sum(run.status == "running" for run in reading.executions)
        yield AttachedRow(
            system=state,
            waiting=sum(state.depths.values()) if "queue" in state.counts or state.depths else None,
            running=running,
            read_at=heard_at(state, source_of(sources, state.name)),
        )


def board_rows(store: KeyStore) -> Iterator[SystemRow]:
    """A line for each root that has a task board."""
    board: Board | None = store.get(Keys.TASKS)
    for state in board.boards if board is not None else ():
        if (state.shape or state.error) and state.shape != SYSTEM_SHAPE:
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


def _glyph(row: Line, _width: int) -> Cell:
    return () if row.state is None else (text.SOURCE_GLYPHS[row.state],)


def _kind(row: Line, _width: int) -> Cell:
    return ((clean(row.kind), "text"),) if isinstance(row, SystemRow) else ()


def _where(row: Line, _width: int) -> Cell:
    return ((clean(row.name), "muted"),) if isinstance(row, SystemRow) else ()


def _holds(row: Line, _width: int) -> Cell:
    """What it holds; after it, what is wrong."""
    if not isinstance(row, SystemRow):
        return ()
    style: StyleName = "text" if row.state is not None else "muted"
    parts: list[Span] = []
    if row.state is None:
        parts.append(("└ ", "faint"))
    if row.holds:
        parts.append((clean(row.holds), style))
    if row.problem:
        parts.append((f"{'  ' if row.holds else ''}{clean(row.problem)}", "warn"))
    return tuple(parts)


def _name(row: Line, _width: int) -> Cell:
    return ((clean(row.system.name), "strong"),) if isinstance(row, AttachedRow) else ()


def _word(row: Line, _width: int) -> Cell:
    return (
        ((row.system.state, text.SOURCE_GLYPHS[row.system.state][1]),) if isinstance(row, AttachedRow) else ()
    )


def _system_kind(row: Line, _width: int) -> Cell:
    return ((clean(row.system.kind), "muted"),) if isinstance(row, AttachedRow) else ()


def _engine(row: Line, _width: int) -> Cell:
    return ((clean(row.system.engine), "muted"),) if isinstance(row, AttachedRow) else ()


def _waiting(row: Line, _width: int) -> Cell:
    """What its queues hold open: what waits is worth a look."""
    if not isinstance(row, AttachedRow) or row.waiting is None:
        return ()
    return ((f"{row.waiting:,} queued", "text" if row.waiting else "faint"),)


def _running(row: Line, _width: int) -> Cell:
    if not isinstance(row, AttachedRow) or row.running is None:
        return ()
    most = row.system.max_processes
    full = bool(most) and row.running >= most
    return ((f"{row.running:,} running", "warn" if full else "text" if row.running else "faint"),)
