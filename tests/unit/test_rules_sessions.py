"""Alerts from what agents say of themselves: when they fire, when not, when they clear, what they tell."""

from __future__ import annotations

from typing import Any

import pytest
from session_facts import (
    MINUTE,
    NOW,
    SECOND,
    call,
    dead,
    facts,
    found,
    noted,
    rules,
    running,
    session,
    status,
)

from monitor.model import Session, ToolOutcome
from monitor.rules.lifecycle import AlertBook


def test_an_agent_that_is_quietly_at_work_raises_nothing() -> None:
    assert rules(facts(session())) == []
    assert rules(facts(running())) == []
    assert rules(facts(None)) == []
    assert rules(None) == []


# --- waiting for a person --------------------------------------------------------------------------------------


def waiting(minutes: float, **known: Any) -> Session:
    base: dict[str, Any] = {"turn_state": "permission", "waiting_for": "permission: Bash git", "tool": "Bash"}
    return session(**(base | {"waiting_since": NOW - round(minutes * MINUTE)} | known))


def test_an_agent_that_waits_for_long_names_the_tool_it_waits_with() -> None:
    (finding,) = found(facts(waiting(10.1)))
    assert (finding.rule, finding.subject) == ("agent-waiting", "builder")
    assert finding.title == "Builder has waited for a person for more than 10 min"
    assert finding.message == "It waits for permission: Bash git, in /w/b. Answer it where it runs."
    assert finding.metadata["tool"] == "Bash"


@pytest.mark.parametrize(
    "known",
    [
        facts(waiting(10)),
        facts(waiting(60, waiting_since=None)),
        facts(session(waiting_since=NOW - 60 * MINUTE)),
        dead(waiting(60)),
    ],
    ids=["not for long", "since nobody knows when", "it goes on by now", "nobody runs who could be answered"],
)
def test_it_is_not_said_to_wait_when(known: Any) -> None:
    assert rules(known) == []


def test_what_it_waits_for_is_told_though_the_log_does_not() -> None:
    (asks,) = found(facts(waiting(11, turn_state="input", waiting_for="")))
    (permits,) = found(facts(waiting(11, waiting_for="")))
    assert "for an answer," in asks.message
    assert "for a permission," in permits.message


def test_there_is_one_alert_for_one_wait_at_first_mild_then_grave() -> None:
    book = AlertBook()
    blocked = status("blocked", status_reason="waits for permission: Bash git")

    def look(minutes: float, at: int) -> list[str]:
        firing = [alert.rule for alert in book.active]
        findings = found(facts(waiting(minutes)), *firing, statuses=(blocked,))
        book.update(findings, at)
        return [alert.rule for alert in book.active]

    assert look(1, NOW) == ["agent-blocked"]
    assert look(11, NOW + 10 * MINUTE) == ["agent-waiting", "agent-blocked"]
    assert look(12, NOW + 11 * MINUTE) == ["agent-waiting"]
    assert look(13, NOW + 12 * MINUTE) == ["agent-waiting"]


# --- the same call again and again -----------------------------------------------------------------------------


def calling(count: int, *more: Any, state: Any = "thinking", **known: Any) -> Any:
    return facts(session(turn_state=state, calls=(*(call(**known) for _ in range(count)), *more)))


def test_the_same_call_in_a_row_is_told_with_what_it_is() -> None:
    (finding,) = found(calling(10))
    assert (finding.rule, finding.subject, finding.severity) == ("agent-loop", "builder", None)
    assert finding.message.startswith("Its last 10 calls were all Read a.py, in /w/b. ")
    assert (finding.metadata["value"], finding.metadata["reason"]) == (10, "Read a.py")


@pytest.mark.parametrize(
    ("known", "fires"),
    [
        (calling(9), False),
        (calling(9, call("Grep"), call()), False),
        (calling(9, call(target="b.py"), call()), False),
        (calling(10, call("Grep")), True),
        (calling(50, target=""), False),
        (calling(10, state="idle"), False),
        (dead(session(calls=(call(),) * 20)), False),
    ],
    ids=[
        *("not enough", "another tool between", "another target between", "something else before"),
        *("no target", "it has stopped", "it is dead"),
    ],
)
def test_a_loop_is_the_same_tool_on_the_same_target_in_a_row(known: Any, fires: bool) -> None:
    assert rules(known) == ["agent-loop"] * fires


