"""Rows of other systems become records: every form in which a value is stored is understood, and nothing harms."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Task
from monitor.model.systems import SystemItem
from monitor.sources.systems.catalogue import Words
from monitor.sources.systems.parts import PARTS
from monitor.sources.systems.records import (
    LIST_LIMIT,
    Maker,
    Translator,
    as_moment,
    as_names,
    as_names_tuple,
    as_plain,
    as_truth,
)
from monitor.sources.values import as_count, as_number

NOON = 1_750_000_000_000
WORDS = Words(
    title="",
    detect=(),
    agent={"at_work": "active"},
    task={"doing": "IN_PROGRESS"},
    work={"held": "paused"},
    priority={"0": "critical", "1": "high"},
    queue_priority={"0": "low"},
    severity={"bad": "error"},
    level={"fatal": "critical"},
)
HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.datetimes(timezones=st.none() | st.just(UTC)),
    st.dates(),
    st.uuids(),
    st.timedeltas(),
    st.recursive(
        st.none() | st.text() | st.floats(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    ),
)


def maker(part: str) -> Maker:
    words = Translator(WORDS)
    status = {"agent": words.agent, "task": words.task, "work": words.work}.get(PARTS[part].words, str)
    return Maker(
        "shop",
        PARTS[part].record,
        words,
        status=status,
        queued=part == "queue",
        constants=PARTS[part].constants,
    )


@pytest.mark.parametrize(
    "value",
    [
        NOON,
        NOON // 1000,
        float(NOON // 1000),
        str(NOON // 1000),
        str(NOON),
        Decimal(NOON // 1000),
        datetime(2025, 6, 15, 15, 6, 40),  # noqa: DTZ001 - as a column without a zone is read
        datetime(2025, 6, 15, 15, 6, 40, tzinfo=UTC),
        datetime(2025, 6, 15, 17, 6, 40, tzinfo=timezone(timedelta(hours=2))),
        "2025-06-15 15:06:40",
        "2025-06-15 15:06:40.000000",
        "2025-06-15T15:06:40Z",
        "2025-06-15T15:06:40.000Z",
        "2025-06-15T15:06:40.000000000Z",
        "2025-06-15T17:06:40+02:00",
        "2025-06-15 17:06:40+02",
        "2025-06-15 17:06:40.000000000+02:00",
        "2025-06-15 15:06:40 +0000 UTC",
        "2025-06-15 15:06:40.000000001 +0000 UTC",
        "2025-06-15 17:06:40.000000123 +0200 CEST m=+12.345678901",
        "2025-06-15 12:06:40 -0300 -03",
        "2025-06-15 15:06:40 UTC",
        " 2025-06-15 15:06:40\n",
        b"2025-06-15 15:06:40",
        memoryview(b"2025-06-15 15:06:40"),
    ],
)
def test_a_time_is_understood_in_every_form_in_which_systems_store_it(value: object) -> None:
    assert as_moment(as_plain(value)) == NOON


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "infinity",
        "-infinity",
        "0044-03-15 12:00:00 BC",
        "2025-13-45",
        "9" * 400,
        [],
        {},
        True,
        -5,
    ],
)
def test_what_is_no_time_is_none(value: object) -> None:
    assert as_moment(value) is None


def test_a_day_is_its_beginning() -> None:
    assert as_moment(as_plain(date(2025, 6, 15))) == as_moment("2025-06-15") == 1_749_945_600_000


@given(moment=st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1)))  # noqa: DTZ001
def test_a_time_is_the_same_in_every_form(moment: datetime) -> None:
    known = as_moment(as_plain(moment))
    assert (
        known
        == as_moment(str(moment))
        == as_moment(moment.isoformat() + "Z")
        == as_moment(f"{moment} +0000 UTC")
    )


@pytest.mark.parametrize(
    ("value", "number", "count"),
    [
        ("12", 12.0, 12),
        (" 12.5 ", 12.5, 12),
        (Decimal(12), 12.0, 12),
        (Decimal("12.50"), 12.5, 12),
        (Decimal("NaN"), None, None),
        (Decimal("sNaN"), None, None),
        (Decimal("Infinity"), None, None),
        (Decimal("1E+1000000"), None, None),
        ("-3", -3.0, None),
        ("many", None, None),
        (float("inf"), None, None),
        (2**70, float(2**70), None),
        (True, None, None),
        (b"7", 7.0, 7),
    ],
)
def test_a_number_is_understood_as_text_and_in_every_type(
    value: object, number: float | None, count: int | None
) -> None:
    assert (as_number(as_plain(value)), as_count(as_plain(value))) == (number, count)


@pytest.mark.parametrize(
    ("value", "truth"),
    [
        (1, True),
        (0, False),
        ("t", True),
        ("FALSE", False),
        ("yes", True),
        (True, True),
        ("maybe", None),
        (7, None),
    ],
)
def test_yes_and_no_are_understood(value: object, truth: bool | None) -> None:
    assert as_truth(value) is truth


@pytest.mark.parametrize(
    "value",
    [
        ["a", "b c"],
        '["a", "b c"]',
        ' ["a","b c"] ',
        "a, b c",
        '[{"name": "a", "age": 3}, {"id": "b c"}]',
        [{"title": "a"}, {"reason": "b c"}],
        {"a": True, "gone": False, "nothing": None, "b c": 1},
        '{"a": true, "gone": false, "b c": {}}',
        '{a,"b c"}',
        ("a", "b c"),
    ],
)
def test_names_are_found_in_every_form_of_a_list(value: object) -> None:
    assert as_names_tuple(value) == ("a", "b c")


def test_a_list_holds_values_of_every_type_and_is_cut_where_it_is_too_long() -> None:
    assert as_names_tuple([UUID(int=1), Decimal(2), 3.5]) == (
        "00000000-0000-0000-0000-000000000001",
        "2",
        "3.5",
    )
    assert len(as_names_tuple(json.dumps(list(range(10_000))))) == LIST_LIMIT
    assert len(as_names_tuple("x," * 10_000)) == LIST_LIMIT
    assert as_names_tuple("[" * 100_000) == ()
    assert as_names_tuple('["\ud800"]') == ()
    assert as_names("only words") == ""


@pytest.mark.parametrize("part", PARTS)
@settings(max_examples=25)
@given(data=st.data())
def test_whatever_stands_in_a_row_a_record_is_made_of_it_that_can_be_written_as_json(
    part: str, data: st.DataObject
) -> None:
    record = PARTS[part].record
    names = [*record.__struct_fields__, "extra.note", "changed", "closed", "strange"]
    row = data.draw(st.dictionaries(st.sampled_from(names), HOSTILE, max_size=6))
    made = maker(part).make(row)
    told = msgspec.json.decode(msgspec.json.encode(made), type=record)
    assert told == made
    assert made.system == "shop"
    for text in filter(
        None, (value for value in msgspec.to_builtins(made).values() if isinstance(value, str))
    ):
        assert text.isprintable()
        assert len(text) <= 400


def test_huge_and_hostile_text_is_one_clean_line() -> None:
    item = maker("documents").make(
        {
            "id": "\x1b[31mred\x1b[0m\n1",
            "title": "t" * 10_000_000,
            "value": b"\xff\xfe",
            "extra.note": "\x00a\u202eb\n\n c",
        }
    )
    assert (item.id, len(item.title), item.extra) == ("red 1", 200, {"note": "ab c"})
    assert item.value == "\ufffd\ufffd"


def test_words_are_looked_up_however_they_are_written_and_kept_as_they_are() -> None:
    agent = maker("agents").make({"id": 7, "status": "At-Work"})
    assert (agent.id, agent.status, agent.system_status) == ("7", "active", "At-Work")
    task = maker("tasks").make({"id": "t", "status": "DOING", "priority": 0})
    assert (task.status, task.system_status, task.priority, task.title) == (
        "IN_PROGRESS",
        "DOING",
        "CRITICAL",
        "",
    )
    assert maker("tasks").make({"id": "t", "priority": 1.0}).priority == "HIGH"
    item = maker("queue").make({"id": "q", "status": "held", "priority": "0"})
    assert (item.status, item.priority) == ("paused", "low")
    assert maker("executions").make({"id": "e", "status": "Nobody knows"}).status == "unknown"
    event = maker("events").make({"id": "e", "severity": "BAD"})
    assert (event.severity, event.system_severity) == ("error", "BAD")
    line = maker("logs").make({"id": 1, "level": "Fatal"})
    assert (line.level, line.system_level) == ("critical", "Fatal")


def test_a_word_that_is_ours_already_needs_no_entry() -> None:
    assert maker("agents").make({"id": "a", "status": "BLOCKED"}).status == "blocked"
    assert maker("agents").make({"id": "a", "status": "dreaming"}).status == "idle"
    assert maker("queue").make({"id": "a", "status": "Delayed"}).status == "delayed"
    assert maker("logs").make({"id": 1, "level": "warning"}).level == "warning"


def test_a_setting_that_sounds_secret_has_no_value() -> None:
    def value(title: str) -> str:
        made: SystemItem = maker("configuration").make({"id": title, "title": title, "value": "canary"})
        return made.value

    assert [value(title) for title in ("api_key", "dbPassword", "interval")] == ["***", "***", "canary"]


def test_yes_and_no_outside_of_their_fields_are_told_as_the_engine_without_them_tells_them() -> None:
    task: Task = maker("tasks").make({"id": "t", "extra.pinned": True, "extra.late": 0})
    assert task.extra == {"pinned": "1", "late": "0"}
