"""The real opencode, against a stand-in for its API: what it writes is read as it happened."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from chat_completions import called, has_result, said
from real_agents import environment, make_project, now, terminal, until
from stand_in import Reply, agent_program, stand_in

from monitor.model import TokenCounts
from monitor.sources.sessions.opencode import OpencodeReader
from monitor.sources.sessions.reader import ReaderOptions
from monitor.sources.sessions.refine import refine

OPENCODE = agent_program("opencode", "AGENT_MONITOR_TEST_OPENCODE")
PROMPT, ANSWER, REASON = "CANARY-prompt", "CANARY-answer", "CANARY-reason"
pytestmark = pytest.mark.skipif(OPENCODE is None, reason="opencode is not installed")
TOKENS = TokenCounts(input=1200, output=100, cache_read=800, reasoning=20)
"""Of two answers."""


def answer(_path: str, body: dict[str, Any], _number: int) -> Reply:
    """A call of a command at first, then an answer; a request without tools is for a title."""
    if not body.get("tools") or has_result(body):
        return said(body, ANSWER)
    return called(body, ANSWER, "bash", {"command": f"touch made {ANSWER}", "description": REASON})


def world(tmp_path: Path, address: str, bash: str) -> tuple[Path, dict[str, str], OpencodeReader]:
    """A project, an environment with a home of its own, and the reader of that home."""
    project = make_project(tmp_path)
    model = {"name": "Test", "limit": {"context": 100_000, "output": 8_000}}
    local = {"npm": "@ai-sdk/openai-compatible", "name": "Local", "models": {"test": model}}
    local["options"] = {"baseURL": f"{address}/v1", "apiKey": "x"}
    config = {"autoupdate": False, "share": "disabled", "model": "local/test", "small_model": "local/test"}
    file = tmp_path / ".config" / "opencode" / "opencode.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({**config, "permission": {"bash": bash}, "provider": {"local": local}}))
    quiet = dict.fromkeys(("OPENCODE_DISABLE_AUTOUPDATE", "OPENCODE_DISABLE_MODELS_FETCH"), "1")
    return project, environment(tmp_path, **quiet), OpencodeReader(ReaderOptions(home=str(tmp_path)))


def test_a_permission_that_waits_and_is_given(tmp_path: Path) -> None:
    with stand_in(answer) as address, terminal(tmp_path) as shown:
        project, environ, reader = world(tmp_path, address, "ask")
        shown.run(project, environ, str(OPENCODE), "--prompt", PROMPT)
        shown.wait_for("Allow once")
        waiting = until(lambda session: session.turn_state == "tool", reader, shown.picture)
        assert (waiting.unsure, waiting.tool, waiting.tool_target) == (True, "bash", "touch")
        later = refine(waiting, 0, (waiting.tool_since or 0) + 10_000)
        assert (later.turn_state, later.waiting_for) == ("permission", "permission: bash touch")
        shown.press("Enter")
        session = until(lambda session: session.turn_state == "idle", reader, shown.picture)
    assert (project / "made").exists()
    assert (session.cwd, session.model) == (str(project), "test")
    assert [(call.name, call.target, call.outcome) for call in session.calls] == [("bash", "touch", "ok")]
    assert session.tokens == TOKENS
    assert "CANARY" not in msgspec.json.encode(session).decode()
    assert reader.problems == ()


def test_a_run_without_a_person(tmp_path: Path) -> None:
    with stand_in(answer) as address:
        project, environ, reader = world(tmp_path, address, "allow")
        subprocess.run(
            [str(OPENCODE), "run", PROMPT],
            cwd=project,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=90,
        )
    (session,) = now(reader)
    assert (session.turn_state, session.cwd) == ("idle", str(project))
    assert session.tokens == TOKENS
    assert "CANARY" not in msgspec.json.encode(session).decode()
