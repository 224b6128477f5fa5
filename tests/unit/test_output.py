"""A report as a table, JSON, JSON lines or CSV."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from typing import Any

import msgspec
import pytest
from history_records import AT, foreign
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.output import FORMATS, FORMULA_MARKS, Format, duration, heading, write_report
from monitor.history.reports.agents import AgentRow
from monitor.history.reports.alerts import AlertRow
from monitor.history.reports.base import Bytes, Percent, Report, Seconds
from monitor.history.reports.commits import CommitRow
from monitor.history.reports.health import HealthRow
from monitor.history.reports.tasks import TaskRow
from monitor.history.reports.timeline import TimelineRow
from monitor.history.reports.velocity import VelocityRow
from monitor.model import Millis
from monitor.text import width


class Row(msgspec.Struct, frozen=True, kw_only=True):
    time: Millis = AT
    open_seconds: Seconds | None = 3725.0
    size: Bytes | None = 3 << 20
    cpu: Percent | None = 12.34
    count: int = -4
    text: str = "all is well"
    nobody: str | None = None


def report(*rows: Row, **changes: Any) -> Report:
    return Report(
        **{"name": "agents", "since": AT, "until": AT + 1, "row_type": Row, "rows": rows, **changes}
    )


def written(value: Report, form: Format, terminal: int = 0) -> str:
    out = io.StringIO()
    write_report(value, form, out, terminal)
    return out.getvalue()


def test_a_table_is_for_people_with_numbers_at_the_right_and_unknown_as_a_dash() -> None:
    title, head, line, other = written(
        report(Row(), Row(open_seconds=None, count=12345)), "table"
    ).splitlines()
    assert title.startswith("agents, ")
    assert head.split() == ["TIME", "OPEN", "SIZE", "CPU", "COUNT", "TEXT", "NOBODY"]
    assert line.split()[2:] == ["1h", "2m", "3M", "12.3", "-4", "all", "is", "well", "-"]
    assert other.split()[2:] == ["-", "3M", "12.3", "12345", "all", "is", "well", "-"]
    assert line.index("-4") + 1 == other.index("12345") + 4


def test_a_table_is_cut_to_the_terminal_and_whole_in_a_pipe() -> None:
    long = report(Row(text="日本語" * 60))
    assert max(width(line) for line in written(long, "table", 50).splitlines()) <= 50
    assert "日本語" * 60 in written(long, "table")


def test_totals_stand_under_the_table_and_beside_the_rows_in_json() -> None:
    told = report(Row(), totals={"total": 3, "average_per_day": None})
    assert written(told, "table").splitlines()[-1] == "total: 3, average per day: -"
    assert json.loads(written(told, "json"))["total"] == 3


def test_json_is_one_object_with_its_interval_and_rows() -> None:
    value = json.loads(written(report(Row(), Row()), "json"))
    assert value["schema"] == 1
    assert (value["report"], value["since"]) == ("agents", "2025-06-15T15:06:40.000Z")
    assert value["rows"][1] == {
        "time": "2025-06-15T15:06:40.000Z",
        "open_seconds": 3725.0,
        "size": 3 << 20,
        "cpu": 12.34,
        "count": -4,
        "text": "all is well",
        "nobody": None,
    }


def test_json_lines_are_a_row_each_with_its_schema() -> None:
    lines = [json.loads(line) for line in written(report(Row(), Row(count=2)), "jsonl").splitlines()]
    assert [(line["schema"], line["report"], line["count"]) for line in lines] == [
        (1, "agents", -4),
        (1, "agents", 2),
    ]


def test_csv_has_a_header_also_without_rows_and_leaves_unknown_cells_empty() -> None:
    header, row = csv.reader(written(report(Row()), "csv").splitlines())
    assert header == list(Row.__struct_fields__)
    assert row == ["2025-06-15T15:06:40.000Z", "3725.0", str(3 << 20), "12.34", "-4", "all is well", ""]
    assert written(report(), "csv") == ",".join(Row.__struct_fields__) + "\n"
    assert written(report(), "jsonl") == ""


@pytest.mark.parametrize("mark", FORMULA_MARKS)
def test_a_text_that_a_spreadsheet_would_run_is_made_harmless_in_csv_alone(mark: str) -> None:
    formula = f'{mark}HYPERLINK("http://evil")'
    _, row = csv.reader(written(report(Row(text=formula)), "csv").splitlines())
    assert row[5] == "'" + formula
    assert row[4] == "-4"  # a number is none
    assert json.loads(written(report(Row(text=formula)), "jsonl"))["text"] == formula


@given(st.lists(foreign | st.text(max_size=30), max_size=4), st.sampled_from(FORMATS))
def test_nothing_that_is_printed_holds_a_control_character(texts: list[str], form: Format) -> None:
    text = written(report(*(Row(text=value, nobody=value) for value in texts)), form)
    assert not [char for char in text if char != "\n" and unicodedata.category(char) in {"Cc", "Cf", "Cs"}]
    rows = len(texts)
    lines = {"table": rows + 1 + bool(rows), "json": 1, "jsonl": rows, "csv": rows + 1}
    assert text.count("\n") == lines[form]
    if form == "csv":
        assert len(list(csv.reader(io.StringIO(text)))) == rows + 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.5, "0.5s"),
        (9.96, "10s"),
        (59.7, "1m"),
        (60, "1m"),
        (3600, "1h"),
        (3605, "1h"),
        (7500, "2h 5m"),
        (90_000, "1d 1h"),
        (86_400 * 40, "40d"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize("row", [AgentRow, AlertRow, CommitRow, HealthRow, TaskRow, TimelineRow, VelocityRow])
def test_no_two_columns_of_a_report_have_the_same_head(row: type[msgspec.Struct]) -> None:
    heads = [heading(name) for name in row.__struct_fields__]
    assert len(set(heads)) == len(heads)
