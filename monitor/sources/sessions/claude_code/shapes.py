"""Values of a transcript, brought into our shapes. Pure functions; nothing here raises."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.model import Millis, TokenCounts
from monitor.sources.sessions.claude_code.lines import BLOCKS, INPUT, Block, ToolInput
from monitor.sources.sessions.targets import call_target, path_target
from monitor.sources.values import as_count

if TYPE_CHECKING:
    from monitor.sources.sessions.claude_code.lines import Message

_LOOK: Final = 160
"""Bytes of a text that are looked at for what kind of text it is; nothing of it is kept."""
_SYNTHETIC: Final = (b'"<command-', b'"<local-command-', b'"<bash-', b'"<system-reminder', b'"Caveat:')
_INTERRUPTED: Final = b'"[Request interrupted'
_REJECTED: Final = (b"The user doesn't want to", b"User rejected", b"Permission to use")
_RESETS: Final = re.compile(rb"\|(\d{10})\b")
"""When a usage limit ends, in seconds, as the program writes it behind its message."""
EDITS: Final = frozenset({"Edit", "Write", "MultiEdit", "NotebookEdit"})
"""Tools that change a file."""
QUESTIONS: Final = {"AskUserQuestion": "an answer", "ExitPlanMode": "approval of a plan"}
"""Tools by which the model asks the person, and what they ask for."""
_LARGE_MODELS: Final = re.compile(r"opus-4-8|claude-[a-z]+-[5-9](?:\b|-)")
_LARGE: Final = 1_000_000
_USUAL: Final = 200_000


def tokens_of(usage: Any) -> TokenCounts:
    """Tokens of one answer."""
    if not isinstance(usage, dict):
        return TokenCounts()
    details = usage.get("output_tokens_details")
    reasoning = details.get("thinking_tokens") if isinstance(details, dict) else None
    return TokenCounts(
        input=as_count(usage.get("input_tokens")) or 0,
        output=as_count(usage.get("output_tokens")) or 0,
        cache_read=as_count(usage.get("cache_read_input_tokens")) or 0,
        cache_write=as_count(usage.get("cache_creation_input_tokens")) or 0,
        reasoning=as_count(reasoning) or 0,
    )


def blocks_of(message: Message) -> list[Block]:
    """The parts of a message; none when it is a text."""
    if bytes(memoryview(message.content)[:1]) != b"[":
        return []
    try:
        return BLOCKS.decode(message.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []


def begins(raw: msgspec.Raw) -> bytes:
    """The first bytes of a text, with its quote."""
    return bytes(memoryview(raw)[:_LOOK])


def is_interruption(text: bytes) -> bool:
    """Whether the person stopped the turn."""
    return text.startswith(_INTERRUPTED)


def is_synthetic(text: bytes) -> bool:
    """Whether the program wrote a line in the person's name."""
    return text.startswith(_SYNTHETIC)


def is_rejection(block: Block) -> bool:
    """Whether a failed result says that the person forbade the call."""
    start = begins(block.content)
    return any(words in start for words in _REJECTED)


def resets_at(text: msgspec.Raw) -> Millis | None:
    """When a usage limit ends, where the message says so as a number."""
    found = _RESETS.search(bytes(memoryview(text)[:400]))
    return int(found[1]) * 1000 if found else None


def input_of(block: Block) -> ToolInput:
    """What of a tool's input may be kept."""
    try:
        return INPUT.decode(block.input)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ToolInput()


def edited_path(name: str, given: ToolInput, cwd: str | None) -> str:
    """The file that a call changes; empty when it changes none."""
    return path_target(given.file_path or given.notebook_path, cwd) if name in EDITS else ""


def target_of(given: ToolInput, cwd: str | None) -> str:
    """What a call works on: a path, the program that a command runs, the kind of a sub-agent."""
    path = given.file_path or given.notebook_path or given.path
    return call_target(path, given.command, given.subagent_type, cwd)


def context_size(model: str, used: int | None) -> int | None:
    """Tokens that fit into the window of a model; None for one that is not Claude.

    The name tells of the large window (`[1m]`), as does what is in it already. Opus 4.8 has it always, as the program
    itself shows (Claude Code 2.1.197), and so has the fifth generation, as Anthropic's pages say.
    """
    if "claude" not in model:
        return None
    large = "[1m]" in model or _LARGE_MODELS.search(model) is not None or (used or 0) > _USUAL
    return _LARGE if large else _USUAL
