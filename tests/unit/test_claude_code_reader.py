"""What Claude Code's transcripts, registry and hooks tell, of several versions, whole, damaged and still written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from claude_logs import (
    CANARIES,
    CONTENT,
    MODEL,
    OUTPUT,
    PROMPT,
    REJECTED,
    START,
    TranscriptWriter,
    hook,
    register,
    subagent_path,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.model import Session, TokenCounts
from monitor.sources.sessions.claude_code import ClaudeCodeReader
from monitor.sources.sessions.hook_call import status_line_record
from monitor.sources.sessions.reader import ReaderOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.model import TurnState

BUDGET = 1 << 30
AGES = 50 * 365 * 86_400_000
ONCE = TokenCounts(input=10, output=50, cache_read=3000, cache_write=200)
"""Tokens of one answer of the writer."""


def times(count: int) -> TokenCounts:
    total = TokenCounts()
    for _ in range(count):
        total = total.plus(ONCE)
    return total


def reader(home: Path, *, targets: bool = True) -> ClaudeCodeReader:
    environ = {"CLAUDE_CONFIG_DIR": str(home)}
    options = ReaderOptions(
        home="/nowhere", environ=environ, targets=targets, max_age_ms=AGES, spool=str(home / "spool")
    )
    return ClaudeCodeReader(options)


def read(home: Path, *, targets: bool = True) -> Session:
    (session,) = reader(home, targets=targets).poll(START, BUDGET)
    return session


def own_start() -> int:
    """Field 22 of this process's stat."""
    return int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])


