"""What the desk fills each key with: loaded only once somebody asks for one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from monitor.history.series.agents import read_series
from monitor.history.series.past import read_alert_history, read_velocity
from monitor.history.series.ribbons import read_ribbons
from monitor.history.series.windows import refresh_after, window
from monitor.keystore import Keys
from monitor.model import SPANS, Millis, Ribbons, Series

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

_LIST_REFRESH: Final = 5_000
_DAYS_REFRESH: Final = 60_000
_SERIES: Final = Keys.series("\n", "\n").split("\n")
"""What stands before the agent's id in the key of a series, between it and the span, and after that."""


class Order(NamedTuple):
    """What a key is filled with, and how far the moment moves before it is read again."""

    read: Callable[[sqlite3.Connection, Millis, tuple[str, ...]], Any]
    """Called in the connection's thread with the moment and the ids of the agents shown."""
    refresh: Millis


def order_for(key: str) -> Order | None:
    """How to fill a key; None for one that is none of the desk's."""
    if key == Keys.ALERT_HISTORY:
        return Order(lambda db, at, _: read_alert_history(db, at), _LIST_REFRESH)
    if key == Keys.VELOCITY:
        return Order(lambda db, at, _: read_velocity(db, at), _DAYS_REFRESH)
    before, between, after = _SERIES
    for span in SPANS:
        if key == Keys.ribbons(span):
            return _ribbons_order(span)
        ending = f"{between}{span}{after}"
        if key.startswith(before) and key.endswith(ending):
            return _series_order(key[len(before) : -len(ending)], span)
    return None


def _series_order(agent_id: str, span: str) -> Order:
    def read(db: sqlite3.Connection, at: Millis, _shown: tuple[str, ...]) -> Series:
        part = window(span, at)
        return read_series(db, agent_id, part.start, part.end, part.bucket)

    return Order(read, refresh_after(span))


def _ribbons_order(span: str) -> Order:
    def read(db: sqlite3.Connection, at: Millis, shown: tuple[str, ...]) -> Ribbons:
        return read_ribbons(db, window(span, at), shown)

    return Order(read, refresh_after(span))
