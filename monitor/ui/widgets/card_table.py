"""A live table whose rows stand as cards in lanes side by side; only the cells that changed are repainted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from textual.geometry import Region
from textual.strip import Strip

from monitor.ui.spans import Cell, cell_width, fit, segments
from monitor.ui.widgets.columns import R
from monitor.ui.widgets.lane_drawing import Hidden, Lane, Pen, blank, strip_lines, title_line
from monitor.ui.widgets.lanes import (
    DENSE,
    GAP,
    MARK,
    Density,
    LaneShape,
    Placement,
    Space,
    choose_density,
    place_lanes,
)
from monitor.ui.widgets.line import difference
from monitor.ui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual import events

    from monitor.ui.widgets.rows import Row

R_contra = TypeVar("R_contra", contravariant=True)
BRIEF_LINES = 2
"""Lines of a card in a brief lane."""


class Cards(Protocol[R_contra]):
    """Knows the lane of a record, and how its card looks."""

    def lane_of(self, record: R_contra, /) -> str:
        """Key of the lane."""

    def draw(self, record: R_contra, width: int, lines: int, /) -> Sequence[Cell]:
        """So many lines; they are cut or padded to the width."""


class CardTable(LineTable[R]):
    """Cards in lanes, with one cursor that stays on its card when the card goes to another lane."""

    def __init__(self, cards: Cards[R]) -> None:
        super().__init__(())
        self._cards = cards
        self._lanes: tuple[Lane, ...] = ()
        self._next_lanes: tuple[Lane, ...] = ()
        """Those of the next rows."""
        self._members: list[list[int]] = []
        """Of each lane, the places of its cards among the rows."""
        self._seats: list[tuple[int, int]] = []
        """Of each row, its lane and its place there."""
        self._tops: dict[str, int] = {}
        """Of each lane that was scrolled, the first card in sight."""
        self._placement = Placement()
        self._density = DENSE
        self._arranged: tuple[object, ...] = ()
        self._looks: dict[tuple[str, int], tuple[R, tuple[Cell, ...]]] = {}
        """Cards as they are drawn, by id and width."""
        self._shown: dict[int, list[Pen]] = {}
        """What each lane shows now, line by line."""

    # --- rows ---------------------------------------------------------------------------------------------------

    def show_lanes(self, lanes: Sequence[Lane]) -> None:
        """Have these lanes from the next rows on."""
        self._next_lanes = tuple(lanes)

    def set_rows(self, rows: Sequence[Row[R]]) -> None:
        """Show these rows, in their order within each lane."""
        selected, was_empty = self.selected, not self._rows
        seat = self._seats[self.view.cursor] if self.view.cursor < len(self._seats) else None
        in_sight = seat is None or self._in_sight(*seat)
        if rows is not self._rows or self._next_lanes != self._lanes:
            self._rows, self._lanes = rows, self._next_lanes
            self.view.count = len(rows)
            self._group()
            if selected is not None and rows:
                self.view.cursor = self._place_of(selected.id, seat)
            self.view.cursor = max(0, min(self.view.cursor, len(rows) - 1))
        self._looks.clear()
        arranged = self._arrange()
        if in_sight:
            self._reveal()
        if arranged or was_empty != (not rows):
            self.redraw()
        else:
            self._compare()

    def _group(self) -> None:
        numbers = {lane.key: number for number, lane in enumerate(self._lanes)}
        self._members = [[] for _ in self._lanes]
        self._seats = []
        for place, row in enumerate(self._rows):
            lane = numbers[self._cards.lane_of(row.record)]
            self._seats.append((lane, len(self._members[lane])))
            self._members[lane].append(place)

    def _place_of(self, row_id: str, seat: tuple[int, int] | None) -> int:
        """Where a row is now; when it is gone, the one that took its seat, or is nearest to it."""
        for place, row in enumerate(self._rows):
            if row.id == row_id:
                return place
        lane, height = seat if seat is not None else (0, 0)
        filled = [number for number, members in enumerate(self._members) if members]
        nearest = min(filled, key=lambda number: abs(number - lane))
        return self._members[nearest][min(height, len(self._members[nearest]) - 1)]

    def _filled(self) -> Iterator[tuple[Lane, list[int]]]:
        """The lanes with their cards."""
        return zip(self._lanes, self._members, strict=False)

    # --- arrangement --------------------------------------------------------------------------------------------

    @property
    def _lane(self) -> int:
        """The lane of the cursor."""
        return self._seats[self.view.cursor][0] if self._seats else 0

    def _arrange(self) -> bool:
        """Place the lanes and choose how much cards show; True when that came to something else."""
        width, room = self.size.width, max(1, self.size.height - self._head)
        shapes = [LaneShape(lane.brief, not cards) for lane, cards in self._filled()]
        fullest = max((len(cards) for lane, cards in self._filled() if not lane.brief), default=0)
        asked = (width, room, tuple(shapes), self._lane, fullest)
        if asked == self._arranged:
            return False
        self._arranged = asked
        before = self._placement, self._density
        self._placement = place_lanes(shapes, width, self._lane, self._placement.opened)
        self._density = choose_density(fullest, room)
        return (self._placement, self._density) != before

    def _density_of(self, lane: int) -> Density:
        brief = self._lanes[lane].brief
        return Density(min(BRIEF_LINES, self._density.lines), self._density.gap) if brief else self._density

    def _cards_a_page(self, lane: int) -> int:
        """Whole cards that fit under the titles."""
        density = self._density_of(lane)
        return max(1, (self.size.height - self._head + density.gap) // density.height)

    def _top_of(self, lane: int) -> int:
        """The first card of the lane in sight."""
        last = max(0, len(self._members[lane]) - self._cards_a_page(lane))
        return min(self._tops.get(self._lanes[lane].key, 0), last)

    def _in_sight(self, lane: int, height: int) -> bool:
        if lane >= len(self._members):
            return True
        top = self._top_of(lane)
        return top <= height < top + self._cards_a_page(lane)

    def _reveal(self) -> bool:
        """Scroll the cursor's lane as little as needed to have its card in sight; True when that moved it."""
        if not self._seats:
            return False
        lane, height = self._seats[self.view.cursor]
        top = self._top_of(lane)
        new = max(min(top, height), height - self._cards_a_page(lane) + 1, 0)
        self._tops[self._lanes[lane].key] = new
        return new != top

    def on_resize(self, event: events.Resize) -> None:  # type: ignore[override]
        """Keep the cursor in sight; Textual repaints what has another size."""
        event.prevent_default()
        self._arrange()
        self._reveal()
        self.redraw()

    # --- drawing ------------------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Draw everything again."""
        self._shown = {}
        self._looks.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        return self.render_part(y, 0, self.size.width)

    def render_part(self, y: int, start: int, end: int) -> Strip:
        """The lanes that these cells belong to, and the lines between them."""
        if not self._rows:
            line = y - self._head
            cell = self.empty[line] if 0 <= line < len(self.empty) else ()
            drawn = segments((fit(((" ", "text"), *cell), self.size.width),), self.palette)
            return (
                Strip(drawn).adjust_cell_length(self.size.width, self.palette.style("text")).crop(start, end)
            )
        if self._arrange():  # a size that `on_resize` has not told yet
            self._shown = {}
        drawn, x = [], 0
        for left, pen in self._line(y):
            right = left + cell_width(pen.cell)
            if right > start and left < end:
                drawn += segments((pen.cell,), self.palette, selected=pen.selected, focused=self.has_focus)
            elif right <= start:
                x = right
        strip = Strip(drawn)
        return strip if (x, x + strip.cell_length) == (start, end) else strip.crop(start - x, end - x)

    def _line(self, y: int) -> Iterator[tuple[int, Pen]]:
        """What stands on a line, from left to right, without holes: where each part begins, and what it is."""
        placement, width = self._placement, self.size.width
        if placement.before:
            yield 0, Pen(fit(((f"‹{placement.before}", "muted"),) if not y else (), MARK))
        end = MARK * (placement.before > 0)
        for place, space in enumerate(placement.spaces):
            if place:
                yield end, blank(GAP)
            yield space.x, self._pens(space)[y]
            end = space.x + space.width
        if placement.after:
            yield end, Pen(fit(((f"{placement.after}›", "muted"),) if not y else (), width - end, "right"))

    def _pens(self, space: Space) -> list[Pen]:
        """What a lane shows, made now if it has not been drawn yet."""
        pens = self._shown.get(space.lane)
        if pens is None or len(pens) != max(1, self.size.height):
            pens = self._shown[space.lane] = self._draw_lane(space)
        return pens

    def _draw_lane(self, space: Space) -> list[Pen]:
        height = max(1, self.size.height)
        lane, members = self._lanes[space.lane], self._members[space.lane]
        if not space.open:
            return strip_lines(lane, len(members), space.width, height)
        density, top = self._density_of(space.lane), self._top_of(space.lane)
        hidden = Hidden(top, max(0, len(members) - top - self._cards_a_page(space.lane)))
        pens = [title_line(lane, len(members), hidden, space.width, here=space.lane == self._lane)]
        if not members:
            pens.append(Pen(fit(((" none", "faint"),), space.width)))
        for place in members[top:]:
            if len(pens) >= height:
                break
            selected = place == self.view.cursor
            pens += [Pen(cell, selected) for cell in self._look(place, space.width, density.lines)]
            pens += [blank(space.width)] * density.gap
        return (pens + [blank(space.width)] * (height - len(pens)))[:height]

    def _look(self, place: int, width: int, lines: int) -> tuple[Cell, ...]:
        row = self._rows[place]
        known = self._looks.get((row.id, width))
        if known is not None and known[0] is row.record:
            return known[1]
        cells = [fit(cell, width) for cell in self._cards.draw(row.record, width, lines)[:lines]]
        look: tuple[Cell, ...] = (*cells, *(blank(width).cell for _ in range(lines - len(cells))))
        self._looks[row.id, width] = (row.record, look)
        return look

    def _compare(self) -> None:
        """Repaint what looks different now."""
        for space in self._placement.spaces:
            old = self._shown.get(space.lane)
            new = self._shown[space.lane] = self._draw_lane(space)
            if old is None or len(old) != len(new):
                self.refresh(Region(space.x, 0, space.width, self.size.height))
                continue
            for y, (before, after) in enumerate(zip(old, new, strict=True)):
                if before == after:
                    continue
                first, last = difference(before.cell, after.cell)
                if before.selected != after.selected:
                    first, last = 0, space.width
                self.refresh(Region(space.x + first, y, last - first, 1))

    def _refresh_row(self, index: int) -> None:
        """Repaint one card; the focus draws it stronger."""
        if index >= len(self._seats):
            return
        lane, height = self._seats[index]
        density = self._density_of(lane)
        y = self._head + (height - self._top_of(lane)) * density.height
        for space in self._placement.spaces:
            if space.lane == lane and space.open and self._in_sight(lane, height):
                self.refresh(Region(space.x, y, space.width, density.lines))

    # --- movement -----------------------------------------------------------------------------------------------

    def select(self, row_id: str) -> bool:
        """Put the cursor on a card; False when there is no such card."""
        found = next((place for place, row in enumerate(self._rows) if row.id == row_id), None)
        if found is not None:
            self._move_to(found)
        return found is not None

    def _move_to(self, index: int) -> None:
        index = max(0, min(index, len(self._rows) - 1))
        if index == self.view.cursor or not self._rows:
            return
        self.view.cursor = index
        arranged = self._arrange()
        self._reveal()
        if arranged:
            self.redraw()
        else:
            self._compare()
        self.post_message(self.Moved(self))

    def _go(self, lane: int, height: int) -> None:
        members = self._members[lane]
        self._move_to(members[max(0, min(height, len(members) - 1))])

    def action_move(self, rows: int) -> None:
        """Move the cursor by so many cards of its lane."""
        if self._seats:
            lane, height = self._seats[self.view.cursor]
            self._go(lane, height + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by so many screenfuls of its lane."""
        if self._seats:
            self.action_move(pages * self._cards_a_page(self._lane))

    def action_edge(self, end: str) -> None:
        """Move the cursor to the `first` or the `last` card of its lane."""
        if self._seats:
            self._go(self._lane, 0 if end == "first" else len(self._rows))

    def move_lane(self, step: int) -> None:
        """Go to the next lane that has cards, or to the one before, at the same height of the screen."""
        if not self._seats:
            return
        lane, height = self._seats[self.view.cursor]
        line = (height - self._top_of(lane)) * self._density_of(lane).height
        target = lane + step
        while 0 <= target < len(self._lanes) and not self._members[target]:
            target += step
        if 0 <= target < len(self._lanes):
            self._go(target, self._top_of(target) + line // self._density_of(target).height)

    def _lane_at(self, x: int) -> Space | None:
        return next(
            (space for space in self._placement.spaces if space.x <= x < space.x + space.width + GAP), None
        )

    def on_click(self, event: events.Click) -> None:
        """Select the card under the pointer, or its lane where there is none; a second click opens the card."""
        event.prevent_default()
        space = self._lane_at(event.x)
        if space is None or not self._rows or not self._members[space.lane]:
            return
        density, top = self._density_of(space.lane), self._top_of(space.lane)
        place, line = divmod(event.y - self._head, density.height)
        on_card = space.open and event.y >= self._head and line < density.lines
        if on_card and top + place < len(self._members[space.lane]):
            self._go(space.lane, top + place)
            if event.chain == 2:
                self.post_message(self.Activated(self))
        elif space.lane != self._lane:
            self._go(space.lane, top)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll the lane under the pointer."""
        event.stop().prevent_default()
        self._scroll(event.x, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll the lane under the pointer."""
        event.stop().prevent_default()
        self._scroll(event.x, -1)

    def _scroll(self, x: int, cards: int) -> None:
        """Move a lane by a card; the cursor comes along when it is there and would go out of sight."""
        space = self._lane_at(x)
        if space is None or not space.open or not self._rows:
            return
        lane, key = space.lane, self._lanes[space.lane].key
        self._tops[key] = max(0, self._top_of(lane) + cards)
        top = self._tops[key] = self._top_of(lane)
        here, height = self._seats[self.view.cursor]
        if here == lane:
            self.view.cursor = self._members[lane][max(top, min(height, top + self._cards_a_page(lane) - 1))]
        self._compare()
