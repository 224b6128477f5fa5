"""Since when a task is what it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from monitor.model import (
    Since,
    StatusSpan,
    Task,
    TaskEvent,
    blocked_since,
    in_status,
    is_done,
    status_spans,
)
from monitor.sources.board.changes import task_events

T = 1_767_268_000_000
MINUTE = 60_000


def task(status: str = "TODO", at: int | None = 0, **values: object) -> Task:
    """A task created at 0 and updated `at` these minutes."""
    plain: dict[str, object] = {
        "created_at": T,
        "updated_at": None if at is None else T + at * MINUTE,
        "root": "/shop",
    }
    return Task(id="TASK-1", title="Wire", status=status, **{**plain, **values})  # type: ignore[arg-type]


def told(*versions: Task | None) -> tuple[TaskEvent, ...]:
    """The history that the collector makes of a task that was so in turn, newest first; None: not on the board."""
    events: list[TaskEvent] = []
    before: tuple[Task, ...] = ()
    for minute, version in enumerate(versions):
        now = T + (minute + 100) * MINUTE
        after = () if version is None else (version,)
        events += task_events(before, after, now, "ada")
        before = after
    return tuple(reversed(events))


def test_the_newest_change_of_status_tells() -> None:
    doing, commented = task("IN_PROGRESS", 10), task("IN_PROGRESS", 40, comments=3)
    history = told(task(), doing, commented)
    assert in_status(commented, history) == Since(T + 10 * MINUTE, exact=True)


def test_a_change_that_the_board_does_not_date_is_of_when_it_was_seen() -> None:
    doing = task("IN_PROGRESS", 0)
    assert in_status(doing, told(task(), doing)) == Since(T + 101 * MINUTE, exact=True)


def test_without_history_the_last_update_is_the_latest_it_can_be() -> None:
    assert in_status(task("IN_PROGRESS", 30), ()) == Since(T + 30 * MINUTE)
    assert in_status(task("IN_PROGRESS", None), ()) == Since(T)
    assert in_status(task(created_at=None, updated_at=None), ()) == Since(None)


def test_a_task_that_was_never_touched_has_the_status_it_was_created_with() -> None:
    assert in_status(task("TODO", 0), ()) == Since(T, exact=True)


def test_what_is_first_seen_in_a_status_was_so_by_then() -> None:
    first, later = task("REVIEW", 20), task("REVIEW", 90, comments=1)
    assert in_status(later, told(first, later)) == Since(T + 20 * MINUTE)


def test_a_history_that_was_cut_bounds_it() -> None:
    versions = [task("IN_PROGRESS", minute, comments=minute) for minute in range(10, 20)]
    assert in_status(versions[-1], told(*versions)[:3]) == Since(T + 17 * MINUTE)


def test_a_task_that_came_back_to_the_board_starts_again() -> None:
    again = task("IN_PROGRESS", 50)
    history = told(task(), task("IN_PROGRESS", 10), None, again)
    assert in_status(again, history) == Since(T + 50 * MINUTE)


def test_the_task_of_that_name_on_another_board_does_not_count() -> None:
    other = [replace(event, root="/other") for event in told(task(), task("IN_PROGRESS", 10))]
    assert in_status(task("IN_PROGRESS", 30), other) == Since(T + 30 * MINUTE)


def test_a_reason_blocks_since_the_board_gives_it() -> None:
    first = task("BLOCKED", 10, blockers=("a key",))
    second = task("BLOCKED", 25, blockers=("a key", "a licence"))
    history = told(task(), first, second)
    assert blocked_since(second, "a key", history) == Since(T + 10 * MINUTE, exact=True)
    assert blocked_since(second, "a licence", history) == Since(T + 25 * MINUTE, exact=True)
    assert blocked_since(second, "a key", ()) == Since(T + 25 * MINUTE)
    assert blocked_since(first, "a key", told(first)) == Since(T + 10 * MINUTE)


def test_the_life_of_a_task_in_stretches() -> None:
    history = told(
        task(), task("IN_PROGRESS", 10), task("IN_PROGRESS", 20, assigned_to="ada"), task("BLOCKED", 40)
    )
    assert status_spans(task("BLOCKED", 40), history) == (
        StatusSpan("TODO", Since(T, exact=True), T + 10 * MINUTE),
        StatusSpan("IN_PROGRESS", Since(T + 10 * MINUTE, exact=True), T + 40 * MINUTE),
        StatusSpan("BLOCKED", Since(T + 40 * MINUTE, exact=True), None),
    )


def test_a_life_that_begins_before_the_history_has_an_unknown_start() -> None:
    history = told(task(), task("IN_PROGRESS", 10), task("REVIEW", 30))
    assert status_spans(task("REVIEW", 30), history[:1]) == (
        StatusSpan("IN_PROGRESS", Since(None), T + 30 * MINUTE),
        StatusSpan("REVIEW", Since(T + 30 * MINUTE, exact=True), None),
    )
    assert status_spans(task("REVIEW", 30), ()) == (StatusSpan("REVIEW", Since(T + 30 * MINUTE), None),)


def test_a_task_that_left_the_board_has_no_stretch_that_holds() -> None:
    history = told(task(), task("DONE", 10), None)
    spans = status_spans(task("DONE", 10), history)
    assert [(span.status, span.end is None) for span in spans] == [("TODO", False), ("DONE", False)]


VERSIONS = st.lists(
    st.none()
    | st.builds(
        task,
        st.sampled_from(["TODO", "IN_PROGRESS", "BLOCKED", "DONE", "QA"]),
        st.none() | st.integers(-5, 120),
        comments=st.integers(0, 2),
        assigned_to=st.sampled_from([None, "ada"]),
    ),
    min_size=1,
    max_size=8,
)


@given(VERSIONS, st.integers(0, 20))
def test_whatever_happened_the_stretches_follow_one_another_and_end_in_the_status(
    versions: list[Task | None], kept: int
) -> None:
    history = told(*versions)[:kept]
    now = next((version for version in reversed(versions) if version is not None), task())
    spans = status_spans(now, history)
    assert all(one.end is not None for one in spans[:-1])
    if versions[-1] is not None and history:
        assert (spans[-1].status, spans[-1].end) == (versions[-1].status, None)
    assert is_done(spans[-1].status) == (spans[-1].status == "DONE")
    since = in_status(now, history)
    assert since.at is not None
    assert not since.exact or since.at <= T + 120 * MINUTE
