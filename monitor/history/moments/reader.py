"""What commands list from the history beside the state of a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.history.moments import decode
from monitor.history.queries import fetch

if TYPE_CHECKING:
    import aiosqlite

    from monitor.model import Alert


async def alerts(
    db: aiosqlite.Connection, *, include_resolved: bool = False, limit: int = 1000
) -> tuple[Alert, ...]:
    """The open alerts, or all of them, newest first. Raises sqlite3.Error."""
    rows = await fetch(db, "all_alerts" if include_resolved else "open_alerts", limit=limit)
    return tuple(decode.alert(row) for row in rows)
