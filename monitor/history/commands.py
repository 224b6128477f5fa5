"""Commands: handed to the process that records, or applied here when nobody does (DESIGN.md §1)."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import __version__, inbox
from monitor.errors import MonitorError, RecorderBusyError
from monitor.history.connection import explain, in_one_go, open_writer
from monitor.history.lock import RecorderLock, holder
from monitor.history.migrations import migrate
from monitor.history.moments import decode
from monitor.history.moments.moment import read_mutes
from monitor.history.queries import fetch_one, sql
from monitor.history.writing.columns import alert_row
from monitor.history.writing.encode import mute_statements
from monitor.rules.lifecycle import AlertBook
from monitor.rules.mutes import MUTE_DAYS, MUTES_LIMIT, MuteBook

if TYPE_CHECKING:
    import aiosqlite

    from monitor.model import Alert, Command, Mute
    from monitor.paths import StatePaths

WAL_LIMIT_MB = 16


async def send_command(paths: StatePaths, command: Command) -> Alert | Mute | None:
    """Have a command applied.

    Returns the alert or the mute as it now is, or None when the recorder was told and will do it within a tick.
    Raises MonitorError when there is nothing that it could be done to, or nothing can be written.
    """
    if await _hand_over(paths, command):
        return None
    lock = RecorderLock(paths, version=__version__, interval_seconds=0.0, now=time.time_ns() // 1_000_000)
    try:
        await asyncio.to_thread(lock.acquire)
    except RecorderBusyError:
        if await _hand_over(paths, command):  # a recorder started in between
            return None
        raise
    try:
        db = await open_writer(paths, WAL_LIMIT_MB)
        try:
            await migrate(db)
            return await apply_command(db, command)
        except sqlite3.Error as error:
            raise explain(error, paths.database) from error
        finally:
            await db.close()
    finally:
        lock.release()


async def apply_command(db: aiosqlite.Connection, command: Command) -> Alert | Mute:
    """Do what the command asks for through the writing connection.

    Raises MonitorError when there is nothing that it could be done to, and sqlite3.Error.
    """
    if command.kind in ("mute", "unmute"):
        return await in_one_go(db, lambda connection: _change_mutes(connection, command))
    return await _change_alert(db, command)


def _change_mutes(db: sqlite3.Connection, command: Command) -> Mute:
    """In the connection's thread: mute, or end a mute."""
    mutes = MuteBook(read_mutes(db, command.at))
    changed = mutes.obey(command, command.at)
    if changed is None and command.kind == "unmute":
        raise MonitorError("nothing is muted by that: `agent-monitor alerts mutes` shows what is.")
    if changed is None:
        raise MonitorError(
            f"cannot be muted: a mute needs a rule or a subject and at most {MUTE_DAYS} days, and there are at "
            f"most {MUTES_LIMIT} at a time; `agent-monitor alerts mutes` shows them."
        )
    db.execute("BEGIN IMMEDIATE")
    try:
        for name, bound in mute_statements([changed], command.at):
            db.executemany(sql(name), bound)
        db.commit()
    except BaseException:
        db.rollback()
        raise
    return changed


async def _change_alert(db: aiosqlite.Connection, command: Command) -> Alert:
    """Acknowledge or resolve an alert."""
    row = await fetch_one(db, "alert_by_id", alert_id=command.alert_id)
    if row is None:
        raise MonitorError(
            f"there is no alert {command.alert_id}: `agent-monitor alerts list` shows the open ones."
        )
    alert = decode.alert(row)
    changed = AlertBook([alert]).obey(command)
    if changed is None:
        state = "resolved" if alert.resolved else f"acknowledged by {alert.acknowledged_by}"
        raise MonitorError(f"alert {command.alert_id} is {state} already.")
    row_now = alert_row(changed)
    await db.execute(sql("upsert_alert"), row_now)
    await db.execute(sql("insert_alert_change"), {**row_now, "at": max(command.at, alert.created_at)})
    return changed


async def _hand_over(paths: StatePaths, command: Command) -> bool:
    who = await asyncio.to_thread(holder, paths.lock)
    if who is None:
        return False
    await asyncio.to_thread(inbox.drop, Path(who.inbox) if who.inbox else paths.inbox, command)
    return True
