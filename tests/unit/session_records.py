"""Sessions of what never happened: turns, tools, waits and tokens that go on from one look to the next."""

from __future__ import annotations

from random import Random
from typing import Any, Final

import msgspec

from monitor.model import ModelUsage, Quota, Session, Subagent, TokenCounts, ToolCall, ToolStat

HOUR_MS: Final = 3_600_000
STATES: Final = (
    "thinking",
    "tool",
    "permission",
    "input",
    "limited",
    "compacting",
    "idle",
    "error",
    "unknown",
)
TOOLS: Final = ("Bash", "Edit", "Read")


def session(session_id: str = "s-1", **known: Any) -> Session:
    """A session of Claude Code."""
    return Session(kind="claude-code", session_id=session_id, **known)


def full_session(at: int, word: str = "") -> Session:
    """One with every field in it, with a name of its own in those that may hold one."""
    tokens = TokenCounts(input=1000, output=200, cache_read=30_000, cache_write=400, reasoning=50)
    usage = ModelUsage(model="opus", tokens=tokens, cost_usd=0.25)
    call = ToolCall(call_id="c-2", name="Bash", target=f"git{word}", started=at - 2000)
    done = ToolCall(
        call_id="c-1", name="Edit", target="a.py", started=at - 9000, ended=at - 8000, outcome="ok"
    )
    return session(
        f"s{word}",
        model="opus",
        version="2.1",
        cwd="/shop/a",
        parent_id="s-0",
        pid=7,
        process_start=70,
        started=at - 60_000,
        updated=at - 1000,
        turn_state="permission",
        state_since=at - 1500,
        tool="Bash",
        tool_target=f"git{word}",
        tool_since=at - 2000,
        waiting_for="permission: Bash git",
        waiting_since=at - 1500,
        limited_until=at + 60_000,
        error="529",
        tokens=tokens,
        usage=(usage,),
        hours=(msgspec.structs.replace(usage, hour=at - at % HOUR_MS),),
        cost_usd=0.25,
        context_used=31_400,
        context_size=200_000,
        calls=(call, done),
        tools=(ToolStat(name="Bash", calls=1), ToolStat(name="Edit", calls=1, total_ms=1000)),
        edits=("a.py",),
        edit_count=1,
        errors=2,
        conflict="by its transcript, against its registry: idle",
        quotas=(Quota(name="five_hour", used_percent=40.0, resets_at=at + HOUR_MS, window_minutes=300),),
        subagents=(
            Subagent(session_id="s-2", kind="explorer", turn_state="idle", started=at, tokens=tokens),
        ),
    )


def next_session(random: Random, old: Session | None, name: str, at: int) -> Session | None:
    """What may be told of a session a moment later; None: it is told of no more."""
    if old is None or random.random() < 0.05:
        old = session(f"{name}-{at}", started=at, version="2.1", cwd=f"/shop/{name}")
    if random.random() < 0.05:
        return None
    if random.random() < 0.3:
        return old
    changes: dict[str, Any] = {"updated": at, "model": random.choice(["opus", "haiku"])}
    if random.random() < 0.7:
        changes |= _turn(random, at)
    if random.random() < 0.7:
        changes |= _tokens(random, old, changes["model"], at)
    calls = [_ended(random, call, at) for call in old.calls]
    if changes.get("tool"):
        target = random.choice(["git", "a.py", ""])
        calls.insert(
            0, ToolCall(call_id=f"c-{at}-{len(calls)}", name=changes["tool"], target=target, started=at)
        )
        changes["tool_target"] = target
    changes["calls"] = tuple(sorted(calls, key=lambda call: (-(call.started or 0), call.call_id))[:50])
    changes["tools"] = (ToolStat(name="Bash", calls=len(calls)),)
    if random.random() < 0.2:
        changes["quotas"] = (Quota(name="five_hour", used_percent=float(random.randint(0, 100))),)
    return msgspec.structs.replace(old, **changes)


def _turn(random: Random, at: int) -> dict[str, Any]:
    state = random.choice(STATES)
    tool = random.choice(TOOLS) if state in {"tool", "permission"} else ""
    waits = state in {"permission", "input"}
    return {
        "turn_state": state,
        "state_since": at,
        "unsure": state == "tool" and random.random() < 0.5,
        "tool": tool,
        "tool_target": "",
        "tool_since": at if tool else None,
        "waiting_for": f"permission: {tool}" if waits else "",
        "waiting_since": at if waits else None,
        "limited_until": at + 1000 if state == "limited" else None,
        "error": "529" if state in {"error", "limited"} else "",
    }


def _tokens(random: Random, old: Session, model: str, at: int) -> dict[str, Any]:
    new = TokenCounts(
        input=random.randint(1, 99), output=random.randint(1, 99), cache_read=random.randint(0, 9)
    )
    hour = at - at % HOUR_MS
    by_hour = {(usage.hour, usage.model): usage.tokens for usage in old.hours}
    by_hour[hour, model] = by_hour.get((hour, model), TokenCounts()).plus(new)
    by_model = {usage.model: usage.tokens for usage in old.usage}
    by_model[model] = by_model.get(model, TokenCounts()).plus(new)
    return {
        "tokens": old.tokens.plus(new),
        "hours": tuple(
            ModelUsage(model=name, tokens=tokens, hour=then, cost_usd=0.5)
            for (then, name), tokens in sorted(by_hour.items())
        ),
        "usage": tuple(ModelUsage(model=name, tokens=tokens) for name, tokens in by_model.items()),
        "context_used": random.randint(0, 200_000),
        "cost_usd": random.choice([None, 0.25]),
    }


def _ended(random: Random, call: ToolCall, at: int) -> ToolCall:
    if call.ended is not None or random.random() < 0.5:
        return call
    return msgspec.structs.replace(call, ended=at, outcome=random.choice(["ok", "error", "denied"]))
