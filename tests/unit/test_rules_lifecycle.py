"""The life of alerts: one alert for one condition, from pending to resolved, over restarts and clock jumps."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest

from monitor.model import Alert
from monitor.rules.alerts import RULES
from monitor.rules.lifecycle import AlertBook
from monitor.rules.rule import Finding, finding

NOW: Final = 1_800_000_000_000
SECOND: Final = 1000


def blocked(reason: str = "waits", subject: str = "builder", **metadata: Any) -> Finding:
    """A finding of a rule that fires at once and clears after 10 s."""
    return finding(
        "agent-blocked",
        subject,
        title="Builder is blocked",
        message=reason,
        source="status",
        reason=reason,
        **metadata,
    )


def cpu(level: str, **changes: Any) -> Finding:
    """A finding of a rule that fires after 30 s and clears after 30 s."""
    known: dict[str, Any] = {"title": f"CPU {level}", "message": "m", "source": "host", "hold_seconds": 30.0}
    return finding(f"host-cpu-{level}", "host", **(known | changes))


def run(book: AlertBook, *steps: tuple[float, list[Finding]]) -> list[list[str]]:
    """Feed findings as of so many seconds after NOW; gives what each step wrote, as `rule` or `-rule` (resolved)."""
    return [
        ["-" * alert.resolved + alert.rule for alert in book.update(found, NOW + int(second * SECOND))]
        for second, found in steps
    ]


def again(book: AlertBook) -> AlertBook:
    """The book of a recorder started anew: its open alerts went through storage."""
    return AlertBook(msgspec.json.decode(msgspec.json.encode(book.active), type=tuple[Alert, ...]))


def test_a_raised_alert_carries_what_was_found() -> None:
    (alert,) = AlertBook().update([blocked(task="T-4")], NOW)
    assert (alert.rule, alert.subject, alert.type, alert.severity) == (
        "agent-blocked",
        "builder",
        "agent",
        "warning",
    )
    assert (alert.title, alert.message, alert.source) == ("Builder is blocked", "Waits", "status")
    assert (alert.metadata, alert.created_at) == ({"reason": "waits", "task": "T-4"}, NOW)
    assert not alert.acknowledged
    assert not alert.resolved


def test_a_condition_that_goes_on_is_one_alert_and_nothing_more_is_written() -> None:
    book = AlertBook()
    assert run(book, *((second, [blocked()]) for second in range(5))) == [["agent-blocked"], [], [], [], []]
    assert len(book.active) == 1
    assert book.active is book.active


def test_a_condition_fires_only_after_it_held_for_its_rules_time() -> None:
    book = AlertBook()
    assert run(book, (0, [cpu("warning")]), (29.9, [cpu("warning")]), (30, [cpu("warning")])) == [
        [],
        [],
        ["host-cpu-warning"],
    ]
    assert book.active[0].created_at == NOW + 30 * SECOND


def test_a_condition_that_pauses_begins_its_time_again() -> None:
    warning = [cpu("warning")]
    steps = run(AlertBook(), (0, warning), (20, []), (25, warning), (54, warning), (55, warning))
    assert steps == [[], [], [], [], ["host-cpu-warning"]]


def test_a_single_look_does_not_wait() -> None:
    (alert,) = AlertBook().update([cpu("critical")], NOW, hold=False)
    assert alert.rule == "host-cpu-critical"


def test_an_alert_is_resolved_after_its_condition_was_absent_for_long_enough() -> None:
    book = AlertBook()
    steps = run(
        book, (0, [blocked()]), (1, []), (10, []), (10.5, [blocked()]), (12, []), (21.9, []), (22, [])
    )
    assert steps == [["agent-blocked"], [], [], [], [], [], ["-agent-blocked"]]
    assert book.active == ()


def test_what_comes_back_later_is_a_new_alert() -> None:
    book = AlertBook()
    (first,) = book.update([blocked()], NOW)
    book.update([], NOW + SECOND)
    (resolved,) = book.update([], NOW + 11 * SECOND)
    (second,) = book.update([blocked()], NOW + 12 * SECOND)
    assert (resolved.alert_id, resolved.resolved_at) == (first.alert_id, NOW + 11 * SECOND)
    assert second.alert_id != first.alert_id


def test_a_changed_reason_is_written_and_changed_numbers_are_not() -> None:
    book = AlertBook()
    book.update([blocked("task T-1 is BLOCKED", value=1)], NOW)
    assert book.update([blocked("task T-1 is BLOCKED", value=2)], NOW + SECOND) == ()
    (changed,) = book.update([blocked("waits for an answer", value=3)], NOW + 2 * SECOND)
    assert changed.message == "Waits for an answer"
    assert changed.metadata["value"] == 3
    assert changed.created_at == NOW


def test_a_changed_severity_is_written_and_the_acknowledgement_stays() -> None:
    book = AlertBook()
    (alert,) = book.update([cpu("warning", hold_seconds=0.0)], NOW)
    book.acknowledge(alert.alert_id, "ana", NOW, "on it")
    (changed,) = book.update([cpu("warning", severity="error", title="worse")], NOW + SECOND)
    assert (changed.alert_id, changed.severity, changed.title) == (alert.alert_id, "error", "worse")
    assert changed.acknowledged
    assert changed.metadata["note"] == "on it"


# --- warning and critical --------------------------------------------------------------------------------------

BOTH: Final = [cpu("warning"), cpu("critical")]


def test_one_condition_at_two_levels_fires_at_the_graver_one_only() -> None:
    assert run(AlertBook(), (0, BOTH), (30, BOTH), (60, BOTH)) == [[], ["host-cpu-critical"], []]


def test_the_warning_goes_when_the_critical_one_comes_and_back_again_without_a_gap() -> None:
    book, warning = AlertBook(), [cpu("warning")]
    steps = run(
        book, (0, warning), (30, warning), (40, BOTH), (70, BOTH), (100, BOTH), (110, warning), (140, warning)
    )
    assert steps == [
        *([], ["host-cpu-warning"], [], ["host-cpu-critical"], ["-host-cpu-warning"], []),
        ["-host-cpu-critical"],
    ]
    assert run(book, (142, warning)) == [["host-cpu-warning"]]


def test_load_that_swings_around_the_critical_level_is_a_warning_all_the_same() -> None:
    warning = [cpu("warning")]
    steps = run(AlertBook(), *((second, BOTH if second % 20 else warning) for second in range(0, 40, 10)))
    assert steps == [[], [], [], ["host-cpu-warning"]]


# --- by hand ---------------------------------------------------------------------------------------------------


def test_an_acknowledged_alert_stays_active_and_says_who_when_and_why() -> None:
    book = AlertBook()
    (alert,) = book.update([blocked()], NOW)
    seen = book.acknowledge(alert.alert_id, "ana\x1b[2J", NOW + SECOND, "looking")
    assert seen is not None
    assert (seen.acknowledged, seen.acknowledged_by, seen.acknowledged_at) == (True, "ana", NOW + SECOND)
    assert seen.metadata["note"] == "looking"
    assert book.active == (seen,)
    assert book.acknowledge(alert.alert_id, "bob", NOW + 2 * SECOND) is None, (
        "the first one to see it is kept"
    )


def test_acknowledging_or_resolving_what_is_not_open_does_nothing() -> None:
    book = AlertBook()
    assert book.acknowledge("nothing", "ana", NOW) is None
    assert book.resolve("nothing", "ana", NOW) is None


def test_an_alert_resolved_by_hand_comes_again_only_after_its_condition_was_absent_once() -> None:
    book = AlertBook()
    (alert,) = book.update([blocked()], NOW)
    resolved = book.resolve(alert.alert_id, "ana", NOW + SECOND)
    assert resolved is not None
    assert (resolved.resolved, resolved.resolved_at, resolved.metadata["resolved_by"]) == (
        True,
        NOW + SECOND,
        "ana",
    )
    assert book.active == ()
    assert run(book, (2, [blocked()]), (900, [blocked()]), (901, []), (902, [blocked()])) == [
        *([], [], []),
        ["agent-blocked"],
    ]


def test_an_alert_resolved_by_hand_while_its_condition_is_absent_may_come_again_at_once() -> None:
    book = AlertBook()
    (alert,) = book.update([blocked()], NOW)
    book.update([], NOW + SECOND)
    book.resolve(alert.alert_id, "ana", NOW + SECOND)
    assert run(book, (2, [blocked()])) == [["agent-blocked"]]


def test_resolving_the_critical_alert_by_hand_does_not_bring_the_warning() -> None:
    book = AlertBook()
    run(book, (0, BOTH), (30, BOTH))
    book.resolve(book.active[0].alert_id, "ana", NOW + 31 * SECOND)
    assert run(book, (32, BOTH), (90, BOTH), (92, [cpu("warning")])) == [[], [], ["host-cpu-warning"]]


# --- order, ids, restart, clock --------------------------------------------------------------------------------


def test_the_gravest_stand_first_then_the_newest() -> None:
    book = AlertBook()
    book.update([blocked(subject="old")], NOW)
    book.update(
        [blocked(subject="old"), blocked(subject="new"), cpu("critical", hold_seconds=0.0)], NOW + SECOND
    )
    assert [alert.subject for alert in book.active] == ["host", "new", "old"]


@pytest.mark.parametrize("rule_id", [rule.id for rule in RULES])
def test_ids_fit_into_50_characters(rule_id: str) -> None:
    found = finding(rule_id, "x" * 500, title="t", message="m", source="s", hold_seconds=0.0)
    (alert,) = AlertBook().update([found], NOW)
    assert len(alert.alert_id) <= 50


def test_a_restart_continues_open_alerts_and_raises_none_again() -> None:
    book = AlertBook()
    (alert,) = book.update([blocked()], NOW)
    book.acknowledge(alert.alert_id, "ana", NOW)
    restarted = again(book)
    assert restarted.active == book.active
    assert restarted.is_firing("agent-blocked", "builder")
    assert run(restarted, (5, [blocked()]), (6, []), (16, [])) == [[], [], ["-agent-blocked"]]


def test_an_open_alert_of_a_rule_that_is_no_more_is_resolved() -> None:
    (alert,) = AlertBook().update([blocked()], NOW)
    book = AlertBook([msgspec.structs.replace(alert, rule="of-an-older-version")])
    assert run(book, (1, [])) == [["-of-an-older-version"]]


def test_a_clock_set_back_gives_no_negative_duration_no_endless_wait_and_no_old_id() -> None:
    book = AlertBook()
    (first,) = book.update([blocked()], NOW)
    seen = book.acknowledge(first.alert_id, "ana", NOW - 3_600_000)
    book.update([], NOW + SECOND)
    book.update([], NOW - 3_600_000)
    (resolved,) = book.update([], NOW - 3_600_000 + 10 * SECOND)
    assert seen is not None
    assert seen.acknowledged_at == first.created_at
    assert resolved.resolved_at == first.created_at
    (second,) = book.update([blocked()], NOW - 3_500_000)
    assert second.alert_id.rsplit(":", 1)[1] > first.alert_id.rsplit(":", 1)[1]
