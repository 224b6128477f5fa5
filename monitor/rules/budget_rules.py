"""Alerts about what agents may use up: the quotas of their accounts, and the budgets of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.rules.rule import Finding, Firing, Rule, exceeds, finding
from monitor.rules.words import percent
from monitor.when import format_when

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config import Thresholds
    from monitor.model import Millis, Quota, Session, Severity
    from monitor.rules.facts import Situation

WARNING_SHARE: Final = 0.8
"""Of a budget."""
_STALE_MS: Final = 5 * 3_600_000
"""A quota of which the log tells neither length nor end is believed for so long."""
_NAMES_SHOWN: Final = 5


def _quotas(situation: Situation, thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    """Find windows of accounts that are nearly used up. A quota is an account's: its agents share one alert.

    Two accounts of one kind of agent cannot be told apart; the one that was told of last counts.
    """
    limit = thresholds.quota_percent
    for (kind, name), (quota, agents) in _newest_quotas(situation).items():
        subject = f"{kind}:{name}"
        if not exceeds(quota.used_percent, limit, firing=firing("quota-full", subject)):
            continue
        used_up = quota.used_percent >= 100
        until = f" It is given anew at {format_when(quota.resets_at)[:16]}." if quota.resets_at else ""
        what = "is used up" if used_up else f"is used by more than {percent(limit)}"
        yield finding(
            "quota-full",
            subject,
            title=f"The quota {name} of {kind} {what}",
            message=f"the usage window {name} of the account that {_names(agents)} "
            f"work{'s' * (len(agents) == 1)} with {what}.{until} "
            "Let what can wait wait, or go on with another account or model.",
            source="session",
            severity="error" if used_up else None,
            value=quota.used_percent,
            threshold=limit,
            resets_at=quota.resets_at,
            agents=agents,
        )


def _newest_quotas(situation: Situation) -> dict[tuple[str, str], tuple[Quota, list[str]]]:
    """The newest reading of each kind of agent and window that still holds, with the names of the agents in it."""
    newest: dict[tuple[str, str], tuple[Millis, Quota]] = {}
    agents: dict[tuple[str, str], list[str]] = {}
    for status in situation.statuses:
        facts = situation.facts.get(status.id)
        session = facts.session if facts is not None else None
        for quota in session.quotas if session is not None else ():
            if session is None or not _holds(quota, session, situation.now):
                continue
            key = (session.kind, quota.name)
            agents.setdefault(key, []).append(status.name)
            read_at = session.updated or 0
            if key not in newest or newest[key][0] < read_at:
                newest[key] = (read_at, quota)
    return {key: (quota, agents[key]) for key, (_, quota) in newest.items()}


def _holds(quota: Quota, session: Session, now: Millis) -> bool:
    """Whether the window that the reading is of has not ended yet."""
    if quota.resets_at is not None:
        return quota.resets_at > now
    length = quota.window_minutes * 60_000 if quota.window_minutes else _STALE_MS
    return (session.updated or 0) + length > now


def _names(agents: list[str]) -> str:
    shown = ", ".join(agents[:_NAMES_SHOWN])
    more = len(agents) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _agent_budgets(situation: Situation, thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    budget = thresholds.budget_agent_usd_day
    for status in situation.statuses:
        spent = situation.spend.agents.get(status.id, 0.0)
        severity = _severity(spent, budget)
        if severity is not None:
            yield finding(
                "budget-agent",
                status.id,
                title=f"{status.name} has used {_share(severity)} its budget of the day",
                message=f"it has cost {_dollars(spent)} today, of {_dollars(budget)} "
                f"(thresholds.budget_agent_usd_day){_unpriced(situation)}. "
                "Stop it, give it a cheaper model, or raise the budget.",
                source="session",
                severity=severity,
                value=round(spent, 4),
                threshold=budget,
            )


def _day_budget(situation: Situation, thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    budget, spent = thresholds.budget_day_usd, situation.spend.total
    severity = _severity(spent, budget)
    if severity is None:
        return
    names = {status.id: status.name for status in situation.statuses}
    dearest = sorted(situation.spend.agents.items(), key=lambda item: -item[1])[:3]
    most = ", ".join(f"{names.get(agent_id, agent_id)} {_dollars(cost)}" for agent_id, cost in dearest)
    yield finding(
        "budget-day",
        "agents",
        title=f"The agents have used {_share(severity)} the budget of the day",
        message=f"together they have cost {_dollars(spent)} today, of {_dollars(budget)} "
        f"(thresholds.budget_day_usd){_unpriced(situation)}{f'; most of it: {most}' if most else ''}. "
        "Stop what can wait, or raise the budget.",
        source="session",
        severity=severity,
        value=round(spent, 4),
        threshold=budget,
    )


def _severity(spent: float, budget: float) -> Severity | None:
    """None while there is no budget, or enough of it is left."""
    if budget <= 0 or spent < budget * WARNING_SHARE:
        return None
    return "error" if spent >= budget else "warning"


def _share(severity: Severity) -> str:
    return "all of" if severity == "error" else f"more than {percent(100 * WARNING_SHARE)} of"


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}"


def _unpriced(situation: Situation) -> str:
    count = situation.spend.unpriced
    if not count:
        return ""
    return f"; {count} session{'s' * (count > 1)} used models without a price, which are not counted"


BUDGET_RULES: Final = (
    Rule(id="quota-full", type="agent", severity="warning", find=_quotas, clear_seconds=30.0),
    Rule(id="budget-agent", type="agent", severity="warning", find=_agent_budgets),
    Rule(id="budget-day", type="agent", severity="warning", find=_day_budget),
)
"""Nothing that is spent comes back within the day, so that these need neither hold nor hysteresis."""
