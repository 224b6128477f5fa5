"""What commands list from the history beside the state of a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.history.connection import in_one_go
from monitor.history.moments import decode
from monitor.history.moments.moment import read_mutes
from monitor.history.queries import fetch

if TYPE_CHECKING:
    import aiosqlite

    from monitor.model import Alert, Millis, Mute


async def alerts(
    db: aiosqlite.Connection, *, include_resolved: bool = False, limit: int = 1000
) -> tuple[Alert, ...]:
    """The open alerts, or all of them, newest first. Raises sqlite3.Error."""
    rows = await fetch(db, "all_alerts" if include_resolved else "open_alerts", limit=limit)
    return tuple(decode.alert(row) for row in rows)


async def mutes(db: aiosqlite.Connection, at: Millis) -> tuple[Mute, ...]:
    """The mutes that held at a moment, the one that ends first in front. Raises sqlite3.Error."""
    return await in_one_go(db, lambda connection: read_mutes(connection, at))
