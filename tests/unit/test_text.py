"""The text gate: whatever comes in, one printable line comes out."""

from __future__ import annotations

import time
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text import ELLIPSIS, clean, fit, mask_url, width

if TYPE_CHECKING:
    from collections.abc import Callable

ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text(
    st.sampled_from("\x1b\x07\x18\x9b\x9c\x9d\x90[]PX^_k;:\\0123mHJ \t\nab é\u200b\u202e\ud800日\u0301")
)
FORBIDDEN = {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}


@given(ANY_TEXT | st.binary(), st.integers(1, 60))
def test_any_text_becomes_one_short_printable_line(text: str | bytes, limit: int) -> None:
    line = clean(text, limit)
    assert not {unicodedata.category(char) for char in line} & FORBIDDEN
    assert line.isprintable()
    assert len(line) <= limit
    assert line == line.strip()
    assert "  " not in line


@given(ANY_TEXT | st.binary(), st.integers(1, 60))
def test_cleaning_twice_changes_nothing(text: str | bytes, limit: int) -> None:
    assert clean(clean(text, limit), limit) == clean(text, limit)


@given(st.text(st.characters(categories=["L", "N", "P"]), min_size=1))
def test_text_that_is_already_clean_is_kept(text: str) -> None:
    line = clean(text, 1000)
    assert clean(line, len(line)) == line


