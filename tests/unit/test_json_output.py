"""Records as JSON: times as ISO-8601 in UTC, names as they are."""

from __future__ import annotations

import datetime as dt

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.json_output import iso, plain
from monitor.model import AgentMetrics, Alert, Board, BoardState, Evidence


def test_a_time_is_iso_8601_in_utc() -> None:
    assert iso(1_700_000_000_123) == "2023-11-14T22:13:20.123Z"
    assert iso(None) is None


@given(st.integers(0, 4_102_444_800_000))
def test_a_time_reads_back_to_the_millisecond(millis: int) -> None:
    text = iso(millis)
    assert text is not None
    read = dt.datetime.fromisoformat(text)
    assert round(read.timestamp() * 1000) == millis


def test_only_fields_declared_as_times_become_text() -> None:
    alert = Alert(
        alert_id="a",
        rule="r",
        subject="s",
        type="agent",
        severity="error",
        title="t",
        message="m",
        source="x",
        created_at=1_700_000_000_000,
        metadata={"created_at": 5},
    )
    value = plain(alert)
    assert value["created_at"] == "2023-11-14T22:13:20.000Z"
    assert value["resolved_at"] is None
    assert value["metadata"] == {"created_at": 5}
    assert plain(AgentMetrics(memory_usage=5))["memory_usage"] == 5


def test_records_within_records_are_reached() -> None:
    board = Board(boards=(BoardState(root="/r", path="/r/b", last_synced=0),), last_synced=0)
    value = plain(board)
    assert value["last_synced"] == value["boards"][0]["last_synced"] == "1970-01-01T00:00:00.000Z"
    assert plain((Evidence(kind="cpu", at=0, text="x"),))[0]["at"] == "1970-01-01T00:00:00.000Z"
    msgspec.json.encode(value)
