"""Writes chats as Gemini CLI does (packages/core/src/services/chatRecordingService.ts; seen with 0.61)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

START = 1_767_268_800_000
"""2026-01-01 12:00:00 UTC."""
PROMPT, ANSWER, OUTPUT, CONTENT = "CANARY-prompt", "CANARY-answer", "CANARY-output", "CANARY-content"
MODEL = "gemini-3.8-flash"


def iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class ChatWriter:
    """The lines of one chat; a second passes between two messages."""

    def __init__(self, session_id: str = "s-1", *, cwd: str = "/shop/a", at: int = START) -> None:
        self.session_id = session_id
        self.cwd = cwd
        self.at = at
        self.count = 0
        self.messages: list[dict[str, Any]] = []
        hashed = hashlib.sha256(cwd.encode()).hexdigest()
        self.header = {"sessionId": session_id, "projectHash": hashed, "startTime": iso(at)}
        self.header |= {"lastUpdated": iso(at), "kind": "main"}
        self.lines: list[bytes] = []
        self.line(self.header)
        context = {"text": f"<session_context>\n{CONTENT}\n</session_context>"}
        first = {"id": "m-0", "timestamp": iso(at), "type": "user", "content": [context]}
        self.line({"$set": {"messages": [first], "lastUpdated": iso(at)}})

    def line(self, value: Any) -> None:
        self.lines.append(msgspec.json.encode(value) + b"\n")

    def put(self, kind: str, content: Any, number: str = "", **values: Any) -> dict[str, Any]:
        self.count += not number
        message = {
            "id": number or f"m-{self.count}",
            "timestamp": iso(self.at),
            "type": kind,
            "content": content,
        }
        message |= values
        self.messages.append(message)
        self.line(message)
        self.line({"$set": {"lastUpdated": iso(self.at)}})
        self.at += 1000
        return message

    def prompt(self) -> None:
        self.put("user", [{"text": PROMPT}])

    def answer(self, content: Any = ANSWER, number: str = "", **values: Any) -> dict[str, Any]:
        tokens = {"input": 1000, "output": 50, "cached": 400, "thoughts": 10, "tool": 0, "total": 1060}
        values = {"thoughts": [{"subject": CONTENT}], "tokens": tokens, "model": MODEL, **values}
        return self.put("gemini", content, number, **values)

    def ended(
        self, message: dict[str, Any], name: str = "run_shell_command", status: str = "success", **args: Any
    ) -> None:
        """The message is written again, with the call that has ended."""
        call = {
            "id": f"call-{message['id']}",
            "name": name,
            "args": args or {"command": f"git commit -m {CONTENT}"},
        }
        call |= {"status": status, "timestamp": iso(self.at), "result": [OUTPUT], "resultDisplay": OUTPUT}
        self.line({**message, "toolCalls": [{**call, "description": CONTENT}]})
        self.at += 1000
        self.put("user", [{"functionResponse": {"response": {"output": OUTPUT}}}])

    def write(self, home: Path, *, parent: str = "", legacy: bool = False, named: bool = True) -> Path:
        project = hashlib.sha256(self.cwd.encode()).hexdigest() if legacy else "a"
        folder = home / ".gemini" / "tmp" / project
        chats = folder / "chats" / parent if parent else folder / "chats"
        chats.mkdir(parents=True, exist_ok=True)
        if named and not legacy:
            (folder / ".project_root").write_text(self.cwd)
        if legacy:
            path = chats / f"session-2026-01-01T12-00-{self.session_id}.json"
            path.write_bytes(msgspec.json.encode({**self.header, "messages": self.messages}))
        else:
            path = chats / f"session-2026-01-01T12-00-{self.session_id}.jsonl"
            path.write_bytes(b"".join(self.lines))
        return path
