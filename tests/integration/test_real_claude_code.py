"""The real Claude Code, against a stand-in for its API: what it writes is read as it happened."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from real_agents import environment, make_project, now, terminal, until
from stand_in import Event, agent_program, stand_in

from monitor.model import TokenCounts
from monitor.sources.sessions.claude_code import ClaudeCodeReader
from monitor.sources.sessions.reader import ReaderOptions

CLAUDE = agent_program("claude", "AGENT_MONITOR_TEST_CLAUDE")
PROMPT, ANSWER, REASON = "CANARY-prompt", "CANARY-answer", "CANARY-reason"
KEY = "sk-ant-api03-" + "0" * 40
"""No key of anybody's: the stand-in asks for none, the program wants one of this form."""
pytestmark = pytest.mark.skipif(CLAUDE is None, reason="Claude Code is not installed")


def answer(_path: str, body: dict[str, Any], number: int) -> list[Event]:
    """A call of a command at first, then an answer; requests with few tools are for titles and the like."""
    messages = [message for message in body.get("messages", []) if isinstance(message.get("content"), list)]
    done = any(part.get("type") == "tool_result" for message in messages for part in message["content"])
    works = len(body.get("tools", [])) > 3
    text = {"type": "text", "text": ""}
    usage = {"input_tokens": 10, "cache_creation_input_tokens": 200, "cache_read_input_tokens": 3000}
    message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body.get("model")}
    message |= {
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": 1},
    }
    events: list[Event] = [
        ("message_start", {"message": message}),
        ("content_block_start", {"index": 0, "content_block": text}),
        ("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": ANSWER}}),
        ("content_block_stop", {"index": 0}),
    ]
    if works and not done:
        call = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}
        given = json.dumps({"command": f"touch made {ANSWER}", "description": REASON})
        events += [
            ("content_block_start", {"index": 1, "content_block": call}),
            (
                "content_block_delta",
                {"index": 1, "delta": {"type": "input_json_delta", "partial_json": given}},
            ),
            ("content_block_stop", {"index": 1}),
        ]
    stop = "tool_use" if works and not done else "end_turn"
    delta = {"stop_reason": stop, "stop_sequence": None}
    return [
        *events,
        ("message_delta", {"delta": delta, "usage": {"output_tokens": 50}}),
        ("message_stop", {}),
    ]


def claude_environment(tmp_path: Path, project: Path, address: str) -> dict[str, str]:
    """A home of its own, in which every first question is answered."""
    trusted = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
    (tmp_path / ".claude.json").write_text(
        json.dumps(
            {
                "hasCompletedOnboarding": True,
                "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
                "projects": {str(project): trusted},
            }
        )
    )
    quiet = dict.fromkeys(
        ("DISABLE_TELEMETRY", "DISABLE_AUTOUPDATER", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"), "1"
    )
    return environment(tmp_path, ANTHROPIC_BASE_URL=address, ANTHROPIC_API_KEY=KEY, **quiet)


def test_a_permission_that_waits_and_is_given(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    with stand_in(answer) as address, terminal(tmp_path) as shown:
        shown.run(project, claude_environment(tmp_path, project, address), str(CLAUDE), PROMPT)
        reader = ClaudeCodeReader(ReaderOptions(home=str(tmp_path)))
        # The registry tells of the permission a moment before the transcript tells of the call.
        waiting = until(lambda one: bool(one.waiting_for and one.tool), reader, shown.picture)
        assert waiting.turn_state == "permission"
        assert (waiting.waiting_for, waiting.cwd) == ("permission: Bash touch", str(project))
        assert waiting.pid is not None
        assert Path(f"/proc/{waiting.pid}").exists()
        shown.press("Enter")
        # The registry tells of the end a moment before the transcript does.
        session = until(
            lambda one: one.turn_state == "idle" and one.tokens.output == 100, reader, shown.picture
        )
        assert (project / "made").exists()
        shown.end()
        ended = until(lambda one: one.turn_state == "ended" or one.pid is None, reader, shown.picture)
    assert ended.session_id == session.session_id
    assert (session.calls[0].name, session.calls[0].outcome) == ("Bash", "ok")
    assert session.tokens == TokenCounts(input=20, output=100, cache_read=6000, cache_write=400)
    assert session.context_used == 3210
    assert "CANARY" not in msgspec.json.encode(session).decode()
    assert reader.problems == ()


def test_a_run_without_a_person(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    with stand_in(answer) as address:
        command = [str(CLAUDE), "-p", "--allowedTools", "Bash", "--", PROMPT]
        subprocess.run(
            command,
            cwd=project,
            env=claude_environment(tmp_path, project, address),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=90,
        )
    (session,) = now(ClaudeCodeReader(ReaderOptions(home=str(tmp_path))))
    assert (session.turn_state, session.cwd) == ("idle", str(project))
    assert session.tokens == TokenCounts(input=20, output=100, cache_read=6000, cache_write=400)
    assert "CANARY" not in msgspec.json.encode(session).decode()
