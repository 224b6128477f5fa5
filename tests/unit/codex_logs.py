"""Writes rollout files as Codex CLI does, in the shapes of several versions (codex-rs/protocol/src/protocol.rs)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

START = 1_767_268_800_000
"""2026-01-01 12:00:00 UTC."""
PROMPT, ANSWER, OUTPUT, CONTENT = "CANARY-prompt", "CANARY-answer", "CANARY-output", "CANARY-content"
CANARIES = (PROMPT, ANSWER, OUTPUT, CONTENT)


def iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class RolloutWriter:
    """The lines of one rollout; a second passes between two of them unless told otherwise."""

    def __init__(self, session_id: str = "s-1", *, at: int = START, **meta: Any) -> None:
        self.at = at
        self.lines: list[bytes] = []
        self.total = {"input_tokens": 0, "cached_input_tokens": 0, "output_tokens": 0}
        self.total |= {"reasoning_output_tokens": 0, "total_tokens": 0}
        facts = {"id": session_id, "timestamp": iso(at), "cwd": "/shop/a", "cli_version": "0.169.0"}
        self.cwd = meta.get("cwd", facts["cwd"])
        self.put("session_meta", {**facts, "source": "cli", "thread_source": "user", **meta})

    def put(self, kind: str, payload: dict[str, Any], seconds: float = 1.0) -> None:
        line = {"timestamp": iso(self.at), "type": kind, "payload": payload}
        self.lines.append(msgspec.json.encode(line) + b"\n")
        self.at += round(1000 * seconds)

    def event(self, kind: str, **values: Any) -> None:
        self.put("event_msg", {"type": kind, **values})

    def item(self, kind: str, **values: Any) -> None:
        self.put("response_item", {"type": kind, **values})

    def turn(self, model: str = "gpt-5-codex", policy: str = "on-request") -> None:
        self.event("task_started", model_context_window=258_400, started_at=self.at // 1000)
        self.put("turn_context", {"cwd": self.cwd, "model": model, "approval_policy": policy})
        self.item("message", role="user", content=[{"type": "input_text", "text": PROMPT}])

    def call(self, call_id: str = "c1", name: str = "exec_command", **arguments: Any) -> None:
        text = msgspec.json.encode(arguments or {"cmd": f"git commit -m {CONTENT}"}).decode()
        self.item("function_call", name=name, call_id=call_id, arguments=text)

    def output(self, call_id: str = "c1", text: str = f"Process exited with code 0\n{OUTPUT}") -> None:
        self.item("function_call_output", call_id=call_id, output=text)

    def tokens(self, fresh: int = 600, cached: int = 400, output: int = 50, **more: Any) -> None:
        last = {"input_tokens": fresh + cached, "cached_input_tokens": cached, "output_tokens": output}
        last |= {"reasoning_output_tokens": output // 5, "total_tokens": fresh + cached + output}
        self.total = {name: self.total[name] + last[name] for name in last}
        info = {"total_token_usage": self.total, "last_token_usage": last, "model_context_window": 258_400}
        self.event("token_count", info=info, **{"rate_limits": None, **more})

    def done(self) -> None:
        self.item("message", role="assistant", content=[{"type": "output_text", "text": ANSWER}])
        self.event("task_complete", last_agent_message=ANSWER)

    @property
    def content(self) -> bytes:
        return b"".join(self.lines)

    def write(self, home: Path, name: str = "rollout-1.jsonl") -> Path:
        file = home / "sessions" / "2026" / "01" / "01" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self.content)
        return file
