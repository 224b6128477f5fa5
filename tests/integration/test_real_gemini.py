"""The real Gemini CLI, against a stand-in for its API: what it writes is read as it happened."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from real_agents import environment, make_project, now, terminal, until
from stand_in import Reply, agent_program, stand_in

from monitor.model import TokenCounts
from monitor.sources.sessions.gemini import GeminiReader
from monitor.sources.sessions.reader import ReaderOptions
from monitor.sources.sessions.refine import refine

GEMINI = agent_program("gemini", "AGENT_MONITOR_TEST_GEMINI")
PROMPT, ANSWER, REASON = "CANARY-prompt", "CANARY-answer", "CANARY-reason"
pytestmark = pytest.mark.skipif(GEMINI is None, reason="Gemini CLI is not installed")
SETTINGS = {
    "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": False}},
    "general": {"enableAutoUpdate": False},
    "privacy": {"usageStatisticsEnabled": False},
}
USAGE = {
    "promptTokenCount": 1000,
    "candidatesTokenCount": 50,
    "cachedContentTokenCount": 400,
    "thoughtsTokenCount": 10,
    "totalTokenCount": 1060,
}
NEXT = {"reasoning": REASON, "next_speaker": "user", "complexity_reasoning": REASON, "complexity_score": 10}
TOKENS = TokenCounts(input=1200, output=120, cache_read=800, reasoning=20)
"""Of two answers."""


def answer(path: str, body: dict[str, Any], _number: int) -> Reply:
    """A call of a command at first, then an answer; questions that want JSON are the program's own."""
    if path.endswith(":countTokens"):
        return Reply(b'{"totalTokens": 7}', "application/json")
    wants = body.get("generationConfig", {}).get("responseMimeType")
    works = any(tool.get("functionDeclarations") for tool in body.get("tools", []))
    part: dict[str, Any] = {"text": ANSWER}
    if wants == "application/json":
        part = {"text": json.dumps({**NEXT, "model_choice": "flash"})}
    elif works and "functionResponse" not in json.dumps(body.get("contents", [])):
        given = {"command": f"touch made {ANSWER}", "description": REASON}
        part = {"functionCall": {"name": "run_shell_command", "args": given}}
    content = {"role": "model", "parts": [part]}
    told = {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}], "usageMetadata": USAGE}
    text = msgspec.json.encode({**told, "modelVersion": "gemini-2.5-pro"})
    if path.endswith(":streamGenerateContent"):
        return Reply(b"data: " + text + b"\n\n")
    return Reply(text, "application/json")


def world(tmp_path: Path, address: str) -> tuple[Path, dict[str, str], GeminiReader]:
    """A project, an environment with a home of its own, and the reader of that home."""
    project = make_project(tmp_path)
    settings = tmp_path / ".gemini" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps(SETTINGS))
    environ = environment(tmp_path, GEMINI_API_KEY="x", GOOGLE_GEMINI_BASE_URL=address)
    return project, environ, GeminiReader(ReaderOptions(home=str(tmp_path)))


def test_a_permission_that_waits_and_is_given(tmp_path: Path) -> None:
    with stand_in(answer) as address, terminal(tmp_path) as shown:
        project, environ, reader = world(tmp_path, address)
        shown.run(project, environ, str(GEMINI), "-i", PROMPT)
        shown.wait_for("Allow")
        waiting = until(lambda session: session.turn_state == "tool", reader, shown.picture)
        assert (waiting.unsure, waiting.cwd) == (True, str(project))
        later = refine(waiting, 0, (waiting.tool_since or 0) + 10_000)
        assert later.turn_state == "permission"
        shown.press("Enter")
        session = until(lambda session: session.turn_state == "idle", reader, shown.picture)
    assert (project / "made").exists()
    assert [(call.name, call.target, call.outcome) for call in session.calls] == [
        ("run_shell_command", "touch", "ok")
    ]
    assert session.tokens == TOKENS
    assert session.model
    assert "CANARY" not in msgspec.json.encode(session).decode()
    assert reader.problems == ()


def test_a_run_without_a_person(tmp_path: Path) -> None:
    with stand_in(answer) as address:
        project, environ, reader = world(tmp_path, address)
        command = [str(GEMINI), "--approval-mode", "yolo", "-p", PROMPT]
        subprocess.run(
            command,
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