@pytest.mark.parametrize(
    ("hostile", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[38;2;1;2;3mred\x1b[?1049h\x1b[2J\x1b[10;10H", "red"),
        ("\x1b[ qcursor", "cursor"),
        ("\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]8;;http://evil.example\x07link\x1b]8;;\x07", "link"),
        ("\x1b]52;c;ZXZpbA==\x07done", "done"),
        ("before\x1b]52;c;ZXZpbA==", "before"),
        ("\x1b]0;new title\x07text", "text"),
        ("\x1b]2;new title\x1b\\text", "text"),
        ("\x1bknew title\x1b\\text", "text"),
        ("text\x1b]0;unterminated", "text"),
        ("\x1bP+q544e\x1b\\text", "text"),
        ("\x1b_Gpayload\x1b\\text", "text"),
        ("\x1b^private\x1b\\text\x1bXstart of string\x1b\\", "text"),
        ("\x1b(0text\x1bc\x1b=\x1b7", "text"),
        ("text\x1b", "text"),
        ("text\x1b[", "text"),
        ("text\x1b[31", "text"),
        ("\x9b31mtext\x9d0;title\x9c\x90q\x9c\x9fapc\x9c", "text"),
        ("\x80\x84\x85text\x99", "text"),
        (b"\x1b[31mtext", "text"),
        ("\x9b31mtext".encode(), "text"),
        (b"\x9b31mtext", "\ufffd31mtext"),
        ("a\x00b\x07c\x08d\x7fe", "abcde"),
        ("a\tb\r\nc\x0b\x0cd", "a b c d"),
        ("a\u2028b\u2029c\u00a0d\u3000e", "a b c d e"),
        ("user\u202etxt.exe\u202c", "usertxt.exe"),
        ("\u061ca\u200eb\u200fc\u2066d\u2069e", "abcde"),
        ("a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg", "abcdefg"),
        ("flag\U000e0067\U000e007f\u2764\ufe0f", "flag\u2764"),
        ("a\ud800b\udfff", "a\ufffdb\ufffd"),
        (b"caf\xe9", "caf\ufffd"),
        ("\ue0b0 \uffff \U00030000 \u0378", "\ufffd \ufffd \U00030000 \ufffd"),
        ("\u0645\u0631\u062d\u0628\u0627 日本 e\u0301", "\u0645\u0631\u062d\u0628\u0627 日本 e\u0301"),
        ("", ""),
        ("\x1b[0m \n", ""),
    ],
)
def test_nothing_of_an_escape_reaches_the_screen(hostile: str | bytes, expected: str) -> None:
    assert clean(hostile) == expected


@pytest.mark.parametrize(
    "markup",
    ["[bold]x[/bold]", "[link=http://evil.example]x[/link]", "[@click=app.quit]x[/]", "\\[red] [[x]]"],
)
def test_markup_survives_as_the_characters_it_is_made_of(markup: str) -> None:
    assert clean(markup) == markup


def test_a_long_line_is_cut_with_an_ellipsis() -> None:
    assert clean("x" * 300) == "x" * 199 + ELLIPSIS
    assert clean("x" * 200) == "x" * 200
    assert clean("word and more", 6) == "word" + ELLIPSIS
    assert clean("xx", 1) == ELLIPSIS


@pytest.mark.parametrize("before", range(0, 130, 3))
def test_an_escape_that_straddles_any_cut_leaks_nothing(before: int) -> None:
    text = "\x00" * before + "\x1b]52;c;SECRET" + "SECRET" * 100 + "\x07" + "y" * 400
    assert clean(text, 10) == "y" * 9 + ELLIPSIS
    assert clean(text.encode(), 10) == "y" * 9 + ELLIPSIS


def _seconds(call: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


@pytest.mark.parametrize(
    "unit",
    [
        "x",
        "日本",
        "\x1b[31m",
        "\x1b]0;",
        "\x1b]",
        "\x1b[0",
        "\u200b",
        "\x00a",
        " ",
        "a \t",
        "\x1b\\",
        "\ud800",
    ],
)
def test_a_megabyte_in_one_line_costs_about_one_pass_over_it(unit: str) -> None:
    line = unit * (1_000_000 // len(unit))
    table = {ord(char): None for char in "\x00\x1b\x9b"}
    assert len(clean(line)) <= 200
    assert _seconds(lambda: clean(line)) < 5 * _seconds(lambda: line.translate(table))


def test_clean_text_is_returned_as_it_is() -> None:
    text = "Fix the parser: trailing commas"
    assert clean(text) is text


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("http://localhost:3001/api", "http://localhost:3001/api"),
        ("https://user:pass@host.example/x", "https://***@host.example/x"),
        ("https://ghp_secret@host.example/x", "https://***@host.example/x"),
        ("https://user:p/a@s?s#w@host.example/x", "https://***@host.example/x"),
        ("http://host:80/packages/@scope/x", "http://host:80/packages/@scope/x"),
        ("postgres://u:p@[::1]:5432/db", "postgres://***@[::1]:5432/db"),
        ("user:pass@host:22", "***@host:22"),
        ("localhost:8080", "localhost:8080"),
        ("http://h/?a=1&api_key=abc&b=2#access_token=x", "http://h/?a=1&api_key=***&b=2#access_token=***"),
        ("http://h/?pass\u200bword=abc", "http://h/?password=***"),
        ("http://h/\x1b]0;t\x07x", "http://h/x"),
        ("http://[::1", "http://[::1"),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, masked: str) -> None:
    assert mask_url(url) == masked


@given(ANY_TEXT)
def test_masking_never_raises_and_is_safe_to_show(url: str) -> None:
    assert mask_url(url).isprintable()


@given(st.text(st.sampled_from("abc/?:#@"), max_size=12))
def test_no_password_before_a_host_is_ever_shown(password: str) -> None:
    assert "S3CRET" not in mask_url(f"https://user:S3CRET{password}@host.example/path")


def test_a_url_of_any_length_keeps_its_password_masked() -> None:
    assert "secret" not in mask_url("https://user:" + "secret" * 1000 + "@host.example/")


def test_wide_characters_take_two_cells_and_marks_none() -> None:
    assert width("abc") == 3
    assert width("日本") == 4
    assert width("e\u0301") == 1
    assert width("한") == 2
    assert width("\u1112\u1161\u11ab") == 2
    assert width("é…") == 2


@given(st.text().map(clean), st.integers(0, 30))
def test_a_fitted_text_takes_exactly_its_cells(text: str, cells: int) -> None:
    assert width(fit(text, cells)) == cells


def test_fitting_pads_cuts_and_never_splits_a_wide_character() -> None:
    assert fit("ab", 4) == "ab  "
    assert fit("abcdef", 4) == "abc…"
    assert fit("日本語", 5) == "日本…"
    assert fit("日本語", 4) == "日… "
    assert fit("abc", 0) == ""
