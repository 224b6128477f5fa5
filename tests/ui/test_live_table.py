"""The live table without a screen: what is in sight, what is drawn again, and columns that stay straight."""

from __future__ import annotations

from typing import Any, NamedTuple

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text import clean
from monitor.ui.spans import Cell, cell_width, text_width
from monitor.ui.widgets.columns import Column, Place, Placed, column_at, place, titles
from monitor.ui.widgets.rows import Drawn, Row, changed_runs, draw, redraw
from monitor.ui.widgets.viewport import Viewport

FOREIGN = st.text("aZ9 -本語ｱＡ한👍🚀👩\u200d\u0301\u0308é\ufe0f\U0001f3fd🇩🇪אب\u200b…█", max_size=24)
"""Wide letters, half-width ones, emoji with all that joins them, marks, right-to-left letters, flags."""
VIEWS = st.tuples(st.integers(0, 60), st.integers(1, 20))
MOVES = st.lists(
    st.tuples(st.sampled_from(["move_to", "scroll", "turn"]), st.integers(-70, 70)), min_size=1, max_size=8
)


class Record(NamedTuple):
    """What a test's row shows."""

    name: str
    number: int


def columns() -> tuple[Column[Record], ...]:
    """A name of any letters between two fixed columns."""
    return (
        Column("number", "NO", 4, lambda record, _: ((str(record.number), "text"),), "right", part="number"),
        Column("name", "NAME", 8, lambda record, _: ((record.name, "strong"),), flexible=1, part="name"),
        Column("twice", "TWICE", 9, lambda record, _: ((record.name, "muted"), ("|", "text")), priority=1),
    )


def places(placed: tuple[Placed[Any], ...]) -> tuple[Place, ...]:
    """Where they stand."""
    return tuple(Place(x, width) for _, x, width in placed)


def lines(drawn: Drawn) -> list[tuple[int, int]]:
    """Where each cell begins, and how wide what stands there is."""
    return [(place.x, cell_width(cell)) for place, cell in zip(drawn.places, drawn.cells, strict=True)]


# --- columns ------------------------------------------------------------------------------------------------------


@given(FOREIGN, FOREIGN, st.integers(4, 120))
def test_every_line_has_its_columns_in_the_same_cells_whatever_stands_in_them(
    first: str, second: str, width: int
) -> None:
    placed = place(columns(), width)
    shown = [
        draw(Row("a", Record(text, 7)), placed, places(placed)) for text in (first, second, clean(first))
    ]
    assert len({tuple(lines(drawn)) for drawn in shown}) == 1
    assert lines(shown[0]) == [(column.x, column.width) for column in placed]


@given(FOREIGN, FOREIGN)
def test_the_width_of_what_is_drawn_does_not_depend_on_what_stands_beside_it(first: str, second: str) -> None:
    placed = place(columns(), 60)
    drawn = draw(Row("a", Record(f"{first}{second}", 1)), placed, places(placed))
    together = "".join(text for cell in drawn.cells for text, _ in cell)
    assert text_width(together) == sum(cell_width(cell) for cell in drawn.cells)


@given(FOREIGN)
def test_a_terminal_writes_each_column_where_the_table_has_it(text: str) -> None:
    placed = place(columns(), 60)
    drawn = draw(Row("a", Record(clean(text), 1)), placed, places(placed))
    terminal = pyte.Screen(100, 1)
    stream = pyte.Stream(terminal)
    for spot, cell in zip(drawn.places, drawn.cells, strict=True):
        stream.feed(" " * (spot.x - terminal.cursor.x) + "".join(part for part, _ in cell))
        assert terminal.cursor.x == spot.x + spot.width


@pytest.mark.parametrize(("descending", "shown"), [(True, ["  NO", "NAME▾"]), (False, ["  NO", "NAME▴"])])
def test_the_column_sorted_by_has_a_mark(descending: bool, shown: list[str]) -> None:
    placed = place(columns(), 30)
    texts = ["".join(text for text, _ in cell).rstrip() for cell in titles(placed, ("name", descending))]
    assert texts[:2] == shown


def test_a_title_without_room_gives_its_last_letter_for_the_mark() -> None:
    placed: tuple[Placed[Any], ...] = (Placed(Column("cpu", "CPU%", 4, lambda *_: ()), 0, 4),)
    assert titles(placed, ("cpu", True)) == ((("CPU▾", "accent"),),)


