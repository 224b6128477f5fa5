"""The alert about an agent that died in the middle of a tool call: when it fires, and what its post-mortem tells."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from session_facts import (
    AGENT,
    KEY,
    MINUTE,
    NOW,
    PROCESS,
    SECOND,
    call,
    dead,
    ended,
    facts,
    found,
    rules,
    running,
    session,
    status,
)

from monitor.model import OomReading, PostMortem, ProcessExit, Task
from monitor.rules.facts import AgentFacts, SessionNotes
from monitor.rules.lifecycle import AlertBook
from monitor.rules.session_watch import SessionWatch


def story(*, last: Any = None, then: Any = None, oom: OomReading | None = None, **how: Any) -> AgentFacts:
    """The facts after an agent's end: `last` is its session while it lived, `then` what the log says afterwards."""
    book = SessionWatch(lambda _agent_id: oom)
    last = running() if last is None else last
    book.note(facts(last), NOW - 2 * SECOND, status=status("active"))
    known = dead(last if then is None else then, exited=ended(**how))
    return msgspec.structs.replace(known, notes=book.note(known, NOW))


def test_a_death_in_a_tool_call_is_told_with_all_that_is_known() -> None:
    oom = OomReading(since=NOW - MINUTE, control_group=1, host=1)
    (finding,) = found(story(signal=9, oom=oom), statuses=(status("offline"),))
    assert (finding.rule, finding.subject) == ("agent-died", "builder")
    assert finding.title == "Builder died in the middle of Bash make"
    assert finding.message == (
        "Process killed by SIGKILL, in /w/b, while Bash make ran. Last seen: active, CPU 12.3 %, memory 512 MiB "
        "(6.25 %). The kernel killed 1 process of its control group for lack of memory at that time, most likely "
        "this one. Look at what the call left behind, then start it again."
    )
    assert finding.metadata == {
        "tool": "Bash",
        "target": "make",
        "tool_since": NOW - MINUTE,
        "last_status": "active",
        "alive_at": NOW - 2 * SECOND,
        "cpu_usage": 12.34,
        "memory_usage": 512 * 1_048_576,
        "memory_percent": 6.25,
        "exit_code": None,
        "signal": 9,
        "oom_control_group": 1,
        "oom_host": 1,
        "session": "s1",
    }


def test_what_is_not_known_is_said_to_be_not_known() -> None:
    (finding,) = found(story(last=running(target="")))
    assert finding.message.startswith("Process ended, in /w/b, while Bash ran, how is not known. ")
    assert "Whether memory ran out cannot be read here." in finding.message


@pytest.mark.parametrize(
    ("control_group", "host", "how", "said"),
    [
        (
            2,
            2,
            {},
            "killed 2 processes of its control group for lack of memory at that time, most likely this one",
        ),
        (1, 1, {"signal": 15}, "but this one ended in another way"),
        (None, 1, {"signal": 9}, "whether this one is not known"),
        (None, 1, {"exit_code": 1}, "whether this one is not known"),
        (None, 1, {"signal": 11}, "but not this one"),
        (0, 1, {"signal": 9}, "but not this one"),
        (0, 0, {}, "killed nothing for lack of memory"),
        (None, 0, {}, "killed nothing for lack of memory"),
        (None, None, {}, "cannot be read here"),
    ],
)
def test_memory_is_blamed_no_more_than_the_kernel_tells(
    control_group: int | None, host: int | None, how: dict[str, int], said: str
) -> None:
    oom = OomReading(since=NOW, control_group=control_group, host=host)
    (finding,) = [each for each in found(story(oom=oom, **how)) if each.rule == "agent-died"]
    assert said in finding.message


@pytest.mark.parametrize(
    "known",
    [
        story(exit_code=0),
        story(last=session()),
        story(last=session(turn_state="idle")),
        story(last=session(turn_state="permission", tool="Bash")),
        story(then=session(calls=(call("Bash", "make", started=NOW - MINUTE, ended=NOW - 1),))),
        story(then=session(session_id="s2")),
    ],
    ids=[
        *("it left by itself", "no tool ran", "its turn was over", "it only waited for a permission"),
        *("the log tells that the call had ended", "a new session was begun"),
    ],
)
def test_it_did_not_die_in_a_tool_call_when(known: AgentFacts) -> None:
    assert rules(known) == []


def test_a_call_that_ended_earlier_is_another_one() -> None:
    earlier = call("Bash", "make", started=NOW - 5 * MINUTE, ended=NOW - 4 * MINUTE)
    pending = call("Bash", "make", started=NOW - MINUTE)
    assert rules(story(then=session(calls=(pending, earlier)))) == ["agent-died"]


def test_a_process_that_only_went_out_of_sight_has_not_died() -> None:
    book = SessionWatch()
    book.note(facts(running()), NOW)
    assert book.note(dead(running()), NOW).post_mortem is None
    elsewhere = ProcessExit(
        key=msgspec.structs.replace(KEY, pid=43), kind="claude-code", name="claude", at=NOW, signal=9
    )
    assert book.note(dead(running(), exited=elsewhere), NOW).post_mortem is None


def test_a_new_process_ends_it() -> None:
    book = SessionWatch()
    book.note(facts(running()), NOW)
    assert book.note(dead(running(), exited=ended()), NOW).post_mortem is not None
    assert book.note(dead(running(), exited=ended()), NOW + MINUTE).post_mortem is not None
    assert book.note(facts(session()), NOW + 2 * MINUTE).post_mortem is None


def test_after_a_restart_of_the_recorder_an_open_alert_stays_and_none_is_raised() -> None:
    known = dead(session(turn_state="ended", tool="Bash"))
    assert rules(known) == []
    book = AlertBook()
    book.update(found(story(signal=9)), NOW, hold=False)
    (alert,) = book.active
    assert book.update(found(known, "agent-died"), NOW + MINUTE) == ()
    assert book.active == (alert,)
    assert rules(facts(session()), "agent-died") == []


def test_there_is_one_alert_for_one_death() -> None:
    task = Task(id="T-4", title="Payments", status="IN_PROGRESS", updated_at=NOW)
    known = msgspec.structs.replace(story(signal=9), task=task)
    failed = status("error", status_reason="process killed by SIGKILL", current_task="T-4")
    book = AlertBook()
    for second in range(0, 60, 2):
        open_rules = [alert.rule for alert in book.active]
        book.update(found(known, *open_rules, statuses=(failed,)), NOW + second * SECOND)
    assert [alert.rule for alert in book.active] == ["agent-died"]


def test_the_post_mortem_is_of_the_last_look_at_the_living() -> None:
    book = SessionWatch()
    book.note(facts(running("Read", "a.py")), NOW)
    book.note(facts(running("Bash", "make")), NOW + 1)
    notes = book.note(dead(session(turn_state="ended"), exited=ended()), NOW + 2)
    assert notes == SessionNotes(
        tokens_since_change=0,
        recent_errors=0,
        post_mortem=PostMortem(
            alive_at=NOW + 1,
            session_id="s1",
            tool="Bash",
            target="make",
            tool_since=NOW - MINUTE,
            cpu_usage=PROCESS.cpu_usage,
            memory_usage=PROCESS.memory_usage,
            memory_percent=PROCESS.memory_percent,
        ),
    )
    book.forget(AGENT.id)
    assert book.note(dead(None, exited=ended()), NOW + 3) == SessionNotes()
