"""Mutes: made, replaced and ended by people's commands, bounded, and over when their time has come."""

from __future__ import annotations

from typing import Any, Final

import pytest
from history_records import AT, alert, mute

from monitor.model import Command, Leap
from monitor.rules.mutes import MUTE_MS, MUTES_LIMIT, MuteBook, heard, muted_by
from monitor.rules.words import NOTE_LIMIT, PERSON_LIMIT

HOUR: Final = 3_600_000


def command(rule: str = "agent-blocked", subject: str = "builder", **changes: Any) -> Command:
    known = {"kind": "mute", "rule": rule, "subject": subject, "by": "ada", "at": AT, "until": AT + HOUR}
    return Command(**{**known, **changes})


def test_a_mute_holds_from_the_command_to_its_time() -> None:
    book = MuteBook()
    made = book.obey(command(note="known"), AT + 500)
    assert made == mute(until=AT + HOUR)
    assert book.active(AT + 500) == book.active(AT + HOUR - 1) == (made,)
    assert book.active(AT + HOUR) == ()


def test_the_active_ones_are_the_same_tuple_while_nothing_changes() -> None:
    book = MuteBook([mute(), mute("", "tester")])
    assert book.active(AT) is book.active(AT + 1)


def test_the_one_that_ends_first_stands_in_front() -> None:
    late, soon = mute(until=AT + HOUR), mute("", "tester", until=AT + 1000)
    assert MuteBook([late, soon]).active(AT) == (soon, late)


def test_muting_again_takes_the_old_ones_place() -> None:
    book = MuteBook([mute(until=AT + HOUR)])
    made = book.obey(command(until=AT + 2 * HOUR, at=AT + 9), AT + 10)
    assert made is not None
    assert (made.at, made.until) == (AT + 9, AT + 2 * HOUR)
    assert book.active(AT + 10) == (made,)


def test_ending_a_mute_says_when_it_ended() -> None:
    book = MuteBook([mute(), mute("", "builder")])
    ended = book.obey(command(kind="unmute", until=None), AT + 10)
    assert ended == mute(until=AT + 10)
    assert book.active(AT + 10) == (mute("", "builder"),)
    assert book.obey(command(kind="unmute"), AT + 10) is None, "it is over"
    assert MuteBook([mute()]).obey(command(kind="unmute"), AT + HOUR) is None, "it ran out before"


@pytest.mark.parametrize(
    "refused",
    [
        command("", ""),
        command(until=None),
        command(until=AT),
        command(at=AT - 2 * HOUR, until=AT - HOUR),
        command(kind="acknowledge", alert_id="alert-1"),
    ],
    ids=["everything", "no time", "for nothing", "taken too late", "another command"],
)
def test_what_cannot_be_muted_is_left_alone(refused: Command) -> None:
    book = MuteBook()
    assert book.obey(refused, AT) is None
    assert book.active(AT) == ()


def test_nothing_is_muted_for_longer_than_allowed_or_from_a_time_to_come() -> None:
    made = MuteBook().obey(command(until=AT + 10 * MUTE_MS), AT)
    assert made is not None
    assert made.until == AT + MUTE_MS
    early = MuteBook().obey(command(at=AT + HOUR, until=AT + 2 * HOUR), AT)
    assert early is not None
    assert early.at == AT, "a mute that nobody sees yet would be none"


def test_there_are_only_so_many_and_one_that_is_there_can_be_changed_all_the_same() -> None:
    book = MuteBook(mute(subject=f"agent-{number}") for number in range(MUTES_LIMIT))
    assert book.obey(command(), AT) is None
    assert book.obey(command(subject="agent-7", until=AT + 2 * HOUR), AT) is not None
    assert len(book.active(AT)) == MUTES_LIMIT
    assert book.obey(command(until=AT + 3 * HOUR), AT + HOUR) is not None, "the others ran out"


def test_what_people_write_is_made_safe_and_short() -> None:
    made = MuteBook().obey(command(by="\x1b[31mada" * 40, note="\u202ewhy " * 400), AT)
    assert made is not None
    assert len(made.by) == PERSON_LIMIT
    assert len(made.note) == NOTE_LIMIT
    assert made.by.isprintable()
    assert made.note.isprintable()


def test_a_clock_set_back_leaves_what_was_meant_and_moves_what_lay_ahead() -> None:
    before, ahead = mute(at=AT - HOUR, until=AT + HOUR), mute("", "tester", at=AT + 100, until=AT + HOUR)
    book = MuteBook([before, ahead])
    told = book.leap(Leap(now=AT - HOUR // 2, by=-HOUR // 2))
    (moved,) = (one for one in told if one.subject == "tester")
    assert moved.until - moved.at == ahead.until - ahead.at, "it lasts as long as was meant"
    assert moved.at <= AT - HOUR // 2
    assert before in told
    assert MuteBook([before]).leap(Leap(now=AT, by=HOUR)) == (), "a clock set forward changes nothing"


def test_a_mute_covers_a_rule_a_subject_or_one_of_the_other() -> None:
    fires = alert(rule="agent-blocked", subject="builder")
    for quiet in (mute("agent-blocked", ""), mute("", "builder"), mute("agent-blocked", "builder")):
        assert muted_by([quiet], fires, AT) == quiet
        assert heard([quiet], [fires], AT) == ()
    for other in (mute("agent-error", ""), mute("", "tester"), mute("agent-blocked", "tester")):
        assert muted_by([other], fires, AT) is None
        assert heard([other], [fires], AT) == (fires,)
    assert muted_by([mute(until=AT)], fires, AT) is None, "it is over"
    assert muted_by([mute(at=AT + 1)], fires, AT) is None, "it has not begun"


def test_of_several_mutes_the_one_that_lasts_longest_is_named() -> None:
    short, long = mute(until=AT + 1000), mute("", "builder", until=AT + HOUR)
    assert muted_by([short, long], alert(), AT) == long
