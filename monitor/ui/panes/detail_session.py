"""An agent's session: its turn, its model and context, tokens and cost, quotas, and sub-agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.keystore import Keys
from monitor.model import ASKING, WORKING
from monitor.rules.forecast import burn_rate
from monitor.rules.session_words import doing, until
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.agent_sessions import TURN_STYLES, context_percent, turn_since
from monitor.ui.panes.detail import DetailPane
from monitor.ui.panes.facts import Fact, FactsPane
from monitor.ui.spans import UNKNOWN, Cell
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.model import ModelUsage, Quota, Session, Subagent, TokenCounts

GAUGE_WIDTH = 20


class SessionPane(FactsPane, DetailPane[Fact]):
    """What the agent's own log tells of it."""

    NUMBER = "8"
    CAPTION = "Session"
    KEYS = (Keys.session,)

    def records(self) -> Sequence[Row[Fact]]:
        """One row a fact."""
        session: Session | None = self.store.get(Keys.session(self.agent_id))
        if session is None:
            return ()
        now = self.now or 0
        facts = (
            *_turn_facts(session),
            *_context_facts(session, now),
            *_token_facts(session),
            *_cost_facts(session, now),
            *_quota_facts(session, now),
            *_subagent_facts(session),
            *_identity_facts(session),
        )
        return [Row(str(place), fact) for place, fact in enumerate(facts)]

    def copied(self, row: Row[Fact]) -> str:  # noqa: ARG002 - whichever fact it is
        """The session's id."""
        session: Session | None = self.store.get(Keys.session(self.agent_id))
        return session.session_id if session is not None else ""

    def summary(self) -> Cell:
        """The model."""
        session: Session | None = self.store.get(Keys.session(self.agent_id))
        return ((clean(session.model), "muted"),) if session is not None and session.model else ()

    def nothing(self) -> tuple[Cell, ...]:
        """No log of it was found, or its kind has none that is read."""
        return ((("No log of its own was found.", "muted"),),)


def _turn_facts(session: Session) -> Iterator[Fact]:
    what: Cell = ((clean(doing(session)) or UNKNOWN, TURN_STYLES[session.turn_state]),)
    yield Fact("Now", what, turn_since(session) or session.state_since)
    if session.unsure:
        yield Fact("", (("it runs, or waits for a permission: the log does not tell", "muted"),))
    if session.turn_state in ASKING and session.waiting_for:
        yield Fact("Waits for", ((clean(session.waiting_for), "warn"),), session.waiting_since)
    if session.turn_state == "limited":
        yield Fact("Waits for", ((until(session), "warn"),))
    for place, item in enumerate(session.evidence):
        yield Fact("" if place else "Evidence", ((clean(item.text), "text"),), item.at)
    if session.conflict:
        yield Fact("Decided", ((clean(session.conflict), "muted"),))
    if session.errors:
        yield Fact("API errors", ((str(session.errors), "warn"),))


def _context_facts(session: Session, now: int) -> Iterator[Fact]:
    share = context_percent(session)
    if share is None:
        if session.context_used is not None:
            yield Fact("Context", ((f"{text.tokens(session.context_used)} tokens", "text"),))
        return
    told: Cell = (
        *text.gauge(share, GAUGE_WIDTH, text.level(share)),
        (f"  {text.percent(share)}", "text"),
        (f"  {text.tokens(session.context_used)} of {text.tokens(session.context_size)}", "muted"),
        *_full_at(session.forecast.context_full_at if session.turn_state in WORKING else None, now),
    )
    yield Fact("Context", told)


def _full_at(at: int | None, now: int) -> Cell:
    """When something will be full, if it goes on so."""
    if at is None:
        return ()
    return ((f"  full in {text.duration(max(0, at - now) / 1000)}", "warn"),)


def _token_facts(session: Session) -> Iterator[Fact]:
    if not session.tokens.total:
        return
    yield Fact(
        "Tokens", ((f"{text.tokens(session.tokens.total)}  ", "text"), (_by_kind(session.tokens), "muted"))
    )
    if len(session.usage) > 1:
        for used in session.usage:
            yield Fact("", _by_model(used))


def _by_kind(tokens: TokenCounts) -> str:
    """The parts of it that are not nothing."""
    parts = (
        ("in", tokens.input),
        ("out", tokens.output),
        ("reasoning", tokens.reasoning),
        ("from cache", tokens.cache_read),
        ("into cache", tokens.cache_write),
    )
    return ", ".join(f"{text.tokens(count)} {name}" for name, count in parts if count)


def _by_model(used: ModelUsage) -> Cell:
    return (
        (f"{text.model(clean(used.model))}  ", "info"),
        (f"{text.tokens(used.tokens.total)}", "text"),
        (f"  {text.dollars(used.cost_usd)}", "muted"),
    )


def _cost_facts(session: Session, now: int) -> Iterator[Fact]:
    tokens, dollars = burn_rate(session, now)
    if session.cost_usd is None and not session.tokens.total:
        return
    told = (
        text.dollars(session.cost_usd) if session.cost_usd is not None else "no price is known for this model"
    )
    burns = [
        *([f"{text.tokens(tokens)} tokens"] if tokens else []),
        *([text.dollars(dollars)] if dollars else []),
    ]
    rate = f"  {' and '.join(burns)} in the last hour" if burns else ""
    yield Fact("Cost", ((told, "text" if session.cost_usd is not None else "muted"), (rate, "muted")))


def _quota_facts(session: Session, now: int) -> Iterator[Fact]:
    for place, quota in enumerate(session.quotas):
        yield Fact("" if place else "Quota", _quota(quota, session, now))


def _quota(quota: Quota, session: Session, now: int) -> Cell:
    forecast = session.forecast
    full = (
        forecast.quota_full_at
        if quota.name == forecast.quota_name and session.turn_state in WORKING
        else None
    )
    reset = (
        "" if quota.resets_at is None else f"  new in {text.duration(max(0, quota.resets_at - now) / 1000)}"
    )
    return (
        *text.gauge(quota.used_percent, GAUGE_WIDTH, text.level(quota.used_percent)),
        (f"  {text.percent(quota.used_percent)}", "text"),
        (f"  {clean(quota.name).replace('_', ' ')}", "muted"),
        (reset, "muted"),
        *_full_at(full, now),
    )


def _subagent_facts(session: Session) -> Iterator[Fact]:
    for place, subagent in enumerate(session.subagents):
        yield Fact("" if place else "Sub-agents", _subagent(subagent), subagent.updated)


def _subagent(subagent: Subagent) -> Cell:
    return (
        (f"{clean(subagent.kind) or 'sub-agent'}  ", "info"),
        (subagent.turn_state, TURN_STYLES[subagent.turn_state]),
        (f"  {text.tokens(subagent.tokens.total)} tokens", "muted"),
    )


def _identity_facts(session: Session) -> Iterator[Fact]:
    model = clean(session.model) or UNKNOWN
    version = f"  version {clean(session.version)}" if session.version else ""
    yield Fact("Model", ((model, "text"), (version, "muted")))
    yield Fact("Session", ((clean(session.session_id), "muted"),), session.started)
    if session.edit_count:
        newest = f", last {clean(session.edits[0])}" if session.edits else ""
        yield Fact("Edits", ((str(session.edit_count), "text"), (newest, "muted")))
