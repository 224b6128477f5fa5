"""Makes large logs of Claude Code and Codex CLI, with their mix of lines: most bytes are in tool results."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MEGABYTE = 1_000_000
FILE_SIZES = (500_000, 2_000_000, 4_000_000, 12_000_000)
"""Of a session's log: most are small, and a few hold most of the bytes."""
RESULTS = (1_000, 2_000, 4_000, 8_000, 16_000, 50_000)
"""Characters of a tool's result."""
CODE = (
    "def merge_basket(basket, *, limit=100):\n"
    '    """Merge what is in the basket, at most `limit` of it."""\n'
    "    if basket is None:\n"
    '        raise ValueError("no basket given: größer als 3 €")\n'
    "\treturn [item for item in basket if item.count <= limit]\n\n"
    "src/orders/service.py:41: error: Argument 1 has incompatible type  [arg-type]\n"
)
TEXT = CODE * 150
STEP_SECONDS = 3
DAY = 86_400


class Writer:
    """What the logs have in common: a clock, chance, and pieces of text."""

    def __init__(self, seed: int, end: float) -> None:
        self.rng = random.Random(seed)
        self.at = end
        self.calls = 0

    def now(self) -> str:
        """The next line's time: lines are counted back from the end, so that a file ends when it was written."""
        self.at += STEP_SECONDS
        moment = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds")
        return moment.replace("+00:00", "Z")

    def text(self, length: int) -> str:
        """So many characters of code and errors."""
        start = self.rng.randrange(len(CODE))
        return TEXT[start : start + length]

    def call(self) -> str:
        """The id of the next tool call."""
        self.calls += 1
        return f"call_{self.calls:05}{self.rng.getrandbits(64):016x}"


class ClaudeCode(Writer):
    """A transcript of Claude Code: every part of an answer in a line of its own, results twice, as the program does."""

    def __init__(self, seed: int, end: float, session: str, cwd: str) -> None:
        super().__init__(seed, end)
        self.envelope = {
            "isSidechain": False,
            "userType": "external",
            "cwd": cwd,
            "sessionId": session,
            "version": "2.1.197",
            "gitBranch": "main",
        }
        self.answers = 0

    def turn(self) -> Iterator[dict[str, Any]]:
        """A prompt, calls with their results, an answer."""
        yield self._line("user", message={"role": "user", "content": self.text(300)})
        for _ in range(self.rng.randint(3, 12)):
            yield from self._call()
        yield self._answer({"type": "text", "text": self.text(900)}, "end_turn")
        yield self._line("system", subtype="turn_duration", durationMs=self.rng.randrange(90_000))

    def _call(self) -> Iterator[dict[str, Any]]:
        number, name = self.call(), self.rng.choice(("Read", "Bash", "Edit", "Grep"))
        path = f"{self.envelope['cwd']}/src/orders/service.py"
        if name == "Bash":
            given: dict[str, Any] = {"command": "pytest -q tests", "description": self.text(80)}
        elif name == "Edit":
            given = {"file_path": path, "old_string": self.text(500), "new_string": self.text(900)}
        else:
            given = {"file_path": path, "pattern": "merge"}
        self.answers += 1
        if self.rng.random() < 0.5:
            thought = {"type": "thinking", "thinking": self.text(1_500), "signature": "c2ln" * 100}
            yield self._answer(thought, "tool_use")
        yield self._answer({"type": "tool_use", "id": number, "name": name, "input": given}, "tool_use")
        result = self.text(self.rng.choice(RESULTS))
        block = {"tool_use_id": number, "type": "tool_result", "content": result}
        told = {"stdout": result, "stderr": "", "interrupted": False}
        yield self._line("user", message={"role": "user", "content": [block]}, toolUseResult=told)

    def _answer(self, block: dict[str, Any], stop: str) -> dict[str, Any]:
        usage = {"input_tokens": 4, "cache_creation_input_tokens": 900, "cache_read_input_tokens": 40_000}
        message = {
            "id": f"msg_{self.envelope['sessionId']}_{self.answers}",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-4-5",
            "content": [block],
            "stop_reason": stop,
            "usage": {**usage, "output_tokens": 400, "service_tier": "standard"},
        }
        return self._line("assistant", message=message, requestId=f"req_{self.answers}")

    def _line(self, kind: str, **values: Any) -> dict[str, Any]:
        number = f"{self.rng.getrandbits(64):016x}"
        return {
            "parentUuid": number,
            **self.envelope,
            "type": kind,
            **values,
            "uuid": number,
            "timestamp": self.now(),
        }


