"""The real Codex CLI, against a stand-in for its API: what it writes is read as it happened."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from process_fixtures import poll
from process_fixtures import until as wait_until
from real_agents import environment, make_project, now, terminal, until
from stand_in import Event, agent_program, stand_in

from monitor.model import TokenCounts
from monitor.sources.processes import ProcessSource
from monitor.sources.sessions.codex import CodexReader
from monitor.sources.sessions.reader import ReaderOptions
from monitor.sources.sessions.refine import START_SLACK_MS, refine

CODEX = agent_program("codex", "AGENT_MONITOR_TEST_CODEX")
PROMPT, ANSWER, REASON = "CANARY-prompt", "CANARY-answer", "CANARY-reason"
pytestmark = pytest.mark.skipif(CODEX is None, reason="Codex CLI is not installed")


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


def told(tmp_path: Path, project: Path, address: str) -> dict[str, str]:
    """A home of its own with the stand-in as its provider."""
    home = tmp_path / "codex"
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(
        'model = "gpt-5-codex"\nmodel_provider = "local"\ncheck_for_update_on_startup = false\n'
        f'[model_providers.local]\nname = "local"\nbase_url = "{address}/v1"\nwire_api = "responses"\n'
        f'env_key = "LOCAL_KEY"\n[projects."{project}"]\ntrust_level = "trusted"\n'
    )
    return environment(tmp_path, CODEX_HOME=str(home), LOCAL_KEY="x")


def reader_of(environ: dict[str, str]) -> CodexReader:
    return CodexReader(ReaderOptions(home="/nowhere", environ=environ))


def test_a_run_without_a_person(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    with stand_in(answers({"cmd": "echo CANARY-output"})) as address:
        environ = told(tmp_path, project, address)
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
    (session,) = now(reader_of(environ))
    assert (session.turn_state, session.model, session.cwd) == ("idle", "gpt-5-codex", str(project))
    assert session.tokens == TokenCounts(input=1800, output=100, cache_read=1200, reasoning=20)
    assert [(call.name, call.target, call.outcome) for call in session.calls] == [
        ("exec_command", "echo", "ok")
    ]
    assert "CANARY" not in msgspec.json.encode(session).decode()


def test_a_command_that_runs_is_not_taken_for_a_permission_that_waits(tmp_path: Path) -> None:
    """Its commands run in a daemon, which the first interactive session has started and which outlives it."""
    project = make_project(tmp_path)
    with stand_in(answers({"cmd": "sleep 40"})) as address, terminal(tmp_path) as shown:
        environ = told(tmp_path, project, address)
        reader, source = reader_of(environ), ProcessSource((), discover=True, scan_interval=0.1)
        shown.run(project, environ, str(CODEX), "-a", "on-request", "-s", "danger-full-access", PROMPT)
        running = until(lambda one: one.turn_state == "tool", reader, shown.picture)
        assert running.unsure

        def runs() -> bool:
            here = [group for group in poll(source).groups if group.cwd == str(project)]
            assert len(here) <= 1, "the daemon is no agent"
            return any(
                source.started_since(group.key, (running.tool_since or 0) - START_SLACK_MS) for group in here
            )

        wait_until(runs, "a process of the call")
        later = refine(running, 1, (running.tool_since or 0) + 10_000)
        assert (later.turn_state, later.unsure) == ("tool", False)
        source.close()


def test_a_permission_that_waits_and_is_given(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    made = {"cmd": "touch made", "sandbox_permissions": "require_escalated", "justification": REASON}
    with stand_in(answers(made)) as address, terminal(tmp_path) as shown:
        environ = told(tmp_path, project, address)
        reader = reader_of(environ)
        shown.run(project, environ, str(CODEX), "-a", "on-request", "-s", "workspace-write", PROMPT)
        waiting = until(lambda one: one.turn_state == "tool", reader, shown.picture)
        assert (waiting.unsure, waiting.waiting_for) == (True, "permission: exec_command touch")
        later = refine(waiting, 0, (waiting.tool_since or 0) + 10_000)
        assert (later.turn_state, later.waiting_since) == ("permission", waiting.tool_since)
        shown.answer("Would you like", "y")
        session = until(lambda one: one.turn_state == "idle", reader, shown.picture)
    assert reader.problems == ()
    assert (project / "made").exists()
    assert session.calls[0].outcome == "ok"
    assert session.tokens == TokenCounts(input=1800, output=100, cache_read=1200, reasoning=20)
    assert "CANARY" not in msgspec.json.encode(session).decode()
