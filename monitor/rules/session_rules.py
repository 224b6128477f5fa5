"""Alerts from what agents say of themselves: waiting, going in circles, stalled, short of context, failing calls.

Quotas, budgets and deaths have their own modules. All but these need an agent that lives: what an old log says of a
process that is gone is no news.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.model import ASKING, COMMAND_TOOLS, WORKING
from monitor.rules.rule import Finding, Firing, Rule, exceeds, finding
from monitor.rules.session_watch import ERRORS_WINDOW
from monitor.rules.words import bare, minutes, percent, where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config import Thresholds
    from monitor.model import AgentStatus, Session, ToolCall
    from monitor.rules.facts import AgentFacts, Situation

_CALLS_SEEN: Final = 50
"""Calls of a session that can be looked at."""


def _living(situation: Situation) -> Iterator[tuple[AgentStatus, AgentFacts, Session]]:
    """Agents with a running process and a session."""
    for status in situation.statuses:
        facts = situation.facts.get(status.id)
        if facts is not None and facts.process is not None and facts.session is not None:
            yield status, facts, facts.session


def _waiting(situation: Situation, thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    limit = thresholds.waiting_minutes
    for status, _facts, session in _living(situation):
        since = session.waiting_since
        if session.turn_state not in ASKING or since is None:
            continue
        if situation.now - since <= limit * 60_000:
            continue
        waits_for = session.waiting_for or (
            "a permission" if session.turn_state == "permission" else "an answer"
        )
        yield finding(
            "agent-waiting",
            status.id,
            title=f"{status.name} has waited for a person for more than {minutes(limit)}",
            message=f"it waits for {bare(waits_for)}{where(status)}. Answer it where it runs.",
            source="session",
            reason=waits_for,
            tool=session.tool,
            target=session.tool_target,
            since=since,
            threshold=limit,
        )


def _loop(situation: Situation, thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    limit = thresholds.repeated_calls
    for status, _facts, session in _living(situation):
        if not limit or (session.turn_state not in WORKING and not firing("agent-loop", status.id)):
            continue
        run = _same_calls(session.calls)
        if not run or len(run) < _enough(run, limit):
            continue
        what = f"{run[0].name} {run[0].target}"
        failed = sum(call.outcome in {"error", "denied"} for call in run)
        outcome = f", {failed} of them in vain" if failed else ""
        yield finding(
            "agent-loop",
            status.id,
            title=f"{status.name} makes the same call again and again",
            message=f"its last {len(run)} calls were all {what}{outcome}{where(status)}. "
            "Look whether it goes in circles; stop it, or tell it what to do instead.",
            source="session",
            reason=what,
            tool=run[0].name,
            target=run[0].target,
            value=len(run),
            threshold=limit,
        )


def _same_calls(calls: tuple[ToolCall, ...]) -> tuple[ToolCall, ...]:
    """The newest calls that are all of one tool and on one target; none when it is not known what they work on."""
    if not calls or not calls[0].target:
        return ()
    what = (calls[0].name, calls[0].target)
    count = next(
        (number for number, call in enumerate(calls) if (call.name, call.target) != what), len(calls)
    )
    return calls[:count]


def _enough(run: tuple[ToolCall, ...], limit: int) -> int:
    """How many are too many: twice as many where commands that succeed only have their program in common."""
    vain = any(call.outcome in {"error", "denied"} for call in run)
    coarse = run[0].name.casefold() in COMMAND_TOOLS and not vain
    return min(2 * limit, _CALLS_SEEN) if coarse else limit


def _stalled(situation: Situation, thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    limit = thresholds.stall_tokens
    for status, facts, session in _living(situation):
        spent = facts.notes.tokens_since_change
        open_already = firing("agent-stalled", status.id)
        if not limit or (session.turn_state not in WORKING and not open_already):
            continue
        if exceeds(spent, limit, firing=open_already):
            yield finding(
                "agent-stalled",
                status.id,
                title=f"{status.name} has spent more than {limit:,} tokens without a change",
                message=f"since then no file changed and nothing was committed{where(status)}. "
                "Look whether it gets on; its cache's tokens are not counted.",
                source="session",
                value=spent,
                threshold=limit,
            )


def _context(situation: Situation, thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    limit = thresholds.context_percent
    for status, _facts, session in _living(situation):
        used, size = session.context_used, session.context_size
        value = None if used is None or not size else 100.0 * used / size
        if exceeds(value, limit, firing=firing("context-full", status.id)):
            share = f"{used:,} of {size:,} tokens are in use" if value is not None else "it was nearly full"
            yield finding(
                "context-full",
                status.id,
                title=f"{status.name}'s context window is more than {percent(limit)} full",
                message=f"{share}{where(status)}. It will soon sum up what it knows and forget details; "
                "let it write down what matters, or start a new session.",
                source="session",
                value=value,
                threshold=limit,
            )


def _api_errors(situation: Situation, thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    limit = thresholds.api_errors
    for status, facts, session in _living(situation):
        count = facts.notes.recent_errors
        if not limit or (count is None and not firing("api-errors", status.id)):
            continue
        if count is None or count >= limit:
            newest = f" The newest: {bare(session.error)}." if session.error else ""
            yield finding(
                "api-errors",
                status.id,
                title=f"{status.name}'s API calls fail",
                message=f"at least {limit} of them failed within {minutes(ERRORS_WINDOW / 60_000)}{where(status)}."
                f"{newest} Look at its network, its key and the state of the service.",
                source="session",
                value=count,
                threshold=limit,
            )


SESSION_RULES: Final = (
    Rule(id="agent-waiting", type="agent", severity="error", find=_waiting),
    Rule(id="agent-loop", type="agent", severity="warning", find=_loop, clear_seconds=30.0),
    Rule(id="agent-stalled", type="agent", severity="warning", find=_stalled),
    Rule(
        id="context-full",
        type="agent",
        severity="warning",
        find=_context,
        hold_seconds=10.0,
        clear_seconds=30.0,
    ),
    Rule(
        id="api-errors",
        type="agent",
        severity="warning",
        find=_api_errors,
        clear_seconds=60.0,
        yields_to="agent-error",
    ),
)
