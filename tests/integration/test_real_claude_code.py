"""The real Claude Code, against a stand-in for its API: what it writes is read as it happened."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from stand_in import Event, agent_program, stand_in

from monitor.model import Session, TokenCounts
from monitor.sources.sessions.claude_code import ClaudeCodeReader
from monitor.sources.sessions.reader import ReaderOptions

CLAUDE = agent_program("claude", "AGENT_MONITOR_TEST_CLAUDE")
PROMPT, ANSWER, REASON = "CANARY-prompt", "CANARY-answer", "CANARY-reason"
KEY = "sk-ant-api03-" + "0" * 40
"""No key of anybody's: the stand-in asks for none, the program wants one of this form."""
pytestmark = pytest.mark.skipif(CLAUDE is None, reason="Claude Code is not installed")
DEADLINE = 40.0


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


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder


def environment(tmp_path: Path, project: Path, address: str) -> dict[str, str]:
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
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("CLAUDE", "ANTHROPIC"))
    }
    quiet = dict.fromkeys(
        ("DISABLE_TELEMETRY", "DISABLE_AUTOUPDATER", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"), "1"
    )
    return (
        inherited | quiet | {"HOME": str(tmp_path), "ANTHROPIC_BASE_URL": address, "ANTHROPIC_API_KEY": KEY}
    )


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Runs tmux commands on a server of the test's own."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    socket = str(tmp_path / "tmux")

    def tmux(*arguments: str, environ: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            ["tmux", "-S", socket, *arguments], env=environ, capture_output=True, text=True, check=False
        )
        return done.stdout

    yield tmux
    tmux("kill-server")


def until(
    condition: Callable[[Session], bool], reader: ClaudeCodeReader, picture: Callable[[], str]
) -> Session:
    """Wait until the session is so."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        for session in reader.poll(time.time_ns() // 1_000_000, 1 << 30):
            if condition(session):
                return session
        time.sleep(0.1)
    raise AssertionError(f"{reader.poll(0, 0)}\n{picture()}")


def test_a_permission_that_waits_and_is_given(
    tmp_path: Path, project: Path, terminal: Callable[..., str]
) -> None:
    with stand_in(answer) as address:
        environ = environment(tmp_path, project, address)
        command = ("new-session", "-d", "-x", "120", "-y", "40", "-c", str(project), str(CLAUDE), PROMPT)
        terminal(*command, environ=environ)

        def picture() -> str:
            return terminal("capture-pane", "-p")

        reader = ClaudeCodeReader(ReaderOptions(home=str(tmp_path)))
        # The registry tells of the permission a moment before the transcript tells of the call.
        waiting = until(lambda session: bool(session.waiting_for and session.tool), reader, picture)
        assert waiting.turn_state == "permission"
        assert (waiting.waiting_for, waiting.cwd) == ("permission: Bash touch", str(project))
        assert waiting.pid is not None
        assert Path(f"/proc/{waiting.pid}").exists()
        terminal("send-keys", "Enter")
        # The registry tells that the turn is over a moment before the transcript holds its last lines.
        session = until(
            lambda session: session.turn_state == "idle" and session.tokens.output == 100, reader, picture
        )
        assert (project / "made").exists()
        terminal("kill-server")
        ended = until(lambda session: session.turn_state == "ended" or session.pid is None, reader, picture)
    assert ended.session_id == session.session_id
    assert (session.calls[0].name, session.calls[0].outcome) == ("Bash", "ok")
    assert session.tokens == TokenCounts(input=20, output=100, cache_read=6000, cache_write=400)
    assert session.context_used == 3210
    assert "CANARY" not in msgspec.json.encode(session).decode()
    assert reader.problems == ()


def test_a_run_without_a_person(tmp_path: Path, project: Path) -> None:
    with stand_in(answer) as address:
        command = [str(CLAUDE), "-p", "--allowedTools", "Bash", "--", PROMPT]
        subprocess.run(
            command,
            cwd=project,
            env=environment(tmp_path, project, address),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=90,
        )
    (session,) = ClaudeCodeReader(ReaderOptions(home=str(tmp_path))).poll(
        time.time_ns() // 1_000_000, 1 << 30
    )
    assert (session.turn_state, session.cwd) == ("idle", str(project))
    assert session.tokens == TokenCounts(input=20, output=100, cache_read=6000, cache_write=400)
    assert "CANARY" not in msgspec.json.encode(session).decode()
