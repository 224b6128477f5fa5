"""After the clock was set back: what is recorded under times still to come moves back with the clock.

Every reader asks for the newest row at or before a moment. Rows ahead of the clock would be hidden now, and come up
again, in between the new ones, when the clock passes their times a second time. So nothing recorded ever lies ahead. No
row is lost. What was the last word on an agent, a task or a board still is, and what is measured keeps its distances;
the event of type `clock` tells how far times before it may be off.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from monitor.history.queries import sql

if TYPE_CHECKING:
    import sqlite3

    from monitor.model import Millis

_PINS: Final = (
    "pin_agent_profiles",
    "pin_agent_details",
    "pin_agent_status_changes",
    "pin_agent_processes",
    "pin_session_states",
    "pin_system_states",
    "pin_task_events",
    "pin_board_states",
    "pin_alert_changes",
    "pin_alert_mutes",
    "pin_system_health",
    "pin_rag_metrics",
    "pin_sources",
)
_MOVES: Final = (
    "move_recorders",
    "move_recorder_intervals",
    "move_agents",
    "move_agent_profiles",
    "move_agent_metrics",
    "move_agent_details",
    "move_agent_status_changes",
    "move_agent_processes",
    "move_session_states",
    "move_system_states",
    "move_system_events",
    "move_system_logs",
    "move_system_metrics",
    "move_task_events",
    "move_board_states",
    "move_git_commits",
    "move_commit_agents",
    "move_system_health",
    "move_rag_metrics",
    "move_alerts",
    "move_alert_changes",
    "move_alert_mutes",
    "move_events",
)
_DROPS: Final = ("drop_5min_after", "drop_hourly_after", "drop_daily_after", "drop_health_hourly_after")
TRIES: Final = 8
"""Runs of each move: a row whose new time was taken goes a millisecond further with each. Of rows that lie thousands of
milliseconds apart, one in a thousand meets another one once."""

log = logging.getLogger(__name__)


def newest_time(db: sqlite3.Connection, now: Millis) -> Millis:
    """The last time recorded under, of those that a clock which shows `now` is to be compared with; 0 for none.

    A clock that shows less than when the schema was made has lost its time (a board without a battery): what was
    recorded under a good clock is left out of it. Raises sqlite3.Error.
    """
    floor = clock_floor(db)
    until = floor - 1 if now < floor else 2**62
    newest: Millis = db.execute(sql("newest_time"), {"until": until}).fetchone()[0]
    return newest


def move_back(db: sqlite3.Connection, at: Millis) -> int:
    """See that nothing is recorded under a time later than `at`; returns the number of rows moved.

    Runs in the connection's thread, a transaction a table; stopped half-way, it is taken up by the next call. The
    newest row comes to lie at `at`. Roll-ups of the time concerned are dropped, to be made again. Raises sqlite3.Error.
    """
    newest = newest_time(db, at)
    if newest <= at:
        return 0
    by = newest - at
    bound = {"after": at, "until": newest, "by": by}
    moved = sum(db.execute(sql(pin), bound).rowcount for pin in _PINS)
    for further in range(TRIES):
        bound["by"] = by + further
        moved += sum(db.execute(sql(move), bound).rowcount for move in _MOVES)
    for drop in _DROPS:
        db.execute(sql(drop), {"after": at})
    db.execute(sql("reopen_rollups"), {"at": at - by - TRIES})
    log.warning("the clock was set back by %.1f s: %d rows were moved back with it", by / 1000, moved)
    return moved


def clock_floor(db: sqlite3.Connection) -> Millis:
    """What a clock shows at least that has not lost its time. Raises sqlite3.Error."""
    floor: Millis = db.execute(sql("clock_floor")).fetchone()[0]
    return floor
