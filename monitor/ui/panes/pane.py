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
    from collections.abc import Callable, Collection, Mapping, Sequence

    from textual.binding import BindingType
    from textual.widget import Widget

    from monitor.ui.spans import Cell, Span
    from monitor.ui.widgets.rows import Row
    from monitor.ui.wiring import Wiring

_KEPT_FILTERS: Final = 20
"""Filters of a pane that can be recalled."""
_AGE_STEP: Final = 5_000
"""Milliseconds that the clock moves before ages are looked at again; their text moves in steps of ten seconds."""


_NOTHING_ABOUT: Final[tuple[Cell, ...]] = ((("Nothing about the agent that is followed.", "muted"),),)


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
        """Rows that there are."""
        self.shown_count = 0
        """Rows that the filter, and the agent that is followed, leave of them."""
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

    def about(self, record: R) -> Collection[str] | None:  # noqa: ARG002 - for panes that tell of agents
        """Ids of the agents that a row is about; None where rows are not about agents, and always shown."""
        return None

    def arranged(self, rows: Sequence[Row[R]]) -> Sequence[Row[R]]:
        """The filtered and sorted rows as they are shown: a pane may put headings or lines of another kind between."""
        return rows

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

    @property
    def least(self) -> int:
        """Title and a row, under the titles of the columns where it has some."""
        return 2 + self.TITLES

    # --- life ---------------------------------------------------------------------------------------------------

    def listen(self) -> None:
        """Be told of changes, and of whom everybody follows."""
        super().listen()
        self._stop_following = self.wiring.following.subscribe(self.refresh_rows)

    def stop_listening(self) -> None:
        """Be told no more."""
        super().stop_listening()
        self._stop_following()

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
        followed = self.wiring.following.agent_id
        if followed is not None:
            rows = [row for row in rows if (ids := self.about(row.record)) is None or followed in ids]
        if self.filter:
            rows = [row for row in rows if self.matches(row)]
            self.table.show_empty(
                ((("Nothing matches the filter. ", "muted"), ("esc", "key"), (" clears it.", "muted")),)
            )
        else:
            self._searched.clear()
            self.table.show_empty(self.empty() if len(rows) == self.total else _NOTHING_ABOUT)
        self.shown_count = len(rows)
        self.table.set_rows(self.arranged(self._ordered(rows)))
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

    def notes(self) -> list[Span]:
        """What is special about what it shows, for the right end of the title: the filter, or the order."""
        complaint: Span = (f"▲ {self.filter.complaint}", "warn")
        if self.filter:
            text, count = self.filter.text, f" {self.shown_count}/{self.total}"
            told: list[Span] = [("/", "key"), (text, "accent"), (count, "muted")]
            return [*told, ("  ", "text"), complaint] if self.filter.complaint else told
        if self.shown_count != self.total:
            return [
                (f"only {self.wiring.following.name}", "accent"),
                (f" {self.shown_count}/{self.total}", "muted"),
            ]
        if self.filter.complaint:
            return [complaint]
        if self.SORTS and (self._sort or self._inverted):
            return [(f"by {self.sort.title}{', inverted' if self._inverted else ''}", "muted")]
        return []

    def _tell_title(self) -> None:
        self.title.tell(self.summary(), tuple(self.notes()))

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

    def sort_by(self, column: str) -> None:
        """Sort by a column if that is possible; turn the order round when it is sorted by it already."""
        orders = [number for number, sort in enumerate(self.SORTS) if sort.column == column]
        if not orders:
            return
        if self._sort in orders:
            self._inverted = not self._inverted
        else:
            self._sort, self._inverted = orders[0], False
        self._remember()
        self.refresh_rows()

    @on(LineTable.TitleClicked)
    def _column_clicked(self, event: LineTable.TitleClicked) -> None:
        event.stop()
        self.sort_by(event.column)

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

    # --- agents -------------------------------------------------------------------------------------------------

    @property
    def selected_agent(self) -> str | None:
        """Id of the agent under the cursor; None where rows are no agents."""
        return None

    def chosen(self) -> tuple[str, ...]:
        """Ids of the agents that a command is for."""
        selected = self.selected_agent
        return (selected,) if selected else ()

    # --- copying ------------------------------------------------------------------------------------------------

    def all_copied(self) -> Sequence[str]:
        """What copying gives now, a line each: that of the row under the cursor."""
        row = self.table.selected
        return () if row is None else (self.copied(row),)

    def action_copy(self) -> None:
        """Copy the id or hash of the row under the cursor."""
        from monitor.ui.acting.copying import copy

        copy(self.app, self.all_copied())
