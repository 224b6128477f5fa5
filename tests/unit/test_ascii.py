"""ASCII: a stand-in for each sign, as wide as it is, and told apart where the meaning differs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import monitor.ui
from monitor.text import clean, width
from monitor.ui.ascii import STAND_INS, only_ascii, to_ascii
from monitor.ui.format import SEVERITY_GLYPHS, SHARED, SOURCE_GLYPHS, STATUS_GLYPHS
from monitor.ui.panes.task_words import status_look
from monitor.ui.widgets import track

UI = Path(monitor.ui.__file__).parent
NOT_DRAWN = ("ascii.py", "spans.py")
"""The table itself, and where joined characters are recognized by what joins them."""
TASK_STATUSES = ("TODO", "IN_PROGRESS", "REVIEW", "BLOCKED", "DONE", "VERIFIED")


def test_every_stand_in_is_one_ascii_character_for_one_cell() -> None:
    for sign, stand_in in STAND_INS.items():
        assert len(stand_in) == 1
        assert stand_in.isascii()
        assert stand_in.isprintable()
        assert cell_len(sign) == width(sign) == 1, hex(ord(sign))


def literals(source: str) -> Iterator[str]:
    """The texts in a program, without what only explains it."""
    tree = ast.parse(source)
    told = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in told:
            yield node.value


def test_every_sign_that_the_screen_draws_has_a_stand_in() -> None:
    drawn = {
        char
        for file in UI.rglob("*.py")
        if file.name not in NOT_DRAWN
        for text in literals(file.read_text(encoding="utf-8"))
        for char in text
        if not char.isascii()
    }
    assert len(drawn) > 30
    assert drawn <= STAND_INS.keys()


def test_states_have_stand_ins_of_their_own() -> None:
    statuses = [STAND_INS[glyph] for glyph, _ in STATUS_GLYPHS.values()]
    severities = [STAND_INS[glyph] for glyph, _ in SEVERITY_GLYPHS.values()]
    task_signs = {status_look(status)[0] for status in TASK_STATUSES}
    sources = [STAND_INS[glyph] for glyph, _ in SOURCE_GLYPHS.values()]
    tasks = {STAND_INS[sign] for sign in task_signs}
    assert len(set(statuses)) == len(statuses)
    assert len(set(severities)) == len(severities)
    assert len(set(sources)) == len(sources)
    assert STAND_INS[SHARED] not in statuses
    assert len(tasks) == len(task_signs) == 5


def test_what_a_time_line_tells_stays_apart() -> None:
    signs = [track.FULL[0], track.PARTLY[0], track.GAP[0], track.CHANGED[0], track.FIRED, track.MARKER[0]]
    assert len({STAND_INS[sign] for sign in signs}) == len(signs)


def test_a_sparkline_keeps_its_heights_apart() -> None:
    assert len({STAND_INS[block] for block in "▁▂▃▄▅▆▇█"}) == 8


def test_a_chart_of_braille_keeps_high_and_low_apart() -> None:
    assert to_ascii("⠀⠉⣀⡇⣿", cell_len) == " '.:#"


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("plain", "plain"),
        ("▎1 Agents ──", "|1 Agents --"),
        ("cut in the mid…", "cut in the mid~"),
        ("Überprüfe 日本語", "?berpr?fe ??????"),
        ("🚀 up ↑2", "?? up ^2"),
        ("cafe\u0301", "cafe"),
        ("━━━───", "===---"),
    ],
)
def test_text_keeps_its_width(text: str, drawn: str) -> None:
    assert to_ascii(text, cell_len) == drawn
    assert len(drawn) == cell_len(text)


@given(st.text(max_size=40))
def test_any_text_becomes_ascii_of_the_same_width(text: str) -> None:
    text = clean(text)
    for measure in (cell_len, width):
        drawn = to_ascii(text, measure)
        assert drawn.isascii()
        assert drawn.isprintable()
        assert len(drawn) == measure(text)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, False),
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "POSIX"}, True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, True),
        ({"LANG": "C", "LC_ALL": "en_US.utf8"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LANG": "C", "LC_CTYPE": "de_DE.UTF-8"}, False),
        ({"LANG": "en_US"}, False),
    ],
)
def test_the_locale_says_whether_more_than_ascii_can_be_shown(
    environ: dict[str, str], expected: bool
) -> None:
    assert only_ascii(environ, "utf-8", coerced=False) is expected


def test_what_python_makes_of_a_c_locale_is_not_what_the_user_has_set() -> None:
    assert only_ascii({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "utf-8", coerced=True)
    assert not only_ascii({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "utf-8", coerced=False)
    assert not only_ascii({"LC_CTYPE": "C.UTF-8"}, "utf-8", coerced=True)


def test_an_output_that_is_not_unicode_takes_ascii_only() -> None:
    assert only_ascii({"LANG": "en_US.UTF-8"}, "ascii", coerced=False)
    assert only_ascii({}, "iso8859-1", coerced=False)
