"""Which kinds of the demo's agents keep a log, and which log that is."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from monitor.demo.logs.shapes import Clock, Log, Setting

_LOGS: Final = {
    "claude-code": ("claude_code", "ClaudeCodeLog"),
    "codex": ("codex", "CodexLog"),
    "gemini": ("gemini", "GeminiLog"),
    "opencode": ("opencode", "OpencodeLog"),
    "goose": ("goose", "GooseLog"),
    "aider": ("aider", "AiderLog"),
}


def open_log(kind: str, setting: Setting, clock: Clock) -> Log:
    """The log of an agent of that kind, a silent one for others. What it needs is imported now."""
    module, name = _LOGS.get(kind, ("silent", "SilentLog"))
    return cast("Log", getattr(import_module(f"monitor.demo.logs.{module}"), name)(setting, clock))
