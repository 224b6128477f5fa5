"""Sessions to rows: what changed of each since it was written last, in three tables."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.history.binding import integer, json, real, text
from monitor.model import WORKING, Forecast, Millis, ModelUsage, Quota, Session, Subagent, ToolCall, ToolStat

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from monitor.model import TokenCounts

Row = dict[str, Any]
Statement = tuple[str, list[Row]]

NUMBERS_REPEAT_MS: Final = 10_000
"""A session of which nothing but numbers has moved is written again after this long."""
DETAILS_REPEAT_MS: Final = 60_000
"""The same of its details, while it is at work."""
NO_SESSION: Final = ""
"""`session_id` of the row that says that an agent has no session any more."""


class SessionDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """The part of a `Session` that `session_states.details` holds."""

    version: str = ""
    cwd: str | None = None
    parent_id: str | None = None
    pid: int | None = None
    process_start: int | None = None
    started: int | None = None
    usage: tuple[ModelUsage, ...] = ()
    tools: tuple[ToolStat, ...] = ()
    edits: tuple[str, ...] = ()
    quotas: tuple[Quota, ...] = ()
    subagents: tuple[Subagent, ...] = ()
    forecast: Forecast = Forecast()
    conflict: str = ""


DETAIL_FIELDS: Final = SessionDetails.__struct_fields__


class _Told(msgspec.Struct):
    """What was written last of an agent's session."""

    session: Session | None
    """None: that it has none."""
    complete: bool
    """Whether the rows say all that the record says."""
    at: Millis
    details: SessionDetails
    details_at: Millis
    calls: dict[str, ToolCall]
    hours: dict[tuple[Millis | None, str], ModelUsage]


class SessionEncoder:
    """Makes the statements of a tick's sessions. Only `accept` makes it remember that they were written."""

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}
        self._new: dict[str, _Told] = {}

    def remember(self, sessions: Mapping[str, Session]) -> None:
        """These are in the database, by agent."""
        self._told = {
            agent_id: _Told(session, True, 0, details_of(session), 0, _calls(session), _hours(session))
            for agent_id, session in sessions.items()
        }

    def statements(
        self, current: Mapping[str, Session] | None, others: Iterable[tuple[str, Session]], at: Millis
    ) -> list[Statement]:
        """What to run for the agents' sessions, by agent, and for those beside them; None: nothing is told of them."""
        self._new = {}
        states: list[Row] = []
        calls: list[Row] = []
        usage = [row for agent_id, session in others for row in usage_rows(agent_id, session, session.hours)]
        for agent_id, session in (current or {}).items():
            told = self._told.get(agent_id)
            if told is not None and not _is_due(told, session, at):
                continue
            states.append(self._state(agent_id, session, told, at))
            new = self._new[agent_id]
            known = told if told is not None and _same(told.session, session) else None
            calls += [
                call_row(agent_id, session, call)
                for call in session.calls
                if (known is None or known.calls.get(call.call_id) != call) and _begun(session, call)
            ]
            hours = [hour for key, hour in new.hours.items() if known is None or known.hours.get(key) != hour]
            usage += usage_rows(agent_id, session, hours)
        if current is not None:
            states += self._gone(current, at)
        return [
            ("insert_session_state", states),
            ("upsert_session_call", calls),
            ("upsert_session_usage", usage),
        ]

    def accept(self) -> None:
        """The statements made last are committed."""
        self._told |= self._new
        self._new = {}

    def _state(self, agent_id: str, session: Session, told: _Told | None, at: Millis) -> Row:
        details = details_of(session)
        same = told is not None and _same(told.session, session)
        write = told is None or not same or (details != told.details and _details_due(told, session, at))
        kept, kept_at = (details, at) if told is None or write else (told.details, told.details_at)
        self._new[agent_id] = _Told(
            session=session,
            complete=kept == details,
            at=at,
            details=kept,
            details_at=kept_at,
            calls=_calls(session),
            hours=_hours(session),
        )
        packed = zlib.compress(json(details).encode()) if write else None
        return {**state_row(agent_id, session, at), "details": packed}

    def _gone(self, current: Mapping[str, Session], at: Millis) -> Iterator[Row]:
        """Rows of agents that had a session and have none any more."""
        for agent_id, told in self._told.items():
            if agent_id not in current and told.session is not None:
                nothing = Session(kind=told.session.kind, session_id=NO_SESSION)
                self._new[agent_id] = _Told(None, True, at, SessionDetails(), at, {}, {})
                yield {**state_row(agent_id, nothing, at), "details": None}


