"""The live table: draws visible lines only, and repaints only the cells that changed.

A DataTable repaints itself whole for any change (20 ms and 20 kB a refresh for 20 rows, DESIGN.md §7). This one
compares the records of the visible lines with those drawn before, and asks for a repaint of single cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic

from rich.segment import Segment
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from monitor.ui.commands import bindings
from monitor.ui.spans import Cell, fit, segments
from monitor.ui.widgets.columns import Column, Place, Placed, R, column_at, place, titles
from monitor.ui.widgets.rows import Drawn, Row, changed_runs, draw, redraw
from monitor.ui.widgets.themed import Themed
from monitor.ui.widgets.viewport import Viewport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.binding import BindingType

_WHEEL: Final = 3
_BLANK: Final[Cell] = ((" ", "text"),)
_MARK: Final[Cell] = (("▌", "accent"),)
_THUMB: Final[Cell] = (("┃", "muted"),)


class LineTable(Themed, Generic[R], can_focus=True):
    """Rows of records under fixed columns, with a cursor that stays on its row when the order changes.

    The blank cell at the left edge of a line takes a mark, the one at the right edge a piece of the scroll mark.
    """

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("table"))

    class Activated(Message):
        """A double click on the selected row, or a click on an eager one."""

        def __init__(self, table: LineTable[Any]) -> None:
            super().__init__()
            self.table = table

    class Moved(Message):
        """A person has moved the cursor, or other rows are in sight now."""

        def __init__(self, table: LineTable[Any]) -> None:
            super().__init__()
            self.table = table

    class TitleClicked(Message):
        """The title of a column was clicked."""

        def __init__(self, table: LineTable[Any], column: str) -> None:
            super().__init__()
            self.table = table
            self.column = column

    def __init__(self, columns: Sequence[Column[R]], *, titles: bool = True, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.empty: tuple[Cell, ...] = ()
        """Lines shown while there is no row."""
        self.sorted_by: tuple[str, bool] | None = None
        """Column key and whether descending, for the mark in the titles."""
        self.holding = False
        """The selected row stays in sight wherever it goes, also when it was scrolled out of sight."""
        self.view = Viewport()
        self._head = 1 if titles else 0
        self._rows: Sequence[Row[R]] = ()
        self._marked: frozenset[str] = frozenset()
        self._placed: tuple[Placed[R], ...] = ()
        self._places: tuple[Place, ...] = ()
        self._placed_width = 0
        self._moving: tuple[int, ...] = ()
        self._drawn: list[Drawn | None] = []
        self._thumb = (0, 0)

    # --- rows ---------------------------------------------------------------------------------------------------

    @property
    def rows(self) -> Sequence[Row[R]]:
        """The rows in the order shown."""
        return self._rows

    @property
    def in_sight(self) -> Sequence[Row[R]]:
        """The rows that stand on the screen."""
        return self._rows[self.view.top : self.view.top + self.view.page]

    @property
    def cursor(self) -> int:
        """Index of the selected row."""
        return self.view.cursor

    @property
    def selected(self) -> Row[R] | None:
        """The selected row, None in an empty table."""
        return self._rows[self.view.cursor] if self._rows else None

    def set_rows(self, rows: Sequence[Row[R]]) -> None:
        """Show these rows; of the visible ones, only cells that look different are repainted."""
        view, selected, was_empty = self.view, self.selected, not self._rows
        kept = self.holding or view.cursor_in_sight
        cursor_line = view.cursor - view.top
        self._rows = rows
        view.count = len(rows)
        if selected is not None:
            view.cursor = self._find(selected.id)
        self._measure()
        view.bound()
        if kept:
            view.reveal()
        if was_empty != (not rows):
            self.redraw()
        else:
            self._compare()
            if cursor_line != view.cursor - view.top:
                self._refresh_line(cursor_line)
                self._refresh_row(view.cursor)
        self._show_thumb()

    def show_empty(self, lines: Sequence[Cell]) -> None:
        """What stands there while there is no row."""
        if tuple(lines) != self.empty:
            self.empty = tuple(lines)
            if not self._rows:
                self.redraw()

    def show_sort(self, key: str, *, descending: bool) -> None:
        """Mark a column's title as the one sorted by."""
        if self.sorted_by != (key, descending):
            self.sorted_by = (key, descending)
            self.refresh_titles()

    def refresh_titles(self) -> None:
        """The heading of a column has changed."""
        self.refresh(Region(0, 0, self.size.width, self._head))

    def show_columns(self, columns: Sequence[Column[R]]) -> None:
        """Have other columns from now on."""
        self.columns = tuple(columns)
        self._placed_width = -1
        self.redraw()

    def show_marked(self, row_ids: frozenset[str]) -> None:
        """Mark these rows, and no others, at the left edge."""
        changed, self._marked = self._marked ^ row_ids, row_ids
        for line, row in enumerate(self.in_sight if changed else ()):
            if row.id in changed:
                self.refresh(Region(0, line + self._head, 1, 1))

    def select(self, row_id: str) -> bool:
        """Put the cursor on a row; False when there is no such row."""
        for index, row in enumerate(self._rows):
            if row.id == row_id:
                before = self.view.top, self.view.cursor
                self.view.move_to(index)
                self._show_move(*before)
                return True
        return False

    def _find(self, row_id: str) -> int:
        """Where a row is now; the old place, or the last row, when it is gone."""
        rows, cursor = self._rows, self.view.cursor
        if cursor < len(rows) and rows[cursor].id == row_id:
            return cursor
        for index, row in enumerate(rows):
            if row.id == row_id:
                return index
        return max(0, min(cursor, len(rows) - 1))

    # --- drawing ------------------------------------------------------------------------------------------------

    def _measure(self) -> None:
        """Choose columns and lines for the size there is; `on_resize` would come after the first drawing."""
        self.view.page = max(1, self.size.height - self._head)
        if self._placed_width != self.size.width:
            self._placed_width = self.size.width
            self._placed = place(self.columns, max(0, self.size.width - 2))
            self._places = tuple(Place(x, width) for _, x, width in self._placed)
            self._moving = tuple(
                number for number, (column, _, _) in enumerate(self._placed) if column.moving
            )
            self._drawn = []

    def on_resize(self) -> None:
        """Keep the cursor in sight; Textual repaints what has another size."""
        before = self.view.top
        self._measure()
        self.view.bound()
        self.view.reveal()
        if self.view.top != before:
            self.redraw()
        self._show_thumb()
        self.post_message(self.Moved(self))

    def on_focus(self) -> None:
        """The selected row is stronger in the focused table."""
        self._refresh_row(self.view.cursor)

    def on_blur(self) -> None:
        """The selected row stands back in the others."""
        self._refresh_row(self.view.cursor)

    def render_line(self, y: int) -> Strip:
        """One line of the screen; Textual asks only for lines in which something changed."""
        width = self.size.width
        self._measure()
        if y < self._head:
            return self._strip(titles(self._placed, self.sorted_by), self._places, width)
        line = y - self._head
        if not self._rows:
            empty = self.empty[line] if line < len(self.empty) else ()
            return self._strip((fit(empty, max(0, width - 2)),), (Place(0, max(0, width - 2)),), width)
        if self.view.top + line >= len(self._rows):
            return Strip.blank(width, self.palette.style("text"))
        drawn = self._draw(line)
        return self._strip(
            drawn.cells,
            drawn.places,
            width,
            mark=_MARK if drawn.id in self._marked else _BLANK,
            edge=_THUMB if self._thumb[0] <= line < self._thumb[1] else _BLANK,
            selected=self.view.top + line == self.view.cursor,
        )

    def render_part(self, y: int, start: int, end: int) -> Strip:
        """Only the columns that were asked for: a tick changes few cells of a line."""
        line = y - self._head
        if (
            line < 0
            or self.view.top + line >= len(self._rows)
            or self._placed_width != self.size.width
            or (start, end) == (0, self.size.width)
        ):
            return super().render_part(y, start, end)
        parts: list[Cell] = []
        first = last = -1
        drawn = self._draw(line)
        for (x, width), cell in zip(drawn.places, drawn.cells, strict=True):
            left = x + 1
            if left + width <= start or left >= end:
                continue
            if first < 0:
                first = left
            else:
                parts.append(((" " * (left - last), "text"),))
            parts.append(cell)
            last = left + width
        if first < 0 or first > start or last < end:  # it begins or ends between two columns
            return super().render_part(y, start, end)
        chosen = self.view.top + line == self.view.cursor
        strip = Strip(segments(parts, self.palette, selected=chosen, focused=self.has_focus), last - first)
        return strip if (first, last) == (start, end) else strip.crop(start - first, end - first)

    def _strip(
        self,
        cells: Sequence[Cell],
        places: Sequence[Place],
        width: int,
        *,
        mark: Cell = _BLANK,
        edge: Cell = _BLANK,
        selected: bool = False,
    ) -> Strip:
        parts, end = [mark], 0
        for (x, cell_width), cell in zip(places, cells, strict=True):
            parts += [((" " * (x - end), "text"),), cell]
            end = x + cell_width
        parts += [((" " * max(0, width - 2 - end), "text"),), edge]
        drawn = segments(parts, self.palette, selected=selected, focused=self.has_focus)
        if end + 2 <= width:
            return Strip(drawn, width)
        return Strip(drawn or [Segment("")]).adjust_cell_length(width, self.palette.style("text"))

    def _draw(self, line: int) -> Drawn:
        """What stands on a line, made now if it has not been drawn yet."""
        while len(self._drawn) <= line:
            self._drawn.append(None)
        drawn = self._drawn[line]
        if drawn is None:
            row = self._rows[self.view.top + line]
            drawn = self._drawn[line] = draw(row, self._placed, self._places)
        return drawn

    def _compare(self) -> None:
        """Repaint the cells of the visible lines that look different now."""
        page = self.view.page
        count = len(self._rows) - self.view.top
        self._drawn += [None] * (min(count, page) - len(self._drawn))
        for line, old in enumerate(self._drawn[:page]):
            if line >= count or old is None:
                if line < count or old is not None:
                    self._drawn[line] = None
                    self._refresh_line(line)
                continue
            row = self._rows[self.view.top + line]
            new = self._drawn[line] = redraw(old, row, self._placed, self._places, self._moving)
            if new.id != old.id and (new.id in self._marked) != (old.id in self._marked):
                self.refresh(Region(0, line + self._head, 1, 1))
            if new.cells is not old.cells:
                for start, end in changed_runs(old, new):
                    self.refresh(Region(start + 1, line + self._head, end - start, 1))

    def _refresh_line(self, line: int) -> None:
        self.refresh(Region(0, line + self._head, self.size.width, 1))

    def _refresh_row(self, index: int) -> None:
        if self.view.top <= index < self.view.top + self.view.page:
            self._refresh_line(index - self.view.top)

    def _show_thumb(self) -> None:
        """Repaint the lines of the scroll mark that changed."""
        old, self._thumb = self._thumb, self.view.thumb()
        if old != self._thumb:
            for line in set(range(*old)) ^ set(range(*self._thumb)):
                self.refresh(Region(self.size.width - 1, line + self._head, 1, 1))

    def redraw(self) -> None:
        """Draw everything again: the columns' meaning, or the theme, has changed."""
        self._drawn = []
        self.refresh()

    # --- movement -----------------------------------------------------------------------------------------------

    def _show_move(self, top: int, cursor: int) -> None:
        """Repaint what a move has changed; lines that are still in sight need not be made again."""
        moved = self.view.top - top
        if moved:
            blank: list[Drawn | None] = [None] * min(abs(moved), len(self._drawn))
            kept = self._drawn[moved:] if moved > 0 else self._drawn[: max(0, len(self._drawn) + moved)]
            self._drawn = [*kept, *blank] if moved > 0 else [*blank, *kept]
            self._show_thumb()
            self.refresh()
        elif cursor != self.view.cursor:
            self._refresh_row(cursor)
            self._refresh_row(self.view.cursor)
        else:
            return
        self.post_message(self.Moved(self))

    def action_move(self, rows: int) -> None:
        """Move the cursor by so many rows."""
        before = self.view.top, self.view.cursor
        self.view.move_to(self.view.cursor + rows)
        self._show_move(*before)

    def action_page(self, pages: int) -> None:
        """Go on or back by so many screenfuls; a row of the last one stays in sight."""
        before = self.view.top, self.view.cursor
        self.view.turn(pages)
        self._show_move(*before)

    def action_edge(self, end: str) -> None:
        """Move the cursor to the `first` or the `last` row."""
        before = self.view.top, self.view.cursor
        self.view.move_to(0 if end == "first" else len(self._rows) - 1)
        self._show_move(*before)

    def _wheel(self, rows: int) -> None:
        before = self.view.top, self.view.cursor
        self.view.scroll(rows)
        self._show_move(*before)

    def on_click(self, event: events.Click) -> None:
        """Select the row under the pointer; a second click opens it. A click on a column's title sorts by it."""
        if event.y < self._head:
            column = column_at(self._placed, event.x - 1)
            if column:
                self.post_message(self.TitleClicked(self, column))
            return
        index = self.view.top + event.y - self._head
        if index >= len(self._rows):
            return
        before = self.view.top, self.view.cursor
        self.view.move_to(index)
        self._show_move(*before)
        if self._rows[index].eager or event.chain == 2:
            self.post_message(self.Activated(self))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll; the cursor comes along."""
        event.stop()
        self._wheel(_WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll; the cursor comes along."""
        event.stop()
        self._wheel(-_WHEEL)
