"""One call of `agent-monitor hook`: what an agent tells on standard input becomes a line of the spool.

The agent waits for it to end. So this is quick (little is imported, nothing is waited for), prints nothing, fails
nothing, and ends well whatever comes: an agent must never notice that it is watched. What is kept of a call is named
here, field by field; everything else is forgotten.
"""

from __future__ import annotations

import json
import os
import re
import select
import time
from contextlib import suppress
from typing import Any, Final

from monitor.sources.sessions import hook_spool
from monitor.sources.sessions.targets import absolute_path, call_target
from monitor.text import clean

INPUT_LIMIT: Final = 1 << 20
"""Bytes of standard input that are looked at; what comes after them is read and forgotten."""
INPUT_SECONDS: Final = 1.0
"""For standard input to end."""
AGENT: Final = "claude-code"
STATUS_LINE: Final = "StatusLine"
"""The event under which the numbers of a status line are kept: it is no hook."""
_NAMES: Final = ("tool_name", "tool_use_id", "notification_type", "agent_id", "agent_type")
_REASONS: Final = {
    "SessionStart": "source",
    "SessionEnd": "reason",
    "PreCompact": "trigger",
    "PostCompact": "trigger",
    "StopFailure": "error",
}
"""By event, the field that tells in a word why it happened."""
_EVENT: Final = re.compile(r"[A-Za-z]{1,40}\Z")
_WORD: Final = re.compile(r"[a-z_]{1,40}\Z")
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,100}\Z")
_SPACE: Final = re.compile(r"[ \t\r\n]*")


def run(arguments: list[str]) -> None:
    """Do what `agent-monitor hook ARGUMENTS` is for, whatever comes. Wrong arguments are passed over."""
    with suppress(BaseException):
        told = iter(arguments)
        agent, state_dir, status_line, targets = AGENT, "", False, True
        for argument in told:
            name, _, value = argument.partition("=")
            if name == "--agent":
                agent = value or next(told, AGENT)
            elif name == "--state-dir":
                state_dir = value or next(told, "")
            elif name == "--statusline":
                status_line = True
            elif name == "--no-targets":
                targets = False
        take(state_dir=state_dir, agent=agent, status_line=status_line, targets=targets)


def take(*, state_dir: str, agent: str, status_line: bool, targets: bool) -> None:
    """Read standard input and leave what is kept of it in the spool, below the platform's state folder unless told.

    Raises OSError.
    """
    content = decode(read_input(0, INPUT_LIMIT, INPUT_SECONDS))
    at = time.time_ns() // 1_000_000
    record = status_line_record(content) if status_line else hook_record(content, agent, targets=targets)
    if not record.get("session_id") or not record.get("event"):
        return
    state_dir = state_dir or os.environ.get("AGENT_MONITOR_STATE_DIR", "") or _default_state_dir()
    rest = json.dumps(record, ensure_ascii=False, separators=(",", ":"))[1:].encode()
    hook_spool.append(
        os.path.join(os.path.expanduser(state_dir), "hooks"),
        file_name(record["session_id"]),
        b'{"at":%d,%s' % (at, rest),
        but_not_after=rest if status_line else b"",
    )


def read_input(descriptor: int, limit: int, seconds: float) -> bytes:
    """At most `limit` bytes; what comes after them is read too, so that nobody writes into a closed pipe.

    What has come after so many seconds is all. Raises OSError.
    """
    deadline = time.monotonic() + seconds
    kept, size = [], 0
    while (left := deadline - time.monotonic()) > 0 and select.select([descriptor], [], [], left)[0]:
        data = os.read(descriptor, 1 << 16)
        if not data:
            break
        if size < limit:
            kept.append(data[: limit - size])
            size += len(data)
    return b"".join(kept)


def decode(data: bytes) -> dict[str, Any]:
    """The object; of one that was cut short, the members that are whole."""
    text = data.decode("utf-8", "replace")
    try:
        content = json.loads(text)
    except RecursionError:
        return {}
    except ValueError:
        return _whole_members(text)
    return content if isinstance(content, dict) else {}


