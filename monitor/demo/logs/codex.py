"""Codex CLI: its rollouts (seen with 0.169)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from monitor.demo.logs import lines
from monitor.demo.logs.shapes import NOTHING_SAID, iso

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.demo.logs.shapes import Call, Clock, Setting, Usage

VERSION: Final = "0.169.0"
MODELS: Final = ("gpt-5-codex", "gpt-5")
_NO_TOKENS: Final = {
    "input_tokens": 0,
    "cached_input_tokens": 0,
    "output_tokens": 0,
    "reasoning_output_tokens": 0,
    "total_tokens": 0,
}
_FIVE_HOURS: Final = 5 * 3_600
_WEEK: Final = 7 * 86_400
_FULL_AFTER: Final = 60_000_000
"""Tokens in five hours that this account may use."""


class CodexLog:
    """A `Log`."""

    window = 258_400
    sure = False
    fails = limits = asks = delegates = True

    def __init__(self, setting: Setting, clock: Clock) -> None:
        self._setting = setting
        self._clock = clock
        self._home = setting.home / ".codex" / "sessions"
        self._model = MODELS[setting.model % len(MODELS)]
        self._session = ""
        self._files: dict[str, Path] = {}
        self._totals: dict[str, dict[str, int]] = {}

    def begin(self, session_id: str) -> None:
        """A new session, in a rollout of its own."""
        self._session = session_id
        self._open(session_id, source="cli", thread_source="user")

    def live(self) -> None:
        """Codex registers itself nowhere."""

    def prompt(self, text: str) -> None:
        """A person gives a task: a turn begins."""
        now = self._clock.now() // 1000
        self._event("task_started", model_context_window=self.window, started_at=now)
        policy = {"approval_policy": "on-request", "sandbox_policy": {"mode": "workspace-write"}}
        self._line("turn_context", {"cwd": str(self._setting.worktree), "model": self._model, **policy})
        self._item("message", role="user", content=[{"type": "input_text", "text": text}])

    def answer(self, usage: Usage, *, over: bool) -> None:
        """The model says something."""
        self._item("message", role="assistant", content=[{"type": "output_text", "text": NOTHING_SAID}])
        self._tokens(usage)
        if over:
            self._event("task_complete", last_agent_message=NOTHING_SAID)

    def call(self, call: Call, usage: Usage, *, waits: bool = False) -> None:
        """The model calls a tool; edits are patches, and what goes beyond the sandbox says so."""
        self._item("reasoning", summary=[], encrypted_content="")
        if call.action == "edit":
            patch = f"*** Begin Patch\n*** Update File: {call.target}\n@@\n+{NOTHING_SAID}\n*** End Patch"
            self._item("custom_tool_call", name="apply_patch", call_id=call.id, input=patch)
        else:
            name, given = self._function(call)
            if waits:
                given |= {"sandbox_permissions": "require_escalated", "justification": NOTHING_SAID}
            self._item("function_call", name=name, call_id=call.id, arguments=json.dumps(given))
        self._tokens(usage)

    def result(self, call: Call, *, ok: bool) -> None:
        """The call has ended."""
        kind = "custom_tool_call_output" if call.action == "edit" else "function_call_output"
        text = f"Process exited with code {int(not ok)}\nOutput:\n{NOTHING_SAID}"
        self._item(kind, call_id=call.id, output=text)

    def failed(self) -> None:
        """The API answers with an error."""
        self._event("error", message=NOTHING_SAID, codex_error_info="server_overloaded")

    def limited(self, until: int) -> None:
        """The usage limit is reached."""
        primary = {"used_percent": 100.0, "window_minutes": 300, "resets_at": until // 1000}
        limits = {"primary": primary, "secondary": None, "rate_limit_reached_type": "rate_limit_reached"}
        self._event("token_count", info=None, rate_limits=limits)

    def compact(self) -> None:
        """The context is summed up."""
        self._line("compacted", {"message": ""})

    def spawn(self, call: Call, session_id: str, usage: Usage) -> None:
        """A sub-agent has a rollout of its own."""
        spawned = {"parent_thread_id": self._session, "depth": 1, "agent_role": call.target}
        source = {"subagent": {"thread_spawn": spawned}}
        self._open(session_id, source=source, thread_source="subagent")
        self._event("task_started", session_id, model_context_window=self.window)
        self._line("turn_context", {"cwd": str(self._setting.worktree), "model": self._model}, session_id)
        self._tokens(usage, session_id)

    def join(self, session_id: str, usage: Usage) -> None:
        """The sub-agent is done."""
        self._tokens(usage, session_id)
        self._event("task_complete", session_id, last_agent_message=NOTHING_SAID)

    def forget(self, session_id: str) -> None:
        """Remove a rollout; those of its sub-agents are small."""
        if session_id in self._files:
            self._files.pop(session_id).unlink(missing_ok=True)

    def _function(self, call: Call) -> tuple[str, dict[str, Any]]:
        match call.action:
            case "question":
                return "request_user_input", {"questions": [{"question": NOTHING_SAID}]}
            case "delegate":
                return "spawn_agent", {"message": NOTHING_SAID}
            case "read":
                return "exec_command", {"cmd": f"sed -n 1,200p {call.target}"}
            case _:
                return "exec_command", {"cmd": call.target}

    def _open(self, session_id: str, **values: Any) -> None:
        now = self._clock.now()
        moment = datetime.fromtimestamp(now / 1000, UTC)
        name = f"rollout-{moment:%Y-%m-%dT%H-%M-%S}-{session_id}.jsonl"
        self._files[session_id] = self._home / f"{moment:%Y/%m/%d}" / name
        self._totals[session_id] = _NO_TOKENS
        meta = {"id": session_id, "timestamp": iso(now), "cwd": str(self._setting.worktree)}
        meta |= {"originator": "codex_cli", "cli_version": VERSION, "model_provider": "openai"}
        self._line("session_meta", {**meta, **values}, session_id)

    def _tokens(self, usage: Usage, session_id: str = "") -> None:
        """Count over the whole thread, as the program does; what came from the cache is input as well."""
        number = session_id or self._session
        last = {
            "input_tokens": usage.context,
            "cached_input_tokens": usage.cached,
            "output_tokens": usage.output,
            "reasoning_output_tokens": usage.reasoning,
            "total_tokens": usage.context + usage.output,
        }
        total = {name: count + last[name] for name, count in self._totals[number].items()}
        self._totals[number] = total
        info = {"total_token_usage": total, "last_token_usage": last, "model_context_window": self.window}
        self._event("token_count", number, info=info, rate_limits=self._limits(total["total_tokens"]))

    def _limits(self, used: int) -> dict[str, Any]:
        """How full the account's windows are; they begin anew at fixed times."""
        now = self._clock.now() // 1000
        share = 35 + 60 * min(1.0, used / _FULL_AFTER)
        windows = {"primary": (share, _FIVE_HOURS), "secondary": (18 + share / 8, _WEEK)}
        return {
            name: {
                "used_percent": round(percent, 1),
                "window_minutes": seconds // 60,
                "resets_at": now - now % seconds + seconds,
            }
            for name, (percent, seconds) in windows.items()
        }

    def _item(self, kind: str, **values: Any) -> None:
        self._line("response_item", {"type": kind, **values})

    def _event(self, kind: str, session_id: str = "", **values: Any) -> None:
        self._line("event_msg", {"type": kind, **values}, session_id)

    def _line(self, kind: str, payload: dict[str, Any], session_id: str = "") -> None:
        file = self._files[session_id or self._session]
        lines.append(file, {"timestamp": iso(self._clock.now()), "type": kind, "payload": payload})
