"""How sources fare: success, failure, and what becomes a record."""

from __future__ import annotations

import errno

from monitor.collector.sources import SourceBook, describe
from monitor.errors import SourceError

NOW = 1_700_000_000_000


def test_a_failure_is_a_record_with_its_beginning_and_its_reason() -> None:
    book = SourceBook()
    book.succeeded("git", "/w", NOW, 5.0, 2.0)
    book.failed("git", "/w", NOW + 1_000, SourceError("permission denied"))
    book.failed("git", "/w", NOW + 2_000, SourceError("permission denied"))
    (status,) = book.statuses()
    assert (status.state, status.since, status.last_success) == ("failing", NOW + 1_000, NOW)
    assert status.error == "permission denied"
    assert book.failing("git", "/w") == "permission denied"


def test_only_a_change_is_an_event() -> None:
    book = SourceBook()
    book.succeeded("rag", "host", NOW, 1.0, 1.0)
    book.succeeded("rag", "host", NOW + 1, 1.0, 1.0)
    assert [event.details["state"] for event in book.take_events(9)] == ["ok"], "the first word is news"
    book.failed("rag", "host", NOW + 1, "gone")
    book.failed("rag", "host", NOW + 2, "gone")
    book.succeeded("rag", "host", NOW + 3, 1.0, 1.0)
    told = book.take_events(NOW + 9)
    assert [event.details["state"] for event in told] == ["failing", "ok"]
    assert {event.timestamp for event in told} == {NOW + 9}, (
        "of the tick that notes it; `since` tells when it began"
    )
    assert told[0].details["since"] == NOW + 1
    assert book.take_events(9) == []
    book.forget("rag", "host")
    assert [event.details["state"] for event in book.take_events(9)] == ["gone"]


def test_the_cost_is_that_of_the_last_minute() -> None:
    book = SourceBook()
    book.succeeded("git", "/w", NOW, 5.0, 100.0)
    book.succeeded("git", "/w", NOW + 61_000, 5.0, 7.0)
    (status,) = book.statuses()
    assert status.cost_ms_per_minute == 7.0


def test_failing_sources_come_first() -> None:
    book = SourceBook()
    book.succeeded("a", "x", NOW, 1.0, 1.0)
    book.succeeded("b", "x", NOW, 1.0, 1.0, degraded="half blind")
    book.failed("c", "x", NOW, "blind")
    assert [status.name for status in book.statuses()] == ["c", "b", "a"]


def test_an_error_is_described_for_people_and_safe_to_show() -> None:
    assert describe(FileNotFoundError(errno.ENOENT, "No such file or directory", "/w/x")) == (
        "/w/x: No such file or directory"
    )
    assert "ulimit -n" in describe(OSError(errno.EMFILE, "Too many open files"))
    assert describe(ValueError("a\x1b]52;c;AAAA\x07b")) == "ValueError: ab"
