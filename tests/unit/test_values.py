"""Foreign JSON: tolerant in reading, strict in what comes out."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import SourceError
from monitor.sources.values import (
    as_count,
    as_list,
    as_number,
    as_summary,
    as_text,
    as_texts,
    as_time,
    decode_json,
)

NOON = int(datetime(2025, 6, 16, 12, 0, tzinfo=UTC).timestamp() * 1000)

ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=20,
)


NOT_TEXT: tuple[object, ...] = (None, True, [], {})


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": "é"}'.encode("utf-16"), {"a": "é"}),
        (b'{"a": NaN, "b": Infinity, "c": -Infinity}', {"a": None, "b": None, "c": None}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": "\\ud800"}', {"a": "\ud800"}),
        (b'{"a": "caf\xe9"}', {"a": "caf\ufffd"}),
        (b'{"a": "two\nlines"}', {"a": "two\nlines"}),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", {"a": None}, id="5,000 digits"),
    ],
)
def test_json_as_people_write_it_is_read(data: bytes, value: object) -> None:
    assert decode_json(data, "board.json") == value


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "board.json is empty."),
        (b" \n", "board.json is empty."),
        (b'{"a": 1,\n "b": ', "board.json is not valid JSON: Expecting value (line 2, column 7)."),
        (b'{"a": 1} {', "board.json is not valid JSON: Extra data (line 1, column 10)."),
        pytest.param(b"[" * 100_000, "board.json is not read: it is nested too deeply.", id="deep list"),
        pytest.param(
            b'{"a":' * 100_000, "board.json is not read: it is nested too deeply.", id="deep object"
        ),
    ],
)
def test_what_is_no_json_says_what_is_wrong_and_where(data: bytes, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        decode_json(data, "board.json")
    assert str(caught.value) == message


@given(st.binary())
def test_any_bytes_are_a_value_or_an_error_for_people(data: bytes) -> None:
    message = ""
    try:
        decode_json(data, "board.json")
    except SourceError as error:
        message = str(error)
    assert not message or message.startswith("board.json ")


@pytest.mark.parametrize(
    "text",
    [
        "2025-06-16T12:00:00Z",
        "2025-06-16T12:00:00.000Z",
        "2025-06-16T14:00:00+02:00",
        "2025-06-16T12:00:00",
        "2025-06-16 12:00",
        " 2025-06-16T12:00:00Z ",
        "2025-06-16 12:00:00 +0000 UTC",
        "2025-06-16 14:00:00.000000001 +0200 CEST m=+0.012345678",
        NOON,
        NOON // 1000,
        float(NOON),
        NOON / 1000,
        str(NOON),
        str(NOON // 1000),
    ],
)
def test_a_time_is_read_in_every_usual_form_and_is_utc_without_a_zone(text: object) -> None:
    assert as_time(text) == NOON


def test_a_date_is_its_midnight() -> None:
    assert as_time("2025-06-16") == NOON - 12 * 3600 * 1000


@pytest.mark.parametrize(
    "value",
    [None, True, "", "soon", "2025-13-01", "0001-01-01T00:00:00+14:00", math.nan, math.inf, -1, 0, 1e300, [], {},
     "2025-06-16T12:00:00Z" * 9, 2**70, 0.0005, "\ud800"],
)  # fmt: skip
def test_what_is_no_time_is_unknown_not_zero(value: object) -> None:
    assert as_time(value) is None


@pytest.mark.parametrize("value", [None, True, "many", "", [], {}, math.nan, math.inf, "inf", "nan", 10**400])
def test_what_is_no_number_is_unknown_not_zero(value: object) -> None:
    assert as_number(value) is None
    assert as_count(value) is None


def test_numbers_are_taken_from_numbers_and_texts() -> None:
    assert as_number("0.5") == 0.5
    assert as_number(3) == 3.0
    assert as_count(3.0) == 3
    assert as_count(-1) is None
    assert as_count(1e19) is None


def test_texts_are_cleaned_and_other_types_are_empty() -> None:
    assert as_text("a\x1b[31mb") == "ab"
    assert as_text(7) == "7"
    assert [as_text(value) for value in NOT_TEXT] == ["", "", "", ""]
    assert as_texts(["a", 1, None, {}, "b"], 4) == ("a", "1")
    assert as_texts("abc", 4) == ()
    assert as_list([1, 2, 3], 2) == [1, 2]


def test_a_summary_is_short_and_for_people() -> None:
    assert (
        as_summary({"passed": 7, "failed": False, "files": ["a", "b"]})
        == "passed: 7, failed: no, files: a, b"
    )
    assert as_summary([[[1, 2]], [[]], 3]) == "2 entries, 0 entries, 3"
    assert as_summary(list(range(20))) == "0, 1, 2, 3, 4, 5, 6, 7, …"


@given(ANY_JSON)
def test_no_value_breaks_a_reader_and_every_text_is_safe(value: Any) -> None:
    assert as_text(value).isprintable()
    assert as_summary(value).isprintable()
    assert len(as_summary(value)) <= 100
    number = as_number(value)
    assert number is None or math.isfinite(number)
    time = as_time(value)
    assert time is None or time > 0
