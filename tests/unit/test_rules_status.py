"""The status of an agent over time: since when, held, stale, restored."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from status_facts import (
    ALIVE,
    BLOCKED,
    DAY,
    FAILED,
    GONE,
    LIMITS,
    NOW,
    PROCESS,
    QUIET,
    SECOND,
    UNREAD,
    WORKING,
    facts,
    task,
    tree,
)

from monitor.model import (
    AgentStatus,
)
from monitor.rules.facts import AgentFacts
from monitor.rules.status import StatusBook, judge


def later(known: AgentFacts, seconds: float) -> AgentFacts:
    """The same agent some time on, having gone on with what it did."""
    moved = {
        name: at + int(seconds * SECOND)
        for name in ("files_changed_at", "last_commit_at", "log_at", "cpu_active_at")
        if (at := getattr(known, name)) is not None
    }
    return msgspec.structs.replace(known, **moved)


def run(book: StatusBook, *steps: tuple[float, AgentFacts]) -> list[AgentStatus]:
    """Feed facts as of so many seconds after NOW."""
    return [book.update(later(known, second), NOW + int(second * SECOND)) for second, known in steps]


def test_the_first_verdict_is_taken_at_once() -> None:
    (record,) = run(StatusBook(LIMITS), (0, WORKING))
    assert (record.status, record.status_since, record.stale) == ("active", NOW, False)


def test_a_different_status_has_to_hold_before_it_is_taken_and_counts_from_when_it_began() -> None:
    records = run(StatusBook(LIMITS), (0, QUIET), (2, WORKING), (5.9, WORKING), (6, WORKING))
    assert [record.status for record in records] == ["idle", "idle", "idle", "active"]
    assert records[1].status_reason == records[0].status_reason
    assert records[3].status_since == NOW + 2 * SECOND


@pytest.mark.parametrize("known", [FAILED, BLOCKED], ids=["error", "blocked"])
def test_error_and_blocked_rest_on_evidence_and_are_taken_at_once(known: AgentFacts) -> None:
    records = run(StatusBook(LIMITS), (0, QUIET), (2, known))
    assert records[1].status in {"error", "blocked"}
    assert records[1].status_since == NOW + 2 * SECOND


def test_an_error_takes_over_from_blocked_at_once_and_gives_way_only_after_holding() -> None:
    records = run(
        StatusBook(LIMITS), (0, BLOCKED), (2, FAILED), (4, BLOCKED), (6, FAILED), (8, BLOCKED), (12, BLOCKED)
    )
    assert [record.status for record in records] == ["blocked", "error", "error", "error", "error", "blocked"]


@pytest.mark.parametrize(
    ("one", "other"), [(ALIVE, GONE), (ALIVE, FAILED), (WORKING, BLOCKED), (FAILED, BLOCKED), (GONE, FAILED)]
)
def test_flapping_input_gives_no_flapping_status(one: AgentFacts, other: AgentFacts) -> None:
    book = StatusBook(LIMITS)
    assert judge(one, NOW, LIMITS).status != judge(other, NOW, LIMITS).status
    records = run(book, *((2 * i, other if i % 2 else one) for i in range(40)))
    assert len({record.status for record in records[1:]}) == 1


def test_a_reason_may_change_without_the_status() -> None:
    first, second = run(StatusBook(LIMITS), (0, facts(waiting_for="an answer")), (2, BLOCKED))
    assert (first.status, second.status) == ("blocked", "blocked")
    assert first.status_since == second.status_since
    assert second.status_reason == "task T-4 is BLOCKED"


def test_a_failed_probe_leaves_the_last_status_and_marks_it_stale() -> None:
    unknown = facts(failed_probes=("processes: file descriptors ran out",))
    records = run(StatusBook(LIMITS), (0, WORKING), (2, unknown), (600, unknown), (4000, unknown))
    assert {record.status for record in records} == {"active"}
    assert [record.stale for record in records] == [False, False, True, True], (
        "files changed 12 s ago, that is known"
    )
    assert records[3].status_since == NOW
    assert [seen.text for seen in records[3].status_evidence if seen.kind == "probe"] == list(
        unknown.failed_probes
    )


def test_stale_ends_with_the_next_good_look() -> None:
    records = run(StatusBook(LIMITS), (0, ALIVE), (2, facts(failed_probes=("git: timeout",))), (4, ALIVE))
    assert [record.stale for record in records] == [False, True, False]
    assert records[2].status_evidence == records[0].status_evidence


def test_what_was_seen_counts_though_another_probe_failed() -> None:
    seen = msgspec.structs.replace(WORKING, failed_probes=("git: timeout",))
    records = run(StatusBook(LIMITS), (0, GONE), (2, seen), (6, seen))
    assert (records[-1].status, records[-1].stale) == ("active", False)


def test_an_agent_first_seen_through_a_failing_probe_is_stale_from_the_start() -> None:
    (record,) = run(StatusBook(LIMITS), (0, facts(failed_probes=("processes: denied",))))
    assert (record.status, record.stale) == ("offline", True)


def test_nothing_new_gives_the_very_same_record() -> None:
    book = StatusBook(LIMITS)
    steady = facts(
        process=PROCESS, worktree=tree(branch="main", uncommitted_changes=3), task=task("IN_PROGRESS")
    )
    first = book.update(steady, NOW)
    assert book.update(msgspec.structs.replace(steady), NOW + SECOND) is first
    assert book.get("builder") is first


def test_a_busy_cpu_makes_a_new_record_only_every_ten_seconds() -> None:
    book = StatusBook(LIMITS)
    busy = [
        book.update(facts(process=PROCESS, cpu_active_at=NOW + s * SECOND), NOW + s * SECOND)
        for s in range(20)
    ]
    assert len({id(record) for record in busy}) == 2


def test_the_record_carries_agent_worktree_and_task() -> None:
    git = tree("rebase", branch="fix", uncommitted_changes=3, ahead=2, behind=1, stash_count=4)
    record = StatusBook(LIMITS).update(facts(worktree=git, task=task("REVIEW")), NOW)
    assert (
        record.id,
        record.name,
        record.kind,
        record.role,
        record.worktree,
        record.host,
        record.origin,
    ) == (*("builder", "Builder", "claude-code", "build", "/w/b", "h", "discovered"),)
    assert (record.branch, record.git_state, record.git_read_at, record.current_task) == (
        "fix",
        "rebase",
        NOW,
        "T-4",
    )
    assert (record.uncommitted_changes, record.ahead, record.behind, record.stash_count) == (3, 2, 1, 4)


def test_what_git_did_not_tell_is_unknown_not_zero() -> None:
    record = StatusBook(LIMITS).update(facts(process=PROCESS), NOW)
    unknown = (record.uncommitted_changes, record.ahead, record.behind, record.stash_count, record.git_state)
    assert unknown == (None,) * 5


def test_a_restart_keeps_since_and_the_activity_it_did_not_see_itself() -> None:
    (before,) = run(StatusBook(LIMITS), (0, WORKING))
    book = StatusBook(LIMITS)
    book.restore([msgspec.convert(msgspec.to_builtins(before), AgentStatus)])
    forgotten = facts(process=PROCESS, process_seen=True)
    for second in (3, 60, 270):
        record = book.update(forgotten, NOW + second * SECOND)
        assert (record.status, record.status_since) == ("active", NOW)
    assert [book.update(forgotten, NOW + second * SECOND).status for second in (291, 296)] == [
        "active",
        "idle",
    ]


def test_a_forgotten_agent_starts_anew() -> None:
    book = StatusBook(LIMITS)
    run(book, (0, WORKING), (2, QUIET))
    book.forget("builder")
    book.forget("nobody")
    assert book.get("builder") is None
    assert run(book, (3, QUIET))[0].status_since == NOW + 3 * SECOND


def test_a_clock_set_back_gives_no_status_from_the_future() -> None:
    book = StatusBook(LIMITS)
    book.update(later(WORKING, 86_400), NOW + DAY)
    record = book.update(QUIET, NOW)
    assert record.status_since <= NOW
    assert record.last_activity == QUIET.files_changed_at


def test_a_clock_set_back_does_not_stretch_the_wait() -> None:
    book = StatusBook(LIMITS)
    for second, known in ((86_400, ALIVE), (86_402, GONE), (0, GONE), (3.9, GONE)):
        assert book.update(known, NOW + int(second * SECOND)).status == "idle"
    assert book.update(GONE, NOW + 4 * SECOND).status == "offline"


@given(
    st.lists(
        st.tuples(st.integers(-5000, 5000), st.sampled_from([WORKING, QUIET, GONE, FAILED, BLOCKED, UNREAD]))
    )
)
def test_whatever_the_clock_does_a_status_never_begins_after_now(steps: list[tuple[int, AgentFacts]]) -> None:
    book, now = StatusBook(LIMITS), NOW
    for step, known in steps:
        now += step
        assert book.update(known, now).status_since <= now