def test_a_click_between_two_columns_belongs_to_the_one_before() -> None:
    placed = place(columns(), 30)
    second = placed[1]
    assert column_at(placed, second.x) == "name"
    assert column_at(placed, second.x - 1) == "number"
    assert column_at(placed, -1) == ""


# --- what is drawn again --------------------------------------------------------------------------------------------

RECORDS = st.builds(Record, FOREIGN, st.integers(0, 9999))


def heading(record: Record, placed: Any) -> list[tuple[Place, Cell]]:
    """A line over all columns."""
    end = placed[-1].x + placed[-1].width
    return [(Place(0, end), ((f"▾ {record.name}", "title"),))]


ROWS = st.builds(Row, st.sampled_from("ab"), RECORDS, st.sampled_from([None, heading]))


@given(ROWS, ROWS, st.integers(20, 80))
def test_a_line_drawn_again_looks_as_if_it_were_drawn_anew(
    before: Row[Record], after: Row[Record], width: int
) -> None:
    placed = place(columns(), width)
    where = places(placed)
    old, fresh = draw(before, placed, where), draw(after, placed, where)
    new = redraw(old, after, placed, where, moving=())
    assert (new.id, new.record, new.cells, tuple(new.places)) == (
        fresh.id,
        fresh.record,
        fresh.cells,
        tuple(fresh.places),
    )
    if new.cells == old.cells and new.places == old.places:
        assert new.cells is old.cells, "nothing to repaint"


@given(ROWS, ROWS, st.integers(20, 80))
def test_what_is_repainted_covers_every_cell_that_looks_different(
    before: Row[Record], after: Row[Record], width: int
) -> None:
    placed = place(columns(), width)
    where = places(placed)
    old, new = draw(before, placed, where), draw(after, placed, where)
    runs = list(changed_runs(old, new))
    repainted = {cell for start, end in runs for cell in range(start, end)}
    for spot, cell in zip(new.places, new.cells, strict=True):
        known = dict(zip(old.places, old.cells, strict=True)).get(spot)
        if cell != known:
            assert repainted >= set(range(spot.x, spot.x + spot.width))
    assert not runs or old.cells != new.cells


def test_near_changes_are_repainted_together_and_distant_ones_are_not() -> None:
    spots = (Place(0, 4), Place(6, 4), Place(40, 4))
    old = Drawn("a", None, ((("a", "text"),), (("b", "text"),), (("c", "text"),)), spots)
    new = Drawn("a", None, ((("A", "text"),), (("B", "text"),), (("C", "text"),)), spots)
    assert list(changed_runs(old, new)) == [(0, 10), (40, 44)]


# --- what is in sight -----------------------------------------------------------------------------------------------


@given(VIEWS, MOVES)
def test_the_cursor_is_on_a_row_in_sight_and_no_line_is_blank_while_rows_are_hidden(
    view: tuple[int, int], moves: list[tuple[str, int]]
) -> None:
    port = Viewport()
    port.count, port.page = view
    for move, by in moves:
        getattr(port, move)(by)
        assert port.cursor_in_sight
        assert 0 <= port.cursor < max(1, port.count)
        assert port.top == 0 or port.top + port.page <= port.count


@given(VIEWS, MOVES)
def test_the_scroll_mark_touches_an_end_only_when_that_end_is_in_sight(
    view: tuple[int, int], moves: list[tuple[str, int]]
) -> None:
    port = Viewport()
    port.count, port.page = view
    for move, by in moves:
        getattr(port, move)(by)
        start, end = port.thumb()
        if port.whole:
            assert (start, end) == (0, 0)
            continue
        assert 0 <= start < end <= port.page
        if port.page >= 3:
            assert (start == 0) == (port.top == 0)
            assert (end == port.page) == (port.top + port.page == port.count)


def test_turning_pages_keeps_one_row_in_sight_and_goes_to_the_ends() -> None:
    port = Viewport()
    port.count, port.page = 30, 10
    seen = []
    for _ in range(5):
        port.turn(1)
        seen.append((port.top, port.cursor))
    assert seen == [(9, 9), (18, 18), (20, 27), (20, 29), (20, 29)]
    port.turn(-9)
    assert (port.top, port.cursor) == (0, 0)
