"""How an agent's own log decides its status (DESIGN.md §4), and what a change of its session says."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from status_facts import AGENT, DAY, LIMITS, MINUTE, NOW, PROCESS, SECOND, facts

from monitor.model import Evidence, Session
from monitor.rules.session_words import ends_in_error, told_by, waits_for
from monitor.rules.status import StatusBook, judge


def session(state: str, ago: int = MINUTE, **known: Any) -> Session:
    told = {"updated": NOW - ago, "state_since": NOW - ago, **known}
    return msgspec.convert({"kind": "codex", "session_id": "s", "turn_state": state, **told}, Session)


def judged(told: Session, **known: Any) -> tuple[str, str]:
    alive = known.setdefault("process", PROCESS) is not None
    seen = facts(
        session=told,
        log_at=told.updated,
        waiting_for=waits_for(told, alive=alive),
        log_error=ends_in_error(told, NOW, alive=alive),
        **known,
    )
    verdict = judge(seen, NOW, LIMITS)
    return verdict.status, verdict.reason


@pytest.mark.parametrize(
    ("told", "known", "status", "reason"),
    [
        (
            session("permission", waiting_for="permission: Bash git"),
            {},
            "blocked",
            "waits for permission: Bash git",
        ),
        (session("input", waiting_for="an answer"), {}, "blocked", "waits for an answer"),
        (session("permission"), {}, "blocked", "waits for a person"),
        (session("limited"), {}, "blocked", "waits for the end of a rate limit"),
        (session("error", error="529 overloaded"), {}, "error", "log ends in an error: 529 overloaded"),
        (
            session("error", ago=2 * DAY, error="x"),
            {"process": None},
            "offline",
            "no process, no activity for 30 min",
        ),
        (session("thinking"), {}, "active", "session at work"),
        (session("tool", ago=20 * MINUTE), {}, "active", "session at work"),
        (session("tool", ago=31 * MINUTE), {}, "idle", "process lives, no activity for 5 min"),
        (session("compacting"), {}, "active", "session at work"),
        (
            session(
                "input", waiting_for="an answer", conflict="by its transcript, against its registry: idle"
            ),
            {},
            "blocked",
            "waits for an answer (by its transcript, against its registry: idle)",
        ),
        (session("idle"), {}, "idle", "turn ended, nothing was asked"),
        (session("idle"), {"files_changed_at": NOW - 50 * SECOND}, "idle", "turn ended, nothing was asked"),
        (session("idle"), {"files_changed_at": NOW - 10 * SECOND}, "active", "files changed"),
        (session("idle"), {"process": None}, "active", "log written"),
        (session("unknown"), {}, "active", "log written"),
        (session("ended"), {"process": None}, "active", "log written"),
        (
            session("permission", ago=2 * DAY),
            {"process": None},
            "offline",
            "no process, no activity for 30 min",
        ),
        (
            session("permission", ago=2 * DAY, pid=7, waiting_for="p"),
            {"process": None},
            "blocked",
            "waits for p",
        ),
    ],
)
def test_what_a_session_makes_of_its_agent(
    told: Session, known: dict[str, Any], status: str, reason: str
) -> None:
    assert judged(told, **known) == (status, reason)


def test_a_wait_is_as_old_as_the_log_says() -> None:
    told = session("permission", ago=50 * MINUTE, waiting_for="permission: Bash")
    seen = facts(process=PROCESS, session=told, log_at=NOW, waiting_for="permission: Bash")
    assert StatusBook(LIMITS).update(seen, NOW).status_since == NOW - 50 * MINUTE
    book = StatusBook(LIMITS)
    book.update(facts(process=PROCESS, files_changed_at=NOW - MINUTE), NOW - 20 * SECOND)
    assert book.update(seen, NOW).status_since == NOW - 50 * MINUTE


def test_what_the_log_rests_on_stands_in_the_evidence() -> None:

    sign = Evidence(kind="registry", at=NOW, text="registry: waiting permission prompt")
    told = session("permission", waiting_for="permission: Bash", evidence=(sign,))
    seen = facts(process=PROCESS, session=told, waiting_for="permission: Bash")
    assert sign in judge(seen, NOW, LIMITS).evidence


def test_an_agent_at_work_keeps_its_record_while_its_log_is_as_it_was() -> None:
    book = StatusBook(LIMITS)
    seen = facts(process=PROCESS, session=session("tool"), log_at=NOW - MINUTE)
    first = book.update(seen, NOW)
    assert book.update(seen, NOW + SECOND) is first
    assert book.update(seen, NOW + 31 * MINUTE).status == "active", "a new status has to hold first"
    assert book.update(seen, NOW + 31 * MINUTE + 5 * SECOND).status == "idle"
    assert first.id == AGENT.id


@pytest.mark.parametrize(
    ("old", "new", "texts"),
    [
        (None, session("thinking", started=NOW - 2 * DAY), []),
        (None, session("thinking", started=NOW - SECOND, model="opus"), ["session began: opus"]),
        (session("thinking"), session("tool"), []),
        (
            session("tool"),
            session("permission", waiting_for="permission: Bash"),
            ["waits for permission: Bash"],
        ),
        (
            session(
                "permission", ago=4 * MINUTE, waiting_for="permission: Bash", waiting_since=NOW - 4 * MINUTE
            ),
            session("tool", ago=0),
            ["went on after 4 min, waited for permission: Bash"],
        ),
        (
            session("input", ago=30 * SECOND, waiting_for="an answer"),
            session("idle", ago=0),
            ["went on after 30 s, waited for an answer"],
        ),
        (session("thinking"), session("idle"), ["turn ended"]),
        (session("thinking"), session("error", error="529"), ["error: 529"]),
        (session("thinking"), session("limited"), ["waits for the end of a rate limit"]),
        (session("thinking"), session("compacting"), ["sums up its context"]),
        (session("idle"), session("ended"), ["session ended"]),
    ],
)
def test_what_a_change_says(old: Session | None, new: Session, texts: list[str]) -> None:
    assert [text for _, text in told_by(old, new, NOW)] == texts


def test_another_session_is_no_answer_to_the_one_before() -> None:
    old = session("permission", waiting_for="permission: Bash")
    new = session("thinking", started=NOW - SECOND)
    assert [text for _, text in told_by(old, msgspec.structs.replace(new, session_id="t"), NOW)] == [
        "session began"
    ]
