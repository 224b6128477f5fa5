"""Gemini CLI: its chats (seen with 0.61). Tool calls are written when they have ended."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from monitor.demo.logs import lines
from monitor.demo.logs.shapes import NOTHING_SAID, iso

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.demo.logs.shapes import Call, Clock, Setting, Usage

MODELS: Final = ("gemini-2.5-pro", "gemini-2.5-flash")
_TOOLS: Final = {"read": "read_file", "edit": "replace", "run": "run_shell_command", "delegate": "delegate"}


class GeminiLog:
    """A `Log`."""

    window = 1_048_576
    sure = False
    fails = delegates = True
    limits = asks = False

    def __init__(self, setting: Setting, clock: Clock) -> None:
        self._setting = setting
        self._clock = clock
        self._project = setting.home / ".gemini" / "tmp" / setting.worktree.name
        self._session = ""
        self._files: dict[str, Path] = {}
        self._messages = 0
        self._pending: dict[str, Any] = {}

    def begin(self, session_id: str) -> None:
        """A new session, in a chat of its own."""
        self._session = session_id
        self._project.mkdir(parents=True, exist_ok=True)
        (self._project / ".project_root").write_text(str(self._setting.worktree))
        self._open(session_id, self._project / "chats", "main")

    def live(self) -> None:
        """Gemini CLI registers itself nowhere."""

    def prompt(self, text: str) -> None:
        """A person gives a task."""
        self._message("user", [{"text": text}])

    def answer(self, usage: Usage, *, over: bool) -> None:
        """The model says something; with words alone a turn ends."""
        if over:
            self._message("gemini", NOTHING_SAID, usage)

    def call(self, call: Call, usage: Usage, *, waits: bool = False) -> None:
        """The model calls a tool: an answer without words; whether it waits for a person is not written."""
        del call, waits
        self._pending = self._message("gemini", "", usage)

    def result(self, call: Call, *, ok: bool) -> None:
        """The answer is written again, with the call that has ended."""
        status = "success" if ok else "error"
        told = {"id": call.id, "name": _TOOLS[call.action], "args": self._arguments(call), "status": status}
        told |= {"timestamp": iso(self._clock.now()), "result": [NOTHING_SAID]}
        lines.append(self._files[self._session], {**self._pending, "toolCalls": [told]})
        self._message("user", [{"functionResponse": {"response": {"output": NOTHING_SAID}}}])

    def failed(self) -> None:
        """The API answers with an error."""
        self._message("error", NOTHING_SAID)

    def limited(self, until: int) -> None:
        """A limit is an error like others."""

    def compact(self) -> None:
        """The messages are replaced by a summary."""
        now = iso(self._clock.now())
        first = {"id": f"m-{self._messages}-s", "timestamp": now, "type": "user"}
        context = [{"text": f"<session_context>\n{NOTHING_SAID}\n</session_context>"}]
        change = {"messages": [{**first, "content": context}], "lastUpdated": now}
        lines.append(self._files[self._session], {"$set": change})

    def spawn(self, call: Call, session_id: str, usage: Usage) -> None:
        """A sub-agent has a chat in the folder of the session."""
        del call
        self._open(session_id, self._project / "chats" / self._session, "subagent")
        self._message("gemini", "", usage, session_id=session_id)

    def join(self, session_id: str, usage: Usage) -> None:
        """The sub-agent is done."""
        self._message("gemini", NOTHING_SAID, usage, session_id=session_id)

    def forget(self, session_id: str) -> None:
        """Remove a chat; those of its sub-agents are small."""
        if session_id in self._files:
            self._files.pop(session_id).unlink(missing_ok=True)

    def _arguments(self, call: Call) -> dict[str, Any]:
        if call.action == "run":
            return {"command": call.target, "description": NOTHING_SAID}
        if call.action == "delegate":
            return {"objective": NOTHING_SAID}
        return {"file_path": str(self._setting.worktree / call.target)}

    def _open(self, session_id: str, folder: Path, kind: str) -> None:
        now = self._clock.now()
        moment = datetime.fromtimestamp(now / 1000, UTC)
        self._files[session_id] = folder / f"session-{moment:%Y-%m-%dT%H-%M}-{session_id[:8]}.jsonl"
        project = hashlib.sha256(str(self._setting.worktree).encode()).hexdigest()
        header = {"sessionId": session_id, "projectHash": project, "startTime": iso(now)}
        lines.append(self._files[session_id], {**header, "lastUpdated": iso(now), "kind": kind})

    def _message(
        self, kind: str, content: Any, usage: Usage | None = None, session_id: str = ""
    ) -> dict[str, Any]:
        self._messages += 1
        now = iso(self._clock.now())
        message = {"id": f"m-{self._messages}", "timestamp": now, "type": kind, "content": content}
        if usage is not None:
            tokens = {
                "input": usage.context,
                "output": usage.output - usage.reasoning,
                "cached": usage.cached,
            }
            tokens |= {"thoughts": usage.reasoning, "tool": 0, "total": usage.context + usage.output}
            message |= {"tokens": tokens, "model": MODELS[self._setting.model % len(MODELS)]}
        lines.append(self._files[session_id or self._session], message, {"$set": {"lastUpdated": now}})
        return message
