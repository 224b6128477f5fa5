"""Alerts about what agents may use up: quotas of accounts, budgets of a day; and the book of what was spent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_facts import AGENT, HOUR, MINUTE, NOW, facts, found, rules, session, status, usage

from monitor.model import Quota, Session
from monitor.rules import spend as spend_module
from monitor.rules.facts import AgentFacts
from monitor.rules.lifecycle import AlertBook
from monitor.rules.spend import Spend, SpendBook


def quota(percent: float = 91, **known: Any) -> Quota:
    return Quota(name=known.pop("name", "five_hour"), used_percent=percent, **known)


# --- quotas ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percent", "open_already", "fires"),
    [(90, False, False), (90.1, False, True), (86, True, True), (85, True, False), (100, False, True)],
)
def test_a_quota_that_is_nearly_used_up_is_told(percent: float, open_already: bool, fires: bool) -> None:
    firing = ("quota-full",) if open_already else ()
    assert rules(facts(session(quotas=(quota(percent),))), *firing) == ["quota-full"] * fires


def test_it_says_which_and_whose_and_until_when() -> None:
    (finding,) = found(facts(session(quotas=(quota(100, resets_at=NOW + HOUR),))))
    assert (finding.rule, finding.subject, finding.severity) == (
        "quota-full",
        "claude-code:five_hour",
        "error",
    )
    assert finding.title == "The quota five_hour of claude-code is used up"
    assert "Builder works with" in finding.message
    assert "It is given anew at 20" in finding.message


def test_agents_of_one_account_share_one_alert_by_the_newest_reading() -> None:
    def other(percent: float, age: int) -> AgentFacts:
        agent = msgspec.structs.replace(AGENT, id="other", name="Other")
        return msgspec.structs.replace(
            facts(session(quotas=(quota(percent),), updated=NOW - age)), agent=agent
        )

    statuses = (status(), status(id="other", name="Other"))
    own = facts(session(quotas=(quota(50),), updated=NOW - MINUTE))
    (finding,) = found(None, statuses=statuses, facts={"builder": own, "other": other(95, 0)})
    assert "Builder, Other work with" in finding.message
    assert rules(None, statuses=statuses, facts={"builder": own, "other": other(95, HOUR)}) == []


@pytest.mark.parametrize(
    ("known", "updated", "holds"),
    [
        ({"resets_at": NOW}, NOW, False),
        ({"resets_at": NOW + 1}, NOW - 100 * HOUR, True),
        ({"window_minutes": 60}, NOW - HOUR, False),
        ({"window_minutes": 60}, NOW - HOUR + 1, True),
        ({}, NOW - 5 * HOUR, False),
        ({}, NOW - 4 * HOUR, True),
    ],
)
def test_a_reading_of_a_window_that_is_over_counts_no_longer(
    known: dict[str, Any], updated: int, holds: bool
) -> None:
    assert rules(facts(session(quotas=(quota(99, **known),), updated=updated))) == ["quota-full"] * holds


# --- budgets ---------------------------------------------------------------------------------------------------


def spend(cost: float, **known: Any) -> Spend:
    return Spend(day=NOW, agents={"builder": cost}, total=cost, **known)


@pytest.mark.parametrize("setting", ["budget_agent_usd_day", "budget_day_usd"])
@pytest.mark.parametrize(
    ("cost", "severity"),
    [(7.99, None), (8.0, "warning"), (9.99, "warning"), (10.0, "error"), (99.0, "error")],
)
def test_a_budget_warns_at_80_and_is_an_error_at_100_percent(
    setting: str, cost: float, severity: str | None
) -> None:
    findings = found(facts(session()), limits={setting: 10.0}, spend=spend(cost))
    assert [finding.severity for finding in findings] == ([severity] if severity else [])


def test_without_a_budget_no_cost_is_too_high() -> None:
    assert rules(facts(session()), spend=spend(1e9)) == []


def test_a_budget_tells_numbers_and_what_it_does_not_know() -> None:
    both = {"budget_agent_usd_day": 10.0, "budget_day_usd": 12.5}
    own, day = found(facts(session()), limits=both, spend=spend(1234.5, unpriced=2))
    assert (own.rule, own.subject) == ("budget-agent", "builder")
    assert own.message.startswith(
        "It has cost $1,234.50 today, of $10.00 (thresholds.budget_agent_usd_day); 2 "
    )
    assert (day.rule, day.subject) == ("budget-day", "agents")
    assert "most of it: Builder $1,234.50" in day.message
    assert "2 sessions used models without a price" in day.message


def test_the_warning_becomes_an_error_and_ends_with_the_day() -> None:
    book = AlertBook()
    limits = {"budget_agent_usd_day": 10.0}
    for cost, severities in ((8.5, ["warning"]), (11.0, ["error"]), (0.0, ["error"])):
        book.update(found(facts(session()), limits=limits, spend=spend(cost)), NOW)
        assert [alert.severity for alert in book.active] == severities
    book.update([], NOW + 10_000)
    assert book.active == ()


# --- what was spent today --------------------------------------------------------------------------------------

MIDNIGHT: Final = int(datetime(2026, 11, 26, tzinfo=UTC).timestamp()) * 1000


def spent(number: str, *hours: tuple[int, float | None]) -> Session:
    return session(session_id=number, hours=tuple(usage(hour, dollars) for hour, dollars in hours))


def test_only_hours_of_today_count_by_agent_and_together() -> None:
    book = SpendBook(UTC)
    now = MIDNIGHT + 10 * HOUR
    book.note("a", spent("1", (MIDNIGHT - HOUR, 100.0), (MIDNIGHT, 1.0), (MIDNIGHT + HOUR, 2.0)), now)
    book.note("a", spent("2", (MIDNIGHT + HOUR, 4.0)), now)
    book.note("", spent("3", (MIDNIGHT + HOUR, 8.0), (MIDNIGHT + HOUR, None)), now)
    book.note("b", spent("4", (MIDNIGHT - HOUR, 100.0)), now)
    assert book.look(now) == Spend(day=MIDNIGHT, agents={"a": 7.0}, total=15.0, unpriced=1)


def test_a_session_counts_as_it_is_now_and_once() -> None:
    book = SpendBook(UTC)
    now = MIDNIGHT + HOUR
    book.note("a", spent("1", (MIDNIGHT, 1.0)), now)
    book.note("b", spent("1", (MIDNIGHT, 3.0)), now)
    assert book.look(now).agents == {"b": 3.0}
    assert book.look(now + 1) is book.look(now)


def test_a_new_day_begins_with_nothing_also_for_a_session_of_which_nothing_is_new() -> None:
    book = SpendBook(UTC)
    old = spent("1", (MIDNIGHT, 1.0))
    book.note("a", old, MIDNIGHT + HOUR)
    tomorrow = MIDNIGHT + 24 * HOUR
    book.note("a", old, tomorrow)
    assert book.look(tomorrow) == Spend(day=tomorrow)
    book.note("a", spent("1", (MIDNIGHT, 1.0), (tomorrow, 5.0)), tomorrow + MINUTE)
    assert book.look(tomorrow + MINUTE).total == 5.0


def test_the_day_is_that_of_the_people() -> None:
    book = SpendBook(timezone(timedelta(hours=-5)))
    book.note("a", spent("1", (MIDNIGHT, 1.0)), MIDNIGHT + HOUR)
    assert book.look(MIDNIGHT + HOUR) == Spend(day=MIDNIGHT - 19 * HOUR, agents={"a": 1.0}, total=1.0)


def test_the_book_is_bounded_and_keeps_the_dearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spend_module, "SESSIONS_LIMIT", 3)
    book = SpendBook(UTC)
    for number in (5, 1, 4, 3, 0):
        book.note("a", spent(str(number), (MIDNIGHT, float(number))), MIDNIGHT)
    assert book.look(MIDNIGHT).total == 12.0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("1234"), st.floats(0, 1e6)), max_size=20))
def test_the_total_is_what_the_agents_cost_together(notes: list[tuple[str, str, float]]) -> None:
    book = SpendBook(UTC)
    for agent_id, number, dollars in notes:
        book.note(agent_id, spent(number, (MIDNIGHT, dollars)), MIDNIGHT)
    total = book.look(MIDNIGHT)
    assert total.total == pytest.approx(sum(total.agents.values()))
