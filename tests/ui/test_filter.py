"""The filter language."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ui.filter import Filter, Numbers

ROW = {"name": "builder, docs", "status": "blocked", "branch": "feat/Parser", "reason": "fix: waits [1|2]"}
FIELDS = frozenset(ROW)
MEASURES: Numbers = {"cpu": "percent", "mem": "bytes", "age": "seconds", "changes": "count", "ahead": "count"}
NUMBERS = {"cpu": 62.5, "mem": 1.5 * 2**30, "age": 900.0, "changes": 3.0, "ahead": None}


def matches(typed: str) -> bool:
    return Filter.parse(typed, FIELDS, MEASURES).matches(ROW, NUMBERS)


@pytest.mark.parametrize(
    "typed",
    """|  |BUILD|build block|fix: waits|"fix: waits"|"FIX: w|status:bl|branch:feat parser|status:error~blocked
    name:docs|branch:feat*|branch:*parser|branch:f?at/*|!idle|!status:idle|!branch:main*|block~nobody|status:
    !|!"fix it"|reason:"fix: w"|[1~2]|name:"builder, d"|cpu>50|cpu>50%|cpu>=62.5|cpu<63 cpu>62|changes=3
    changes!=4|changes<4|!changes>3|mem>=1G|mem>1.4gib|mem<1600MB|mem<=1.5G|age>10m|age<1h|age>=900|age=15m
    age>899s|age<1d|!ahead>0|!ahead<=0|status:*|status:"bl"|status:bl~""".replace("\n", "|").split("|"),
)
def test_what_matches(typed: str) -> None:
    assert matches(typed.strip(" ").replace("~", "|")), typed


@pytest.mark.parametrize(
    "typed",
    """builders|status:locked|status:idle builder|builder nobody|kind:codex|"waits fix"|status:idle~error
    branch:feat*x|branch:eat*|!blocked|!status:blocked|!branch:feat*|!cpu>50|cpu>70|cpu<10%|changes>3|mem>2G
    age>1h|age<10m|ahead>0|ahead<=0|ahead=0|nobody~noone|status:"bl*"|"branch:feat*"|reason:[1]*""".replace(
        "\n", "|"
    ).split("|"),
)
def test_what_does_not_match(typed: str) -> None:
    assert not matches(typed.strip(" ").replace("~", "|")), typed


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("cpu>abc", "abc is none: cpu> takes a number: 50 or 50%"),
        ("mem>=", "mem>= takes a number: 500M or 1.5G"),
        ("age<5G", "5g is none: age< takes a number: 90s, 10m, 2h or 3d"),
        ("changes=3%", "3% is none: changes= takes a number: 3"),
        ("cpu>1e999", "1e999 is none: cpu> takes a number: 50 or 50%"),
        ("cpu>٣", "٣ is none: cpu> takes a number: 50 or 50%"),
    ],
)
def test_what_cannot_be_understood_is_told_and_hides_nothing(typed: str, told: str) -> None:
    parsed = Filter.parse(f"{typed} builder", FIELDS, MEASURES)
    assert parsed.complaint == told
    assert parsed.matches(ROW, NUMBERS)
    assert not Filter.parse(typed, FIELDS, MEASURES)


def test_a_number_that_the_pane_does_not_know_is_an_ordinary_word() -> None:
    assert Filter.parse("load>5", FIELDS, MEASURES).matches({"reason": "load>5 on forge"})
    assert not Filter.parse("load>5", FIELDS, MEASURES).matches(ROW, NUMBERS)


def test_it_knows_whether_numbers_and_times_are_asked_for() -> None:
    for typed, compares, moving in (("a", False, False), ("cpu>5", True, False), ("!age>5m", True, True)):
        parsed = Filter.parse(typed, FIELDS, MEASURES)
        assert (parsed.compares, parsed.moving) == (compares, moving)


PIECES = st.sampled_from([*'!|*?:"<>=[]', "status:", "cpu>", "mem<=1G", "age", " ", "ß", "\0", "9" * 30])
TYPED = st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=12).map("".join)


@given(TYPED)
def test_whatever_is_typed_is_parsed_and_asked(typed: str) -> None:
    assert matches(typed) in (True, False)


@given(st.dictionaries(st.sampled_from(sorted(ROW)), st.text(), min_size=1), st.data())
def test_a_filter_of_a_rows_own_words_finds_it(row: dict[str, str], data: st.DataObject) -> None:
    words = [word for value in row.values() for word in value.split() if '"' not in word]
    chosen = data.draw(st.lists(st.sampled_from(words), max_size=5)) if words else []
    quoted = " ".join(f'"{word}"' for word in chosen)
    assert Filter.parse(quoted, FIELDS, MEASURES).matches(row, {})
    plain = " ".join(word for word in chosen if not word.startswith("!"))
    assert Filter.parse(plain, frozenset()).matches(row)


@given(st.text(min_size=1).filter(lambda text: '"' not in text and len(text) < 900), st.integers(0, 5))
def test_a_field_is_found_by_its_own_beginning(value: str, length: int) -> None:
    typed = f'name:"{value[: length + 1]}"'
    assert Filter.parse(typed, FIELDS).matches({"name": value})


def test_a_thousand_rows_are_filtered_in_a_few_milliseconds() -> None:
    rows = [{**ROW, "name": f"worker-{number}"} for number in range(1000)]
    parsed = Filter.parse("!status:idle|error branch:feat* cpu>50 worker !nobody", FIELDS, MEASURES)
    best = min(_seconds(parsed, rows) for _ in range(5))
    assert best < 0.03, f"{best * 1000:.1f} ms"


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    parsed = Filter.parse("name:" + "*a" * 200 + "b", FIELDS)
    assert _seconds(parsed, [{"name": "a" * 500}]) < 0.5


def _seconds(parsed: Filter, rows: list[dict[str, str]]) -> float:
    start = time.perf_counter()
    for row in rows:
        parsed.matches(row, NUMBERS)
    return time.perf_counter() - start
