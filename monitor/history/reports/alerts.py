"""`report alerts`: when each fired, who acknowledged it and how soon, and when it was over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from monitor.history.queries import fetch
from monitor.history.reports.base import Query, Report, Seconds, between
from monitor.model import Millis, Severity

if TYPE_CHECKING:
    import sqlite3

    import aiosqlite


class AlertRow(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that was open at some time of the interval, with its whole life as far as it is recorded."""

    fired: Millis
    severity: Severity
    state: Literal["firing", "acknowledged", "resolved"]
    """What had become of it by the end of the recording."""
    rule: str
    subject: str
    title: str
    acknowledged: Millis | None
    acknowledged_by: str | None
    acknowledged_after_seconds: Seconds | None
    resolved: Millis | None
    open_seconds: Seconds | None
    """Until it was resolved; of an open one until the end of the interval."""
    message: str
    alert_id: str


async def alerts(db: aiosqlite.Connection, query: Query) -> Report:
    """The alerts that were open in the interval, also archived ones, in the order they fired.

    Raises sqlite3.Error.
    """
    found = await fetch(db, "report_alerts", since=query.since, until=query.until, agents=query.wanted)
    rows = tuple(_row(row, query.until) for row in found)
    return Report(name="alerts", since=query.since, until=query.until, row_type=AlertRow, rows=rows)


def _row(row: sqlite3.Row, until: Millis) -> AlertRow:
    fired, acknowledged, resolved = row["created_at"], row["acknowledged_at"], row["resolved_at"]
    open_state: Literal["firing", "acknowledged"] = "acknowledged" if row["acknowledged"] else "firing"
    return AlertRow(
        fired=fired,
        severity=row["severity"],
        state="resolved" if resolved is not None else open_state,
        rule=row["rule"],
        subject=row["subject"],
        title=row["title"],
        acknowledged=acknowledged,
        acknowledged_by=row["acknowledged_by"],
        acknowledged_after_seconds=between(fired, acknowledged),
        resolved=resolved,
        open_seconds=between(fired, until if resolved is None else resolved),
        message=row["message"],
        alert_id=row["alert_id"],
    )
