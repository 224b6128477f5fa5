"""What the rollout files of Codex CLI tell, of several versions, whole, damaged and still written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from codex_logs import CANARIES, PROMPT, START, RolloutWriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.model import Quota, Session, TokenCounts, TurnState
from monitor.sources.sessions.codex import CodexReader
from monitor.sources.sessions.reader import ReaderOptions
from monitor.sources.sessions.refine import refine

BUDGET = 1 << 30
AGES = 50 * 365 * 86_400_000


def reader(home: Path, *, targets: bool = True) -> CodexReader:
    options = ReaderOptions(
        home="/nowhere", environ={"CODEX_HOME": str(home)}, targets=targets, max_age_ms=AGES
    )
    return CodexReader(options)


def read(home: Path, *, targets: bool = True) -> Session:
    (session,) = reader(home, targets=targets).poll(START, BUDGET)
    return session


def test_a_whole_turn(tmp_path: Path) -> None:
    log = RolloutWriter()
    log.turn()
    log.call()
    log.output()
    log.tokens()
    log.tokens(100, 900, 20)
    log.done()
    log.write(tmp_path)
    session = read(tmp_path)
    assert (session.session_id, session.model, session.version) == ("s-1", "gpt-5-codex", "0.169.0")
    assert (session.cwd, session.started) == ("/shop/a", START)
    assert session.turn_state == "idle"
    assert session.tokens == TokenCounts(input=700, output=70, cache_read=1300, reasoning=14)
    assert [(one.model, one.tokens) for one in session.usage] == [("gpt-5-codex", session.tokens)]
    assert [one.hour for one in session.hours] == [START]
    assert (session.context_used, session.context_size) == (1020, 258_400)
    (call,) = session.calls
    assert (call.name, call.target, call.outcome) == ("exec_command", "git", "ok")
    assert (session.tools[0].calls, session.tools[0].total_ms) == (1, 1000)


def _thinking(log: RolloutWriter) -> None:
    log.turn()


def _calls(log: RolloutWriter) -> None:
    log.turn()
    log.call()


def _asks(log: RolloutWriter) -> None:
    log.turn()
    log.call(name="request_user_input", questions=[])


def _interrupted(log: RolloutWriter) -> None:
    log.turn()
    log.call()
    log.event("turn_aborted", reason="interrupted")


def _failed(log: RolloutWriter) -> None:
    log.turn()
    log.event("error", message="stream disconnected: 529 overloaded")


def _limited(log: RolloutWriter) -> None:
    log.turn()
    limits = {"primary": {"used_percent": 100.0, "window_minutes": 300, "resets_at": START // 1000 + 3600}}
    log.tokens(rate_limits={**limits, "rate_limit_reached_type": "primary"})


def _closed(log: RolloutWriter) -> None:
    log.turn()
    log.done()
    log.event("shutdown_complete")


@pytest.mark.parametrize(
    ("script", "state"),
    [
        (_thinking, "thinking"),
        (_calls, "tool"),
        (_asks, "input"),
        (_interrupted, "idle"),
        (_failed, "error"),
        (_limited, "limited"),
        (_closed, "ended"),
    ],
)
def test_the_state_of_the_turn(tmp_path: Path, script: object, state: TurnState) -> None:
    log = RolloutWriter()
    script(log)  # type: ignore[operator]
    log.write(tmp_path)
    session = read(tmp_path)
    assert session.turn_state == state
    assert session.evidence
    assert session.state_since is not None


def test_a_limit_says_until_when(tmp_path: Path) -> None:
    log = RolloutWriter()
    _limited(log)
    log.write(tmp_path)
    session = read(tmp_path)
    assert session.limited_until == START + 3_600_000
    assert session.quotas == (
        Quota(name="primary", used_percent=100.0, resets_at=START + 3_600_000, window_minutes=300),
    )


def test_both_spellings_of_events_are_understood(tmp_path: Path) -> None:
    log = RolloutWriter()
    log.event("TurnStarted", model_context_window=1000)
    log.write(tmp_path)
    assert read(tmp_path).turn_state == "thinking"
    log.event("TurnComplete")
    log.write(tmp_path)
    assert read(tmp_path).turn_state == "idle"


def test_whether_a_call_runs_or_waits_the_process_tree_tells(tmp_path: Path) -> None:
    log = RolloutWriter()
    log.turn()
    log.call(cmd="rm -rf build", sandbox_permissions="require_escalated")
    log.write(tmp_path)
    session = read(tmp_path)
    assert (session.unsure, session.waiting_for) == (True, "permission: exec_command rm")
    now = (session.tool_since or 0) + 10_000
    assert refine(session, None, now) is session
    assert refine(session, 0, now - 9_000) is session, "it may just have started"
    waits = refine(session, 0, now)
    assert (waits.turn_state, waits.unsure, waits.waiting_since) == ("permission", False, session.tool_since)
    runs = refine(session, 1, now)
    assert (runs.turn_state, runs.unsure, runs.waiting_for) == ("tool", False, "")
    assert all(one.evidence[0].kind == "process" for one in (waits, runs))


def test_where_nothing_is_ever_asked_nothing_waits(tmp_path: Path) -> None:
    log = RolloutWriter()
    log.turn(policy="never")
    log.call()
    log.write(tmp_path)
    session = read(tmp_path)
    assert not session.unsure
    assert refine(session, 0, START + 10**6) is session


@pytest.mark.parametrize(
    ("info", "state", "error"),
    [
        (None, "error", "the API answered with an error"),
        ("something_new", "error", "the API answered with an error"),
        ("server_overloaded", "error", "the API answered with an error (server overloaded)"),
        (
            {"http_connection_failed": {"http_status_code": 502}},
            "error",
            "the API answered with an error (http connection failed)",
        ),
        ("usage_limit_exceeded", "limited", "the usage limit is reached"),
    ],
)
def test_of_an_error_its_kind_is_kept_and_not_its_words(
    tmp_path: Path, info: Any, state: str, error: str
) -> None:
    log = RolloutWriter()
    log.turn()
    log.event("error", message=f"invalid: {PROMPT}", codex_error_info=info)
    log.write(tmp_path)
    session = read(tmp_path)
    assert (session.turn_state, session.error, session.errors) == (state, error, 1)


@pytest.mark.parametrize(
    ("output", "outcome"),
    [
        ("Process exited with code 2\nboom", "error"),
        ('{"output":"x","metadata":{"exit_code":1}}', "error"),
        ('{"output":"x","metadata":{"exit_code":0}}', "ok"),
        ("exec command rejected by user", "denied"),
        ("fine", "ok"),
    ],
)
def test_how_a_call_ended(tmp_path: Path, output: str, outcome: str) -> None:
    log = RolloutWriter()
    log.turn()
    log.call()
    log.output(text=output)
    log.write(tmp_path)
    assert read(tmp_path).calls[0].outcome == outcome


def test_newer_versions_tell_the_exit_code_and_the_duration(tmp_path: Path) -> None:
    log = RolloutWriter()
    log.turn()
    log.call()
    done = {"type": "CommandExecution", "id": "c1", "status": "failed", "exit_code": 3}
    log.event("item_completed", item={**done, "duration": {"secs": 2, "nanos": 500_000_000}})
    log.output()
    log.write(tmp_path)
    session = read(tmp_path)
    assert session.calls[0].outcome == "error"
    assert session.tools[0].total_ms == 2500


def test_a_patch_tells_its_files_and_nothing_else(tmp_path: Path) -> None:
    log = RolloutWriter()
    log.turn()
    patch = f"*** Begin Patch\n*** Update File: /shop/a/src/x.py\n+{CANARIES[3]}\n*** Add File: b.py\n*** End Patch"
    log.item("custom_tool_call", name="apply_patch", call_id="p1", input=patch)
    log.write(tmp_path)
    session = read(tmp_path)
    assert (session.edits, session.edit_count) == (("b.py", "src/x.py"), 2)
    assert session.calls[0].target == "src/x.py"
    hidden = read(tmp_path, targets=False)
    assert (hidden.edits, hidden.edit_count, hidden.calls[0].target) == ((), 2, "")


def test_what_both_kinds_of_usage_records_tell_is_counted_once(tmp_path: Path) -> None:
    log = RolloutWriter()
    log.turn()
    log.tokens()
    log.put("token_usage_record", {"thread_token_usage": log.total})
    log.tokens()
    log.put("token_usage_record", {"thread_token_usage": log.total})
    log.write(tmp_path)
    assert read(tmp_path).tokens.total == 2 * 1050


def test_a_counter_that_begins_anew_loses_nothing(tmp_path: Path) -> None:
    log = RolloutWriter()
    log.turn()
    log.tokens()
    log.total = dict.fromkeys(log.total, 0)
    log.put("compacted", {"message": CANARIES[0]})
    log.tokens(10, 20, 30)
    log.write(tmp_path)
    assert read(tmp_path).tokens.total == 1050 + 60


def test_a_fork_counts_only_what_is_its_own(tmp_path: Path) -> None:
    log = RolloutWriter("fork", forked_from_id="s-0")
    copied = START - 3_600_000
    log.put("session_meta", {"id": "s-0", "cwd": "/shop/a"}, 0)
    log.put("event_msg", {"type": "task_started", "started_at": copied // 1000}, 0)
    log.tokens()
    log.at = START + 60_000
    log.turn()
    log.tokens(1, 2, 3)
    log.write(tmp_path)
    assert read(tmp_path).tokens.total == 6


def test_a_sub_agent_is_part_of_the_session_that_started_it(tmp_path: Path) -> None:
    log = RolloutWriter("parent")
    log.turn()
    log.tokens()
    log.write(tmp_path, "rollout-parent.jsonl")
    spawned = {"subagent": {"thread_spawn": {"parent_thread_id": "parent", "agent_role": "explorer"}}}
    child = RolloutWriter("child", source=spawned, thread_source="subagent")
    child.turn("gpt-5-mini")
    child.tokens(1, 2, 3)
    child.write(tmp_path, "rollout-child.jsonl")
    session = read(tmp_path)
    (sub,) = session.subagents
    assert (sub.session_id, sub.kind, sub.turn_state, sub.tokens.total) == (
        "child",
        "explorer",
        "thinking",
        6,
    )
    assert session.tokens.total == 1050 + 6
    assert {one.model for one in session.usage} == {"gpt-5-codex", "gpt-5-mini"}


def test_no_text_of_a_person_or_a_model_is_kept(tmp_path: Path) -> None:
    log = RolloutWriter()
    for _ in range(3):
        log.turn()
        log.call(cmd=f"cat {CANARIES[3]}")
        log.output(text=CANARIES[2])
        log.item("reasoning", summary=[{"text": CANARIES[1]}])
        log.done()
    log.put("world_state", {"state": {"secret": CANARIES[3]}})
    log.write(tmp_path)
    told = msgspec.json.encode(read(tmp_path)).decode()
    assert not [canary for canary in CANARIES if canary in told]


def busy_log() -> bytes:
    log = RolloutWriter()
    for turn in range(5):
        log.turn()
        for number in range(4):
            log.call(f"c{turn}-{number}")
            log.output(f"c{turn}-{number}")
            log.tokens(10 * turn + number, number, 7)
        log.done()
    return log.content


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 20_000), max_size=8), st.integers(200, 5000))
def test_totals_are_the_same_however_it_grows_and_is_read(
    tmp_path: Path, cuts: list[int], budget: int
) -> None:
    content = busy_log()
    file = tmp_path / "sessions" / "2026" / "01" / "01" / "rollout-1.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"")
    whole = tmp_path / "whole"
    (whole / "sessions").mkdir(parents=True, exist_ok=True)
    (whole / "sessions" / "rollout-1.jsonl").write_bytes(content)
    growing = reader(tmp_path)
    written = 0
    for cut in (*sorted(cut % len(content) for cut in cuts), len(content)):
        with file.open("ab") as stream:
            stream.write(content[written:cut])
        written = cut
        os.utime(file, ns=(START * 10**6 + cut, START * 10**6 + cut))
        sessions = growing.poll(START, budget)
    while growing.progress.done < growing.progress.total:
        sessions = growing.poll(START, budget)
    file.unlink()
    assert sessions == (read(whole),)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20_000), st.binary(min_size=1, max_size=9)), min_size=1, max_size=6))
def test_damage_costs_lines_and_nothing_else(tmp_path: Path, damage: list[tuple[int, bytes]]) -> None:
    content = bytearray(busy_log())
    for place, rubbish in damage:
        at = place % len(content)
        content[at : at + len(rubbish)] = rubbish
    (tmp_path / "sessions").mkdir(exist_ok=True)
    (tmp_path / "sessions" / "rollout-1.jsonl").write_bytes(bytes(content))
    for session in reader(tmp_path).poll(START, BUDGET):
        assert msgspec.json.decode(msgspec.json.encode(session), type=Session) == session


def test_what_has_nothing_new_is_the_very_record(tmp_path: Path) -> None:
    log = RolloutWriter()
    log.turn()
    log.write(tmp_path)
    codex = reader(tmp_path)
    (before,) = codex.poll(START, BUDGET)
    assert codex.poll(START, BUDGET)[0] is before
    log.done()
    log.write(tmp_path)
    assert codex.poll(START, BUDGET)[0].turn_state == "idle"


def test_a_home_that_is_not_there_has_no_sessions(tmp_path: Path) -> None:
    assert reader(tmp_path / "none").poll(START, BUDGET) == ()
