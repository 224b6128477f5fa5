"""The agents' sessions at a moment, rebuilt from what was recorded of them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.history.binding import parse
from monitor.history.queries import first, rows
from monitor.history.writing.session_rows import DETAIL_FIELDS, NO_SESSION, SessionDetails
from monitor.model import CALLS_LIMIT, HOURS_LIMIT, Millis, ModelUsage, Session, TokenCounts, ToolCall
from monitor.prices.price import DIGITS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

DETAILS_BYTES: Final = 4 << 20
"""Details that unpack to more than this are none of ours."""


class Sessions(msgspec.Struct, frozen=True):
    """The sessions of a moment, by agent, and when each was noted."""

    by_agent: Mapping[str, Session] = {}
    marks: Mapping[str, Millis] = {}


def read_sessions(
    db: sqlite3.Connection, at: Millis, agent_ids: Iterable[str], known: Sessions | None = None
) -> Sessions:
    """The sessions of these agents. Those of `known` that were not noted again since are taken over as they are."""
    wanted = msgspec.json.encode(sorted(agent_ids)).decode()
    marks = {
        row["agent_id"]: row["timestamp"]
        for row in rows(db, "session_marks_at", at=at, agents=wanted)
        if row["timestamp"] is not None
    }
    old = known or Sessions()
    found: dict[str, Session] = {}
    for agent_id, mark in marks.items():
        session = (
            old.by_agent.get(agent_id) if old.marks.get(agent_id) == mark else read_session(db, at, agent_id)
        )
        if session is not None:
            found[agent_id] = session
    return Sessions(found, marks)


def read_session(db: sqlite3.Connection, at: Millis, agent_id: str) -> Session | None:
    """One agent's session; None when it had none."""
    row = first(db, "session_at", at=at, agent_id=agent_id)
    if row is None or row["session_id"] == NO_SESSION:
        return None
    what = {"at": at, "agent_id": agent_id, "session_id": row["session_id"]}
    tokens = tokens_of(row)
    hours = tuple(usage_of(hour) for hour in rows(db, "session_hours_at", hours=HOURS_LIMIT, **what))
    details = _details(row["held_details"])
    if (usage := _summed(hours, tokens)) is not None:
        details = msgspec.structs.replace(details, usage=usage)
    return Session(
        kind=row["kind"],
        session_id=row["session_id"],
        model=row["model"],
        turn_state=row["turn_state"],
        state_since=row["state_since"],
        unsure=bool(row["unsure"]),
        tool=row["tool"],
        tool_target=row["tool_target"],
        tool_since=row["tool_since"],
        waiting_for=row["waiting_for"],
        waiting_since=row["waiting_since"],
        limited_until=row["limited_until"],
        error=row["error"],
        updated=row["updated"],
        tokens=tokens,
        cost_usd=row["cost_usd"],
        context_used=row["context_used"],
        context_size=row["context_size"],
        edit_count=row["edit_count"],
        errors=row["errors"],
        calls=tuple(_call(call) for call in rows(db, "session_calls_at", limit=CALLS_LIMIT, **what)),
        hours=hours,
        **{name: getattr(details, name) for name in DETAIL_FIELDS},
    )


def _summed(hours: tuple[ModelUsage, ...], tokens: TokenCounts) -> tuple[ModelUsage, ...] | None:
    """Usage by model, newer than that of the details; None where the hours are not all of it, or later ones."""
    models: dict[str, ModelUsage] = {}
    for hour in hours:
        known = models.get(hour.model) or ModelUsage(model=hour.model, tokens=TokenCounts(), cost_usd=None)
        cost = None if hour.cost_usd is None else round((known.cost_usd or 0.0) + hour.cost_usd, DIGITS)
        cost = known.cost_usd if cost is None else cost
        models[hour.model] = ModelUsage(
            model=hour.model, tokens=known.tokens.plus(hour.tokens), cost_usd=cost
        )
    total = TokenCounts()
    for used in models.values():
        total = total.plus(used.tokens)
    if not models or total != tokens:
        return None
    return tuple(sorted(models.values(), key=lambda used: (-used.tokens.total, used.model)))


def tokens_of(row: sqlite3.Row) -> TokenCounts:
    """The columns that count tokens."""
    return TokenCounts(
        input=row["input_tokens"],
        output=row["output_tokens"],
        cache_read=row["cache_read_tokens"],
        cache_write=row["cache_write_tokens"],
        reasoning=row["reasoning_tokens"],
    )


def usage_of(row: sqlite3.Row) -> ModelUsage:
    """A row of `session_usage`."""
    return ModelUsage(
        model=row["model"], tokens=tokens_of(row), hour=row["timestamp"], cost_usd=row["cost_usd"]
    )


def _call(row: sqlite3.Row) -> ToolCall:
    return ToolCall(
        call_id=row["call_id"],
        name=row["name"],
        target=row["target"],
        started=row["timestamp"],
        ended=row["ended_at"],
        outcome=row["outcome"],
    )


def _details(packed: bytes | None) -> SessionDetails:
    """Unpacked; none where a damaged page made them unreadable."""
    if packed is None:
        return SessionDetails()
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, DETAILS_BYTES)
    except zlib.error:
        return SessionDetails()
    return parse(content, SessionDetails, SessionDetails()) if unpacker.eof else SessionDetails()
