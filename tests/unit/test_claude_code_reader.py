"""What Claude Code's transcripts tell of a turn and of a session, of several versions; no text of anybody is kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from claude_logs import (
    CANARIES,
    CONTENT,
    MODEL,
    PROMPT,
    REJECTED,
    START,
    TranscriptWriter,
    hook,
    register,
)
from claude_reading import BUDGET, own_start, read, reader, times, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.model import TurnState


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


def test_no_text_of_a_person_or_a_model_is_kept(tmp_path: Path) -> None:
    whole().write(tmp_path)
    hook(tmp_path / "spool", "PreToolUse", START, tool_name="Bash", message=PROMPT, tool_input={"x": CONTENT})
    register(tmp_path, os.getpid(), own_start(), status="busy", statusUpdatedAt=START, name=PROMPT)
    text = msgspec.json.encode(read(tmp_path)).decode()
    assert [canary for canary in CANARIES if canary in text] == []
    assert "x.py" in text
    assert "CANARY" not in text


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
