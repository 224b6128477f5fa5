"""What the facts of one moment say of an agent (DESIGN.md §4), and the words that say it."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from status_facts import (
    BLOCKED,
    DAY,
    FAILED,
    GONE,
    LIMITS,
    MINUTE,
    NOW,
    PROCESS,
    QUIET,
    SECOND,
    WORKING,
    ended,
    facts,
    task,
    tree,
)

from monitor.config import Thresholds
from monitor.model import (
    Task,
)
from monitor.rules.facts import AgentFacts, current_task
from monitor.rules.status import judge
from monitor.rules.words import minutes, percent

EXAMPLES: Final = [
    ("died by a signal", facts(exited=ended(signal=9)), "error", "process killed by SIGKILL"),
    (
        "died by a signal without a name",
        facts(exited=ended(signal=99)),
        "error",
        "process killed by signal 99",
    ),
    ("ended with an exit code", FAILED, "error", "process ended with exit code 1"),
    (
        "log ends in an error",
        facts(process=PROCESS, log_error="quota"),
        "error",
        "log ends in an error: quota",
    ),
    (
        "failed and blocked",
        facts(log_error="quota", task=task("BLOCKED")),
        "error",
        "log ends in an error: quota",
    ),
    ("task is BLOCKED", BLOCKED, "blocked", "task T-4 is BLOCKED"),
    (
        "task is BLOCKED with reasons",
        facts(task=task("BLOCKED", blockers=("old", "waiting for API keys"))),
        "blocked",
        "task T-4 is BLOCKED: waiting for API keys",
    ),
    ("waits for a person", facts(waiting_for="permission: Bash"), "blocked", "waits for permission: Bash"),
    (
        "blocked though busy",
        facts(process=PROCESS, waiting_for="an answer", files_changed_at=NOW),
        "blocked",
        "waits for an answer",
    ),
    ("files changed", WORKING, "active", "files changed"),
    ("files changed, as git says", facts(worktree=tree(last_change=NOW - SECOND)), "active", "files changed"),
    ("commit", facts(last_commit_at=NOW - 3 * MINUTE), "active", "commit made"),
    ("log", facts(log_at=NOW - MINUTE), "active", "log written"),
    ("cpu", facts(process=PROCESS, cpu_active_at=NOW - SECOND), "active", "CPU above 5 %"),
    (
        "just started",
        facts(process=msgspec.structs.replace(PROCESS, started=NOW - SECOND)),
        "active",
        "process started",
    ),
    ("just before 5 minutes", facts(log_at=NOW - 5 * MINUTE + 1), "active", "log written"),
    ("5 minutes", facts(log_at=NOW - 5 * MINUTE), "idle", "no activity for 5 min"),
    ("process lives", QUIET, "idle", "process lives, no activity for 5 min"),
    ("just before 30 minutes", facts(log_at=NOW - 30 * MINUTE + 1), "idle", "no activity for 5 min"),
    ("30 minutes", facts(log_at=NOW - 30 * MINUTE), "offline", "no process, no activity for 30 min"),
    ("gone", GONE, "offline", "no process, no activity for 30 min"),
    ("ended well", facts(exited=ended(exit_code=0)), "offline", "process ended with exit code 0"),
    ("ended, nobody knows how", facts(exited=ended()), "offline", "process ended"),
    ("never seen", facts(), "offline", "no process and no activity seen yet"),
    ("index broken", facts(process=PROCESS, worktree=tree("corrupt-index")), "idle", None),
    ("a new process after a failure", facts(process=PROCESS, exited=ended(exit_code=1)), "idle", None),
    ("file of the year 2106", facts(worktree=tree(last_change=NOW + DAY)), "offline", None),
    (
        "file of the year 2106 beside one of now",
        facts(worktree=tree(last_change=NOW + DAY), files_changed_at=NOW),
        "active",
        "files changed",
    ),
    ("commit by a clock gone wrong", facts(last_commit_at=NOW + 2 * MINUTE), "offline", None),
]


@pytest.mark.parametrize(
    ("known", "status", "reason"), [row[1:] for row in EXAMPLES], ids=[row[0] for row in EXAMPLES]
)
def test_the_first_match_wins(known: AgentFacts, status: str, reason: str | None) -> None:
    verdict = judge(known, NOW, LIMITS)
    assert verdict.status == status
    assert reason is None or verdict.reason == reason


def test_the_evidence_names_what_the_status_rests_on_first_and_what_could_not_be_read_last() -> None:
    known = facts(
        process=PROCESS,
        waiting_for="an answer",
        log_at=NOW - SECOND,
        last_commit_at=NOW - MINUTE,
        worktree=tree("corrupt-index", error="index file corrupt"),
        failed_probes=("processes: denied",),
    )
    evidence = judge(known, NOW, LIMITS).evidence
    assert [(seen.kind, seen.text) for seen in evidence] == [
        ("log", "waits for an answer"),
        ("commit", "commit made"),
        ("log", "log written"),
        ("process", "process started"),
        ("probe", "processes: denied"),
        ("probe", "git: index file corrupt"),
    ]


def test_a_failed_process_is_named_once_in_the_evidence() -> None:
    assert [seen.kind for seen in judge(FAILED, NOW, LIMITS).evidence] == ["exit"]


def test_last_activity_is_the_newest_of_all_kinds() -> None:
    times = {"files_changed_at": 50, "last_commit_at": 40, "log_at": 30}
    for newest in times:
        known = facts(**{name: NOW - age * SECOND for name, age in (times | {newest: 1}).items()})
        assert judge(known, NOW, LIMITS).last_activity == NOW - SECOND
    assert judge(facts(), NOW, LIMITS).last_activity is None


def test_every_threshold_is_a_setting() -> None:
    limits = Thresholds(active_minutes=1, idle_minutes=2, active_cpu_percent=50)
    assert judge(facts(log_at=NOW - 61 * SECOND), NOW, limits).reason == "no activity for 1 min"
    assert judge(facts(log_at=NOW - 121 * SECOND), NOW, limits).status == "offline"
    assert judge(facts(cpu_active_at=NOW), NOW, limits).reason == "CPU above 50 %"


def test_the_reason_stays_while_kinds_of_activity_take_turns() -> None:
    reasons = {
        judge(
            facts(files_changed_at=NOW - files, cpu_active_at=NOW - cpu, log_at=NOW - log), NOW, LIMITS
        ).reason
        for files, cpu, log in [(1, 90_000, 20_000), (90_000, 1, 20_000), (90_000, 20_000, 1)]
    }
    assert reasons == {"files changed"}


@given(st.text(max_size=400), st.text(max_size=400))
def test_reasons_are_bounded_single_lines_whatever_the_log_says(error: str, wait: str) -> None:
    for known in (
        facts(log_error=error),
        facts(waiting_for=wait),
        facts(task=task("BLOCKED", blockers=(wait,))),
    ):
        reason = judge(known, NOW, LIMITS).reason
        assert reason.isprintable()
        assert len(reason) <= 200


# --- the current task and words --------------------------------------------------------------------------------


def own(status: str, id_: str, **known: Any) -> Task:
    return task(status, id=id_, assigned_to=known.pop("assigned_to", "builder"), **known)


def test_the_newest_task_in_progress_is_current_then_a_blocked_then_one_in_review() -> None:
    tasks = [
        own("REVIEW", "r", updated_at=9),
        own("BLOCKED", "b", updated_at=8),
        own("IN_PROGRESS", "old", created_at=1),
        own("IN_PROGRESS", "new", created_at=0, updated_at=2),
        own("TODO", "t"),
        own("DONE", "d"),
    ]
    found = []
    while (current := current_task("builder", "Builder", tasks)) is not None:
        found.append(current.id)
        tasks.remove(current)
    assert found == ["new", "old", "b", "r"]


@pytest.mark.parametrize(
    ("assigned", "mine"), [("BUILDER", True), ("the builder", True), ("all", False), (None, False)]
)
def test_a_task_belongs_to_an_agents_id_or_name_and_never_to_all(assigned: str | None, mine: bool) -> None:
    tasks = [own("IN_PROGRESS", "t", assigned_to=assigned)]
    assert (current_task("builder", "The Builder", tasks) is not None) is mine
    assert current_task("all", "", [own("IN_PROGRESS", "t", assigned_to="all")]) is None


def test_durations_and_percentages_read_well() -> None:
    assert [minutes(count) for count in (0.5, 1, 2.5, 60, 90, 120)] == [
        "30 s",
        "1 min",
        "2.5 min",
        "1 h",
        "90 min",
        "2 h",
    ]
    assert [percent(value) for value in (None, 80.0, 83.26, 100.0)] == ["unknown", "80 %", "83.3 %", "100 %"]
