"""The time line: what its cells stand for, what it repaints, and what the pointer does on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import MouseMove
from ui_fleet import HOUR, MINUTE, NOW
from ui_replay import FIRST, LAST, ReplayedScreen, replay_store, replayed, timeline
from ui_screens import NARROW, WIDE

from monitor.keystore import Keys
from monitor.model import SEVERITIES, STATUSES, Timeline, TimelineSlice
from monitor.ui.options import ScreenOptions
from monitor.ui.widgets.time_line import TimeLine, time_line_height
from monitor.ui.widgets.track import FULL, GAP, MARKER, PARTLY, Scale, Track, condense

if TYPE_CHECKING:
    from ui_screens import Screen

slices = st.lists(
    st.builds(
        TimelineSlice,
        recorded=st.floats(0, 1),
        alerts=st.integers(0, 3),
        severity=st.none() | st.sampled_from(SEVERITIES),
        changes=st.integers(0, 9),
        status=st.none() | st.sampled_from(STATUSES),
    ),
    max_size=40,
)


@given(slices, st.integers(0, 100))
def test_no_mark_is_lost_or_shown_twice_at_any_width(parts: list[TimelineSlice], width: int) -> None:
    cells = condense(parts, width)
    assert len(cells) == (width if parts else 0)
    if cells:
        assert sum(cell.alerts for cell in cells) == sum(part.alerts for part in parts)
        assert sum(cell.changes for cell in cells) == sum(part.changes for part in parts)
        assert {cell.severity for cell in cells if cell.severity} <= {part.severity for part in parts}
        gravest = [
            max((one.severity for one in many if one.severity), key=SEVERITIES.index, default=None)
            for many in (parts, cells)
        ]
        assert gravest[0] == gravest[1]
        assert all(0 <= cell.recorded <= 1 for cell in cells)


@given(st.integers(0, 10**13), st.integers(0, 10**12), st.integers(1, 400), st.integers(-5, 405))
def test_a_cell_and_its_moment_belong_together(first: int, length: int, width: int, column: int) -> None:
    scale = Scale(first, first + length, width)
    at = scale.moment(column)
    assert first <= at <= first + length
    if length >= width * 2:
        assert scale.column(at) == max(0, min(column, width - 1))
    assert 0 <= scale.column(first - 10**6) <= scale.column(first + length + 10**6) < width


def test_whole_partly_and_not_at_all_are_three_signs_without_colour() -> None:
    track = Track()
    parts = tuple(TimelineSlice(recorded=share) for share in (1.0, 0.5, 0.0))
    track.fit(Timeline(first=0, last=3, slices=parts), 3)
    assert track.line == (FULL, PARTLY, GAP)
    assert len({glyph for glyph, _ in (*track.line, MARKER)}) == 4


def test_the_gravest_and_the_most_urgent_win_where_several_fall_into_a_cell() -> None:
    parts = (
        TimelineSlice(recorded=1.0, alerts=1, severity="critical", changes=1, status="blocked"),
        TimelineSlice(recorded=0.0, alerts=1, severity="info", changes=1, status="active"),
    )
    (cell,) = condense(parts, 1)
    assert (cell.severity, cell.status, cell.alerts, cell.changes) == ("critical", "blocked", 2, 2)
    assert cell.recorded == pytest.approx(0.5)


def test_where_every_cell_would_bear_a_mark_only_those_above_the_rest_do() -> None:
    parts = [TimelineSlice(recorded=1.0, alerts=1, severity="warning", changes=5, status="blocked")] * 40
    parts[7] = TimelineSlice(recorded=1.0, alerts=1, severity="critical", changes=5, status="error")
    parts[9] = TimelineSlice(recorded=1.0, alerts=8, severity="warning", changes=90, status="blocked")
    track = Track()
    track.fit(Timeline(first=0, last=40, slices=tuple(parts)), 40)
    glyphs = "".join(glyph for glyph, _ in track.marks)
    assert glyphs == "╷╷╷╷╷╷╷◆╷▲" + "╷" * 30
    assert {style for glyph, style in track.marks if glyph == "╷"} == {"warn"}
    assert "".join(glyph for glyph, _ in track.line) == "┯┯┯┯┯┯┯✖┯■" + "┯" * 30
    assert "".join(glyph for glyph, _ in track.both) == "╷╷╷╷╷╷╷◆╷▲" + "╷" * 30


def test_few_marks_are_all_shown_whole() -> None:
    parts = [TimelineSlice(recorded=1.0)] * 40
    for place in range(10):
        parts[place] = TimelineSlice(recorded=1.0, alerts=1, severity="info", changes=1, status="idle")
    track = Track()
    track.fit(Timeline(first=0, last=40, slices=tuple(parts)), 40)
    assert [glyph for glyph, _ in track.marks] == ["·"] * 10 + [" "] * 30
    assert [glyph for glyph, _ in track.line] == ["◐"] * 10 + ["━"] * 30


@pytest.mark.parametrize(("height", "lines"), [(50, 2), (24, 2), (23, 1), (6, 1), (5, 0), (1, 0)])
def test_a_low_screen_has_a_low_time_line(height: int, lines: int) -> None:
    assert time_line_height(height) == lines


def lines_above_footer(screen: Screen, count: int) -> list[str]:
    return screen.text.splitlines()[-1 - count : -1]


async def test_it_stands_above_the_footer_with_both_ends_the_moment_and_the_marks() -> None:
    async with replayed(replay_store(), NARROW) as screen:
        above, line = lines_above_footer(screen, 2)
        assert line.startswith(" 10:03 ━")
        assert line.endswith("━ 18:03")
        assert above.endswith(" 12:03:04")
        for glyph in "▲◆✖":
            assert glyph in above
        for glyph in "■✖◐●○┃┄":
            assert glyph in line
        # A quarter of the eight hours is over.
        track = line[7:-6]
        assert track.index("┃") == len(track) // 4
        assert above.index("◆") > line.index("┃"), "an alert stands where its time is"


async def test_with_one_line_alerts_and_changes_share_it() -> None:
    async with replayed(replay_store(), (60, 20)) as screen:
        (line,) = lines_above_footer(screen, 1)
        assert line.startswith(" 10:03 ")
        assert line.endswith(" 12:03:04 / 18:03")
        assert "▲" in line
        assert "◆" in line
        assert "┃" in line
        assert "┄" in line


async def test_a_narrow_screen_keeps_the_line_and_drops_the_labels() -> None:
    async with replayed(replay_store(), (30, 10)) as screen:
        (line,) = lines_above_footer(screen, 1)
        assert len(line) == 30
        assert ":" not in line
        assert "┃" in line


async def test_a_span_of_days_has_dates_at_its_ends_and_at_the_moment() -> None:
    store = replay_store()
    span = {"first": NOW - 30 * 24 * HOUR, "last": NOW + HOUR}
    for key in (Keys.REPLAY, Keys.TIMELINE):
        store.set(key, msgspec.structs.replace(store.get(key), **span))
    async with replayed(store) as screen:
        above, line = lines_above_footer(screen, 2)
        assert line.startswith(" 12-02 12:03 ")
        assert line.endswith(" 01-01 13:03")
        assert above.endswith(" 01-01 12:03:04")


async def test_what_has_grown_since_its_time_line_was_read_ends_where_the_replay_stands() -> None:
    async with replayed(replay_store(at=LAST + 5000, last=LAST + 5000, following=True), (60, 20)) as screen:
        (line,) = lines_above_footer(screen, 1)
        assert line.endswith("┃ 18:03:09 / 18:03")


async def test_before_the_time_line_is_read_there_is_a_plain_one() -> None:
    store = replay_store()
    store.delete(Keys.TIMELINE)
    async with replayed(store) as screen:
        above, line = lines_above_footer(screen, 2)
        assert set(line[7:-6]) == {"━", "┃"}
        assert above.split() == ["12:03:04"]
        store.set(Keys.TIMELINE, timeline())
        store.flush()
        await screen.until(lambda: "┄" in lines_above_footer(screen, 1)[0])


def widths(screen: Screen) -> set[int]:
    """Cells of each line, as drawn."""
    strips = screen.app.screen._compositor.render_strips()
    return {sum(part.cell_length for part in strip) for strip in strips}


async def until_as_wide(screen: Screen, width: int) -> None:
    """Wait until the screen has taken its new size on."""
    await screen.until(lambda: widths(screen) == {width}, f"lines of {width} cells")


async def test_a_storm_of_sizes_does_no_harm() -> None:
    async with replayed(replay_store()) as screen:
        for size in ((1, 1), (300, 80), (10, 3), (2, 60), (300, 2), (40, 6), (80, 23), (80, 24), WIDE):
            await screen.pilot.resize_terminal(*size)
            await screen.press("greater_than_sign")
            assert screen.app._exception is None
            await until_as_wide(screen, size[0])
            assert screen.app._exception is None


@pytest.mark.parametrize("size", [NARROW, (60, 20)])
async def test_every_screen_keeps_its_footer_below_the_time_line(size: tuple[int, int]) -> None:
    async with replayed(replay_store(), size) as screen:
        for keys in ((), ("z",), ("z", "4"), ("enter",), ("1", "enter"), ("escape", "b"), ("escape", "f1")):
            await screen.press(*keys)
            await screen.until(lambda: "┃" in lines_above_footer(screen, 1)[0], f"a time line after {keys}")
            await screen.until(
                lambda: len(lines := screen.text.splitlines()) == size[1] and "q Quit" in lines[-1],
                f"every line, the footer below them, after {keys}",
            )


async def test_no_pane_loses_lines_without_need() -> None:
    async with replayed(replay_store(), NARROW) as screen:
        heights = [pane.size.height for pane in screen.main.panes() if pane.display]
        assert sum(heights) == 24 - 3 - 2
        assert min(heights) >= 2
        assert len(heights) >= 4


async def test_without_colour_everything_of_it_can_be_read() -> None:
    async with replayed(replay_store(), NARROW, ScreenOptions(no_color=True)) as screen:
        above, line = lines_above_footer(screen, 2)
        assert "◆" in above
        assert "┃" in line
        strips = screen.app.screen._compositor.render_strips()
        for segment in (*strips[-2], *strips[-3]):
            style = segment.style
            assert style is None or style.color is None or style.color.is_default


# --- the pointer -----------------------------------------------------------------------------------------------


def column_of(screen: ReplayedScreen, sign: str) -> int:
    return lines_above_footer(screen, 1)[0].index(sign)


async def test_a_click_goes_to_the_moment_under_it() -> None:
    async with replayed(replay_store()) as screen:
        target = column_of(screen, "┄") + 3
        await screen.pilot.click(TimeLine, offset=(target, 1))
        await screen.until(lambda: screen.asked)
        ((word, at),) = screen.asked
        assert word == "seek"
        assert FIRST + 5 * HOUR <= at <= FIRST + 5 * HOUR + 30 * MINUTE
        await screen.until(lambda: column_of(screen, "┃") == target, "the marker is where the click was")


async def test_a_click_on_a_label_goes_to_its_end() -> None:
    async with replayed(replay_store()) as screen:
        await screen.pilot.click(TimeLine, offset=(2, 1))
        await screen.pilot.click(TimeLine, offset=(WIDE[0] - 2, 1))
        await screen.until(lambda: len(screen.asked) == 2)
        assert screen.asked == [("seek", FIRST), ("seek", LAST)]


async def test_a_drag_goes_along_and_ends_with_the_button() -> None:
    async with replayed(replay_store()) as screen:
        await screen.pilot.mouse_down(TimeLine, offset=(20, 1))
        for column in (21, 22, 22, 40):
            await screen.pilot._post_mouse_events([MouseMove], TimeLine, (column, 1), button=1)
        await screen.pilot.mouse_up(TimeLine, offset=(40, 1))
        await screen.pilot.hover(TimeLine, offset=(60, 1))
        await screen.until(lambda: column_of(screen, "┃") == 40)
        assert len(screen.asked) == 4, "once for each cell that the pointer came to"
