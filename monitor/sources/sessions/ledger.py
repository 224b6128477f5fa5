"""What adds up over a session, for every kind of agent: tokens by model and by hour, tool calls, edits."""

from __future__ import annotations

from typing import Final

import msgspec

from monitor.model import (
    CALLS_LIMIT,
    EDITS_LIMIT,
    HOURS_LIMIT,
    Millis,
    ModelUsage,
    TokenCounts,
    ToolCall,
    ToolOutcome,
    ToolStat,
)
from monitor.text import clean

HOUR: Final = 3_600_000
NAME_LIMIT: Final = 80
"""Characters of a model's or a tool's name."""
_PENDING_LIMIT: Final = 200
"""Calls without an end that are remembered."""
_ZERO: Final = TokenCounts()


class UsageLedger:
    """Tokens by model and by hour."""

    def __init__(self) -> None:
        self.total = _ZERO
        self.by_model: dict[str, TokenCounts] = {}
        self.by_hour: dict[tuple[Millis, str], TokenCounts] = {}

    def add(self, at: Millis | None, model: str, tokens: TokenCounts) -> None:
        """Count these once more."""
        if tokens == _ZERO:
            return
        name = clean(model, NAME_LIMIT)
        self.total = self.total.plus(tokens)
        self.by_model[name] = self.by_model.get(name, _ZERO).plus(tokens)
        if at is not None:
            key = (at - at % HOUR, name)
            self.by_hour[key] = self.by_hour.get(key, _ZERO).plus(tokens)
            if len(self.by_hour) > 4 * HOURS_LIMIT:
                self._forget_hours()

    def take_back(self, at: Millis | None, model: str, tokens: TokenCounts) -> None:
        """These were counted, and count elsewhere."""
        name = clean(model, NAME_LIMIT)
        self.total = self.total.minus(tokens)
        if (left := self.by_model.get(name, _ZERO).minus(tokens)) == _ZERO:
            self.by_model.pop(name, None)
        else:
            self.by_model[name] = left
        key = (at - at % HOUR, name) if at is not None else None
        if key in self.by_hour and key is not None:
            if (left := self.by_hour[key].minus(tokens)) == _ZERO:
                del self.by_hour[key]
            else:
                self.by_hour[key] = left

    def merge(self, other: UsageLedger) -> UsageLedger:
        """The sum of both, as a ledger of its own."""
        both = UsageLedger()
        both.total = self.total.plus(other.total)
        for one in (self, other):
            for name, tokens in one.by_model.items():
                both.by_model[name] = both.by_model.get(name, _ZERO).plus(tokens)
            for key, tokens in one.by_hour.items():
                both.by_hour[key] = both.by_hour.get(key, _ZERO).plus(tokens)
        return both

    def models(self) -> tuple[ModelUsage, ...]:
        """By model, the one that took most first."""
        ranked = sorted(self.by_model.items(), key=lambda item: (-item[1].total, item[0]))
        return tuple(ModelUsage(model=name, tokens=tokens) for name, tokens in ranked)

    def hours(self) -> tuple[ModelUsage, ...]:
        """By hour and model, oldest first, the newest `HOURS_LIMIT` hours."""
        newest = sorted({hour for hour, _ in self.by_hour})[-HOURS_LIMIT:]
        return tuple(
            ModelUsage(model=name, tokens=tokens, hour=hour)
            for (hour, name), tokens in sorted(self.by_hour.items())
            if hour in newest
        )

    def _forget_hours(self) -> None:
        newest = set(sorted({hour for hour, _ in self.by_hour})[-HOURS_LIMIT:])
        self.by_hour = {key: tokens for key, tokens in self.by_hour.items() if key[0] in newest}


class ToolLedger:
    """Tool calls: those that run, the newest that ended, and how often each tool was used."""

    def __init__(self) -> None:
        self._pending: dict[str, ToolCall] = {}
        self._done: dict[str, ToolCall] = {}
        self._stats: dict[str, ToolStat] = {}
        self._edits: dict[str, None] = {}
        self.edit_count = 0

    @property
    def pending(self) -> ToolCall | None:
        """The oldest call that has no end yet."""
        return next(iter(self._pending.values()), None)

    def known(self, call_id: str) -> bool:
        """Whether the call was told of before."""
        return call_id in self._pending or call_id in self._done

    def ended(self, call_id: str) -> bool:
        """Whether the end of the call was told of before."""
        return call_id in self._done

    def begin(self, call_id: str, name: str, target: str, at: Millis | None) -> None:
        """A call was made; one that is known already is not made again."""
        if self.known(call_id):
            return
        name = clean(name, NAME_LIMIT)
        self._pending[call_id] = ToolCall(
            call_id=clean(call_id, NAME_LIMIT), name=name, target=target, started=at
        )
        stat = self._stats.get(name) or ToolStat(name=name)
        self._stats[name] = msgspec.structs.replace(stat, calls=stat.calls + 1)
        while len(self._pending) > _PENDING_LIMIT:
            del self._pending[next(iter(self._pending))]

    def end(self, call_id: str, at: Millis | None, outcome: ToolOutcome, *, ms: Millis | None = None) -> None:
        """A call has ended; `ms` is how long it took, where the log says so."""
        call = self._pending.pop(call_id, None)
        if call is None:
            return
        if ms is None and at is not None and call.started is not None:
            ms = max(0, at - call.started)
        self._done[call_id] = msgspec.structs.replace(call, ended=at, outcome=outcome)
        while len(self._done) > CALLS_LIMIT:
            del self._done[next(iter(self._done))]
        stat = self._stats[call.name]
        self._stats[call.name] = msgspec.structs.replace(
            stat,
            errors=stat.errors + (outcome == "error"),
            denied=stat.denied + (outcome == "denied"),
            total_ms=stat.total_ms + (ms or 0),
        )

    def drop(self) -> None:
        """The turn is over: what had no end has none."""
        for call_id, call in self._pending.items():
            self._done[call_id] = call
        self._pending.clear()

    def edited(self, path: str) -> None:
        """A file was edited."""
        self.edit_count += 1
        if path:
            self._edits.pop(path, None)
            self._edits[path] = None
            while len(self._edits) > EDITS_LIMIT:
                del self._edits[next(iter(self._edits))]

    def calls(self) -> tuple[ToolCall, ...]:
        """Newest first."""
        every = [*self._done.values(), *self._pending.values()]
        every.sort(key=lambda call: (-(call.started or 0), call.call_id))
        return tuple(every[:CALLS_LIMIT])

    def stats(self) -> tuple[ToolStat, ...]:
        """The most used first."""
        return tuple(sorted(self._stats.values(), key=lambda stat: (-stat.calls, stat.name)))

    def edits(self) -> tuple[str, ...]:
        """The newest first."""
        return tuple(reversed(self._edits))
