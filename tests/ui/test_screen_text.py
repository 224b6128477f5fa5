"""The pure parts: formats, filters, and text of exact width."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.theme import BUILTIN_THEMES

from monitor.model import SEVERITIES, STATUSES
from monitor.ui import format as text
from monitor.ui.palette import Palette, StyleName
from monitor.ui.spans import Cell, cell_width, cut, fit, segments, settle, text_width
from monitor.ui.themes import DARK, LIGHT

MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (19, "10s"),
        (59, "50s"),
        (60, "1m"),
        (3599, "59m"),
        (2 * HOUR + 14 * MINUTE, "2h14"),
        (14 * HOUR + 31 * MINUTE, "14h"),
        (5 * DAY, "5d"),
        (1200 * DAY, "3y"),
    ],
)
def test_durations(seconds: int, shown: str) -> None:
    assert text.duration(seconds) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0B"),
        (999, "999B"),
        (1024, "1.0K"),
        (327_155_712, "312M"),
        (1_500_000_000, "1.4G"),
        (1 << 62, "4096P"),
    ],
)
def test_sizes(value: int, shown: str) -> None:
    assert text.size(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(0.0, "0.0"), (9.94, "9.9"), (9.96, "10"), (188.4, "188")])
def test_cpu(value: float, shown: str) -> None:
    assert text.cpu(value) == shown


def test_what_is_unknown_is_a_dash_and_never_zero() -> None:
    shown = {
        text.duration(None),
        text.size(None),
        text.cpu(None),
        text.percent(None),
        text.count(None),
        text.milliseconds(None),
        text.clock_time(None),
        text.age(None, 5),
        text.age(5, None),
    }
    assert shown == {"–"}


def test_a_moment_ahead_of_the_clock_is_now() -> None:
    assert text.age(2_000_000, 1_000_000) == "now"


@given(st.integers(0, 100 * 365 * DAY))
def test_ages_take_at_most_four_cells(seconds: int) -> None:
    assert len(text.duration(seconds)) <= 4


@given(st.floats(0, 1e18))
def test_sizes_stay_short(value: float) -> None:
    assert len(text.size(value)) <= 5


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e6)), max_size=40), st.integers(0, 30))
def test_a_sparkline_has_its_width_and_blanks_for_the_unknown(values: list[float | None], width: int) -> None:
    line = text.spark(values, width)
    assert len(line) == width
    for letter, value in zip(reversed(line), reversed(values), strict=False):
        assert (letter == " ") == (value is None)


def test_a_gauge_reads_without_colour() -> None:
    assert "".join(part for part, _ in text.gauge(50.0, 8)) == "━━━━────"
    assert "".join(part for part, _ in text.gauge(None, 4)).strip() == "–"
    assert text.level(None) == text.level(10.0) == "fill"
    assert (text.level(85.0), text.level(95.0)) == ("warn", "bad")


def test_every_status_and_severity_has_a_glyph_of_its_own() -> None:
    assert len({text.STATUS_GLYPHS[status][0] for status in STATUSES}) == len(STATUSES)
    assert len({text.SEVERITY_GLYPHS[severity][0] for severity in SEVERITIES}) == len(SEVERITIES)


CELLS = st.lists(
    st.tuples(st.text("ab [本👍é", max_size=8), st.sampled_from(get_args(StyleName))), max_size=5
).map(tuple)


@given(CELLS, st.integers(0, 30), st.sampled_from(["left", "right"]))
def test_a_fitted_cell_has_exactly_its_width(cell: Cell, width: int, align: str) -> None:
    assert cell_width(fit(cell, width, align)) == width  # type: ignore[arg-type]


@given(st.text("ab本👍é", max_size=30), st.integers(0, 20))
def test_what_is_cut_ends_with_an_ellipsis(value: str, width: int) -> None:
    shortened = cut(value, width)
    assert text_width(shortened) <= width
    assert shortened == value or width == 0 or shortened.endswith("…")


@pytest.mark.parametrize("theme", [DARK, LIGHT, *BUILTIN_THEMES.values()], ids=lambda theme: theme.name)
def test_every_theme_gives_every_style(theme: object) -> None:
    variables = theme.to_color_system().generate()  # type: ignore[attr-defined]
    palette = Palette(variables, ansi=theme.ansi)  # type: ignore[attr-defined]
    for name in get_args(StyleName):
        assert palette.style(name) == palette.style(name, selected=False)
        assert palette.style(name, selected=True) != palette.style("faint") or name == "faint"


def test_neighbours_of_one_style_are_drawn_as_one() -> None:
    palette = Palette(DARK.to_color_system().generate(), ansi=False)
    cells: list[Cell] = [(("a", "muted"), ("  ", "text")), (("b", "muted"),), (("c", "alarm"), (" ", "text"))]
    drawn = segments(cells, palette)
    assert [segment.text for segment in drawn] == ["a  b", "c", " "]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("👩‍👩‍👧", "👩👩👧"),
        ("👍🏽", "👍"),
        ("❤️", "❤"),
        ("🇩🇪 🇯", "DE J"),
        ("e\u0301", "e\u0301"),
        ("plain", "plain"),
    ],
)
def test_what_terminals_disagree_about_is_simplified(typed: str, shown: str) -> None:
    assert settle(typed) == shown
    assert "".join(text for text, _ in fit(((typed, "text"),), 12)).rstrip() == shown
