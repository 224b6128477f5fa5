"""Writes what Claude Code writes, in the shapes of several versions (seen with 1.0 and 2.1)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

START = 1_767_268_800_000
"""2026-01-01 12:00:00 UTC."""
PROMPT, ANSWER, OUTPUT, CONTENT = "CANARY-prompt", "CANARY-answer", "CANARY-output", "CANARY-content"
CANARIES = (PROMPT, ANSWER, OUTPUT, CONTENT)
REJECTED = "The user doesn't want to proceed with this tool use. The tool use was rejected."
MODEL = "claude-sonnet-4-5"


def iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class TranscriptWriter:
    """The lines of one transcript; a second passes between two of them unless told otherwise."""

    def __init__(
        self, session_id: str = "s-1", *, at: int = START, cwd: str = "/shop/a", **envelope: Any
    ) -> None:
        self.session_id = session_id
        self.at = at
        self.lines: list[bytes] = []
        self.answers = 0
        self.envelope: dict[str, Any] = {
            "isSidechain": False,
            "userType": "external",
            "cwd": cwd,
            "sessionId": session_id,
            "version": "2.1.197",
            "gitBranch": "main",
            **envelope,
        }

    def put(self, kind: str, seconds: float = 1.0, **values: Any) -> None:
        line = {"parentUuid": None, "type": kind, **self.envelope, "timestamp": iso(self.at), **values}
        self.lines.append(msgspec.json.encode(line) + b"\n")
        self.at += round(1000 * seconds)

    def prompt(self, text: str = PROMPT, **values: Any) -> None:
        self.put("user", message={"role": "user", "content": text}, **values)

    def answer(
        self, *blocks: dict[str, Any], stop: str | None = "end_turn", model: str = MODEL, **usage: int
    ) -> None:
        """One answer: a line for each of its parts, with the usage on every one, as the program does."""
        self.answers += 1
        counts = {
            "input_tokens": 10,
            "cache_creation_input_tokens": 200,
            "cache_read_input_tokens": 3000,
            "output_tokens": 50,
            **usage,
        }
        for block in blocks or ({"type": "text", "text": ANSWER},):
            message = {
                "id": f"msg-{self.session_id}-{self.answers}",
                "role": "assistant",
                "model": model,
                "content": [block],
                "stop_reason": stop,
                "usage": counts,
            }
            self.put("assistant", 0.1, message=message, requestId=f"req-{self.session_id}-{self.answers}")

    def call(self, call_id: str = "t1", name: str = "Bash", **given: Any) -> None:
        given = given or {"command": f"git commit -m {CONTENT}", "description": CONTENT}
        text = {"type": "text", "text": ANSWER}
        self.answer(text, {"type": "tool_use", "id": call_id, "name": name, "input": given}, stop="tool_use")

    def result(self, call_id: str = "t1", text: Any = OUTPUT, *, error: bool = False) -> None:
        block = {"tool_use_id": call_id, "type": "tool_result", "content": text, "is_error": error}
        self.put("user", message={"role": "user", "content": [block]}, toolUseResult={"stdout": OUTPUT})

    def interrupt(self) -> None:
        block = {"type": "text", "text": "[Request interrupted by user for tool use]"}
        self.put("user", message={"role": "user", "content": [block]})

    def failed(self, text: str = "API Error: 529 overloaded", **values: Any) -> None:
        message = {
            "id": "e1",
            "role": "assistant",
            "model": "<synthetic>",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "stop_sequence",
            "usage": {"input_tokens": 0, "output_tokens": 0},
        }
        self.put("assistant", message=message, isApiErrorMessage=True, **values)

    def path(self, home: Path) -> Path:
        return home / "projects" / "-shop-a" / f"{self.session_id}.jsonl"

    def write(self, home: Path, path: Path | None = None) -> Path:
        path = path or self.path(home)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(self.lines))
        return path


def subagent_path(home: Path, session_id: str, agent_id: str) -> Path:
    return home / "projects" / "-shop-a" / session_id / "subagents" / f"agent-{agent_id}.jsonl"


def register(home: Path, pid: int, start: int | None, session_id: str = "s-1", **values: Any) -> Path:
    """A process registers itself."""
    folder = home / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    file = {"pid": pid, "sessionId": session_id, "cwd": "/shop/a", "startedAt": START, "version": "2.1.197"}
    file |= {"procStart": str(start)} if start is not None else {}
    file |= {"kind": "interactive", "entrypoint": "cli", **values}
    path = folder / f"{pid}.json"
    path.write_bytes(msgspec.json.encode(file))
    return path


def hook(spool: Path, event: str, at: int, session_id: str = "s-1", **values: Any) -> None:
    """A hook was called."""
    spool.mkdir(parents=True, exist_ok=True)
    record = {"at": at, "agent": "claude-code", "event": event, "session_id": session_id, **values}
    with (spool / f"{session_id}.jsonl").open("ab") as file:
        file.write(msgspec.json.encode(record) + b"\n")
