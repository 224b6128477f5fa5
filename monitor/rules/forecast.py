"""Where sessions are heading: what they burn an hour, when their window and their account's quotas will be full."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import Forecast, Leap, Millis, Session

if TYPE_CHECKING:
    from monitor.model import Quota

HOUR: Final = 3_600_000
LOOK_MS: Final = 30_000
"""A forecast of a session of which nothing is new is made again after so long."""
_READINGS: Final = 12
"""Readings that a trend keeps."""
_CONTEXT_WINDOW: Final = 20 * 60_000
_CONTEXT_HORIZON: Final = 24 * HOUR
_QUOTA_WINDOW: Final = HOUR
_QUOTA_HORIZON: Final = 7 * 24 * HOUR
_SHORTEST: Final = 60_000
"""A trend over less time says nothing."""
_FALL: Final = 0.9
"""A value below this share of the last one began anew: the context was summed up, the quota given anew."""
_QUOTAS_LIMIT: Final = 8
_MINUTE: Final = 60_000


def burn_rate(session: Session, now: Millis) -> tuple[int | None, float | None]:
    """Tokens and dollars of the last 60 minutes; of the hour in which they began the share that lies in them.

    The hours stand oldest first. None for tokens when the log tells no hours, for dollars when none has a price.
    """
    if not session.hours:
        return None, None
    tokens = dollars = 0.0
    for used in reversed(session.hours):
        hour = used.hour or 0
        if hour + HOUR <= now - HOUR:
            break
        share = _share(hour, now)
        tokens += share * max(0, used.tokens.total)
        dollars += share * (used.cost_usd or 0.0)
    priced = any(used.cost_usd is not None for used in session.hours)
    return round(tokens), round(dollars, 4) if priced else None


def _share(hour: Millis, now: Millis) -> float:
    """The part of what was spent in an hour, so far, that was spent in the last 60 minutes."""
    end = min(hour + HOUR, now)
    if hour > now or end <= now - HOUR:
        return 0.0
    return 1.0 if end <= hour else (end - max(hour, now - HOUR)) / (end - hour)


class Trend:
    """A few readings of a number that grows towards a limit."""

    def __init__(self, window: Millis) -> None:
        """`window`: how far back it looks."""
        self._window = window
        self._readings: deque[tuple[Millis, float]] = deque()
        self._last = 0.0

    def note(self, at: Millis, value: float) -> None:
        """Take in what the number is now; after a fall, or when the clock was set back, it begins anew."""
        readings = self._readings
        if value < self._last * _FALL or (readings and at < readings[-1][0]):
            readings.clear()
        self._last = value
        while readings and at - readings[0][0] > self._window:
            readings.popleft()
        if not readings or at - readings[-1][0] >= self._window // _READINGS:
            readings.append((at, value))

    def reaches(self, limit: float, now: Millis) -> Millis | None:
        """When it will be at its limit, to the minute; None when it does not grow, or too little is known."""
        if self._last >= limit:
            return now - now % _MINUTE
        if not self._readings:
            return None
        at, value = self._readings[0]
        if now - at < _SHORTEST or self._last <= value:
            return None
        full = now + (limit - self._last) * (now - at) / (self._last - value)
        return int(full // _MINUTE) * _MINUTE


class _Known(msgspec.Struct):
    """What is remembered of one agent's session."""

    session: Session
    context: Trend
    quotas: dict[str, Trend]
    at: Millis
    forecast: Forecast = Forecast()


class ForecastBook:
    """Keeps a few readings of each agent's session. Not safe for threads."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def note(self, agent_id: str, session: Session | None, now: Millis) -> Forecast | None:
        """Take in an agent's priced session; its forecast, the very record of before while it says the same."""
        if session is None:
            self.forget(agent_id)
            return None
        known = self._known.get(agent_id)
        if known is None or known.session.session_id != session.session_id:
            known = self._known[agent_id] = _Known(session, Trend(_CONTEXT_WINDOW), {}, now - LOOK_MS)
        if known.session is session and 0 <= now - known.at < LOOK_MS:
            return known.forecast
        known.session, known.at = session, now
        forecast = _forecast(known, session, now)
        if forecast != known.forecast:
            known.forecast = forecast
        return known.forecast

    def forget(self, agent_id: str) -> None:
        """The agent is gone; an unknown one is no error."""
        self._known.pop(agent_id, None)

    def leap(self, _leap: Leap) -> None:
        """The clock was set, or nobody looked: the readings before tell nothing of how fast anything grows."""
        for known in self._known.values():
            known.context, known.quotas = Trend(_CONTEXT_WINDOW), {}


def _forecast(known: _Known, session: Session, now: Millis) -> Forecast:
    tokens, dollars = burn_rate(session, now)
    quota_full_at, quota_name = _first_quota(known, session.quotas, now)
    return Forecast(
        tokens_per_hour=tokens,
        usd_per_hour=dollars,
        context_full_at=_context_full_at(known, session, now),
        quota_full_at=quota_full_at,
        quota_name=quota_name,
    )


def _context_full_at(known: _Known, session: Session, now: Millis) -> Millis | None:
    if session.context_used is None or not session.context_size:
        return None
    known.context.note(now, session.context_used)
    full = known.context.reaches(session.context_size, now)
    return full if full is not None and full - now <= _CONTEXT_HORIZON else None


def _first_quota(known: _Known, quotas: tuple[Quota, ...], now: Millis) -> tuple[Millis | None, str]:
    """When the first quota is used up, and its name."""
    found: list[tuple[Millis, str]] = []
    for quota in quotas[:_QUOTAS_LIMIT]:
        if quota.resets_at is not None and quota.resets_at <= now:
            continue
        trend = known.quotas.setdefault(quota.name, Trend(_QUOTA_WINDOW))
        trend.note(now, quota.used_percent)
        full = trend.reaches(100.0, now)
        latest = now + _QUOTA_HORIZON if quota.resets_at is None else quota.resets_at
        if full is not None and full < latest:
            found.append((full, quota.name))
    if len(known.quotas) > _QUOTAS_LIMIT:
        known.quotas = {
            quota.name: known.quotas[quota.name] for quota in quotas if quota.name in known.quotas
        }
    return min(found, default=(None, ""))