def details_of(session: Session) -> SessionDetails:
    """The details of a session."""
    return SessionDetails(**{name: getattr(session, name) for name in DETAIL_FIELDS})


def state_row(agent_id: str, session: Session, at: Millis) -> Row:
    """The row of `session_states`, noted at `at`, without its details."""
    return {
        "agent_id": text(agent_id),
        "timestamp": at,
        "session_id": text(session.session_id),
        "kind": text(session.kind),
        "model": text(session.model),
        "turn_state": session.turn_state,
        "state_since": integer(session.state_since),
        "unsure": int(session.unsure),
        "tool": text(session.tool),
        "tool_target": text(session.tool_target),
        "tool_since": integer(session.tool_since),
        "waiting_for": text(session.waiting_for),
        "waiting_since": integer(session.waiting_since),
        "limited_until": integer(session.limited_until),
        "error": text(session.error),
        "updated": integer(session.updated),
        **token_columns(session.tokens),
        "cost_usd": real(session.cost_usd),
        "context_used": integer(session.context_used),
        "context_size": integer(session.context_size),
        "edit_count": integer(session.edit_count),
        "errors": integer(session.errors),
    }


def token_columns(tokens: TokenCounts) -> Row:
    """The columns that count tokens."""
    return {
        "input_tokens": integer(tokens.input),
        "output_tokens": integer(tokens.output),
        "cache_read_tokens": integer(tokens.cache_read),
        "cache_write_tokens": integer(tokens.cache_write),
        "reasoning_tokens": integer(tokens.reasoning),
    }


def usage_rows(agent_id: str, session: Session, hours: Iterable[ModelUsage]) -> list[Row]:
    """The rows of `session_usage`; usage of an unknown hour is in none."""
    return [
        {
            "agent_id": text(agent_id),
            "timestamp": integer(hour.hour),
            "session_id": text(session.session_id),
            "model": text(hour.model),
            **token_columns(hour.tokens),
            "cost_usd": real(hour.cost_usd),
        }
        for hour in hours
        if hour.hour is not None
    ]


def call_row(agent_id: str, session: Session, call: ToolCall) -> Row:
    """The row of `session_calls`, for a call whose time is known, if only by its session."""
    return {
        "agent_id": text(agent_id),
        "timestamp": integer(_begun(session, call)),
        "session_id": text(session.session_id),
        "call_id": text(call.call_id),
        "name": text(call.name),
        "target": text(call.target),
        "ended_at": integer(call.ended),
        "outcome": call.outcome,
    }


def _begun(session: Session, call: ToolCall) -> Millis | None:
    return call.started if call.started is not None else session.started


def _is_due(told: _Told, session: Session, at: Millis) -> bool:
    """Whether a session is to be written now: at once when more than numbers moved, else now and then."""
    if told.session is session:
        return not told.complete and _details_due(told, session, at)
    if _news(told.session, told.calls) != _news(session, _calls(session)):
        return True
    return not 0 <= at - told.at < NUMBERS_REPEAT_MS


def _details_due(told: _Told, session: Session, at: Millis) -> bool:
    """Whether changed details are to be written now: those of a session at work change all the time."""
    return session.turn_state not in WORKING or not 0 <= at - told.details_at < DETAILS_REPEAT_MS


def _news(session: Session | None, calls: dict[str, ToolCall]) -> Any:
    """What is written as soon as it differs."""
    return session and (
        session.session_id,
        session.model,
        session.turn_state,
        session.unsure,
        session.tool,
        session.tool_target,
        session.tool_since,
        session.waiting_for,
        session.waiting_since,
        session.limited_until,
        session.error,
        calls,
    )


def _calls(session: Session) -> dict[str, ToolCall]:
    return {call.call_id: call for call in session.calls}


def _hours(session: Session) -> dict[tuple[Millis | None, str], ModelUsage]:
    return {(hour.hour, hour.model): hour for hour in session.hours}


def _same(old: Session | None, new: Session) -> bool:
    return old is not None and old.session_id == new.session_id
