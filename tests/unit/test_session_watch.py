"""What watching a session adds: tokens spent since a change, API errors of late."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_facts import AGENT, MINUTE, NOW, facts, session

from monitor.model import Leap, Session, TokenCounts, WorktreeReading
from monitor.rules.facts import SessionNotes
from monitor.rules.session_watch import ERRORS_WINDOW, SessionWatch


def at_work(count: int, **known: Any) -> Session:
    return session(tokens=TokenCounts(input=count, cache_read=100 * count), **known)


def spent(book: SessionWatch, known: Session, **more: Any) -> int | None:
    return book.note(facts(known, **more), NOW).tokens_since_change


def test_tokens_are_counted_from_the_first_look_without_the_caches() -> None:
    book = SessionWatch()
    assert spent(book, at_work(1_000)) == 0
    assert spent(book, at_work(5_000)) == 4_000
    more = TokenCounts(input=5_000, output=7, cache_write=11, cache_read=10**9)
    assert spent(book, session(tokens=more)) == 4_018


@pytest.mark.parametrize(
    "change",
    [
        {"known": at_work(5_000, edit_count=1)},
        {"last_commit_at": NOW},
        {"files_changed_at": NOW},
        {"worktree": WorktreeReading(path="/w/b", at=NOW, state="branch", last_change=NOW)},
        {"known": at_work(5_000, session_id="s2")},
    ],
    ids=["an edit", "a commit", "a file moved", "git saw a change", "a new session"],
)
def test_every_change_lets_the_count_begin_anew(change: dict[str, Any]) -> None:
    book = SessionWatch()
    spent(book, at_work(1_000))
    assert spent(book, **({"known": at_work(5_000)} | change)) == 0
    if "known" not in change:
        assert spent(book, at_work(6_000), **change) == 1_000


def test_a_log_that_begins_again_is_no_spending() -> None:
    book = SessionWatch()
    spent(book, at_work(9_000))
    assert spent(book, at_work(10)) == 0
    assert spent(book, at_work(30)) == 20


def test_errors_count_for_ten_minutes_from_when_they_were_told() -> None:
    book = SessionWatch()

    def recent(errors: int, at: int) -> int | None:
        return book.note(facts(session(errors=errors)), at).recent_errors

    assert recent(7, NOW) == 0
    assert recent(9, NOW + MINUTE) == 2
    assert recent(10, NOW + 5 * MINUTE) == 3
    assert recent(10, NOW + MINUTE + ERRORS_WINDOW) == 3
    assert recent(10, NOW + MINUTE + ERRORS_WINDOW + 1) == 1
    assert recent(1, NOW + 20 * MINUTE) == 0
    assert recent(2, NOW + 20 * MINUTE) == 1


def test_what_the_first_reading_of_the_logs_tells_is_old() -> None:
    book = SessionWatch()
    for count in (1, 50, 100):
        known = facts(at_work(count * 10_000, errors=count))
        notes = book.note(known, NOW, settled=False)
        assert (notes.tokens_since_change, notes.recent_errors) == (0, 0)
    notes = book.note(facts(at_work(1_000_100, errors=101)), NOW)
    assert (notes.tokens_since_change, notes.recent_errors) == (100, 1)


def test_an_agent_without_a_session_has_no_notes() -> None:
    book = SessionWatch()
    assert book.note(facts(None), NOW) == SessionNotes()
    assert book._watched == {}
    book.note(facts(session()), NOW)
    assert book.note(facts(None), NOW) == SessionNotes()


def test_the_very_record_of_before_stands_while_nothing_is_new() -> None:
    book = SessionWatch()
    first = book.note(facts(session()), NOW)
    assert book.note(facts(session()), NOW + 1) is first
    book.forget(AGENT.id)
    book.forget("nobody")
    assert book._watched == {}


def test_a_clock_that_is_set_back_does_not_make_errors_last() -> None:
    book = SessionWatch()
    book.note(facts(session()), NOW)
    book.note(facts(session(errors=3)), NOW)
    hour_ago = NOW - 60 * MINUTE
    book.leap(Leap(now=hour_ago, by=-60 * MINUTE))
    assert book.note(facts(session(errors=3)), hour_ago + ERRORS_WINDOW).recent_errors == 3
    assert book.note(facts(session(errors=3)), hour_ago + ERRORS_WINDOW + 1).recent_errors == 0


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 50), st.integers(0, 3)), max_size=30))
def test_no_log_makes_a_count_negative_or_the_memory_endless(looks: list[tuple[int, int, int]]) -> None:
    book = SessionWatch()
    for number, (count, errors, edits) in enumerate(looks):
        known = facts(at_work(count, errors=errors, edit_count=edits))
        notes = book.note(known, NOW + number * MINUTE)
        assert (notes.tokens_since_change or 0) >= 0
        assert (notes.recent_errors or 0) >= 0
    for watched in book._watched.values():
        assert len(watched.errors_at) <= 100
        assert msgspec.structs.asdict(watched)["session_id"] == "s1"