def _whole_members(text: str) -> dict[str, Any]:
    """The members of an object in front of what is no JSON."""
    members: dict[str, Any] = {}
    decoder = json.JSONDecoder()
    with suppress(ValueError, IndexError, RecursionError):
        at = _past(text, 0, "{")
        while True:
            key, at = decoder.raw_decode(text, _past(text, at, '"') - 1)
            value, at = decoder.raw_decode(text, _skip(text, _past(text, at, ":")))
            at = _past(text, at, ",")  # or else a number may have had more digits
            members[key] = value
    return members


def _past(text: str, at: int, sign: str) -> int:
    """The place after that sign, which has to come next."""
    at = _skip(text, at)
    if text[at] != sign:
        raise ValueError(sign)
    return at + 1


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def hook_record(content: dict[str, Any], agent: str, *, targets: bool) -> dict[str, Any]:
    """What is kept of a hook's call: names, a path, the name of a program. No prompt, input, output or message."""
    event = _matching(_EVENT, content.get("hook_event_name"))
    cwd = absolute_path(content.get("cwd"))
    given = content.get("tool_input")
    record = {
        "agent": clean(agent, 40),
        "event": event,
        "session_id": _text(content.get("session_id")),
        "cwd": cwd,
        **{name: _text(content.get(name)) for name in _NAMES},
        "target": _target(given, cwd) if targets and isinstance(given, dict) else "",
        "reason": _matching(_WORD, content.get(_REASONS.get(event, ""))),
    }
    return {name: value for name, value in record.items() if value}


def _target(given: dict[str, Any], cwd: str | None) -> str:
    path = given.get("file_path") or given.get("notebook_path") or given.get("path")
    return call_target(path, given.get("command"), given.get("subagent_type"), cwd)


def status_line_record(content: dict[str, Any]) -> dict[str, Any]:
    """What is kept of the JSON that Claude Code gives to its status line: the numbers that it counts itself."""
    window, cost, limits = (
        part if isinstance(part := content.get(name), dict) else {}
        for name in ("context_window", "cost", "rate_limits")
    )
    size, share = _number(window.get("context_window_size")), _number(window.get("used_percentage"))
    record = {
        "agent": AGENT,
        "event": STATUS_LINE,
        "session_id": _text(content.get("session_id")),
        "cost_usd": _number(cost.get("total_cost_usd")),
        "context_size": size,
        "context_used": round(size * share / 100) if size and share is not None else None,
        "five_hour": _window(limits.get("five_hour")),
        "seven_day": _window(limits.get("seven_day")),
    }
    return {name: value for name, value in record.items() if value is not None}


def _window(limit: Any) -> dict[str, Any] | None:
    if not isinstance(limit, dict) or (used := _number(limit.get("used_percentage"))) is None:
        return None
    resets = limit.get("resets_at")
    return {"used_percentage": used, "resets_at": _text(resets) or _number(resets)}


def file_name(session_id: str) -> str:
    """The name of a session's file; an id that is none gets one that is."""
    if not _FILE_NAME.match(session_id):
        from hashlib import sha256  # noqa: PLC0415 - no real agent has such ids

        session_id = "x-" + sha256(session_id.encode()).hexdigest()[:32]
    return session_id + ".jsonl"


def _text(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""


def _matching(words: re.Pattern[str], value: Any) -> str:
    return value if isinstance(value, str) and words.match(value) else ""


def _number(value: Any) -> float | None:
    """A number that JSON can hold, and that is none of the size of a text."""
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if known and abs(value) < 1e15 else None  # false for NaN


def _default_state_dir() -> str:
    """As in `monitor.paths`, which is slow to import. Only where nobody told: the platform's folders cost time too."""
    from platformdirs import user_state_dir  # noqa: PLC0415

    return user_state_dir("agent-monitor", appauthor=False)
