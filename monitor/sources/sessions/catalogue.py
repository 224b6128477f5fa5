"""Every reader of agents' own logs, by the kind of agent; loaded only when its logs are to be read."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.sources.sessions.reader import ReaderOptions, SessionReader

_READERS: Final = {
    "claude-code": ("claude_code", "ClaudeCodeReader"),
    "codex": ("codex", "CodexReader"),
    "gemini": ("gemini", "GeminiReader"),
    "opencode": ("opencode", "OpencodeReader"),
    "goose": ("goose", "GooseReader"),
    "aider": ("aider", "AiderReader"),
}
KINDS: Final = tuple(_READERS)
"""Kinds of agents whose logs can be read."""


def open_reader(kind: str, options: ReaderOptions) -> SessionReader:
    """The reader of one kind's logs. Raises KeyError for a kind that is not among `KINDS`."""
    module, name = _READERS[kind]
    make = getattr(import_module(f"monitor.sources.sessions.{module}"), name)
    return cast("Callable[[ReaderOptions], SessionReader]", make)(options)
