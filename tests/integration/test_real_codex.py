"""The real Codex CLI, against a stand-in for its API: what it writes is read as it happened."""

from __future__ import annotations

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
from monitor.sources.sessions.codex import CodexReader
from monitor.sources.sessions.reader import ReaderOptions
from monitor.sources.sessions.refine import refine

CODEX = agent_program("codex", "AGENT_MONITOR_TEST_CODEX")
PROMPT, ANSWER, REASON = "CANARY-prompt", "CANARY-answer", "CANARY-reason"
pytestmark = pytest.mark.skipif(CODEX is None, reason="Codex CLI is not installed")
DEADLINE = 40.0


def answers(command: dict[str, Any]) -> Callable[[str, dict[str, Any], int], list[Event]]:
    """First a call of a command, then an answer, with twice as many tokens."""

    def answer(_path: str, _body: dict[str, Any], number: int) -> list[Event]:
        call = {"type": "function_call", "id": "f1", "call_id": "call_1", "name": "exec_command"}
        text = {"type": "message", "id": "m1", "role": "assistant"}
        item: dict[str, Any] = (
            {**call, "arguments": msgspec.json.encode(command).decode()}
            if number == 0
            else {**text, "content": [{"type": "output_text", "text": ANSWER}]}
        )
        read = 1000 if number == 0 else 2000  # the interactive program also asks for a title
        usage = {
            "input_tokens": read,
            "input_tokens_details": {"cached_tokens": read * 2 // 5},
            "output_tokens": 50,
            "output_tokens_details": {"reasoning_tokens": 10},
            "total_tokens": read + 50,
        }
        return [
            ("response.created", {"response": {"id": f"r{number}"}}),
            ("response.output_item.done", {"output_index": 0, "item": item}),
            ("response.completed", {"response": {"id": f"r{number}", "usage": usage}}),
        ]

    return answer


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder


def environment(tmp_path: Path, project: Path, address: str) -> dict[str, str]:
    """A home of its own with the stand-in as its provider."""
    home = tmp_path / "codex"
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(
        'model = "gpt-5-codex"\nmodel_provider = "local"\ncheck_for_update_on_startup = false\n'
        f'[model_providers.local]\nname = "local"\nbase_url = "{address}/v1"\nwire_api = "responses"\n'
        f'env_key = "LOCAL_KEY"\n[projects."{project}"]\ntrust_level = "trusted"\n'
    )
    return {**os.environ, "CODEX_HOME": str(home), "LOCAL_KEY": "x", "HOME": str(tmp_path)}


def read(environ: dict[str, str]) -> Session | None:
    reader = CodexReader(ReaderOptions(home="/nowhere", environ=environ))
    sessions = reader.poll(time.time_ns() // 1_000_000, 1 << 30)
    assert reader.problems == ()
    return sessions[0] if sessions else None


def until(
    condition: Callable[[Session], bool], environ: dict[str, str], picture: Callable[[], str]
) -> Session:
    """Wait until the session is so."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        session = read(environ)
        if session is not None and condition(session):
            return session
        time.sleep(0.1)
    raise AssertionError(f"{read(environ)}\n{picture()}")


def test_a_run_without_a_person(tmp_path: Path, project: Path) -> None:
    with stand_in(answers({"cmd": "echo CANARY-output"})) as address:
        environ = environment(tmp_path, project, address)
        command = [str(CODEX), "exec", "--skip-git-repo-check", "--sandbox", "danger-full-access", PROMPT]
        subprocess.run(
            command,
            cwd=project,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=60,
        )
    session = read(environ)
    assert session is not None
    assert (session.turn_state, session.model, session.cwd) == ("idle", "gpt-5-codex", str(project))
    assert session.tokens == TokenCounts(input=1800, output=100, cache_read=1200, reasoning=20)
    assert [(call.name, call.target, call.outcome) for call in session.calls] == [
        ("exec_command", "echo", "ok")
    ]
    assert "CANARY" not in msgspec.json.encode(session).decode()


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


def test_a_permission_that_waits_and_is_given(
    tmp_path: Path, project: Path, terminal: Callable[..., str]
) -> None:
    made = {"cmd": "touch made", "sandbox_permissions": "require_escalated", "justification": REASON}
    with stand_in(answers(made)) as address:
        environ = environment(tmp_path, project, address)
        codex = [str(CODEX), "-a", "on-request", "-s", "workspace-write", PROMPT]
        terminal(*("new-session", "-d", "-x", "120", "-y", "40", "-c", str(project), *codex), environ=environ)

        def picture() -> str:
            return terminal("capture-pane", "-p")

        waiting = until(lambda session: session.turn_state == "tool", environ, picture)
        assert (waiting.unsure, waiting.waiting_for) == (True, "permission: exec_command touch")
        later = refine(waiting, 0, (waiting.tool_since or 0) + 10_000)
        assert (later.turn_state, later.waiting_since) == ("permission", waiting.tool_since)
        deadline = time.monotonic() + DEADLINE
        while "Would you like" not in picture() and time.monotonic() < deadline:
            time.sleep(0.1)
        terminal("send-keys", "y")
        session = until(lambda session: session.turn_state == "idle", environ, picture)
    assert (project / "made").exists()
    assert session.calls[0].outcome == "ok"
    assert session.tokens == TokenCounts(input=1800, output=100, cache_read=1200, reasoning=20)
    assert "CANARY" not in msgspec.json.encode(session).decode()
