"""Sizes: panes fold by priority, columns drop by priority, and no size is too small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ui_screens import NARROW, WIDE, shown

from monitor.ui.commands import COMMANDS
from monitor.ui.screens.layout import Slot, fold
from monitor.ui.widgets.columns import Column, place

if TYPE_CHECKING:
    from monitor.keystore import KeyStore

SIZES = [(1, 1), (300, 80), (10, 3), (80, 24), (2, 60), (300, 2), (131, 30), (132, 30), (40, 9), (200, 50)]


async def test_a_storm_of_sizes_does_no_harm(store: KeyStore) -> None:
    async with shown(store) as screen:
        for keys in ((), ("enter",), ("escape", "b"), ("escape", "question_mark"), ("escape", "4", "z")):
            await screen.press(*keys)
            for size in SIZES:
                await screen.pilot.resize_terminal(*size)
                await screen.tick()
        await screen.pilot.resize_terminal(*WIDE)
        await screen.press("z")
        await screen.until_shown("validator")


async def test_on_a_small_terminal_every_pane_is_there_and_the_one_gone_to_unfolds(store: KeyStore) -> None:
    async with shown(store, NARROW) as screen:
        for caption in ("Agents", "Commits", "Health", "Alerts", "Tasks"):
            assert caption in screen.text
        assert "Keep the last good board" not in screen.text
        await screen.press("2")
        await screen.until_shown("Keep the last good board")
        assert "validator" in screen.text


async def test_on_a_tiny_terminal_the_focused_pane_stands_alone(store: KeyStore) -> None:
    async with shown(store, (60, 9)) as screen:
        assert "validator" in screen.text
        await screen.press("4")
        await screen.until_shown("mcp is down")
        assert "Agents" not in screen.text
        await screen.press("1")
        await screen.until_shown("validator")


async def test_a_narrow_table_keeps_what_matters(store: KeyStore) -> None:
    async with shown(store, NARROW) as screen:
        head = next(line for line in screen.text.splitlines() if "STATUS" in line)
        assert head.split() == ["STATUS▴", "NAME", "TASK", "±", "CPU%", "MEM", "SEEN", "WHY"]


@given(
    st.integers(0, 120),
    st.permutations(["a", "b", "c", "d"]),
    st.lists(st.integers(1, 40), min_size=4, max_size=4),
)
def test_folding_uses_every_line_and_hides_only_where_titles_do_not_fit(
    height: int, order: list[str], wanted: list[int]
) -> None:
    slots = [Slot(name, lines) for name, lines in zip("abcd", wanted, strict=True)]
    lines = fold(slots, height, order)
    assert sum(lines.values()) == height
    assert all(count == 1 or count >= 4 or name == order[0] or count == 0 for name, count in lines.items())
    assert max(lines[name] for name in "abcd") == 0 or lines[order[0]] > 0


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
