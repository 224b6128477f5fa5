"""What every layer agrees on: the records, and how tasks are counted."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import model
from monitor.model import Task, TaskMetrics, is_done, task_metrics

RECORDS = [
    record
    for _, record in inspect.getmembers(model, inspect.isclass)
    if issubclass(record, msgspec.Struct) and record is not msgspec.Struct
]


def tasks(*statuses: str) -> list[Task]:
    return [Task(id=str(number), title="t", status=status) for number, status in enumerate(statuses)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_record_is_immutable_has_its_docstring_and_its_types_can_be_read(record: Any) -> None:
    assert record.__struct_config__.frozen
    assert record.__doc__
    msgspec.json.Decoder(record)


def test_tasks_are_counted_by_status_and_verified_counts_as_done() -> None:
    """SIB-06: the board says 4 completed and 1 in progress; its tasks say 7 and 2."""
    board = tasks(*["DONE"] * 5, *["VERIFIED"] * 2, *["IN_PROGRESS"] * 2, "TODO", "BLOCKED", "REVIEW")
    assert task_metrics(board) == TaskMetrics(total=12, todo=1, in_progress=2, review=1, blocked=1, done=7)
    assert task_metrics([]) == TaskMetrics()


@given(
    st.lists(st.text(max_size=12) | st.sampled_from(["TODO", "DONE", "BLOCKED", "FROZEN", "total", "other"]))
)
def test_every_task_is_counted_exactly_once_whatever_its_status(statuses: list[str]) -> None:
    counts = task_metrics(tasks(*statuses))
    parts = (counts.todo, counts.in_progress, counts.review, counts.blocked, counts.done, counts.other)
    assert counts.total == len(statuses) == sum(parts)
    assert counts.done == sum(map(is_done, statuses))


@pytest.mark.parametrize(
    ("status", "done"), [("DONE", True), ("VERIFIED", True), ("REVIEW", False), ("", False)]
)
def test_done_is_what_was_finished(status: str, done: bool) -> None:
    assert is_done(status) is done
