"""`report tokens` and `report cost`: what the agents' sessions used, by their own logs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from monitor.history.queries import fetch
from monitor.history.reports.base import Dollars, Query, Report
from monitor.history.reports.people import agent_names
from monitor.model import Millis, TokenCounts

if TYPE_CHECKING:
    import sqlite3

    import aiosqlite


class TokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of an agent with one model in a period."""

    since: Millis
    """Start of the period: a day of the local time zone, an hour, or the interval."""
    agent: str
    name: str
    model: str
    input: int
    """Without what came from the cache or went into it."""
    output: int
    """Reasoning included."""
    cache_read: int
    cache_write: int
    reasoning: int
    total: int
    """Input, output and both of the cache."""


class CostRow(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent cost with one model in a period."""

    since: Millis
    """As in `TokenRow`."""
    agent: str
    name: str
    model: str
    cost_usd: Dollars | None
    """None: the model has no price here."""
    total: int
    """Tokens."""


class _Sum(msgspec.Struct):
    """What is added up of one agent, model and period."""

    tokens: TokenCounts = TokenCounts()
    cost: float | None = None
    unpriced: int = 0

    def add(self, row: sqlite3.Row) -> None:
        self.tokens = self.tokens.plus(
            TokenCounts(
                input=row["input_tokens"],
                output=row["output_tokens"],
                cache_read=row["cache_read_tokens"],
                cache_write=row["cache_write_tokens"],
                reasoning=row["reasoning_tokens"],
            )
        )
        if row["cost_usd"] is not None:
            self.cost = (self.cost or 0.0) + row["cost_usd"]
        self.unpriced += row["unpriced"]


async def tokens(db: aiosqlite.Connection, query: Query) -> Report:
    """One row an agent, model and period in which any were used. Raises sqlite3.Error."""
    names, sums = await agent_names(db), await _sums(db, query)
    rows = tuple(
        TokenRow(
            since=since,
            agent=agent_id,
            name=names.get(agent_id, agent_id),
            model=model,
            input=found.tokens.input,
            output=found.tokens.output,
            cache_read=found.tokens.cache_read,
            cache_write=found.tokens.cache_write,
            reasoning=found.tokens.reasoning,
            total=found.tokens.total,
        )
        for (since, agent_id, model), found in sorted(sums.items())
    )
    totals = {"tokens": sum(found.tokens.total for found in sums.values())}
    return Report(
        name="tokens", since=query.since, until=query.until, row_type=TokenRow, rows=rows, totals=totals
    )


async def cost(db: aiosqlite.Connection, query: Query) -> Report:
    """The same in dollars; what no price is known of is counted beside it. Raises sqlite3.Error."""
    names, sums = await agent_names(db), await _sums(db, query)
    rows = tuple(
        CostRow(
            since=since,
            agent=agent_id,
            name=names.get(agent_id, agent_id),
            model=model,
            cost_usd=None if found.cost is None else round(found.cost, 6),
            total=found.tokens.total,
        )
        for (since, agent_id, model), found in sorted(sums.items())
    )
    known = [found.cost for found in sums.values() if found.cost is not None]
    totals = {
        "cost_usd": round(sum(known), 6) if known else None,
        "tokens_without_price": sum(found.unpriced for found in sums.values()),
    }
    return Report(
        name="cost", since=query.since, until=query.until, row_type=CostRow, rows=rows, totals=totals
    )


async def _sums(db: aiosqlite.Connection, query: Query) -> dict[tuple[Millis, str, str], _Sum]:
    """By start of the period, agent and model."""
    found: dict[tuple[Millis, str, str], _Sum] = {}
    for row in await fetch(db, "report_usage", since=query.since, until=query.until, agents=query.wanted):
        key = (_period(row["timestamp"], query), row["agent_id"], row["model"])
        found.setdefault(key, _Sum()).add(row)
    return found


def _period(at: Millis, query: Query) -> Millis:
    if query.by == "hour":
        return at
    if query.by == "agent":
        return query.since
    day = datetime.fromtimestamp(at / 1000).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    return round(day.timestamp() * 1000)
