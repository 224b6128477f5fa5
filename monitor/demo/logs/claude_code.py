"""Claude Code: its registry `sessions/<pid>.json` and its transcripts (seen with 2.1)."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any, Final

from monitor.demo.logs import lines
from monitor.demo.logs.shapes import NOTHING_SAID, iso

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.demo.logs.shapes import Call, Clock, Setting, Usage

VERSION: Final = "2.1.197"
MODELS: Final = ("claude-sonnet-4-5", "claude-opus-4-5")
_TOOLS: Final = {
    "read": "Read",
    "edit": "Edit",
    "run": "Bash",
    "question": "AskUserQuestion",
    "delegate": "Task",
}


class ClaudeCodeLog:
    """A `Log`."""

    window = 200_000
    sure = True
    fails = limits = asks = delegates = True

    def __init__(self, setting: Setting, clock: Clock) -> None:
        self._setting = setting
        self._clock = clock
        self._home = setting.home / ".claude"
        slug = re.sub(r"[/\\:_.]", "-", str(setting.worktree))
        self._folder = self._home / "projects" / slug
        self._session = ""
        self._started = clock.now()
        self._alive = False
        self._answers = 0

    def begin(self, session_id: str) -> None:
        """A new session, in a transcript of its own."""
        self._session = session_id
        self._line("mode", mode="default")
        self._tell("idle")

    def live(self) -> None:
        """The process registers itself."""
        self._alive = True
        self._started = self._clock.now()
        self._tell("idle")

    def prompt(self, text: str) -> None:
        """A person gives a task."""
        self._line("user", message={"role": "user", "content": text}, permissionMode="default")
        self._tell("busy")

    def answer(self, usage: Usage, *, over: bool) -> None:
        """The model says something."""
        self._answers += 1
        self._put({"type": "text", "text": NOTHING_SAID}, usage, "end_turn" if over else None)
        if over:
            self._line("system", subtype="turn_duration", durationMs=60_000)
            self._tell("idle")

    def call(self, call: Call, usage: Usage, *, waits: bool = False) -> None:
        """The model calls a tool: a line for each part of the answer, the usage on both."""
        self._answers += 1
        self._put({"type": "text", "text": NOTHING_SAID}, usage, "tool_use")
        tool = {"type": "tool_use", "id": call.id, "name": _TOOLS[call.action], "input": self._input(call)}
        self._put(tool, usage, "tool_use")
        if waits:
            self._tell("waiting", "permission prompt")
        elif call.action == "question":
            self._tell("waiting", "input needed")

    def result(self, call: Call, *, ok: bool) -> None:
        """The call has ended."""
        self._tell("busy")
        block = {"tool_use_id": call.id, "type": "tool_result", "content": NOTHING_SAID, "is_error": not ok}
        self._line("user", message={"role": "user", "content": [block]})

    def failed(self) -> None:
        """The API answers with an error."""
        self._api_error("API Error: 529 overloaded", apiErrorStatus=529)

    def limited(self, until: int) -> None:
        """The usage limit is reached."""
        text = f"Claude AI usage limit reached|{until // 1000}"
        self._api_error(text, apiErrorStatus=429, error="rate_limit")

    def compact(self) -> None:
        """The context is summed up."""
        self._line("system", subtype="compact_boundary", compactMetadata={"trigger": "auto"})
        self._line("user", message={"role": "user", "content": NOTHING_SAID}, isCompactSummary=True)

    def spawn(self, call: Call, session_id: str, usage: Usage) -> None:
        """A sub-agent has a transcript of its own beside the session's."""
        file = self._subagent(session_id)
        meta = {"agentType": call.target, "description": NOTHING_SAID}
        lines.replace(file.with_suffix(".meta.json"), json.dumps(meta))
        task = {"role": "user", "content": NOTHING_SAID}
        self._line("user", file, message=task, isSidechain=True, agentId=session_id)
        self._answers += 1
        tool = {"type": "tool_use", "id": f"{call.id}-1", "name": "Grep", "input": {"path": "src"}}
        self._put(tool, usage, "tool_use", file)
        block = {"tool_use_id": f"{call.id}-1", "type": "tool_result", "content": NOTHING_SAID}
        self._line("user", file, message={"role": "user", "content": [block]}, isSidechain=True)

    def join(self, session_id: str, usage: Usage) -> None:
        """The sub-agent is done."""
        self._answers += 1
        self._put({"type": "text", "text": NOTHING_SAID}, usage, "end_turn", self._subagent(session_id))

    def forget(self, session_id: str) -> None:
        """Remove a transcript and those of its sub-agents."""
        (self._folder / f"{session_id}.jsonl").unlink(missing_ok=True)
        shutil.rmtree(self._folder / session_id, ignore_errors=True)

    def _subagent(self, session_id: str) -> Path:
        return self._folder / self._session / "subagents" / f"agent-{session_id}.jsonl"

    def _input(self, call: Call) -> dict[str, Any]:
        path = str(self._setting.worktree / call.target)
        match call.action:
            case "read":
                return {"file_path": path}
            case "edit":
                return {"file_path": path, "old_string": NOTHING_SAID, "new_string": NOTHING_SAID}
            case "run":
                return {"command": call.target, "description": NOTHING_SAID}
            case "question":
                return {"questions": [{"question": NOTHING_SAID}]}
            case "delegate":
                return {"subagent_type": call.target, "prompt": NOTHING_SAID}

    def _api_error(self, text: str, **values: Any) -> None:
        usage = {"input_tokens": 0, "output_tokens": 0}
        message: dict[str, Any] = {"id": "", "role": "assistant", "model": "<synthetic>", "usage": usage}
        message |= {"content": [{"type": "text", "text": text}], "stop_reason": "stop_sequence"}
        self._line("assistant", message=message, isApiErrorMessage=True, **values)
        self._tell("idle")

    def _put(self, block: dict[str, Any], usage: Usage, stop: str | None, file: Path | None = None) -> None:
        """A part of an answer."""
        message = {
            "id": f"msg_{self._session}_{self._answers}",
            "type": "message",
            "role": "assistant",
            "model": MODELS[self._setting.model % len(MODELS)],
            "content": [block],
            "stop_reason": stop,
            "usage": {
                "input_tokens": usage.fresh,
                "output_tokens": usage.output,
                "cache_read_input_tokens": usage.cached,
                "cache_creation_input_tokens": usage.written,
                "output_tokens_details": {"thinking_tokens": usage.reasoning},
            },
        }
        request = f"req_{self._session}_{self._answers}"
        self._line("assistant", file, message=message, requestId=request, isSidechain=file is not None)

    def _line(self, kind: str, file: Path | None = None, **values: Any) -> None:
        envelope = {
            "parentUuid": None,
            "isSidechain": False,
            "userType": "external",
            "cwd": str(self._setting.worktree),
            "sessionId": self._session,
            "version": VERSION,
            "type": kind,
            "timestamp": iso(self._clock.now()),
        }
        lines.append(file or self._folder / f"{self._session}.jsonl", envelope | values)

    def _tell(self, status: str, waiting_for: str = "") -> None:
        """Write what the process does into its file of the registry."""
        if not self._alive:
            return
        now = self._clock.now()
        entry = {
            "pid": self._setting.pid,
            "sessionId": self._session,
            "cwd": str(self._setting.worktree),
            "startedAt": self._started,
            "procStart": None if self._setting.tick is None else str(self._setting.tick),
            "version": VERSION,
            "kind": "interactive",
            "entrypoint": "cli",
            "status": status,
            "updatedAt": now,
            "statusUpdatedAt": now,
            **({"waitingFor": waiting_for} if waiting_for else {}),
        }
        lines.replace(self._home / "sessions" / f"{self._setting.pid}.json", json.dumps(entry))
