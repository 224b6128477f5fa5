"""Alerts about attached systems: when they fire, when not, and what they tell."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from session_facts import HOUR, MINUTE, NOW, status

from monitor.config import Thresholds
from monitor.model import (
    Assignment,
    Board,
    Execution,
    Leap,
    Message,
    QueueItem,
    SystemAgent,
    SystemEvent,
    SystemReading,
    SystemState,
    Task,
    Workflow,
)
from monitor.rules.alerts import find_all
from monitor.rules.attached_digest import GROWTH_WINDOW_MS, DepthWatch, digest
from monitor.rules.facts import Situation
from monitor.rules.rule import Finding
from monitor.rules.system_words import SystemWord, word_of

STATE = SystemState(name="vine", kind="agentvine", engine="sqlite", state="ok", timeout_seconds=3600)


def found(told: SystemReading | None = None, firing: tuple[str, ...] = (), **known: Any) -> list[Finding]:
    systems = (digest(told, told.tasks),) if told is not None else ()
    situation = Situation(now=NOW, systems=systems, **known)
    return find_all(situation, Thresholds(), lambda rule, _subject: rule in firing)


def reading(**parts: Any) -> SystemReading:
    return SystemReading(**({"state": STATE} | parts))


def item(**known: Any) -> QueueItem:
    return QueueItem(**({"system": "vine", "id": "o1", "status": "pending"} | known))


def run(**known: Any) -> Execution:
    base: dict[str, Any] = {"system": "vine", "id": "e1", "status": "running", "started_at": NOW - HOUR}
    return Execution(**(base | known))


def test_a_system_in_which_all_goes_well_raises_nothing() -> None:
    calm = reading(
        queue=(item(expires_at=NOW + 1), item(status="failed", attempts=1, max_attempts=3)),
        executions=(run(), run(status="failed", started_at=0)),
        events=(SystemEvent(system="vine", id="1", severity="critical", resolved=True),),
        workflows=(Workflow(system="vine", id="w", status="done"),),
    )
    assert found(calm) == []


def test_work_that_nobody_took_up_in_time_is_one_alert_that_names_some() -> None:
    late = tuple(item(id=f"o{number}", expires_at=NOW - 1) for number in range(5))
    (finding,) = found(reading(queue=(*late, item(id="done", status="done", expires_at=NOW - 1))))
    assert (finding.rule, finding.subject) == ("order-expired", "vine")
    assert "5 items waited past the time at which it expires: o0, o1, o2 and 2 more." in finding.message


def test_work_out_of_retries_says_why_and_is_news_for_a_day() -> None:
    dead = item(status="failed", attempts=3, max_attempts=3, ended_at=NOW - HOUR, error="no such branch")
    (finding,) = found(reading(queue=(dead,)))
    assert finding.rule == "order-out-of-retries"
    assert "One says: no such branch." in finding.message
    assert found(reading(queue=(msgspec.structs.replace(dead, ended_at=NOW - 25 * HOUR),))) == []


def test_what_runs_past_its_own_limit_or_the_systems_is_overdue() -> None:
    assert [one.rule for one in found(reading(executions=(run(started_at=NOW - HOUR - 1),)))] == [
        "run-overdue"
    ]
    assert [one.rule for one in found(reading(executions=(run(timeout_seconds=60),)))] == ["run-overdue"]
    assert found(reading(executions=(run(timeout_seconds=7200, started_at=NOW - HOUR - 1),))) == []
    unlimited = msgspec.structs.replace(STATE, timeout_seconds=0)
    assert found(reading(state=unlimited, executions=(run(started_at=0),))) == []


def test_more_processes_than_the_system_allows_are_told() -> None:
    limited = msgspec.structs.replace(STATE, max_processes=2)
    runs = tuple(run(id=f"e{number}") for number in range(3))
    (finding,) = found(reading(state=limited, executions=runs))
    assert (finding.rule, finding.metadata["value"]) == ("too-many-processes", 3)
    assert found(reading(state=limited, executions=runs[:2])) == []


def test_a_critical_event_stays_until_it_is_resolved_there() -> None:
    event = SystemEvent(system="vine", id="7", at=NOW, severity="critical", text="disk full", resolved=False)
    (finding,) = found(reading(events=(event,)))
    assert (finding.rule, finding.metadata["reason"]) == ("critical-event", "7")
    assert "disk full" in finding.message
    assert found(reading(events=(msgspec.structs.replace(event, severity="error"),))) == []


def step(**known: Any) -> Assignment:
    base: dict[str, Any] = {
        "system": "vine",
        "id": "a",
        "workflow_id": "w",
        "agent_id": "ann",
        "status": "done",
    }
    return Assignment(**(base | {"ended_at": NOW - HOUR, "handoff_to": "bob"} | known))


def test_a_step_that_was_handed_over_and_not_begun_waits() -> None:
    (finding,) = found(reading(assignments=(step(),)))
    assert finding.rule == "handoff-waiting"
    assert "one of them to bob" in finding.message
    taken = step(id="b", agent_id="bob", handoff_to="", status="running", assigned_at=NOW - HOUR + 1)
    assert found(reading(assignments=(step(), taken))) == []
    waits = step(handoff_to="", handoff_from="ann", agent_id="bob", status="pending", assigned_at=NOW - HOUR)
    assert [one.rule for one in found(reading(assignments=(waits,)))] == ["handoff-waiting"]
    assert found(reading(assignments=(step(ended_at=NOW - MINUTE),))) == []


def test_a_workflow_that_failed_today_is_told_by_its_name() -> None:
    failed = Workflow(system="vine", id="w1", name="research", status="failed", ended_at=NOW - HOUR)
    (finding,) = found(reading(workflows=(failed,)))
    assert finding.rule == "workflow-failed"
    assert "1 workflow failed within a day: research." in finding.message
    assert found(reading(workflows=(msgspec.structs.replace(failed, ended_at=NOW - 25 * HOUR),))) == []


def test_a_question_that_nobody_answered_waits_for_a_person() -> None:
    asked = Message(system="vine", id="m", at=NOW - HOUR, text="Which branch?", is_question=True)
    (finding,) = found(reading(messages=(asked,)))
    assert finding.rule == "question-waiting"
    assert "Which branch?" in finding.message
    assert found(reading(messages=(msgspec.structs.replace(asked, at=NOW - MINUTE),))) == []
    answer = Message(system="vine", id="n", at=NOW - MINUTE, sender="ada", parent_id="m")
    assert found(reading(messages=(asked, answer))) == []


@pytest.mark.parametrize(
    ("agent", "fires"),
    [
        (status("idle", status_since=NOW - 2 * HOUR), True),
        (status("idle", status_since=NOW - MINUTE), False),
        (status("offline"), True),
        (status("error"), True),
        (status("active"), False),
        (status("offline", stale=True), False),
    ],
)
def test_claimed_work_whose_agent_is_idle_or_dead_is_told(agent: Any, fires: bool) -> None:
    task = Task(id="bd-1", title="t", status="IN_PROGRESS", assigned_to="builder", system="vine")
    rules = [one.rule for one in found(reading(tasks=(task,)), statuses=(agent,))]
    assert ("claim-idle" in rules) is fires


def test_tasks_of_attached_systems_raise_no_alert_each() -> None:
    old = Task(id="t", title="t", status="BLOCKED", updated_at=1, system="vine")
    own = msgspec.structs.replace(old, system=None)
    assert found(board=Board(tasks=(own,)), tasks=()) == []
    assert [one.rule for one in found(board=Board(tasks=(own,)), tasks=(own,))] == ["task-blocked-long"]


# --- queues that grow -------------------------------------------------------------------------------------------


def depths(**queues: int) -> tuple[SystemState, ...]:
    return (msgspec.structs.replace(STATE, depths=queues),)


def test_a_queue_grows_over_a_quarter_of_an_hour_and_not_over_a_day() -> None:
    watch = DepthWatch()
    assert watch.note(depths(high=1), NOW) == {}
    assert watch.note(depths(high=30), NOW + MINUTE) == {("vine", "high"): 29}
    for minute in range(2, 40):
        grown = watch.note(depths(high=30 + minute // 10), NOW + minute * MINUTE)
    assert grown[("vine", "high")] <= 2
    assert watch.note((), NOW + GROWTH_WINDOW_MS) == {}


def test_a_clock_that_was_set_forward_does_not_shorten_the_look_back() -> None:
    watch = DepthWatch()
    watch.note(depths(high=1), NOW)
    watch.leap(Leap(now=NOW + HOUR, by=HOUR))
    assert watch.note(depths(high=30), NOW + HOUR + MINUTE) == {("vine", "high"): 29}


def test_a_queue_that_grows_is_told_and_stays_so_until_half_of_it_is_gone() -> None:
    told = reading(state=depths(high=40)[0])
    assert [one.subject for one in found(told, growth={("vine", "high"): 20})] == ["vine high"]
    assert found(told, growth={("vine", "high"): 19}) == []
    assert found(told, firing=("queue-growing",), growth={("vine", "high"): 11}) != []


# --- what a system says of an agent -----------------------------------------------------------------------------


def agent(**known: Any) -> SystemAgent:
    base: dict[str, Any] = {"system": "vine", "id": "w1", "status": "active", "system_status": "BUSY"}
    return SystemAgent(**(base | known))


def said(
    told: SystemAgent, *, heartbeat: float = 0, local: bool = True, started: int | None = None
) -> SystemWord:
    return word_of(told, NOW, heartbeat_seconds=heartbeat, is_local=local, process_started=started)


def test_a_stored_process_that_is_not_there_is_a_contradiction() -> None:
    word = said(agent(pid=8864))
    assert (word.status, word.contradiction) == ("error", "vine says BUSY, but process 8864 is not there")
    assert said(agent(pid=8864), started=NOW - HOUR).contradiction == ""
    assert said(agent(pid=8864), local=False).contradiction == ""
    assert said(agent(pid=8864, status="offline")).contradiction == ""


def test_another_process_with_the_same_number_is_a_contradiction() -> None:
    told = agent(pid=8864, started_at=NOW - HOUR)
    assert "is another one, started later" in said(told, started=NOW).contradiction
    assert said(told, started=NOW - HOUR).contradiction == ""


def test_a_heartbeat_that_is_too_old_makes_it_offline_and_an_alert() -> None:
    word = said(agent(heartbeat_at=NOW - HOUR), heartbeat=300)
    assert word.status == "offline"
    assert word.contradiction == "vine says BUSY, but it has sent no heartbeat for more than 5 min"
    (finding,) = found(words={"vine:w1": word})
    assert (finding.rule, finding.subject) == ("heartbeat-lost", "vine:w1")
    assert said(agent(heartbeat_at=NOW - MINUTE), heartbeat=300).contradiction == ""
    assert said(agent(heartbeat_at=NOW - HOUR)).contradiction == "", "nothing says how often it has to come"
