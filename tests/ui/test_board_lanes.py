"""The lanes of the board: every width is shared out whole, and what matters stays open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ui.widgets.lanes import (
    AIRY,
    AMPLE,
    DENSE,
    GAP,
    MARK,
    STRIP,
    LaneShape,
    Placement,
    choose_density,
    place_lanes,
)

DECLARED = [LaneShape(), LaneShape(), LaneShape(), LaneShape(), LaneShape(brief=True), LaneShape(brief=True)]


def widths(placement: Placement) -> list[int]:
    return [space.width for space in placement.spaces]


def test_on_a_wide_screen_every_lane_is_open_and_the_finished_ones_are_narrower() -> None:
    placement = place_lanes(DECLARED, 200, 0)
    assert placement.opened == frozenset(range(6))
    assert max(widths(placement)[4:]) < min(widths(placement)[:4])


def test_a_very_wide_screen_widens_the_lanes_of_open_work() -> None:
    assert widths(place_lanes(DECLARED, 300, 0))[4:] == [34, 34]
    assert min(widths(place_lanes(DECLARED, 300, 0))[:4]) > 55


@pytest.mark.parametrize("focused", range(6))
def test_on_a_narrow_screen_the_focused_lane_is_open_and_the_others_are_strips(focused: int) -> None:
    placement = place_lanes(DECLARED, 60, focused)
    assert placement.opened == {focused}
    assert sorted(widths(placement))[:5] == [STRIP] * 5


def test_on_eighty_columns_two_lanes_are_open() -> None:
    assert place_lanes(DECLARED, 80, 1).opened == {0, 1}


def test_lanes_that_were_open_stay_open_as_the_focus_moves() -> None:
    before = place_lanes(DECLARED, 120, 1)
    after = place_lanes(DECLARED, 120, 3, before.opened)
    assert 3 in after.opened
    assert len(after.opened & before.opened) >= len(before.opened) - 1


def test_an_empty_lane_is_the_first_to_fold() -> None:
    shapes = [LaneShape(), LaneShape(), LaneShape(empty=True), LaneShape()]
    assert place_lanes(shapes, 90, 1).opened == {0, 1, 3}


def test_lanes_without_room_are_counted_at_the_edges() -> None:
    placement = place_lanes([LaneShape()] * 20, 60, 9)
    assert placement.before + placement.after + len(placement.spaces) == 20
    assert placement.before > 0
    assert placement.after > 0
    assert placement.spaces[0].x == MARK


def test_cards_take_the_room_there_is() -> None:
    assert choose_density(9, 45) == AMPLE
    assert choose_density(11, 45) == AIRY
    assert choose_density(40, 45) == AIRY
    assert choose_density(40, 20) == DENSE
    assert choose_density(0, 20) == AMPLE


SHAPES = st.lists(st.builds(LaneShape, st.booleans(), st.booleans()), min_size=1, max_size=16)


@given(SHAPES, st.integers(0, 320), st.integers(0, 15), st.sets(st.integers(0, 15)))
def test_every_cell_is_shared_out_and_nothing_overlaps(
    shapes: list[LaneShape], width: int, focused: int, kept: set[int]
) -> None:
    focused %= len(shapes)
    placement = place_lanes(shapes, width, focused, frozenset(kept))
    if width == 0:
        assert placement.spaces == ()
        return
    assert focused in placement.opened
    x = MARK * (placement.before > 0)
    for space in placement.spaces:
        assert space.x == x
        x += space.width + GAP
    assert min(widths(placement)) > 0
    assert x - GAP + MARK * (placement.after > 0) == width
    if width > 2 * MARK:
        assert placement.before + placement.after + len(placement.spaces) == len(shapes)
