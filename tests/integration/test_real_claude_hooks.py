"""The real Claude Code with our hooks in its settings, against a stand-in for its API."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hook_program import Installed
from real_agents import DEADLINE, terminal
from stand_in import stand_in
from test_real_claude_code import CLAUDE, PROMPT, answer, claude_environment

from monitor.sources.sessions.claude_code import ClaudeCodeReader
from monitor.sources.sessions.reader import ReaderOptions

pytestmark = pytest.mark.skipif(CLAUDE is None, reason="Claude Code is not installed")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A home whose Claude Code has our hooks, beside one of somebody else's, and a project in it."""
    settings = tmp_path / ".claude" / "settings.json"
    settings.parent.mkdir()
    theirs = {"hooks": [{"type": "command", "command": f"touch {tmp_path}/theirs"}]}
    settings.write_text(json.dumps({"hooks": {"Stop": [theirs]}}))
    Installed(tmp_path / "program").hooks(tmp_path, "install", "--statusline")
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "project")], check=True)
    return tmp_path


def told(place: Path) -> list[dict[str, Any]]:
    """What all hooks told, in order."""
    files = sorted((place / "state" / "hooks").glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_a_run_without_a_person_tells_of_its_turn(place: Path) -> None:
    with stand_in(answer) as address:
        subprocess.run(
            [str(CLAUDE), "-p", "--allowedTools", "Bash", "--", PROMPT],
            cwd=place / "project",
            env=claude_environment(place, place / "project", address),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=90,
        )
    records = told(place)
    assert [record["event"] for record in records] == [
        "SessionStart",
        "UserPromptSubmit",
        "Stop",
        "SessionEnd",
    ]
    assert {record["cwd"] for record in records} == {str(place / "project")}
    assert records[0]["reason"] == "startup"
    assert (place / "theirs").exists(), "hooks of others are called as before"
    assert "CANARY" not in json.dumps(records)
    options = ReaderOptions(home=str(place), spool=str(place / "state" / "hooks"))
    (session,) = ClaudeCodeReader(options).poll(time.time_ns() // 1_000_000, 1 << 30)
    assert session.session_id == records[0]["session_id"]
    assert session.turn_state in {"ended", "idle"}


def test_a_permission_is_told_of_while_it_waits(place: Path) -> None:
    with stand_in(answer) as address, terminal(place) as shown:
        environ = claude_environment(place, place / "project", address)
        shown.run(place / "project", environ, str(CLAUDE), PROMPT)
        deadline = time.monotonic() + DEADLINE
        while not (asked := [one for one in told(place) if one["event"] == "PermissionRequest"]):
            assert time.monotonic() < deadline, (told(place), shown.picture())
            time.sleep(0.1)
        assert (asked[0]["tool_name"], asked[0]["target"]) == ("Bash", "touch")
        shown.press("Enter")
        while not any(one["event"] == "Stop" for one in told(place)):
            assert time.monotonic() < deadline, (told(place), shown.picture())
            time.sleep(0.1)
    records = told(place)
    assert any(record.get("cost_usd") is not None for record in records if record["event"] == "StatusLine")
    assert "CANARY" not in msgspec.json.encode(records).decode()
