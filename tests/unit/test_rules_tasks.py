"""Alerts about tasks: when they fire, when not, when they clear, and that the unknown fires nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from monitor.config import Thresholds
from monitor.model import Board, BoardState, Task
from monitor.rules.alerts import find_all
from monitor.rules.facts import Situation

if TYPE_CHECKING:
    from monitor.rules.rule import Finding

NOW: Final = 1_800_000_000_000
MINUTE: Final = 60_000
OVERDUE: Final = NOW - 60 * MINUTE - 1


def task(name: str, status: str, **known: Any) -> Task:
    base: dict[str, Any] = {"root": "/r", "updated_at": NOW}
    return Task(id=name, title="Payments", status=status, **(base | known))


def found(*tasks: Task, firing: str = "", error: str = "", partial: bool = False) -> list[Finding]:
    """What the task rules find; `firing` is the rule whose alert is open, `error` what is wrong with the board."""
    state = BoardState(root="/r", path="/r/board.json", error=error, partial=partial, last_synced=NOW)
    look = Situation(now=NOW, board=Board(tasks=tasks, boards=(state,)))
    all_findings = find_all(look, Thresholds(), lambda rule, _subject: rule == firing)
    return [finding for finding in all_findings if finding.rule != "board-unreadable"]


def rules(*tasks: Task, **known: Any) -> list[str]:
    return [finding.rule for finding in found(*tasks, **known)]


SLOW: Final = [("BLOCKED", "task-blocked-long"), ("IN_PROGRESS", "task-stale")]


@pytest.mark.parametrize(("status", "rule"), SLOW)
def test_a_task_that_nobody_touched_for_an_hour_is_told(status: str, rule: str) -> None:
    (finding,) = found(task("T-4", status, updated_at=OVERDUE, assigned_to="builder"))
    assert (finding.rule, finding.subject, finding.source) == (rule, "/r:T-4", "board")
    assert "T-4" in finding.title
    assert "1 h" in finding.title
    assert "Assigned to builder." in finding.message


@pytest.mark.parametrize(("status", "rule"), SLOW)
def test_a_task_never_updated_counts_from_its_creation(status: str, rule: str) -> None:
    assert rules(task("T", status, updated_at=None, created_at=OVERDUE)) == [rule]


@pytest.mark.parametrize(("status", "rule"), SLOW)
def test_a_task_is_not_told_at_the_limit_nor_without_a_known_time_nor_from_the_future(
    status: str, rule: str
) -> None:
    for at in (OVERDUE + 1, NOW, NOW + MINUTE):
        assert rules(task("T", status, updated_at=at), firing=rule) == []
    assert rules(task("T", status, updated_at=None)) == []


@pytest.mark.parametrize("status", ["TODO", "REVIEW", "DONE", "VERIFIED", "FROZEN"])
def test_other_statuses_may_take_their_time(status: str) -> None:
    assert rules(task("T", status, updated_at=OVERDUE)) == []


def test_a_blocked_task_says_why() -> None:
    (finding,) = found(task("T", "BLOCKED", updated_at=OVERDUE, blockers=("old", "no API key.")))
    assert finding.message.startswith("Payments: no API key. Assigned to nobody.")


BEHIND: Final = task("T-5", "IN_PROGRESS", dependencies=("T-1", "T-2", "T-9", "T-5"))


@pytest.mark.parametrize("status", ["TODO", "IN_PROGRESS", "REVIEW", "BLOCKED"])
def test_a_task_begun_before_what_it_depends_on_is_told(status: str) -> None:
    (finding,) = found(BEHIND, task("T-1", status), task("T-2", "DONE"))
    assert (finding.rule, finding.subject) == ("task-dependency-unfinished", "/r:T-5")
    assert finding.metadata["dependencies"] == ["T-1"]


@pytest.mark.parametrize(
    "tasks",
    [
        (BEHIND, task("T-1", "DONE"), task("T-2", "VERIFIED")),
        (BEHIND, task("T-1", "CANCELLED")),
        (BEHIND,),
        (BEHIND, task("T-1", "TODO", root="/other")),
        (task("T-5", "TODO", dependencies=("T-1",)), task("T-1", "TODO")),
    ],
    ids=["finished", "a status nobody declared", "not on the board", "another board's task", "not begun"],
)
def test_a_dependency_raises_nothing_when_it_is(tasks: tuple[Task, ...]) -> None:
    assert rules(*tasks) == []


def test_many_dependencies_are_named_up_to_five() -> None:
    names = tuple(f"D-{number}" for number in range(7))
    (finding,) = found(task("T", "IN_PROGRESS", dependencies=names), *(task(name, "TODO") for name in names))
    assert "D-4 and 2 more, not done yet" in finding.message


@pytest.mark.parametrize(("count", "fires"), [(0, False), (3, False), (4, True)])
def test_more_than_3_blocked_tasks_are_told_together(count: int, fires: bool) -> None:
    tasks = [task(f"T-{number}", "BLOCKED") for number in range(count)]
    assert rules(*tasks) == ["tasks-blocked-many"] * fires
    assert rules(*tasks, firing="tasks-blocked-many") == ["tasks-blocked-many"] * fires


def test_blocked_tasks_of_an_unreadable_board_do_not_make_many() -> None:
    tasks = [task(f"T-{number}", "BLOCKED", root="/readable" if number else "/r") for number in range(5)]
    assert rules(*tasks[:4], error="not JSON") == []
    assert rules(*tasks, error="not JSON") == ["tasks-blocked-many"]


EACH: Final = [
    ("task-blocked-long", [task("T", "BLOCKED", updated_at=OVERDUE)]),
    ("task-stale", [task("T", "IN_PROGRESS", updated_at=OVERDUE)]),
    ("task-dependency-unfinished", [BEHIND, task("T-1", "TODO")]),
    ("tasks-blocked-many", [task(f"T-{number}", "BLOCKED") for number in range(4)]),
]


@pytest.mark.parametrize(("rule", "tasks"), EACH)
def test_a_board_that_cannot_be_read_raises_no_alert_and_ends_none(rule: str, tasks: list[Task]) -> None:
    assert rules(*tasks, error="not JSON") == []
    assert rules(*tasks, error="not JSON", firing=rule) == [rule]


@pytest.mark.parametrize(("rule", "tasks"), EACH)
def test_a_board_read_in_part_still_tells_of_the_tasks_it_has(rule: str, tasks: list[Task]) -> None:
    assert rules(*tasks, error="1 task left out", partial=True) == [rule]
