"""Roll-ups: five minutes of an agent from its samples, hours from those, days from hours; and hours of host health.

`rollups.done_until` tells how far each has come, so that the work may end anywhere and goes on from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from monitor.history.queries import sql
from monitor.history.writing.encode import SAMPLE_REPEAT_MS
from monitor.model import Millis

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from monitor.history.upkeep.slices import Pace

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
MARGIN_MS: Final = 30_000
"""A period is summed up this long after its end: what a tick wrote late is in by then."""
DEFAULT_INTERVAL_MS: Final = 2_000
"""Taken for samples from before any interval was recorded."""
MAX_WINDOW: Final = 24
"""Periods of all agents that are summed up before `done_until` moves on, at most: what an interruption repeats."""
NEVER: Final = 1 << 62
"""Later than any moment."""


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """One roll-up: its table, which is its name in `rollups` and in its queries, and the length of its periods."""

    table: str
    period: Millis
    of_agents: bool = True


LEVELS: Final = (
    Level(table="agent_metrics_5min", period=5 * MINUTE),
    Level(table="agent_metrics_hourly", period=HOUR),
    Level(table="agent_metrics_daily", period=DAY),
    Level(table="system_health_hourly", period=HOUR, of_agents=False),
)
"""In their order: each is made from one before it, or from what is recorded."""


class Late:
    """Tells the roll-ups when something is written into a time they have come by, or are at.

    Both sides use it in the connection's thread, so a tick is written before a slice or after it.
    """

    def __init__(self) -> None:
        self.horizon: Millis = NEVER
        """Until when periods are summed up or about to be; what is written before then is late."""
        self.noted = False
        """Something late was written since the roll-ups last looked."""

    def note(self, at: Millis) -> bool:
        """A tick of `at` is being written. True: it is late, and query `reopen_rollups` has to run with it."""
        if at >= self.horizon:
            return False
        self.noted = True
        return True


def horizon(now: Millis, period: Millis) -> Millis:
    """The end of the last period that is over and may be summed up."""
    until = now - MARGIN_MS
    return until - until % period


def carries(db: sqlite3.Connection) -> list[tuple[Millis, Millis]]:
    """(since, for how long a sample is carried forward from then on), oldest first, in milliseconds."""
    rows = db.execute(sql("recorded_intervals")).fetchall()
    found = [(since, SAMPLE_REPEAT_MS + 2 * interval) for since, interval in rows]
    first = found[0][1] if found else SAMPLE_REPEAT_MS + 2 * DEFAULT_INTERVAL_MS
    return [(0, first), *found]


def known_agents(db: sqlite3.Connection) -> list[str]:
    """The ids of all agents that may have rows."""
    return [row[0] for row in db.execute(sql("agents_to_maintain"))]


def done_until(db: sqlite3.Connection, table: str) -> Millis:
    """Every period of this roll-up that ends by then is summed up; 0 when nothing is."""
    row = db.execute(sql("rollup_mark"), {"rollup": table}).fetchone()
    return row[0] if row is not None else 0


def is_due(db: sqlite3.Connection, now: Millis) -> bool:
    """Whether a period is over that is not summed up yet."""
    return any(done_until(db, level.table) < horizon(now, level.period) for level in LEVELS)


def roll_up(db: sqlite3.Connection, now: Millis, pace: Pace, late: Late) -> Iterator[None]:
    """Sum up every period that is over; one slice lies between two steps of the iterator. Raises sqlite3.Error."""
    while True:
        late.noted = False
        late.horizon = horizon(now, LEVELS[0].period)
        for level in LEVELS:
            yield from _LevelWork(db, level, pace, late).slices(horizon(now, level.period))
            if late.noted:
                break
        else:
            return


class _LevelWork:
    """One roll-up at work on one connection."""

    def __init__(self, db: sqlite3.Connection, level: Level, pace: Pace, late: Late) -> None:
        self._db = db
        self._level = level
        self._pace = pace
        self._late = late
        self._agents: list[str] = []
        self._carries = ""
        self._mark: Millis = 0
        """`done_until` as it was found or set last."""

    def slices(self, until: Millis) -> Iterator[None]:
        """Sum up until then, window after window; ends early when something late was written."""
        self._mark = done_until(self._db, self._level.table)
        done = self._mark - self._mark % self._level.period
        if done >= until:
            return
        if self._level.of_agents:
            self._agents = known_agents(self._db)
            self._carries = _json(_in_force(carries(self._db), done))
        while done < until and not self._late.noted:
            start = done
            if until - done > MAX_WINDOW * self._level.period:
                start = self._next_period(done, until)
                yield
            periods = max(1, min(MAX_WINDOW, self._pace.size(self._level.table) // max(1, len(self._agents))))
            done = min(until, start + periods * self._level.period)
            yield from self._window(start, done)

    def _next_period(self, done: Millis, until: Millis) -> Millis:
        """The first period from `done` on that has anything in it: months without a recorder are one step."""
        bound = self._bound(at=done)
        row = self._db.execute(sql(f"next_to_roll_up_{self._level.table}"), bound).fetchone()
        at = until if row is None or row[0] is None else row[0]
        return int(max(done, min(until, at - at % self._level.period)))

    def _window(self, start: Millis, end: Millis) -> Iterator[None]:
        """The periods from `start` to `end`, some agents a slice; the last one moves the mark."""
        periods = range(start, end, self._level.period)
        waiting = list(self._agents)
        last = False
        while not last and not self._late.noted:
            with self._pace.slice(self._db, self._level.table) as part:
                size = max(1, part.size // max(1, len(periods)))
                chunk, waiting = waiting[:size], waiting[size:]
                last = not waiting
                part.used = len(periods) * max(1, len(chunk))
                bound = self._bound(
                    agents=_json(chunk), periods=_json(list(periods)), length=self._level.period
                )
                if periods:
                    self._db.execute(sql(f"roll_up_{self._level.table}"), bound)
                if last:
                    self._set_mark(end)
            yield

    def _set_mark(self, end: Millis) -> None:
        """Note that all is done until `end`, unless somebody else has set the mark back: then begin there again."""
        if done_until(self._db, self._level.table) != self._mark:
            self._late.noted = True
            return
        self._db.execute(sql("set_rollup_mark"), {"name": self._level.table, "done_until": end})
        self._mark = end

    def _bound(self, **values: object) -> dict[str, object]:
        return {"agents": _json(self._agents), "carries": self._carries, **values}


def _in_force(found: list[tuple[Millis, Millis]], since: Millis) -> list[tuple[Millis, Millis]]:
    """Those under which a sample was taken that holds at `since` or later; the first of them stands for all before.

    Every sample is looked up in this list, so a year of changes is not to stand in it.
    """
    ends = [later for later, _ in found[1:]] + [NEVER]
    kept = [carry for carry, end in zip(found, ends, strict=True) if end + carry[1] > since]
    return [(0, kept[0][1]), *kept[1:]]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
