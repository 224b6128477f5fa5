"""No prompt, answer, file content, output, argument or token of an agent's log is in any record of its session."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import private_logs
import pytest
from private_logs import FILE, NOW, PROGRAM

from monitor.model import Session
from monitor.sources.sessions.aider import AiderReader
from monitor.sources.sessions.claude_code import ClaudeCodeReader
from monitor.sources.sessions.codex import CodexReader
from monitor.sources.sessions.gemini import GeminiReader
from monitor.sources.sessions.goose import GooseReader
from monitor.sources.sessions.opencode import OpencodeReader
from monitor.sources.sessions.reader import ReaderOptions, SessionReader

CANARY = re.compile(r"CANARY-[\w-]+")
Kind = tuple[Callable[[Path, Path], None], Callable[[ReaderOptions], SessionReader], bool]
KINDS: dict[str, Kind] = {
    "claude-code": (private_logs.claude_code, ClaudeCodeReader, True),
    "codex": (private_logs.codex, CodexReader, True),
    "gemini": (private_logs.gemini, GeminiReader, True),
    "opencode": (private_logs.opencode, OpencodeReader, True),
    "goose": (private_logs.goose, GooseReader, True),
    "aider": (private_logs.aider, AiderReader, False),  # of commands it keeps nothing
}


def sessions(tmp_path: Path, kind: Kind, *, targets: bool) -> tuple[Session, ...]:
    """Write the log, and read it."""
    write, reader, _ = kind
    home, root = tmp_path / "home", tmp_path / "shop"
    home.mkdir()
    root.mkdir()
    write(home, root)
    options = ReaderOptions(
        home=str(home), spool=str(home / "spool"), worktrees=(str(root),), targets=targets
    )
    source = reader(options)
    found = source.poll(NOW, 1 << 30)
    assert source.problems == ()
    assert found, "the log was read"
    return found


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


def test_nothing_private_is_in_a_session(tmp_path: Path, kind: Kind) -> None:
    (session,) = sessions(tmp_path, kind, targets=True)
    text = msgspec.json.encode(session).decode()
    assert CANARY.findall(text) == []
    assert FILE in session.edits
    if kind[2]:
        assert PROGRAM in {call.target for call in session.calls}


def test_without_targets_no_path_and_no_command_is_in_it_either(tmp_path: Path, kind: Kind) -> None:
    (session,) = sessions(tmp_path, kind, targets=False)
    assert (session.edits, {call.target for call in session.calls} - {""}) == ((), set())
    assert session.edit_count == 1, "that something was edited is counted still"
    assert re.findall(r"KEPT[\w.-]*|CANARY-[\w-]+", msgspec.json.encode(session).decode()) == []
