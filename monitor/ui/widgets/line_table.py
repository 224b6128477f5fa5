"""The live table: draws visible lines only, and repaints only the cells that changed.

A DataTable repaints itself whole for any change (20 ms and 20 kB a refresh for 20 rows, DESIGN.md §7). This one
compares the records of the visible lines with those drawn before, and asks for a repaint of single cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic

from rich.segment import Segment
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from monitor.ui.commands import bindings
from monitor.ui.spans import Cell, fit, segments
from monitor.ui.widgets.columns import Column, Placed, R, place
from monitor.ui.widgets.rows import Drawn, Row, changed_runs, draw, redraw
from monitor.ui.widgets.themed import Themed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.binding import BindingType

_WHEEL = 3
_BLANK: Cell = ((" ", "text"),)


class LineTable(Themed, Generic[R], can_focus=True):
    """Rows of records under fixed columns, with a cursor that stays on its row when the order changes."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("table"))

    class Activated(Message):
        """A double click on the selected row."""

        def __init__(self, table: LineTable[Any]) -> None:
            super().__init__()
            self.table = table

    def __init__(self, columns: Sequence[Column[R]], *, titles: bool = True, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.empty: tuple[Cell, ...] = ()
        """Lines shown while there is no row."""
        self.sorted_by: tuple[str, bool] | None = None
        """Column key and whether descending, for the mark in the titles."""
        self._head = 1 if titles else 0
        self._rows: Sequence[Row[R]] = ()
        self._placed: tuple[Placed[R], ...] = ()
        self._placed_width = 0
        self._moving: tuple[int, ...] = ()
        self._drawn: list[Drawn | None] = []
        self._top = 0
        self._cursor = 0

    # --- rows ---------------------------------------------------------------------------------------------------

    @property
    def rows(self) -> Sequence[Row[R]]:
        """The rows in the order shown."""
        return self._rows

    @property
    def cursor(self) -> int:
        """Index of the selected row."""
        return self._cursor

    @property
    def selected(self) -> Row[R] | None:
        """The selected row, None in an empty table."""
        return self._rows[self._cursor] if self._rows else None

    def set_rows(self, rows: Sequence[Row[R]]) -> None:
        """Show these rows; of the visible ones, only cells that look different are repainted."""
        selected = self.selected
        was_empty = not self._rows
        on_screen = self._top <= self._cursor < self._top + self._page
        cursor_line = self._cursor - self._top
        self._rows = rows
        if selected is not None:
            self._cursor = self._find(selected.id)
        self._top = max(0, min(self._top, len(rows) - self._page))
        self._place()
        if on_screen:
            self._reveal()
        if was_empty != (not rows):
            self.redraw()
        else:
            self._compare()
            if cursor_line != self._cursor - self._top:
                self._refresh_line(cursor_line)
                self._refresh_row(self._cursor)

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

    def select(self, row_id: str) -> bool:
        """Put the cursor on a row; False when there is no such row."""
        for index, row in enumerate(self._rows):
            if row.id == row_id:
                self._move_to(index)
                return True
        return False

    def _find(self, row_id: str) -> int:
        """Where a row is now; the old place, or the last row, when it is gone."""
        rows = self._rows
        if self._cursor < len(rows) and rows[self._cursor].id == row_id:
            return self._cursor
        for index, row in enumerate(rows):
            if row.id == row_id:
                return index
        return max(0, min(self._cursor, len(rows) - 1))

    # --- drawing ------------------------------------------------------------------------------------------------

    @property
    def _page(self) -> int:
        """Rows that fit under the titles."""
        return max(1, self.size.height - self._head)

    def _place(self) -> None:
        """Choose the columns for the width there is; not left to `on_resize`, which comes after the first drawing."""
        if self._placed_width != self.size.width:
            self._placed_width = self.size.width
            self._placed = place(self.columns, max(0, self.size.width - 2))
            self._moving = tuple(
                number for number, (column, _, _) in enumerate(self._placed) if column.moving
            )
            self._drawn = []

    def on_resize(self) -> None:
        """Keep the cursor in sight; Textual repaints what has another size."""
        before = self._top
        self._top = max(0, min(self._top, len(self._rows) - self._page))
        self._reveal()
        if self._top != before:
            self.redraw()

    def on_focus(self) -> None:
        """The selected row is stronger in the focused table."""
        self._refresh_row(self._cursor)

    def on_blur(self) -> None:
        """The selected row stands back in the others."""
        self._refresh_row(self._cursor)

    def render_line(self, y: int) -> Strip:
        """One line of the screen; Textual asks only for lines in which something changed."""
        width = self.size.width
        self._place()
        if y < self._head:
            return self._strip(self._titles(), width)
        line = y - self._head
        if not self._rows:
            return self._strip((self.empty[line],) if line < len(self.empty) else (), width)
        index = self._top + line
        if index >= len(self._rows):
            return Strip.blank(width, self.palette.style("text"))
        drawn = self._draw(line)
        return self._strip(drawn.cells, width, selected=index == self._cursor)

    def render_part(self, y: int, start: int, end: int) -> Strip:
        """Only the columns that were asked for: a tick changes few cells of a line."""
        line = y - self._head
        if line < 0 or self._top + line >= len(self._rows) or self._placed_width != self.size.width:
            return super().render_part(y, start, end)
        parts: list[Cell] = []
        first = last = -1
        for (_, x, width), cell in zip(self._placed, self._draw(line).cells, strict=True):
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
        chosen = self._top + line == self._cursor
        strip = Strip(segments(parts, self.palette, selected=chosen, focused=self.has_focus), last - first)
        return strip if (first, last) == (start, end) else strip.crop(start - first, end - first)

    def _strip(self, cells: Sequence[Cell], width: int, *, selected: bool = False) -> Strip:
        if not self._rows and len(cells) == 1:
            parts: list[Cell] = [_BLANK, fit(cells[0], max(0, width - 2)), _BLANK]
        else:
            parts, x = [_BLANK], 0
            for placed, cell in zip(self._placed, cells, strict=False):
                parts += [((" " * (placed.x - x), "text"),), cell]
                x = placed.x + placed.width
            parts.append(((" " * max(0, width - 1 - x), "text"),))
        drawn = segments(parts, self.palette, selected=selected, focused=self.has_focus)
        return Strip(drawn or [Segment("")]).adjust_cell_length(width, self.palette.style("text"))

    def _titles(self) -> tuple[Cell, ...]:
        key, descending = self.sorted_by or ("", False)
        cells: list[Cell] = []
        for column, _, width in self._placed:
            if column.heading is not None:
                cells.append(fit(column.heading(width), width))
                continue
            chosen = column.key == key
            text = column.title + ("▾" if descending else "▴") if chosen else column.title
            cells.append(fit(((text, "accent" if chosen else "muted"),), width, column.align))
        return tuple(cells)

    def _draw(self, line: int) -> Drawn:
        """What stands on a line, made now if it has not been drawn yet."""
        while len(self._drawn) <= line:
            self._drawn.append(None)
        drawn = self._drawn[line]
        if drawn is None:
            drawn = self._drawn[line] = draw(self._rows[self._top + line], self._placed)
        return drawn

    def _compare(self) -> None:
        """Repaint the cells of the visible lines that look different now."""
        count = len(self._rows) - self._top
        self._drawn += [None] * (min(count, self._page) - len(self._drawn))
        for line, old in enumerate(self._drawn[: self._page]):
            if line >= count or old is None:
                if line < count or old is not None:
                    self._drawn[line] = None
                    self._refresh_line(line)
                continue
            new = self._drawn[line] = redraw(old, self._rows[self._top + line], self._placed, self._moving)
            if new.cells is not old.cells:
                for start, end in changed_runs(old, new, self._placed):
                    self.refresh(Region(start + 1, line + self._head, end - start, 1))

    def _refresh_line(self, line: int) -> None:
        self.refresh(Region(0, line + self._head, self.size.width, 1))

    def _refresh_row(self, index: int) -> None:
        if self._top <= index < self._top + self._page:
            self._refresh_line(index - self._top)

    def redraw(self) -> None:
        """Draw everything again: the columns' meaning, or the theme, has changed."""
        self._drawn = []
        self.refresh()

    # --- movement -----------------------------------------------------------------------------------------------

    def _reveal(self) -> bool:
        """Scroll as little as needed to have the cursor in sight; True when that moved the lines."""
        top = self._top
        self._top = max(min(top, self._cursor), self._cursor - self._page + 1, 0)
        return self._top != top

    def _move_to(self, index: int) -> None:
        index = max(0, min(index, len(self._rows) - 1))
        if index == self._cursor:
            return
        before, self._cursor = self._cursor, index
        if self._reveal():
            self.redraw()
        else:
            self._refresh_row(before)
            self._refresh_row(index)

    def action_move(self, rows: int) -> None:
        """Move the cursor by so many rows."""
        self._move_to(self._cursor + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by so many screenfuls."""
        self._move_to(self._cursor + pages * self._page)

    def action_edge(self, end: str) -> None:
        """Move the cursor to the `first` or the `last` row."""
        self._move_to(0 if end == "first" else len(self._rows) - 1)

    def on_click(self, event: events.Click) -> None:
        """Select the row under the pointer; a second click opens it."""
        index = self._top + event.y - self._head
        if event.y >= self._head and index < len(self._rows):
            self._move_to(index)
            if event.chain == 2:
                self.post_message(self.Activated(self))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll; the cursor comes along."""
        event.stop()
        self._move_to(self._cursor + _WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll; the cursor comes along."""
        event.stop()
        self._move_to(self._cursor - _WHEEL)