@pytest.mark.parametrize(
    ("count", "outcome", "fires"),
    [(19, "ok", False), (20, "ok", True), (10, "error", True), (10, "denied", True), (9, "error", False)],
)
def test_commands_that_succeed_need_twice_as_many(count: int, outcome: ToolOutcome, fires: bool) -> None:
    """Only the name of the program is known: `git` ten times in a row is many different things."""
    assert rules(calling(count, name="Bash", target="git", outcome=outcome)) == ["agent-loop"] * fires


def test_how_many_of_the_calls_failed_is_told() -> None:
    (finding,) = found(calling(10, name="Bash", target="make", outcome="error"))
    assert "Bash make, 10 of them in vain" in finding.message


def test_a_loop_stays_while_it_is_only_paused_and_can_be_switched_off() -> None:
    assert rules(calling(10, state="idle"), "agent-loop") == ["agent-loop"]
    assert rules(calling(50), limits={"repeated_calls": 0}) == []


# --- tokens without a change -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spent", "open_already", "fires"),
    [
        (None, False, False),
        (500_000, False, False),
        (500_001, False, True),
        (480_000, True, True),
        (470_000, True, False),
        (0, True, False),
        (None, True, True),
    ],
)
def test_an_agent_that_spends_much_and_changes_nothing_is_stalled(
    spent: int | None, open_already: bool, fires: bool
) -> None:
    firing = ("agent-stalled",) if open_already else ()
    assert rules(noted(session(), tokens_since_change=spent), *firing) == ["agent-stalled"] * fires


def test_only_an_agent_at_work_stalls_and_a_setting_ends_it() -> None:
    assert rules(noted(session(turn_state="idle"), tokens_since_change=10**9)) == []
    assert rules(noted(session(), tokens_since_change=10**9), limits={"stall_tokens": 0}) == []
    (finding,) = found(noted(session(), tokens_since_change=600_000))
    assert finding.title == "Builder has spent more than 500,000 tokens without a change"


# --- context ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("used", "size", "open_already", "fires"),
    [
        (180_000, 200_000, False, False),
        (180_001, 200_000, False, True),
        (172_000, 200_000, True, True),
        (170_000, 200_000, True, False),
        (180_001, None, False, False),
        (None, 200_000, False, False),
        (None, 200_000, True, True),
        (1, 0, False, False),
    ],
)
def test_a_context_window_that_fills_up_is_told_until_there_is_clearly_room(
    used: int | None, size: int | None, open_already: bool, fires: bool
) -> None:
    firing = ("context-full",) if open_already else ()
    known = facts(session(context_used=used, context_size=size))
    assert rules(known, *firing) == ["context-full"] * fires


def test_the_window_of_a_dead_agent_is_nobodys() -> None:
    assert rules(dead(session(context_used=199, context_size=200)), "context-full") == []


# --- API errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "open_already", "fires"),
    [(4, False, False), (5, False, True), (4, True, False), (None, False, False), (None, True, True)],
)
def test_api_calls_that_fail_are_told(count: int | None, open_already: bool, fires: bool) -> None:
    firing = ("api-errors",) if open_already else ()
    assert rules(noted(session(), recent_errors=count), *firing) == ["api-errors"] * fires


def test_the_newest_error_is_told_and_made_safe() -> None:
    (finding,) = found(noted(session(error="overloaded\x1b[2J."), recent_errors=5))
    assert "The newest: overloaded" in finding.message
    assert finding.message.isprintable()
    assert rules(noted(session(), recent_errors=5), limits={"api_errors": 0}) == []


def test_an_agent_that_has_failed_for_it_has_one_alert() -> None:
    book = AlertBook()
    failed = status("error", status_reason="log ends in an error: overloaded")
    findings = found(noted(session(turn_state="error"), recent_errors=9), statuses=(failed,))
    assert {finding.rule for finding in findings} == {"agent-error", "api-errors"}
    book.update(findings, NOW)
    assert [alert.rule for alert in book.active] == ["agent-error"]


def test_texts_of_sessions_are_made_safe_and_bounded() -> None:
    wild = "\x1b]0;x\x07" + "y" * 3_000 + "\u202e"
    known = facts(waiting(60, waiting_for=wild))
    looping = calling(10, name=wild, target=wild)
    for finding in (*found(known), *found(looping)):
        assert finding.title.isprintable()
        assert finding.message.isprintable()
        assert len(finding.message) <= 1_000


def test_a_context_alert_waits_until_it_has_held() -> None:
    book = AlertBook()
    findings = found(facts(session(context_used=190, context_size=200)))
    assert book.update(findings, NOW) == ()
    (alert,) = book.update(findings, NOW + 10 * SECOND)
    assert alert.rule == "context-full"
