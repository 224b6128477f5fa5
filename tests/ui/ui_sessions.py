"""Sessions of the made-up fleet, one in each state that the screen can show."""

from __future__ import annotations

from typing import Any, Final

from monitor.model import (
    Evidence,
    Forecast,
    ModelUsage,
    Quota,
    Session,
    Subagent,
    TokenCounts,
    ToolCall,
    ToolStat,
)

NOW: Final = 1_767_268_984_000
"""2026-01-01 12:03:04 UTC."""
MINUTE: Final = 60_000
HOUR_MS: Final = 60 * MINUTE
TOKENS: Final = TokenCounts(
    input=41_000, output=12_500, cache_read=1_100_000, cache_write=88_000, reasoning=3_000
)


def session(state: str, ago: int = MINUTE, **known: Any) -> Session:
    """A session in a state since so many milliseconds."""
    told: dict[str, Any] = {
        "kind": "claude-code",
        "session_id": "8f2c1c9e-77aa",
        "model": "claude-opus-4-8",
        **known,
    }
    return Session(turn_state=state, state_since=NOW - ago, updated=NOW - ago, **told)  # type: ignore[arg-type]


def calls() -> tuple[ToolCall, ...]:
    """One under way, and one of each outcome."""
    return (
        ToolCall(call_id="c4", name="Bash", target="rm", started=NOW - 12 * MINUTE),
        ToolCall(call_id="c3", name="Edit", target="src/parser.py", started=NOW - 14 * MINUTE,
                 ended=NOW - 14 * MINUTE + 340, outcome="ok"),
        ToolCall(call_id="c2", name="WebFetch", target="docs.example.org", started=NOW - 16 * MINUTE,
                 ended=NOW - 15 * MINUTE, outcome="error"),
        ToolCall(call_id="c1", name="Write", target="notes/計画.md", started=NOW - 20 * MINUTE,
                 ended=NOW - 19 * MINUTE, outcome="denied"),
    )  # fmt: skip


def waiting() -> Session:
    """One that asks for a permission, with everything in it."""
    usage = (
        ModelUsage(model="claude-opus-4-8", tokens=TOKENS, cost_usd=4.1),
        ModelUsage(model="claude-haiku-4-5", tokens=TokenCounts(input=9_000, output=800), cost_usd=0.02),
    )
    hour = NOW - NOW % HOUR_MS
    return session(
        "permission",
        12 * MINUTE,
        version="2.1.197",
        started=NOW - 3 * HOUR_MS,
        tool="Bash",
        tool_target="rm",
        tool_since=NOW - 12 * MINUTE,
        waiting_for="permission: Bash rm",
        waiting_since=NOW - 12 * MINUTE,
        tokens=TOKENS.plus(usage[1].tokens),
        usage=usage,
        hours=(ModelUsage(model="claude-opus-4-8", tokens=TOKENS, hour=hour, cost_usd=4.1),),
        cost_usd=4.12,
        context_used=172_000,
        context_size=200_000,
        calls=calls(),
        tools=(
            ToolStat(name="Edit", calls=31, errors=1),
            ToolStat(name="Bash", calls=18, errors=2, denied=1),
        ),
        edits=("src/parser.py",),
        edit_count=31,
        errors=2,
        quotas=(
            Quota(name="five_hour", used_percent=84.0, resets_at=NOW + 70 * MINUTE, window_minutes=300),
            Quota(name="seven_day", used_percent=31.5, resets_at=NOW + 90 * HOUR_MS, window_minutes=10_080),
        ),
        subagents=(
            Subagent(
                session_id="a1", kind="explorer", turn_state="tool", updated=NOW - MINUTE, tokens=TOKENS
            ),
            Subagent(session_id="a2", kind="reviewer", turn_state="idle", updated=NOW - 40 * MINUTE),
        ),
        evidence=(
            Evidence(kind="registry", at=NOW - 12 * MINUTE, text="registry: waiting permission prompt"),
            Evidence(kind="log", at=NOW - 12 * MINUTE, text="transcript: Bash was called"),
        ),
    )


def sessions() -> dict[str, Session]:
    """By agent."""
    tool: dict[str, Any] = {"tool": "Bash", "tool_target": "pytest", "tool_since": NOW - 40_000}
    used: dict[str, Any] = {
        "tokens": TOKENS,
        "cost_usd": 1.02,
        "context_used": 61_000,
        "context_size": 200_000,
    }
    codex: dict[str, Any] = {
        "kind": "codex",
        "model": "gpt-5-codex",
        "cost_usd": None,
        "tokens": TokenCounts(input=5_400),
    }
    full: dict[str, Any] = {
        "context_used": 188_000,
        "context_size": 200_000,
        "forecast": Forecast(context_full_at=NOW + 20 * MINUTE),
    }
    return {
        "builder": waiting(),
        "architect": session("tool", 40_000, **tool, **used),
        "validator": session("error", 3 * MINUTE, error="529 overloaded", errors=3, model="gemini-3-pro"),
        "reviewer": session("idle", 12 * MINUTE, **used),
        "parser": session("thinking", 12_000, tokens=TOKENS, cost_usd=12.4, **full),
        "claude-code:shop": session("limited", 5 * MINUTE, limited_until=NOW + HOUR_MS, error="usage limit"),
        "worker-01": session("compacting", 20_000, **used),
        "worker-02": session("input", 2 * MINUTE, waiting_for="an answer", waiting_since=NOW - 2 * MINUTE),
        "worker-03": session("tool", 70_000, unsure=True, tool="exec_command", tool_target="cargo", **codex),
        "worker-04": session("ended", 50 * MINUTE, **codex),
        "worker-05": session("unknown", **codex),
    }
