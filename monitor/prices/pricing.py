"""Puts prices to sessions: what the agent itself says of its cost stands, and the table tells the rest."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

import msgspec

from monitor.model import ModelUsage
from monitor.prices.price import DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import Session
    from monitor.prices.table import Prices


def priced(session: Session, prices: Prices) -> Session:
    """The session with its costs and the size of its window, where it did not know them; itself when nothing is new.

    A cost that the agent told of the whole session, without one for its models, is spread over them by their tokens
    where no model has a price: so a budget sees it.
    """
    usage = _each(session.usage, prices)
    hours = _each(session.hours, prices)
    total = session.cost_usd
    if total is None:
        total = _sum(usage) if usage else prices.cost(session.model, session.tokens)
    elif all(used.cost_usd is None for used in usage):
        everything = sum(max(0, used.tokens.total) for used in usage)
        usage = _spread(usage, total, everything)
        hours = _spread(hours, total, everything)
    size = session.context_size
    if size is None:
        size = prices.context_size(session.model)
        if size is not None and (session.context_used or 0) > size:
            size = None
    same = usage is session.usage and hours is session.hours
    if same and total == session.cost_usd and size == session.context_size:
        return session
    return msgspec.structs.replace(session, usage=usage, hours=hours, cost_usd=total, context_size=size)


class Pricer:
    """Puts prices to all sessions, and remembers what came of it: the very record of before while one is the same."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._known: dict[int, tuple[Session, Session]] = {}

    def priced(self, sessions: Iterable[Session]) -> tuple[Session, ...]:
        """Each of the sessions with its costs; those that are no longer given are forgotten."""
        known: dict[int, tuple[Session, Session]] = {}
        for session in sessions:
            before = self._known.get(id(session))
            known[id(session)] = before or (session, priced(session, self._prices))
        self._known = known
        return tuple(result for _, result in known.values())


def _each(usage: tuple[ModelUsage, ...], prices: Prices) -> tuple[ModelUsage, ...]:
    """Each with its cost; the very tuple when nothing is new."""
    filled = tuple(
        used
        if used.cost_usd is not None or (cost := prices.cost(used.model, used.tokens)) is None
        else ModelUsage(model=used.model, tokens=used.tokens, hour=used.hour, cost_usd=cost)
        for used in usage
    )
    return usage if all(new is old for new, old in zip(filled, usage, strict=True)) else filled


def _spread(usage: tuple[ModelUsage, ...], total: float, tokens: int) -> tuple[ModelUsage, ...]:
    """Each with its share of what all of the tokens cost."""
    if tokens <= 0 or not usage:
        return usage
    return tuple(
        msgspec.structs.replace(used, cost_usd=total * max(0, used.tokens.total) / tokens) for used in usage
    )


def _sum(usage: tuple[ModelUsage, ...]) -> float | None:
    """What those with a price cost together; None when none has one."""
    known = [used.cost_usd for used in usage if used.cost_usd is not None]
    return round(fsum(known), DIGITS) if known else None
