"""What the agents cost today, by the hours of their sessions."""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import Millis, Session
from monitor.when import parse_when

if TYPE_CHECKING:
    from datetime import tzinfo

SESSIONS_LIMIT: Final = 2_000
"""Sessions of a day whose cost is kept; beyond that the cheapest is dropped for a dearer one."""
_LOOK_MS: Final = 60_000
"""Between two looks at the calendar."""


class Spend(msgspec.Struct, frozen=True, kw_only=True):
    """Dollars spent since the local day began."""

    day: Millis = 0
    """When it began."""
    agents: Mapping[str, float] = {}
    """By agent id."""
    total: float = 0.0
    """Of all sessions, those that belong to no known agent included."""
    unpriced: int = 0
    """Sessions that spent tokens today of which some have no price, and are not counted."""


class _Spent(msgspec.Struct, frozen=True):
    session: Session
    agent_id: str
    dollars: float
    unpriced: bool


class SpendBook:
    """Keeps what each session spent today, also when its log is gone. An hour counts for the day it begins in."""

    def __init__(self, tz: tzinfo | None = None) -> None:
        """`tz`: whose days count; this machine's when left out."""
        self._tz = tz
        self._day: Millis = 0
        self._looked_at: Millis | None = None
        self._sessions: dict[tuple[str, str], _Spent] = {}
        self._spend: Spend | None = None

    def note(self, agent_id: str, session: Session, now: Millis) -> None:
        """Take up a priced session as it is now; `agent_id` is empty when it belongs to no known agent."""
        self._turn_page(now)
        key = (session.kind, session.session_id)
        known = self._sessions.get(key)
        if known is not None and known.session is session and known.agent_id == agent_id:
            return
        today = [used for used in session.hours if used.hour is not None and used.hour >= self._day]
        if not today:
            return
        dollars = fsum(used.cost_usd for used in today if used.cost_usd is not None)
        unpriced = any(used.cost_usd is None for used in today)
        if known is None and len(self._sessions) >= SESSIONS_LIMIT:
            cheapest = min(self._sessions, key=lambda each: self._sessions[each].dollars)
            if self._sessions[cheapest].dollars >= dollars:
                return
            del self._sessions[cheapest]
        self._sessions[key] = _Spent(session, agent_id, dollars, unpriced)
        self._spend = None

    def look(self, now: Millis) -> Spend:
        """What was spent today; the very record of before while nothing is new."""
        self._turn_page(now)
        if self._spend is None:
            agents: dict[str, float] = {}
            for spent in self._sessions.values():
                if spent.agent_id:
                    agents[spent.agent_id] = agents.get(spent.agent_id, 0.0) + spent.dollars
            self._spend = Spend(
                day=self._day,
                agents=agents,
                total=fsum(spent.dollars for spent in self._sessions.values()),
                unpriced=sum(spent.unpriced for spent in self._sessions.values()),
            )
        return self._spend

    def _turn_page(self, now: Millis) -> None:
        """Begin anew when it is another day."""
        if self._looked_at is not None and 0 <= now - self._looked_at < _LOOK_MS:
            return
        self._looked_at = now
        day = parse_when("today", now, tz=self._tz)
        if day != self._day:
            self._day, self._spend = day, None
            self._sessions.clear()
