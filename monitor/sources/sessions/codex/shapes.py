"""Values of a rollout file, brought into our shapes. Pure functions; nothing here raises."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.model import Millis, Quota, TokenCounts, ToolOutcome
from monitor.sources.sessions.ledger import NAME_LIMIT
from monitor.sources.values import as_count, as_number, as_text, as_time

if TYPE_CHECKING:
    from monitor.sources.sessions.codex.lines import Item, Meta

COUNTS: Final = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_input_tokens",
    "output_tokens",
    "reasoning_output_tokens",
    "total_tokens",
)
"""What Codex counts, by its names."""
LIMIT_REACHED: Final = "usage_limit_exceeded"
_ERRORS: Final = frozenset(
    {
        LIMIT_REACHED,
        "bad_request",
        "context_window_exceeded",
        "http_connection_failed",
        "internal_server_error",
        "response_stream_connection_failed",
        "response_stream_disconnected",
        "response_too_many_failed_attempts",
        "sandbox_error",
        "server_overloaded",
        "unauthorized",
    }
)
"""Kinds of errors (codex-rs/protocol/src/protocol.rs, `CodexErrorInfo`)."""
_OUTPUT_LOOK: Final = 400
"""Characters of an output that are looked at for how the call ended; nothing of it is kept."""
_EXIT: Final = re.compile(r'(?:exited with code|Exit code:|"exit_code":)\s*(-?\d{1,5})')
_REJECTED: Final = re.compile(r"reject|denied|not approved|aborted by user", re.IGNORECASE)


def tokens_of(counts: dict[str, int]) -> TokenCounts:
    """Codex counts what came from the cache as input as well."""
    cached, written = max(0, counts["cached_input_tokens"]), max(0, counts["cache_write_input_tokens"])
    return TokenCounts(
        input=max(0, counts["input_tokens"] - cached - written),
        output=max(0, counts["output_tokens"]),
        cache_read=cached,
        cache_write=written,
        reasoning=max(0, counts["reasoning_output_tokens"]),
    )


def quota_of(name: str, window: Any, at: Millis | None) -> Quota | None:
    """A usage window; None where the log tells nothing of it."""
    if not isinstance(window, dict) or (used := as_number(window.get("used_percent"))) is None:
        return None
    resets = as_time(window.get("resets_at"))
    seconds = as_number(window.get("resets_in_seconds"))
    if resets is None and seconds is not None and at is not None:  # as older versions write it
        resets = at + round(1000 * seconds)
    return Quota(
        name=name, used_percent=used, resets_at=resets, window_minutes=as_count(window.get("window_minutes"))
    )


def parent_of(meta: Meta) -> tuple[str | None, str]:
    """The session whose sub-agent it is, and its role; None for a session of its own."""
    source = meta.source.get("subagent") if isinstance(meta.source, dict) else None
    if source is None and meta.thread_source != "subagent":
        return None, ""
    spawned = source.get("thread_spawn") if isinstance(source, dict) else None
    facts = spawned if isinstance(spawned, dict) else {}
    parent = as_text(facts.get("parent_thread_id") or meta.parent_thread_id, NAME_LIMIT)
    role = as_text(facts.get("agent_role") or facts.get("agent_nickname"), NAME_LIMIT)
    return parent, role or (as_text(source, NAME_LIMIT) if isinstance(source, str) else "")


def arguments_of(value: Any) -> dict[str, Any]:
    """The arguments of a call, which are JSON in a string."""
    if not isinstance(value, str):
        return value if isinstance(value, dict) else {}
    try:
        decoded = msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return decoded if isinstance(decoded, dict) else {}


def command_of(value: Any) -> str | list[str]:
    """A command as a line or as its words."""
    if isinstance(value, list):
        return [word for word in value if isinstance(word, str)]
    return value if isinstance(value, str) else ""


def outcome_of(item: Item) -> ToolOutcome:
    """How a call ended, from the first characters of its output, which are not kept."""
    text = (
        bytes(item.output)[: 4 * _OUTPUT_LOOK].decode("utf-8", "replace").replace("\\n", "\n")[:_OUTPUT_LOOK]
    )
    found = _EXIT.search(text.replace('\\"', '"'))
    if found is not None:
        return "ok" if int(found[1]) == 0 else "error"
    if _REJECTED.search(text[:120]):
        return "denied"
    return "error" if '"success":false' in text.replace(" ", "") else "ok"


def exit_outcome(status: Any, exit_code: Any) -> ToolOutcome:
    """How a command ended."""
    if status == "declined":
        return "denied"
    return "error" if status == "failed" or as_count(exit_code) not in (None, 0) or exit_code == -1 else "ok"


def error_kind(info: Any) -> str:
    """The kind of an error, where the log names one that is known; some kinds carry values."""
    kind = next(iter(info), "") if isinstance(info, dict) else info
    return kind if isinstance(kind, str) and kind in _ERRORS else ""


def duration_ms(value: Any) -> Millis | None:
    """A duration in seconds and nanoseconds, in milliseconds."""
    if not isinstance(value, dict) or (seconds := as_number(value.get("secs"))) is None:
        return None
    return round(1000 * seconds + (as_number(value.get("nanos")) or 0) / 1_000_000)


def escalates(item: Item) -> bool:
    """Whether a call asks to run beyond the sandbox, which a person has to permit unless the policy says otherwise."""
    arguments = arguments_of(item.arguments)
    wish = arguments.get("sandbox_permissions")
    return wish in {"require_escalated", "with_additional_permissions"} or (
        arguments.get("with_escalated_permissions") is True
    )
