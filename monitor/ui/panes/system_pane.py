"""What the panes about attached systems have in common: which systems they show, and what is not told of a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import on

from monitor.keystore import Keys
from monitor.text import clean
from monitor.ui.commands import Context, bindings
from monitor.ui.panes.pane import Pane
from monitor.ui.panes.system_words import PARTS, missing_of
from monitor.ui.widgets.columns import Column, R
from monitor.ui.widgets.line_table import LineTable
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.binding import BindingType

    from monitor.model import FeedState, SystemReading, SystemState
    from monitor.ui.panes.system_scope import Scope
    from monitor.ui.spans import Cell
    from monitor.ui.wiring import Wiring


class SystemPane(Pane[R]):
    """A pane about some parts of the systems that a scope names."""

    PATTERNS: ClassVar[tuple[str, ...]] = (Keys.SYSTEMS, Keys.system("*"))
    PARTS: ClassVar[tuple[str, ...]]
    """What of a reading it looks at, the part that its lines are first."""

    def __init__(self, wiring: Wiring, scope: Scope, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        self.scope = scope
        self._mixed = scope.mixed
        self._seen: object = None
        self._shown_readings: Sequence[SystemReading] = ()
        super().__init__(wiring, id=id)

    # --- what a pane says of itself -----------------------------------------------------------------------------

    def own_columns(self) -> Sequence[Column[R]]:
        """Its columns beside the one that names the system."""
        raise NotImplementedError

    def columns(self) -> Sequence[Column[R]]:
        """Its own; where several systems are shown, also whose a line is."""
        if not self._mixed:
            return self.own_columns()
        system: Column[R] = Column("system", "SYSTEM", 8, self._system, flexible=1, limit=16)
        return (system, *self.own_columns())

    def _system(self, record: R, _width: int) -> Cell:
        return ((clean(self.system_of(record)), "info"),)

    def system_of(self, record: R) -> str:
        """Name of the system that a record is of."""
        return str(getattr(record, "system", ""))

    # --- news ---------------------------------------------------------------------------------------------------

    def listen(self) -> None:
        """Be told also when other systems are to be shown."""
        super().listen()
        self._stop_scope = self.scope.subscribe(self.refresh_rows)

    def stop_listening(self) -> None:
        """Be told no more."""
        super().stop_listening()
        self._stop_scope()

    def notice(self, changed: frozenset[str]) -> None:
        """Show what is new of its parts; most of what is new of a system is not."""
        if self._signature() != self._seen:
            super().notice(changed - {Keys.CLOCK} | {Keys.SYSTEMS})
        elif Keys.CLOCK in changed:
            super().notice(frozenset({Keys.CLOCK}))

    def _signature(self) -> object:
        """What its lines and its title are made of: a part in which nothing is new is the very tuple of before."""
        return tuple(
            (
                state.name,
                state.missing,
                *(self._part_signature(state, self.scope.reading(state.name), part) for part in self.PARTS),
            )
            for state in self.scope.states
        )

    def _part_signature(self, state: SystemState, reading: SystemReading | None, part: str) -> object:
        records = getattr(reading, part, None) if reading is not None else None
        return (id(records), state.counts.get(part), state.shown.get(part))

    def refresh_rows(self) -> None:
        """Read, filter, sort and show; whose a line is stands in it where several systems are shown."""
        self._seen = self._signature()
        # Held, so that no other tuple can come to stand where one of these stood.
        self._shown_readings = self.scope.readings()
        if self._mixed != self.scope.mixed:
            self._mixed = self.scope.mixed
            self.table.show_columns(self.columns())
        super().refresh_rows()

    # --- what is told -------------------------------------------------------------------------------------------

    @property
    def of_how_many(self) -> int:
        """How many there are of its lines, also of those that are not shown."""
        part = self.PARTS[0]
        return sum(max(state.counts.get(part, 0), 0) for state in self.scope.states)

    def more(self) -> Cell:
        """For the title: how many there are, when not all of them are shown."""
        there = self.of_how_many
        return ((f"   of {there:,}", "muted"),) if there > self.total > 0 else ()

    def summary(self) -> Cell:
        """How many."""
        return ((f"{self.total:,}", "muted"), *self.more()) if self.total else ()

    def empty(self) -> tuple[Cell, ...]:
        """Why there is nothing: nothing is there, a system cannot be read, or it was not recorded."""
        states = self.scope.states
        part = self.PARTS[0]
        several = PARTS[part][1]
        if not states:
            return (
                (("No system is attached: ", "muted"), ("[[systems]]", "key"), (" names them.", "muted")),
            )
        feed: FeedState | None = self.store.get(Keys.FEED)
        replayed = feed is not None and feed.mode == "replay"
        lines: list[Cell] = []
        for state in states:
            name = f"{clean(state.name)}: " if self.scope.mixed else ""
            if why := missing_of(state, part):
                lines.append(((f"{name}cannot be read: {clean(why)}", "muted"),))
            elif replayed and state.counts.get(part):
                told = f"{name}{state.counts[part]:,} were there; which ones was not recorded."
                lines.append(((told, "muted"),))
        if not lines and replayed and not any(part in state.counts for state in states):
            lines.append(((f"Its {several} were not recorded.", "muted"),))
        return tuple(lines) or (((f"No {several}.", "muted"),),)

    # --- records ------------------------------------------------------------------------------------------------

    def all_of(self, part: str) -> list[Row[Any]]:
        """A row for each record of a part."""
        return [
            Row(f"{reading.state.name}\n{record.id}", record)
            for reading in self.scope.readings()
            for record in getattr(reading, part)
        ]

    def agent(self, record: Any) -> str:
        """The name of the agent that a record is about."""
        return clean(self.scope.agent_name(record.system, record.agent_id)) if record.agent_id else ""


class SystemListPane(SystemPane[R]):
    """A pane whose lines are records with details of their own."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("system-rows"))
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("system-rows",)

    def records(self) -> Sequence[Row[R]]:
        """A row for each record of its first part."""
        return self.all_of(self.PARTS[0])

    def place_of(self, record: R) -> tuple[str, str, str]:
        """Where the record stands: its system, its part, its id."""
        return (self.system_of(record), self.PARTS[0], str(getattr(record, "id", "")))

    def copied(self, row: Row[R]) -> str:
        """Its id in its system."""
        return self.place_of(row.record)[2]

    def common_fields(self, record: R) -> Mapping[str, str]:
        """What every record can be searched by."""
        extra: Mapping[str, str] = getattr(record, "extra", {})
        return {
            "system": self.system_of(record),
            "id": self.place_of(record)[2],
            "extra": " ".join(extra.values()),
        }

    def action_open_record(self) -> None:
        """Everything that is known of the record under the cursor."""
        row = self.table.selected
        if row is not None:
            from monitor.ui.screens.systems import RecordScreen

            self.app.push_screen(RecordScreen(self.wiring, *self.place_of(row.record)))

    @on(LineTable.Activated)
    def _clicked_twice(self, event: LineTable.Activated) -> None:
        event.stop()
        self.action_open_record()
