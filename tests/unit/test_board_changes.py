"""What happened between two readings of a board."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from monitor.model import Task, TaskEvent
from monitor.sources.board import task_events

NOW = 1_750_200_000_000
BEFORE = NOW - 60_000
TASK = Task(id="A", title="Title", status="TODO", assigned_to="builder", updated_at=BEFORE, root="/r")


def change(**fields: object) -> tuple[TaskEvent, ...]:
    return task_events((TASK,), (replace(TASK, **fields),), NOW, "architect")


def kinds(events: tuple[TaskEvent, ...]) -> list[str]:
    return [event.event_type for event in events]


def test_nothing_changed_is_no_event() -> None:
    assert change() == ()


def test_a_never_seen_task_was_created_when_it_says() -> None:
    task = replace(TASK, created_at=BEFORE, created_by="system")
    (event,) = task_events((), (task,), NOW, "architect")
    assert event == TaskEvent(
        task_id="A",
        event_type="created",
        timestamp=BEFORE,
        new_status="TODO",
        assigned_to="builder",
        changed_by="system",
        task=task,
        root=task.root,
    )


@pytest.mark.parametrize("created_at", [None, NOW + 1])
def test_a_task_that_gives_no_time_or_a_future_one_was_created_now(created_at: int | None) -> None:
    (event,) = task_events((), (replace(TASK, created_at=created_at),), NOW, "")
    assert event.timestamp == NOW
    assert event.changed_by is None


def test_a_step_to_blocked_is_blocked_and_its_reason_belongs_to_it() -> None:
    (event,) = change(status="BLOCKED", blockers=("no key",), updated_at=NOW - 5)
    assert (event.event_type, event.previous_status, event.new_status) == ("blocked", "TODO", "BLOCKED")
    assert event.changed == ("status", "updated_at", "blockers")
    assert event.timestamp == NOW - 5
    assert event.changed_by == "architect"
    assert event.task is not None
    assert event.task.blockers == ("no key",)


@pytest.mark.parametrize("status", ["DONE", "VERIFIED"])
def test_a_step_to_a_done_status_is_completed(status: str) -> None:
    (event,) = change(status=status, actual_hours=2.0)
    assert (event.event_type, event.previous_status, event.new_status) == ("completed", "TODO", status)


def test_a_done_task_that_is_verified_is_not_completed_twice() -> None:
    done = replace(TASK, status="DONE")
    assert kinds(task_events((done,), (replace(done, status="VERIFIED"),), NOW, "")) == ["updated"]


def test_another_assignee_is_assigned() -> None:
    (event,) = change(assigned_to="validator")
    assert (event.event_type, event.assigned_to, event.changed) == ("assigned", "validator", ("assigned_to",))


def test_any_other_change_is_updated() -> None:
    assert kinds(change(status="IN_PROGRESS")) == ["updated"]
    assert kinds(change(title="Other")) == ["updated"]
    assert kinds(change(updated_at=NOW)) == ["updated"]
    assert kinds(change(comments=1)) == ["updated"]


def test_each_kind_of_change_in_one_reading_is_one_event() -> None:
    events = change(status="DONE", assigned_to="validator", title="Other", tags=("a",), updated_at=NOW)
    assert kinds(events) == ["assigned", "completed", "updated"]
    assert {event.timestamp for event in events} == {NOW}


def test_who_changed_it_is_the_task_s_own_word_before_the_board_s() -> None:
    assert change(title="Other", updated_by="validator")[0].changed_by == "validator"


@pytest.mark.parametrize("updated_at", [BEFORE, BEFORE - 1, NOW + 1, None])
def test_a_time_that_is_old_or_in_the_future_is_not_believed(updated_at: int | None) -> None:
    assert change(title="Other", updated_at=updated_at)[0].timestamp == NOW


def test_a_task_that_left_the_board_is_updated_without_a_task() -> None:
    (event,) = task_events((TASK,), (), NOW, "architect")
    assert (event.event_type, event.previous_status, event.new_status, event.task) == (
        "updated",
        "TODO",
        None,
        None,
    )
    assert (event.timestamp, event.assigned_to) == (NOW, "builder")


def test_tasks_of_two_roots_with_one_id_are_two_tasks() -> None:
    other = replace(TASK, root="/other")
    assert kinds(task_events((TASK,), (TASK, other), NOW, "")) == ["created"]


def test_events_come_oldest_first() -> None:
    tasks = tuple(replace(TASK, id=str(number), created_at=NOW - number) for number in range(5))
    times = [event.timestamp for event in task_events((), tasks, NOW, "")]
    assert times == sorted(times)
