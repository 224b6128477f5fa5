"""The state of now, for commands that print it: from a recorder's database, else by a look of our own."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from typing import TYPE_CHECKING, Any

from monitor.cli.json_output import SCHEMA, iso, plain
from monitor.errors import DatabaseError
from monitor.history.connection import open_reader
from monitor.history.lock import holder
from monitor.history.state import Snapshot, fill, state_at
from monitor.keystore import Keys, KeyStore
from monitor.model import AgentMetrics, AgentStatus, Alert, Board, RagMetrics, SystemHealth

if TYPE_CHECKING:
    from monitor.cli.context import Globals


async def current_state(options: Globals) -> tuple[KeyStore, str]:
    """A filled key store, and where it came from: `recorder` or `look`."""
    from monitor.collector.once import look

    store = KeyStore()
    recording = await asyncio.to_thread(holder, options.paths.lock) is not None
    try:
        last = await _last(options)
    except DatabaseError:
        if recording:
            raise
        last = None
    if recording and last is not None:
        fill(store, last)
        return store, "recorder"
    await look(options.settings, options.paths, store, last)
    return store, "look"


async def _last(options: Globals) -> Snapshot | None:
    """What the database holds of now; None without a database."""
    if not options.paths.database.is_file():
        return None
    async with open_reader(options.paths.database) as connection:
        try:
            return await state_at(connection, time.time_ns() // 1_000_000)
        except sqlite3.Error as error:
            raise DatabaseError(f"{options.paths.database}: cannot be read: {error}.") from error


def as_json(store: KeyStore, host: str, origin: str) -> dict[str, Any]:
    """The object that `status --json` prints (docs/reference/json.md)."""
    health: SystemHealth | None = store.get(Keys.HEALTH)
    rag: RagMetrics | None = store.get(Keys.RAG)
    return {
        "schema": SCHEMA,
        "time": iso(store.get(Keys.CLOCK)),
        "host": host,
        "origin": origin,
        "agents": [agent_json(store, agent_id) for agent_id in store.get(Keys.AGENTS, ())],
        "tasks": plain(store.get(Keys.TASKS) or Board()),
        "commits": plain(store.get(Keys.COMMIT_FEED, ())),
        "health": health_json(health),
        "rag": plain(rag),
        "alerts": [alert_json(alert) for alert in store.get(Keys.ALERTS, ())],
        "sources": plain(store.get(Keys.SOURCES, ())),
    }


def agent_json(store: KeyStore, agent_id: str) -> dict[str, Any]:
    """One agent: its status object and its metrics object as one."""
    status: AgentStatus = store.get(Keys.status(agent_id))
    metrics: AgentMetrics = store.get(Keys.metrics(agent_id)) or AgentMetrics()
    return {**plain(status), **plain(metrics)}


def health_json(health: SystemHealth | None) -> dict[str, Any] | None:
    """System health: the key store's object, and beside it what seed 001 names otherwise in its table."""
    if health is None:
        return None
    value: dict[str, Any] = plain(health)
    details = {name: value[name] for name in ("swap_percent", "uptime_seconds", "disks", "services")}
    return {**value, "overall_status": value["status"], "timestamp": value["last_check"], "details": details}


def alert_json(alert: Alert) -> dict[str, Any]:
    """An alert; `id` is its `alert_id`, for the table's row number is no identity."""
    return {"id": alert.alert_id, **plain(alert)}