def test_a_whole_turn(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.call()
    log.result()
    log.answer()
    log.put("system", subtype="turn_duration", durationMs=268)
    log.write(tmp_path)
    session = read(tmp_path)
    assert (session.kind, session.session_id, session.model) == ("claude-code", "s-1", MODEL)
    assert (session.version, session.cwd, session.started) == ("2.1.197", "/shop/a", START)
    assert session.turn_state == "idle"
    assert session.tokens == times(2), "the usage on every part of an answer counts once"
    assert [(one.model, one.tokens) for one in session.usage] == [(MODEL, session.tokens)]
    assert [one.hour for one in session.hours] == [START]
    assert (session.context_used, session.context_size) == (3210, 200_000)
    (call,) = session.calls
    assert (call.name, call.target, call.outcome) == ("Bash", "git", "ok")
    assert session.tools[0].calls == 1


def test_a_file_that_is_edited_is_named_once_the_edit_was_permitted(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.call("t1", "Edit", file_path="/shop/a/src/x.py", old_string=CONTENT, new_string=CONTENT)
    log.result("t1")
    log.call("t2", "Write", file_path="/etc/motd", content=CONTENT)
    log.result("t2", REJECTED, error=True)
    log.call("t3", "NotebookEdit", notebook_path="/shop/a/n.ipynb", new_source=CONTENT)
    log.result("t3")
    log.call("t4", "Read", file_path="/shop/a/README.md")
    log.result("t4", "ENOENT", error=True)
    log.write(tmp_path)
    session = read(tmp_path)
    assert (session.edits, session.edit_count) == (("n.ipynb", "src/x.py"), 2)
    assert [(call.target, call.outcome) for call in session.calls] == [
        ("README.md", "error"),
        ("n.ipynb", "ok"),
        ("/etc/motd", "denied"),
        ("src/x.py", "ok"),
    ]
    bare = read(tmp_path, targets=False)
    assert (bare.edits, bare.edit_count) == ((), 2)
    assert {call.target for call in bare.calls} == {""}


def _thinking(log: TranscriptWriter) -> None:
    log.prompt()


def _answers(log: TranscriptWriter) -> None:
    log.prompt()
    log.answer({"type": "thinking", "thinking": "CANARY-answer"}, stop=None)


def _calls(log: TranscriptWriter) -> None:
    log.prompt()
    log.call()


def _asks(log: TranscriptWriter) -> None:
    log.prompt()
    log.call(name="AskUserQuestion", questions=[{"question": CONTENT}])


def _plans(log: TranscriptWriter) -> None:
    log.prompt()
    log.call(name="ExitPlanMode", plan=CONTENT)


def _over(log: TranscriptWriter) -> None:
    log.prompt()
    log.answer()


def _interrupted(log: TranscriptWriter) -> None:
    log.prompt()
    log.call()
    log.result("t1", REJECTED, error=True)
    log.interrupt()


def _failed(log: TranscriptWriter) -> None:
    log.prompt()
    log.failed(apiErrorStatus=529)


def _limited(log: TranscriptWriter) -> None:
    log.prompt()
    log.failed("You've hit your limit", apiErrorStatus=429, error="rate_limit")


def _commands(log: TranscriptWriter) -> None:
    log.prompt()
    log.answer()
    log.prompt("<command-name>/model</command-name>")
    log.prompt("<local-command-stdout>Set</local-command-stdout>")
    log.prompt("Caveat: the messages below", isMeta=True)


@pytest.mark.parametrize(
    ("script", "state"),
    [
        (_thinking, "thinking"),
        (_answers, "thinking"),
        (_calls, "tool"),
        (_asks, "input"),
        (_plans, "input"),
        (_over, "idle"),
        (_interrupted, "idle"),
        (_failed, "error"),
        (_limited, "limited"),
        (_commands, "idle"),
    ],
)
def test_the_state_of_the_turn(
    tmp_path: Path, script: Callable[[TranscriptWriter], None], state: TurnState
) -> None:
    log = TranscriptWriter()
    script(log)
    log.write(tmp_path)
    session = read(tmp_path)
    assert session.turn_state == state
    assert session.evidence, "why is told"
    assert session.unsure is (state == "tool")
    assert bool(session.waiting_for) is (state == "input")


def test_where_nothing_is_ever_asked_a_call_runs(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt(permissionMode="bypassPermissions")
    log.call()
    log.write(tmp_path)
    assert (read(tmp_path).turn_state, read(tmp_path).unsure) == ("tool", False)


def test_a_limit_says_until_when(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.failed("Claude AI usage limit reached|1767272400")
    log.write(tmp_path)
    session = read(tmp_path)
    assert (session.turn_state, session.limited_until) == ("limited", START + 3_600_000)
    assert session.errors == 1


def test_a_session_of_which_the_process_is_gone_has_ended_in_the_middle_of_its_tool(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.call()
    log.write(tmp_path)
    register(tmp_path, os.getpid(), own_start() + 1, status="busy", statusUpdatedAt=START)
    session = read(tmp_path)
    assert (session.turn_state, session.tool, session.tool_target) == ("ended", "Bash", "git")
    assert session.evidence[0].text == f"registry: its process {os.getpid()} is gone"


def test_a_permission_is_told_by_the_registry_with_the_call_of_the_transcript(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.call()
    log.write(tmp_path)
    register(
        tmp_path,
        os.getpid(),
        own_start(),
        status="waiting",
        waitingFor="permission prompt",
        statusUpdatedAt=log.at + 40,
    )
    session = read(tmp_path)
    assert (session.turn_state, session.waiting_for) == ("permission", "permission: Bash git")
    assert (session.pid, session.process_start) == (os.getpid(), own_start())
    assert (session.waiting_since, session.unsure) == (log.at + 40, False)
    assert session.evidence[0].text == "registry: waiting permission prompt"


@pytest.mark.parametrize(
    ("status", "state"),
    [("busy", "tool"), ("waiting", "input"), ("idle", "idle"), ("shell", "idle"), ("", "tool")],
)
def test_what_the_registry_adds(tmp_path: Path, status: str, state: str) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.call()
    log.write(tmp_path)
    values: dict[str, Any] = {"status": status, "waitingFor": "input needed", "statusUpdatedAt": log.at}
    register(tmp_path, os.getpid(), own_start(), **(values if status else {}))
    assert read(tmp_path).turn_state == state


def test_a_question_counts_more_than_a_registry_that_calls_it_idle(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.call(name="AskUserQuestion", questions=[])
    log.write(tmp_path)
    register(tmp_path, os.getpid(), own_start(), status="idle", statusUpdatedAt=log.at)
    session = read(tmp_path)
    assert (session.turn_state, session.waiting_for) == ("input", "an answer")
    assert [one.text for one in session.evidence] == [
        "transcript: AskUserQuestion asks for an answer",
        "registry: idle",
    ], "both are told"
    assert session.conflict == "by its transcript, against its registry: idle"


@pytest.mark.parametrize(("status", "state"), [(529, "error"), (429, "limited")])
def test_an_error_counts_more_than_a_registry_that_calls_it_idle(
    tmp_path: Path, status: int, state: str
) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.failed(apiErrorStatus=status)
    log.write(tmp_path)
    register(tmp_path, os.getpid(), own_start(), status="idle", statusUpdatedAt=log.at)
    assert read(tmp_path).turn_state == state
    register(tmp_path, os.getpid(), own_start(), status="idle", statusUpdatedAt=log.at + 60_000)
    session = read(tmp_path)
    assert session.turn_state == "idle", "something was done about it since"
    assert session.conflict == "", "the strongest decided"


def test_a_transcript_that_went_on_counts_more_than_a_registry_that_stood_still(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.call()
    waiting_at = log.at
    log.at += 60_000
    log.result()
    log.write(tmp_path)
    register(
        tmp_path,
        os.getpid(),
        own_start(),
        status="waiting",
        waitingFor="permission prompt",
        statusUpdatedAt=waiting_at,
    )
    assert read(tmp_path).turn_state == "thinking"


def test_a_prompt_that_is_written_behind_a_later_call_does_not_end_it(tmp_path: Path) -> None:
    """Claude Code 2.1.197 does so now and then."""
    log = TranscriptWriter()
    log.at += 500
    log.call()
    log.at = START
    log.prompt()
    log.write(tmp_path)
    assert (read(tmp_path).turn_state, read(tmp_path).tool) == ("tool", "Bash")


def test_a_session_without_a_prompt_yet_is_there(tmp_path: Path) -> None:
    register(tmp_path, os.getpid(), own_start(), status="idle", statusUpdatedAt=START)
    session = read(tmp_path)
    assert (session.turn_state, session.cwd, session.tokens.total) == ("idle", "/shop/a", 0)


def test_hooks_tell_a_permission_at_once_and_a_newer_registry_that_it_was_given(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.call()
    log.write(tmp_path)
    hook(tmp_path / "spool", "PreToolUse", log.at, tool_name="Bash", target="git")
    hook(tmp_path / "spool", "PermissionRequest", log.at + 10, tool_name="Bash", target="git")
    assert (read(tmp_path).turn_state, read(tmp_path).waiting_for) == ("permission", "permission: Bash git")
    register(tmp_path, os.getpid(), own_start(), status="busy", statusUpdatedAt=log.at + 5000)
    assert read(tmp_path).turn_state == "tool", "an approval calls no hook"
    hook(tmp_path / "spool", "Stop", log.at + 9000)
    assert read(tmp_path).turn_state == "idle"


@pytest.mark.parametrize(
    ("event", "values", "state"),
    [
        ("UserPromptSubmit", {}, "thinking"),
        ("PreToolUse", {"tool_name": "Read"}, "tool"),
        ("PreToolUse", {"tool_name": "AskUserQuestion"}, "input"),
        ("PostToolUse", {"tool_name": "Read"}, "thinking"),
        ("Notification", {"notification_type": "permission_prompt"}, "permission"),
        ("Notification", {"notification_type": "elicitation_dialog"}, "input"),
        ("Notification", {"notification_type": "idle_prompt"}, "idle"),
        ("PreCompact", {}, "compacting"),
        ("PostCompact", {}, "thinking"),
        ("PreToolUse", {"tool_name": "ExitPlanMode"}, "input"),
        ("PermissionRequest", {"tool_name": "ExitPlanMode"}, "input"),
        ("SessionStart", {"reason": "startup"}, "idle"),
        ("SessionStart", {"reason": "compact"}, "thinking"),
        ("StopFailure", {}, "error"),
        ("StopFailure", {"reason": "rate_limit"}, "limited"),
        ("SessionEnd", {}, "ended"),
        ("PreToolUse", {"tool_name": "Read", "agent_id": "a1"}, "idle"),
        ("SomethingNew", {}, "idle"),
    ],
)
def test_what_hooks_tell(tmp_path: Path, event: str, values: dict[str, str], state: str) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.answer()
    log.write(tmp_path)
    hook(tmp_path / "spool", event, log.at + 10_000, **values)
    assert read(tmp_path).turn_state == state


def test_a_turn_goes_on_after_its_context_was_summed_up_unless_a_person_asked_for_that(
    tmp_path: Path,
) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.answer()
    log.write(tmp_path)
    for reason, state in (("auto", "thinking"), ("manual", "idle")):
        hook(tmp_path / "spool", "PreCompact", log.at + 10_000, reason=reason)
        assert read(tmp_path).turn_state == "compacting"
        hook(tmp_path / "spool", "SessionStart", log.at + 20_000, reason="compact")
        assert read(tmp_path).turn_state == state


def test_targets_that_hooks_told_can_be_turned_off(tmp_path: Path) -> None:
    hook(tmp_path / "spool", "PermissionRequest", START, tool_name="Bash", target="git")
    register(tmp_path, os.getpid(), own_start(), status="waiting", waitingFor="permission prompt")
    assert read(tmp_path).waiting_for == "permission: Bash git"
    assert read(tmp_path, targets=False).waiting_for == "permission: Bash"


def test_what_the_status_line_counts_is_taken_over(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.answer()
    log.write(tmp_path)
    record = status_line_record(
        {
            "session_id": "s-1",
            "cost": {"total_cost_usd": 0.25},
            "context_window": {"context_window_size": 1_000_000, "used_percentage": 12.5},
            "rate_limits": {"five_hour": {"used_percentage": 91.5, "resets_at": START // 1000 + 3600}},
        }
    )
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "s-1.jsonl").write_bytes(msgspec.json.encode({"at": START, **record}) + b"\n")
    session = read(tmp_path)
    assert (session.cost_usd, session.context_size, session.context_used) == (0.25, 1_000_000, 3210)
    (quota,) = session.quotas
    assert (quota.name, quota.used_percent, quota.resets_at) == ("five_hour", 91.5, START + 3_600_000)
    assert status_line_record({"cost": [], "rate_limits": {"five_hour": 3}}) == {
        "agent": "claude-code",
        "event": "StatusLine",
        "session_id": "",
    }


def test_sub_agents_are_part_of_the_session_that_started_them(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.call(name="Task", subagent_type="Explore", prompt=PROMPT)
    log.write(tmp_path)
    aside = TranscriptWriter(isSidechain=True, agentId="a1")
    aside.prompt()
    aside.session_id = "aside"
    aside.answer()
    path = subagent_path(tmp_path, "s-1", "a1")
    aside.write(tmp_path, path)
    path.with_suffix(".meta.json").write_text(f'{{"agentType": "Explore", "description": "{PROMPT}"}}')
    session = read(tmp_path)
    assert (session.turn_state, session.tool, session.tool_target) == ("tool", "Task", "Explore")
    (child,) = session.subagents
    assert (child.session_id, child.kind, child.turn_state, child.tokens) == ("a1", "Explore", "idle", ONCE)
    assert session.tokens == times(2)


def test_older_versions_keep_sub_agents_in_the_sessions_own_file(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.call(name="Task", subagent_type="Explore")
    log.envelope["isSidechain"] = True
    log.answer(input_tokens=90_000)
    log.write(tmp_path)
    session = read(tmp_path)
    assert (session.turn_state, session.context_used) == ("tool", 3210)
    assert session.tokens.input == 90_010


def test_a_session_that_was_resumed_under_another_id_is_counted_once(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.answer()
    log.write(tmp_path)
    copy = TranscriptWriter("s-2")
    copy.lines = list(log.lines)
    copy.at = log.at
    copy.prompt()
    copy.answer()
    copy.write(tmp_path)
    both = {one.session_id: one.tokens for one in reader(tmp_path).poll(START, BUDGET)}
    assert both == {"s-1": ONCE, "s-2": ONCE}


def test_a_file_that_was_replaced_is_counted_anew(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.answer()
    path = log.write(tmp_path)
    source = reader(tmp_path)
    source.poll(START, BUDGET)
    path.unlink()
    log.answer()
    log.write(tmp_path)
    assert source.poll(START, BUDGET)[0].tokens == times(2)
    path.write_bytes(log.lines[0])
    assert source.poll(START, BUDGET)[0].tokens == TokenCounts()


def test_after_a_summary_the_context_is_what_the_next_answer_read(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.answer(cache_read_input_tokens=150_000)
    log.put("system", subtype="compact_boundary", compactMetadata={"trigger": "auto", "preTokens": 150_000})
    log.prompt(CONTENT, isCompactSummary=True)
    log.write(tmp_path)
    assert read(tmp_path).context_used is None
    log.answer(input_tokens=5000, cache_read_input_tokens=12_000, cache_creation_input_tokens=17_000)
    log.write(tmp_path)
    assert read(tmp_path).context_used == 17_000


@pytest.mark.parametrize(
    ("model", "used", "size"),
    [
        ("claude-sonnet-4-5", 3000, 200_000),
        ("claude-sonnet-4-5[1m]", 3000, 1_000_000),
        ("claude-sonnet-4-5", 400_000, 1_000_000),
        ("claude-opus-4-8", 3000, 1_000_000),
        ("claude-opus-5-5-20260901", 3000, 1_000_000),
        ("claude-sonnet-5", 3000, 1_000_000),
        ("claude-3-5-haiku-20241022", 3000, 200_000),
        ("gpt-5", 3000, None),
    ],
)
def test_the_size_of_the_window(tmp_path: Path, model: str, used: int, size: int | None) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.answer(model=model, cache_read_input_tokens=used)
    log.write(tmp_path)
    assert read(tmp_path).context_size == size


def whole() -> TranscriptWriter:
    """A session with everything in it."""
    log = TranscriptWriter()
    log.prompt()
    log.call("t1", "Bash", command=f"CANARY=1 grep {CONTENT}", description=CONTENT)
    log.result("t1")
    log.call("t2", "Edit", file_path="/shop/a/x.py", old_string=CONTENT, new_string=CONTENT)
    log.result("t2", [{"type": "text", "text": OUTPUT}])
    log.call("t3", "WebFetch", url=f"https://example.org/{CONTENT}", prompt=PROMPT)
    log.result("t3", OUTPUT, error=True)
    log.failed(f"API Error: {OUTPUT}")
    log.put("summary", summary=CONTENT)
    log.put("last-prompt", lastPrompt=PROMPT)
    log.put("ai-title", title=CONTENT)
    log.answer()
    return log


def test_no_text_of_a_person_or_a_model_is_kept(tmp_path: Path) -> None:
    whole().write(tmp_path)
    hook(tmp_path / "spool", "PreToolUse", START, tool_name="Bash", message=PROMPT, tool_input={"x": CONTENT})
    register(tmp_path, os.getpid(), own_start(), status="busy", statusUpdatedAt=START, name=PROMPT)
    text = msgspec.json.encode(read(tmp_path)).decode()
    assert [canary for canary in CANARIES if canary in text] == []
    assert "x.py" in text
    assert "CANARY" not in text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 4000), min_size=1, max_size=12), budget=st.integers(1, 5000))
def test_totals_are_the_same_however_it_grows_and_is_read(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], budget: int
) -> None:
    home = tmp_path_factory.mktemp("home")
    content = b"".join(whole().lines)
    path = whole().path(home)
    path.parent.mkdir(parents=True)
    source = reader(home)
    written = 0
    for cut in [*cuts, len(content)]:
        with path.open("ab") as file:
            file.write(content[written : written + cut])
        written += cut
        source.poll(START, budget)
    for _ in range(len(content)):
        progress = source.progress
        if progress.done == progress.total:
            break
        source.poll(START, budget)
    whole().write(home)
    (session,) = source.poll(START, BUDGET)
    assert session == read(home)
    assert session.tokens == times(4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)), aside=st.lists(st.booleans(), min_size=6, max_size=6))
def test_totals_are_the_same_in_whatever_order_copies_are_told(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], aside: list[bool]
) -> None:
    """Two answers, each in three files, some of them a sub-agent's: each counts once, where it counts most."""

    def session(home: Path, numbers: list[int]) -> dict[str, TokenCounts]:
        source = reader(home)
        for number in numbers:
            log = TranscriptWriter(f"f-{number // 2}", isSidechain=aside[number])
            log.session_id = f"answer-{number % 2}"
            log.answer(output_tokens=50 + number // 2)
            path = home / "projects" / "p" / f"f-{number // 2}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                file.write(b"".join(log.lines))
            source.poll(START, BUDGET)
        return {one.session_id: one.tokens for one in source.poll(START, BUDGET)}

    told = session(tmp_path_factory.mktemp("home"), list(order))
    assert told == session(tmp_path_factory.mktemp("home"), list(range(6)))
    assert sum(one.total for one in told.values()) >= 2 * ONCE.total


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.lists(st.tuples(st.integers(0, 20), st.binary(max_size=60)), max_size=6))
def test_damage_costs_lines_and_nothing_else(tmp_path: Path, damage: list[tuple[int, bytes]]) -> None:
    log = whole()
    for place, junk in damage:
        log.lines.insert(place, junk.replace(b"\n", b"") + b"\n")
    log.write(tmp_path)
    session = read(tmp_path)
    assert session.tokens == times(4)
    assert session.tools[0].calls == 1


@pytest.mark.parametrize(
    "line",
    [
        {"type": "assistant", "message": "text"},
        {
            "type": "assistant",
            "message": {"content": [{"type": "tool_use", "id": 3, "name": []}], "usage": []},
        },
        {"type": "user", "message": {"content": {"a": 1}}},
        {"type": ["user"], "timestamp": {}},
        {
            "type": "assistant",
            "timestamp": "yesterday",
            "message": {"usage": {"input_tokens": "many"}, "model": 4},
        },
        {"type": "system", "subtype": 4},
    ],
)
def test_a_line_of_another_shape_changes_nothing(tmp_path: Path, line: dict[str, Any]) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.call()
    log.lines.append(msgspec.json.encode(line) + b"\n")
    log.write(tmp_path)
    assert (read(tmp_path).turn_state, read(tmp_path).tokens) == ("tool", ONCE)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"pid": -3, "sessionId": "x"}', b'{"pid": 1}', b"\xff"]
)
def test_a_damaged_file_of_the_registry_is_passed_over(tmp_path: Path, content: bytes) -> None:
    register(tmp_path, os.getpid(), own_start(), status="idle", statusUpdatedAt=START)
    (tmp_path / "sessions" / "77.json").write_bytes(content)
    assert read(tmp_path).turn_state == "idle"


def test_what_has_nothing_new_is_the_very_record(tmp_path: Path) -> None:
    whole().write(tmp_path)
    register(tmp_path, os.getpid(), own_start(), status="idle", statusUpdatedAt=START)
    source = reader(tmp_path)
    (before,) = source.poll(START, BUDGET)
    (after,) = source.poll(START, BUDGET)
    assert after is before
    assert source.problems == ()


def test_a_home_that_is_not_there_has_no_sessions(tmp_path: Path) -> None:
    source = reader(tmp_path / "nowhere")
    assert source.poll(START, BUDGET) == ()
    assert source.problems == ()
    assert source.progress.total == 0
    source.close()