class Codex(Writer):
    """A rollout of Codex CLI."""

    def __init__(self, seed: int, end: float, session: str, cwd: str) -> None:
        super().__init__(seed, end)
        self.session, self.cwd = session, cwd
        self.begun = False
        self.total = 0

    def turn(self) -> Iterator[dict[str, Any]]:
        """A prompt, calls with their results and the tokens they took, an answer."""
        if not self.begun:
            self.begun = True
            meta = {"id": self.session, "cwd": self.cwd, "cli_version": "0.169.0", "source": "cli"}
            yield self._line(
                "session_meta", {**meta, "timestamp": self.now(), "instructions": self.text(9_000)}
            )
        yield self._event("task_started", model_context_window=258_400)
        policy = {"approval_policy": "on-request", "sandbox_policy": {"mode": "workspace-write"}}
        yield self._line("turn_context", {"cwd": self.cwd, "model": "gpt-5-codex", **policy})
        yield self._item("message", role="user", content=[{"type": "input_text", "text": self.text(300)}])
        for _ in range(self.rng.randint(3, 12)):
            yield from self._call()
        answer = self.text(900)
        yield self._item("message", role="assistant", content=[{"type": "output_text", "text": answer}])
        yield self._event("task_complete", last_agent_message=answer)

    def _call(self) -> Iterator[dict[str, Any]]:
        number = self.call()
        yield self._item("reasoning", summary=[], encrypted_content="Z0FB" * self.rng.randrange(200, 1_200))
        given = json.dumps({"cmd": "pytest -q tests", "workdir": self.cwd})
        yield self._item("function_call", name="exec_command", call_id=number, arguments=given)
        output = f"Process exited with code 0\nOutput:\n{self.text(self.rng.choice(RESULTS))}"
        yield self._item("function_call_output", call_id=number, output=output)
        self.total += 1
        last = {"input_tokens": 40_900, "cached_input_tokens": 40_000, "output_tokens": 400}
        last |= {"reasoning_output_tokens": 200, "total_tokens": 41_300}
        every = {name: count * self.total for name, count in last.items()}
        info = {"total_token_usage": every, "last_token_usage": last, "model_context_window": 258_400}
        window = {"used_percent": 12.0, "window_minutes": 300, "resets_at": round(self.at) + 9_000}
        yield self._event("token_count", info=info, rate_limits={"primary": window, "secondary": None})

    def _item(self, kind: str, **values: Any) -> dict[str, Any]:
        return self._line("response_item", {"type": kind, **values})

    def _event(self, kind: str, **values: Any) -> dict[str, Any]:
        return self._line("event_msg", {"type": kind, **values})

    def _line(self, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        return {"timestamp": self.now(), "type": kind, "payload": payload}


class Log:
    """A log and what writes it."""

    def __init__(self, home: Path, number: int, now: float) -> None:
        session, cwd = f"{number:08x}-0000-4000-8000-000000000000", f"/shop/agents/agent-{number}"
        self._writer: ClaudeCode | Codex
        if number % 2:
            self.path = home / ".claude" / "projects" / f"-shop-agents-agent-{number}" / f"{session}.jsonl"
            self._writer = ClaudeCode(number, now - DAY, session, cwd)
        else:
            day = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d")
            self.path = home / ".codex" / "sessions" / day / f"rollout-{session}.jsonl"
            self._writer = Codex(number, now - DAY, session, cwd)
        self.session_id = session
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lines = (line for _ in iter(int, 1) for line in self._writer.turn())

    def append(self, size: int = 1) -> int:
        """Write lines until they are so many bytes, one at least; how many bytes they are."""
        written = 0
        with self.path.open("ab") as stream:
            while written < size:
                text = json.dumps(next(self._lines), ensure_ascii=False, separators=(",", ":"))
                written += stream.write(text.encode() + b"\n")
        return written


def make_logs(home: Path, megabytes: int, *, now: float) -> list[Log]:
    """Write so many megabytes of logs into a home, half of the files of each program; the oldest first.

    Each file is 20 minutes younger than the one before.
    """
    rng = random.Random(1)
    logs: list[Log] = []
    left = megabytes * MEGABYTE
    while left > 0:
        log = Log(home, len(logs), now)
        left -= log.append(min(left, rng.choice(FILE_SIZES)))
        logs.append(log)
    for number, log in enumerate(reversed(logs)):
        os.utime(log.path, (now - number * 1200, now - number * 1200))
    return logs
