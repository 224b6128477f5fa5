"""The real aider, against a stand-in for its API: what it writes is read as it happened."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from chat_completions import said
from real_agents import environment, make_project, now, terminal, until
from stand_in import Reply, agent_program, stand_in

from monitor.model import Session, TokenCounts
from monitor.sources.sessions.aider import FILE, AiderReader
from monitor.sources.sessions.reader import ReaderOptions

AIDER = agent_program("aider", "AGENT_MONITOR_TEST_AIDER")
PROMPT, ANSWER = "CANARY-prompt", "CANARY-answer"
EDIT = f"{ANSWER}\n\nmade.py\n```python\n<<<<<<< SEARCH\n=======\nprint('CANARY-content')\n>>>>>>> REPLACE\n```\n"
QUIET = ("--no-analytics", "--no-check-update", "--no-show-model-warnings", "--no-show-release-notes")
pytestmark = pytest.mark.skipif(AIDER is None, reason="aider is not installed")


def answer(_path: str, body: dict[str, Any], number: int) -> Reply:
    """An edit at first; the message of the commit comes after it."""
    return said(body, EDIT if number == 0 else "feat: CANARY-subject")


def command(address: str, *more: str) -> list[str]:
    """The program with the stand-in as its provider."""
    local = ("--model", "openai/test", "--edit-format", "diff", "--openai-api-base", f"{address}/v1")
    return [str(AIDER), *local, "--openai-api-key", "x", *QUIET, *more]


def reader_of(project: Path) -> AiderReader:
    return AiderReader(ReaderOptions(home="/nowhere", worktrees=(str(project),)))


def assert_edited(session: Session, project: Path) -> None:
    assert (project / "made.py").exists()
    assert (session.turn_state, session.cwd, session.edits) == ("idle", str(project), ("made.py",))
    assert session.tokens == TokenCounts(input=1000, output=50)
    assert session.model == "openai/test"
    assert session.version
    assert "CANARY" not in msgspec.json.encode(session).decode()


def test_a_run_without_a_person(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    with stand_in(answer) as address:
        subprocess.run(
            command(address, "--yes-always", "--no-stream", "--message", PROMPT),
            cwd=project,
            env=environment(tmp_path),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=120,
        )
    (session,) = now(reader_of(project))
    assert_edited(session, project)


def test_a_confirmation_that_waits_and_is_given(tmp_path: Path) -> None:
    """Aider writes a question when it is answered: until then its history shows that it thinks."""
    project = make_project(tmp_path)
    (project / ".gitignore").write_text(".aider*\n")
    with stand_in(answer) as address, terminal(tmp_path) as shown:
        shown.run(project, environment(tmp_path), *command(address, "--no-stream"))
        reader = reader_of(project)
        until(lambda session: session.turn_state == "idle", reader, shown.picture)
        shown.wait_for("diff>")
        shown.press(PROMPT, "Enter")
        shown.wait_for("Create new file?")
        until(lambda session: session.tokens.total > 0, reader, shown.picture)
        assert "Create new file?" not in (project / FILE).read_text()
        shown.press("y", "Enter")
        session = until(lambda session: bool(session.edits), reader, shown.picture)
    assert_edited(session, project)
