"""What Claude Code's registry, hooks and status line tell beside its transcripts, and which counts when they differ."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from claude_logs import (
    START,
    TranscriptWriter,
    hook,
    register,
)
from claude_reading import own_start, read

from monitor.sources.sessions.hook_call import status_line_record


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


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"pid": -3, "sessionId": "x"}', b'{"pid": 1}', b"\xff"]
)
def test_a_damaged_file_of_the_registry_is_passed_over(tmp_path: Path, content: bytes) -> None:
    register(tmp_path, os.getpid(), own_start(), status="idle", statusUpdatedAt=START)
    (tmp_path / "sessions" / "77.json").write_bytes(content)
    assert read(tmp_path).turn_state == "idle"
