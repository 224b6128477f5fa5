"""Where the panes of the main screen stand, at every size."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region, Size

from monitor.ui.screens.arrange import IMPORTANCE, Need, arrange

NAMES = ("agents", "commits", "health", "alerts", "tasks", "timeline", "systems")
WANTED = {"agents": 22, "commits": 51, "health": 24, "alerts": 6, "tasks": 8, "timeline": 22, "systems": 9}


def needs(*names: str, **wanted: int) -> list[Need]:
    """What these panes need, all of them when none is named; `wanted` changes how many lines."""
    lines = {**WANTED, **wanted}
    return [
        Need(name, lines[name], 60 if name == "health" else 1000)
        for name in NAMES
        if name in (names or NAMES)
    ]


def rows(places: dict[str, Region]) -> list[list[str]]:
    """The names of the panes, line by line, from left to right."""
    tops = sorted({region.y for region in places.values()})
    return [
        [name for name, region in sorted(places.items(), key=lambda item: item[1].x) if region.y == top]
        for top in tops
    ]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((300, 78), [["agents"], ["commits", "health", "alerts"], ["tasks", "timeline", "systems"]]),
        ((200, 47), [["agents"], ["commits", "health", "alerts"], ["tasks", "timeline", "systems"]]),
        ((120, 37), [["agents"], ["commits", "health"], ["alerts", "tasks"], ["timeline", "systems"]]),
        ((80, 21), [["agents"], ["commits"], ["health"], ["alerts"]]),
        ((60, 17), [["agents"], ["commits"], ["health"], ["alerts"]]),
    ],
)
def test_what_stands_where(size: tuple[int, int], expected: list[list[str]]) -> None:
    assert rows(arrange(Size(*size), needs(), "agents")) == expected


def test_the_agents_have_what_they_need_up_to_half() -> None:
    places = arrange(Size(200, 48), needs(), "agents")
    assert places["agents"].height == 22
    assert arrange(Size(200, 48), needs(agents=200), "agents")["agents"].height == 24
    assert arrange(Size(80, 21), needs(), "agents")["agents"].height == 10


def test_what_the_others_do_not_need_goes_to_the_agents() -> None:
    places = arrange(Size(200, 48), needs("agents", "alerts", agents=60, alerts=4), "agents")
    assert places["agents"].height == 44


def test_a_pane_with_a_limit_leaves_its_cells_to_the_others() -> None:
    places = arrange(Size(300, 78), needs(), "agents")
    assert places["health"].width == 60
    assert places["commits"].width == 120


def test_going_to_a_folded_pane_unfolds_it() -> None:
    assert "systems" not in arrange(Size(80, 21), needs(), "agents")
    places = arrange(Size(80, 21), needs(), "systems")
    assert rows(places) == [["agents"], ["commits"], ["alerts"], ["systems"]]
    assert places["systems"].height > places["commits"].height


def test_the_least_important_pane_folds_first() -> None:
    shown = [set(arrange(Size(80, height), needs(), "agents")) for height in range(10, 60)]
    for fewer, more in pairwise(shown):
        assert fewer <= more
        assert all(
            IMPORTANCE.index(folded) > max(map(IMPORTANCE.index, fewer)) for folded in set(NAMES) - fewer
        )


def test_a_zoomed_pane_has_everything() -> None:
    assert arrange(Size(200, 48), needs(), "agents", "health") == {"health": Region(0, 0, 200, 48)}


def test_hidden_agents_leave_the_room_to_the_others() -> None:
    places = arrange(Size(200, 48), needs("commits", "alerts"), "commits")
    assert rows(places) == [["commits", "alerts"]]
    assert places["commits"].height == 48


@given(
    st.integers(0, 320),
    st.integers(0, 100),
    st.sets(st.sampled_from(NAMES)),
    st.sampled_from(NAMES),
    st.lists(st.integers(2, 60), min_size=len(NAMES), max_size=len(NAMES)),
    st.sampled_from(("", *NAMES)),
)
def test_places_cover_the_area_and_never_overlap(
    width: int, height: int, names: set[str], here: str, lines: list[int], zoomed: str
) -> None:
    wanted = dict(zip(NAMES, lines, strict=True))
    chosen = [need for need in needs(**wanted) if need.name in names]
    places = arrange(Size(width, height), chosen, here, zoomed or None)
    if not chosen or not width or not height:
        assert places == {}
        return
    regions = list(places.values())
    assert sum(region.area for region in regions) == width * height
    assert all(Region(0, 0, width, height).contains_region(region) for region in regions)
    assert all(not one.overlaps(other) for place, one in enumerate(regions) for other in regions[place + 1 :])
    if here in names and not zoomed:
        assert here in places
