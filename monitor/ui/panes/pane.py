"""What all panes have in common: rows from the store, a filter, an order, a title, and how they are told of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, NamedTuple

from textual import on
from textual.actions import SkipAction

from monitor.keystore import Keys
from monitor.ui.commands import bindings
from monitor.ui.filter import Filter, Numbers
from monitor.ui.panes.base import BasePane
from monitor.ui.widgets.columns import Column, R
from monitor.ui.widgets.filter_line import FilterBar, FilterLine, hint_of
from monitor.ui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.binding import BindingType
    from textual.widget import Widget

    from monitor.ui.spans import Cell
    from monitor.ui.widgets.rows import Row
    from monitor.ui.wiring import Wiring

_KEPT_FILTERS: Final = 20
"""Filters of a pane that can be recalled."""
_AGE_STEP: Final = 5_000
"""Milliseconds that the clock moves before ages are looked at again; their text moves in steps of ten seconds."""


class Sort(NamedTuple):
    """An order of rows; rows whose value is None come last either way."""

    column: str
    """Key of the column that is marked."""
    title: str
    value: Callable[[Any], Any]
    descending: bool = False
    part: str = ""
    """The attribute of the record that it looks at, as with `Column.part`."""


class Pane(BasePane, Generic[R]):
    """A title over a live table."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("pane", "order"))
    PATTERNS: ClassVar[tuple[str, ...]]
    """Keys of the store that it shows."""
    TITLES: ClassVar[bool] = True
    SORTS: ClassVar[tuple[Sort, ...]] = ()
    FIELDS: ClassVar[frozenset[str]] = frozenset()
    """Names that its filter knows."""
    NUMBERS: ClassVar[Numbers] = {}
    """Numbers that its filter can compare, and what each measures."""

    def __init__(self, wiring: Wiring, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(wiring, id=id)
        self.now: int | None = None
        self.table = self.make_table()
        self.filter = Filter()
        self._kept_filters: list[str] = []
        self.total = 0
        self._told_wanted = 0
        self._sort = 0
        self._inverted = False
        self._searched: dict[str, tuple[R, Mapping[str, str]]] = {}
        self._recall()

    def _recall(self) -> None:
        """Begin with the order that was chosen last."""
        chosen = self.wiring.memory.of_pane(self.id or "")
        columns = [sort.column for sort in self.SORTS]
        if chosen.get("sort") in columns:
            self._sort = columns.index(chosen["sort"])
        self._inverted = bool(self.SORTS) and chosen.get("inverted") == "yes"

    def _remember(self) -> None:
        self.wiring.memory.change_pane(
            self.id or "",
            sort=self.sort.column if self._sort else "",
            inverted="yes" if self._inverted else "",
        )

    # --- what a pane says of itself -----------------------------------------------------------------------------

    def columns(self) -> Sequence[Column[R]]:
        """Its columns."""
        raise NotImplementedError

    def make_table(self) -> LineTable[R]:
        """What shows its rows."""
        return LineTable(self.columns(), titles=self.TITLES)

    def records(self) -> Sequence[Row[R]]:
        """All its rows, in the store's order."""
        raise NotImplementedError

    def fields(self, record: R) -> Mapping[str, str]:
        """A row as the filter sees it: field names to text."""
        raise NotImplementedError

    def numbers(self, record: R) -> Mapping[str, float | None]:  # noqa: ARG002 - for panes that have some
        """The `NUMBERS` of a row; what is unknown is None, and matches no comparison."""
        return {}

    def copied(self, row: Row[R]) -> str:  # noqa: ARG002 - as above
        """What copying a row gives: its id or hash; empty when there is nothing to copy."""
        return ""

    def agent_of(self, row: Row[R]) -> str:  # noqa: ARG002 - as above
        """Id of the agent that a row is; empty when it is none."""
        return ""

    def chosen(self) -> Sequence[Row[R]]:
        """The rows that a command is about: the tagged ones where a pane has tags, else the selected one."""
        row = self.table.selected
        return () if row is None else (row,)

    def summary(self) -> Cell:
        """What stands in the title."""
        return ((str(self.total), "muted"),) if self.total else ()

    def empty(self) -> tuple[Cell, ...]:
        """What to say when there is no row."""
        raise NotImplementedError

    @property
    def inner(self) -> Widget:
        """The table."""
        return self.table

    @property
    def wanted(self) -> int:
        """Lines at which all it has is in sight, its titles included; a filter does not change that."""
        return 1 + self.TITLES + (self.total or max(1, len(self.table.empty)))

    # --- life ---------------------------------------------------------------------------------------------------

    def patterns(self) -> tuple[str, ...]:
        """Keys of the store to be told of: its own, and the clock for the ages."""
        return (*self.PATTERNS, Keys.CLOCK)

    def notice(self, changed: frozenset[str]) -> None:
        """Some of its keys have changed; ages move with the clock."""
        now = self.store.get(Keys.CLOCK)
        if changed != {Keys.CLOCK}:
            self.now = now
            self.refresh_rows()
        elif now is None or self.now is None or abs(now - self.now) >= _AGE_STEP:
            self.now = now
            if self.filter.moving:
                self.refresh_rows()
            else:
                self.table.set_rows(self.table.rows)

    def seconds_since(self, moment: int | None) -> float | None:
        """The age of a moment, as the filter compares it."""
        return None if moment is None or self.now is None else (self.now - moment) / 1000

    def refresh_rows(self) -> None:
        """Read, filter, sort and show."""
        rows = self.records()
        self.total = len(rows)
        if self.filter:
            rows = [row for row in rows if self.matches(row)]
            self.table.show_empty(
                ((("Nothing matches the filter. ", "muted"), ("esc", "key"), (" clears it.", "muted")),)
            )
        else:
            self._searched.clear()
            self.table.show_empty(self.empty())
        self.table.set_rows(self._ordered(rows))
        self._tell_title()
        if self.wanted != self._told_wanted:
            self._told_wanted = self.wanted
            if self.wanted > self.size.height:
                self.post_message(self.Grown())

    def matches(self, row: Row[R]) -> bool:
        """Whether the filter lets a row through."""
        numbers = self.numbers(row.record) if self.filter.compares else None
        return self.filter.matches(self._searchable(row), numbers)

    def _searchable(self, row: Row[R]) -> Mapping[str, str]:
        known = self._searched.get(row.id)
        if known is None or known[0] is not row.record:
            known = self._searched[row.id] = (row.record, self.fields(row.record))
        return known[1]

    def _tell_title(self) -> None:
        note: list[tuple[str, Any]] = []
        if self.filter:
            note += [
                ("/", "key"),
                (self.filter.text, "accent"),
                (f" {len(self.table.rows)}/{self.total}", "muted"),
            ]
        if self.filter.complaint:
            note.append((f"  ▲ {self.filter.complaint}", "warn"))
        if not note and self.SORTS and (self._sort or self._inverted):
            note.append((f"by {self.sort.title}{', inverted' if self._inverted else ''}", "muted"))
        self.title.tell(self.summary(), tuple(note))

    # --- order --------------------------------------------------------------------------------------------------

    @property
    def sort(self) -> Sort:
        """The order in use."""
        return self.SORTS[self._sort]

    @property
    def descending(self) -> bool:
        """Whether the largest stands first."""
        return self.sort.descending != self._inverted

    def _ordered(self, rows: Sequence[Row[R]]) -> Sequence[Row[R]]:
        if not self.SORTS:
            return rows
        value = self.sort.value
        valued = [(value(row.record), row) for row in rows]
        known = [pair for pair in valued if pair[0] is not None]
        known.sort(key=lambda pair: pair[0], reverse=self.descending)
        self.table.show_sort(self.sort.column, descending=self.descending)
        return [row for _, row in known] + [row for key, row in valued if key is None]

    def action_sort(self, step: int) -> None:
        """Sort by the next column, or by the one before."""
        if self.SORTS:
            self._sort = (self._sort + step) % len(self.SORTS)
            self._inverted = False
            self._remember()
            self.refresh_rows()

    def action_invert(self) -> None:
        """Turn the order round."""
        if self.SORTS:
            self._inverted = not self._inverted
            self._remember()
            self.refresh_rows()

    # --- filter -------------------------------------------------------------------------------------------------

    def parsed(self, text: str) -> Filter:
        """A filter with the fields and numbers of this pane."""
        return Filter.parse(text, self.FIELDS, self.NUMBERS)

    def set_filter(self, text: str) -> None:
        """Show only rows that match."""
        self.filter = self.parsed(text)
        self.refresh_rows()

    async def action_open_filter(self) -> None:
        """Type a filter at the bottom of the pane."""
        if not self.query(FilterBar):
            await self.mount(
                FilterBar(self.filter.text, hint_of(self.FIELDS, self.NUMBERS), self._kept_filters)
            )
        # Not `focus()`, which waits its turn behind keys that are already there.
        self.screen.set_focus(self.query_one(FilterLine))

    def action_clear_filter(self) -> None:
        """Show everything again; without a filter the key means something else."""
        if not self.filter and not self.filter.complaint:
            raise SkipAction
        self.set_filter("")

    @on(FilterLine.Changed)
    def _typed(self, event: FilterLine.Changed) -> None:
        event.stop()
        self.set_filter(event.value)
        self.query_one(FilterBar).complain(self.filter.complaint)

    @on(FilterLine.Kept)
    def _kept(self, event: FilterLine.Kept) -> None:
        event.stop()
        text = event.text.strip()
        if text:
            others = [one for one in self._kept_filters if one != text]
            self._kept_filters = [*others, text][-_KEPT_FILTERS:]
        self._close_filter()

    @on(FilterLine.Cancelled)
    def _cancelled(self, event: FilterLine.Cancelled) -> None:
        event.stop()
        self.set_filter("")
        self._close_filter()

    def _close_filter(self) -> None:
        self.query(FilterBar).remove()
        self.table.focus()

    def reveal(self, row_id: str) -> bool:
        """Put the cursor on a row, without the filter when that hides it; False when there is no such row."""
        if not self.table.select(row_id) and self.filter:
            self.set_filter("")
        return self.table.select(row_id)

    # --- copying ------------------------------------------------------------------------------------------------

    def action_copy(self) -> None:
        """Copy the id or hash of the chosen rows, one a line."""
        from monitor.ui.acting.copying import copy

        copy(self.app, [self.copied(row) for row in self.chosen()])
