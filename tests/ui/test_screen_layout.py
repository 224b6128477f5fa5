"""Sizes: panes fold by priority, columns drop by priority, and no size is too small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ui_fleet import metrics
from ui_screens import NARROW, WIDE, Screen, shown

from monitor.keystore import Keys
from monitor.ui.commands import COMMANDS
from monitor.ui.screens.layout import Slot, share
from monitor.ui.widgets.columns import Column, place

if TYPE_CHECKING:
    from monitor.keystore import KeyStore


def heights(screen: Screen) -> dict[str, int]:
    """Lines of each pane of the main screen."""
    return {pane.id or "": pane.size.height if pane.display else 0 for pane in screen.main.panes()}


async def test_on_a_small_terminal_the_pane_gone_to_shows_more_and_those_without_room_are_named(
    store: KeyStore,
) -> None:
    async with shown(store, NARROW) as screen:
        for seen in ("validator", "Keep the last good board", "mcp is down"):
            assert seen in screen.text
        before = heights(screen)
        folded = screen.text.splitlines()[-2]
        for pane in screen.main.panes():
            assert pane.display != (f"{pane.NUMBER} {pane.CAPTION}" in folded)
        await screen.press("2")
        await screen.until(lambda: heights(screen)["commits"] > before["commits"])
        for seen in ("validator", "mcp is down"):
            assert seen in screen.text, "the others keep a row"
        await screen.press("1")
        await screen.until(lambda: heights(screen) == before)


async def test_a_folded_pane_unfolds_when_one_goes_to_it_or_clicks_its_name(store: KeyStore) -> None:
    async with shown(store, NARROW) as screen:
        folded = next(pane for pane in screen.main.panes() if not pane.display)
        await screen.press(folded.NUMBER)
        await screen.until(lambda: folded.display and screen.main.pane is folded)
        other = next(pane for pane in screen.main.panes() if not pane.display)
        line = screen.main.query_one("#folded")
        x = screen.text.splitlines()[line.region.y].index(other.CAPTION)
        await screen.pilot.click("#folded", offset=(x, 0))
        await screen.until(lambda: other.display and screen.main.pane is other)


def every_line_is_used(screen: Screen) -> bool:
    """Whether the panes cover the room without a hole or an overlap, and the agents have what they need up to half."""
    shown_now = [pane for pane in screen.main.panes() if pane.display]
    line = screen.main.query_one("#folded")
    room = screen.app.size.height - 2 - line.display
    area = sum(pane.region.width * pane.region.height for pane in shown_now)
    agents = screen.main.agents
    overlaps = any(
        one.region.overlaps(other.region) for one in shown_now for other in shown_now if one is not other
    )
    return (
        area == screen.app.size.width * room
        and not overlaps
        and agents.size.height >= min(agents.wanted, room // 2)
    )


@pytest.mark.parametrize("agents", [3, 6, 20])
async def test_the_panes_cover_the_screen_at_every_size(store: KeyStore, agents: int) -> None:
    store.set(Keys.AGENTS, store.get(Keys.AGENTS)[:agents])
    async with shown(store, NARROW) as screen:
        for size in (NARROW, (100, 30), (120, 40), WIDE, (300, 80), (60, 20)):
            await screen.pilot.resize_terminal(*size)
            await screen.until(lambda: every_line_is_used(screen), f"{agents} agents at {size}")


async def test_a_pane_that_gets_more_to_show_grows_at_once(store: KeyStore) -> None:
    alerts = store.get(Keys.ALERTS)
    store.set(Keys.ALERTS, alerts[:1])
    async with shown(store, NARROW) as screen:
        before = heights(screen)["alerts"]
        store.set(Keys.ALERTS, alerts)
        await screen.tick()
        await screen.until_shown("no commit for 2 h")
        assert heights(screen)["alerts"] > before


async def test_a_tick_that_brings_nothing_new_does_not_lay_out_again(store: KeyStore) -> None:
    async with shown(store, NARROW) as screen:
        layouts: list[object] = []
        screen.main.screen_layout_refresh_signal.subscribe(screen.main, layouts.append)
        store.set(Keys.metrics("architect"), metrics(77.0))
        await screen.tick(30_000)
        assert layouts == []


async def test_on_a_tiny_terminal_the_focused_pane_stands_alone(store: KeyStore) -> None:
    async with shown(store, (60, 9)) as screen:
        assert "validator" in screen.text
        await screen.press("4")
        await screen.until_shown("mcp is down")
        assert "validator" not in screen.text
        assert "1 Agents" in screen.text.splitlines()[-2], "what is folded is named"
        await screen.press("1")
        await screen.until_shown("validator")


async def test_a_narrow_table_keeps_what_matters(store: KeyStore) -> None:
    async with shown(store, NARROW) as screen:
        head = next(line for line in screen.text.splitlines() if "STATUS" in line)
        assert head.split() == ["STATUS▴", "FOR", "NAME", "WHY", "NOW", "±", "CPU%", "MEM"]


@given(
    st.integers(0, 120),
    st.permutations(["a", "b", "c", "d"]),
    st.lists(st.integers(2, 40), min_size=4, max_size=4),
)
def test_sharing_uses_every_line_and_leaves_nobody_folded_beside_blank_ones(
    height: int, order: list[str], wanted: list[int]
) -> None:
    slots = [
        Slot(name, lines, promised=8 * (name == "a")) for name, lines in zip("abcd", wanted, strict=True)
    ]
    lines = share(slots, height, order)
    assert sum(lines.values()) == height
    if height < 8:
        assert lines[order[0]] == height
        return
    assert min(lines.values()) >= 1
    assert lines["a"] >= min(wanted[0], 8, height - 6)
    blank = [slot for slot in slots if lines[slot.name] > slot.wanted]
    hungry = [slot for slot in slots if lines[slot.name] < slot.wanted]
    assert not blank or not hungry
    assert {slot.name for slot in blank} <= {"d"}


@given(
    st.integers(0, 400),
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 9), st.integers(0, 5)), min_size=1, max_size=12),
)
def test_columns_never_overlap_or_leave_the_table(width: int, shapes: list[tuple[int, int, int]]) -> None:
    columns: list[Column[str]] = [
        Column(
            str(number), "", size, lambda record, _: ((record, "text"),), priority=priority, flexible=flexible
        )
        for number, (size, priority, flexible) in enumerate(shapes)
    ]
    end = 0
    for placed in place(columns, width):
        assert placed.x >= end
        end = placed.x + placed.width
    assert end <= width


@pytest.mark.parametrize("width", [20, 80, 200])
def test_spare_width_goes_to_flexible_columns(width: int) -> None:
    columns: list[Column[str]] = [
        Column("fixed", "", 5, lambda record, _: ((record, "text"),)),
        Column("wide", "", 5, lambda record, _: ((record, "text"),), flexible=1),
    ]
    placed = place(columns, width)
    assert placed[0].width == 5
    assert placed[-1].x + placed[-1].width == width


def test_the_help_of_every_command_fits_into_eighty_columns() -> None:
    assert [command.id for command in COMMANDS if len(command.help) > 58] == []
