"""The state of now, or of a moment gone by, for commands that print it."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

from monitor.cli.json_output import SCHEMA, iso, plain
from monitor.errors import DatabaseError
from monitor.history.connection import open_reader
from monitor.history.lock import Holder, holder
from monitor.history.migrations import verify
from monitor.history.moments.follow import Follower
from monitor.history.moments.state import Snapshot, fill, state_at
from monitor.keystore import Keys, KeyStore
from monitor.model import (
    AgentMetrics,
    AgentStatus,
    Alert,
    Board,
    Millis,
    Mute,
    RagMetrics,
    Session,
    SourceStatus,
    SystemHealth,
    SystemReading,
    SystemState,
)
from monitor.rules.mutes import muted_by
from monitor.sources.systems.reader import COUNTED

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from monitor.cli.context import Globals

LOOKS_A_TICK: Final = 10
"""Looks for something new in the time of a recorder's tick; one that finds nothing costs next to nothing."""
MIN_LOOK_SECONDS: Final = 0.05
SESSION_LISTS: Final = frozenset({"hours", "calls", "tools", "edits", "evidence"})
"""Fields of a session that the screen and the reports show, and that this object does not have."""
LATE_TICKS: Final = 1.3
"""Ticks after one that was written until the next one is told unseen: where nothing changed, nothing is written."""


async def current_state(options: Globals) -> tuple[KeyStore, str]:
    """A filled key store, and where it came from: `recorder` or `look`."""
    from monitor.collector.once import look

    store = KeyStore()
    recording = await asyncio.to_thread(holder, options.paths.lock) is not None
    last = await _last(options, needed=recording)
    if recording and last is not None:
        fill(store, last)
        return store, "recorder"
    await look(options.settings, options.paths, store, last)
    return store, "look"


async def state_of(options: Globals, at: Millis) -> tuple[KeyStore, str]:
    """A key store filled with the state of a moment of the database in force, and the host it was recorded on.

    Raises DatabaseError, naming the span of the recording, for a moment that is not in it.
    """
    from monitor.history.recordings import open_recording
    from monitor.history.replay.span import Span, read_span, within

    file = options.paths.database
    store = KeyStore()
    async with open_recording(file) as (db, _):
        span = await read_span(db, file)
        if await asyncio.to_thread(holder, options.paths.lock) is not None:
            span = Span(span.first, max(span.last, _now()))
        snapshot = await state_at(db, within(span, file, at))
    fill(store, snapshot)
    return store, snapshot.recorder.host if snapshot.recorder is not None else ""


async def watch(options: Globals) -> AsyncGenerator[tuple[KeyStore, str]]:
    """The state of now with every tick, and where it came from, as `current_state` tells; it never ends.

    A recorder that begins or ends meanwhile is noticed. Raises DatabaseError, DatabaseVersionError.
    """
    store = KeyStore()
    while True:
        who = await asyncio.to_thread(holder, options.paths.lock)
        if who is None:
            async with aclosing(_collected(options, store)) as states:
                async for _ in states:
                    yield store, "look"
        else:
            async with aclosing(_recorded(options, store, who)) as states:
                async for _ in states:
                    yield store, "recorder"


async def _collected(options: Globals, store: KeyStore) -> AsyncGenerator[None]:
    """Until somebody records."""
    from monitor.collector.watch import watch as collect

    last = await _last(options, needed=False)
    async with aclosing(collect(options.settings, options.paths, store, last)) as ticks:
        async for _ in ticks:
            if await asyncio.to_thread(holder, options.paths.lock) is not None:
                return
            yield


async def _recorded(options: Globals, store: KeyStore, who: Holder) -> AsyncGenerator[None]:
    """With every tick that the recorder writes, as long as it is there."""
    file = options.paths.database
    tick = who.interval_seconds or options.settings.intervals.tick
    told, due, news = float("-inf"), float("-inf"), False
    async with open_reader(file) as db:
        await verify(db)
        follower = Follower(db)
        while (who_now := await asyncio.to_thread(holder, options.paths.lock)) is not None:
            tick = who_now.interval_seconds or tick
            snapshot = await follower.look(_now())
            news = news or follower.changed
            now = time.monotonic()
            # A recorder writes more than its ticks: sums, and what it prunes.
            written = news and now - told >= tick / 2
            if written or now >= due:
                due = now + LATE_TICKS * tick if written else due + tick
                told, news = now, False
                fill(store, snapshot)
                yield
            await asyncio.sleep(max(MIN_LOOK_SECONDS, tick / LOOKS_A_TICK))


async def _last(options: Globals, *, needed: bool) -> Snapshot | None:
    """What the database holds of now; None without one, or with one that cannot be read, unless it is `needed`."""
    if not options.paths.database.is_file():
        return None
    try:
        async with open_reader(options.paths.database) as connection:
            return await state_at(connection, _now())
    except DatabaseError:
        if needed:
            raise
        return None


def _now() -> Millis:
    return time.time_ns() // 1_000_000


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
        "alerts": [
            alert_json(alert, store.get(Keys.MUTES, ()), store.get(Keys.CLOCK, 0))
            for alert in store.get(Keys.ALERTS, ())
        ],
        "mutes": plain(store.get(Keys.MUTES, ())),
        "sources": plain(store.get(Keys.SOURCES, ())),
        **systems_json(store),
    }


def agent_json(store: KeyStore, agent_id: str) -> dict[str, Any]:
    """One agent: its status object and its metrics object as one, and its session."""
    status: AgentStatus = store.get(Keys.status(agent_id))
    metrics: AgentMetrics = store.get(Keys.metrics(agent_id)) or AgentMetrics()
    return {**plain(status), **plain(metrics), "session": session_json(store.get(Keys.session(agent_id)))}


def systems_json(store: KeyStore) -> dict[str, Any]:
    """The attached systems, and what they queue, run and plan."""
    readings: list[SystemReading] = [
        reading
        for state in store.get(Keys.SYSTEMS, ())
        if (reading := store.get(Keys.system(state.name))) is not None
    ]
    sources: tuple[SourceStatus, ...] = store.get(Keys.SOURCES, ())
    looked = {source.subject: source.last_success for source in sources if source.name == "system"}
    now = store.get(Keys.CLOCK, 0)
    return {
        "systems": [_state_json(reading.state, looked.get(reading.state.name), now) for reading in readings],
        "queue": [item for reading in readings for item in plain(reading.queue)],
        "executions": [item for reading in readings for item in plain(reading.executions)],
        "workflows": [item for reading in readings for item in plain(reading.workflows)],
        "projects": [item for reading in readings for item in plain(reading.projects)],
    }


def _state_json(state: SystemState, looked_at: Millis | None, now: Millis) -> dict[str, Any]:
    """A system; `lag_ms` is how long ago it was looked at, that is, how old what is told of it may be."""
    at = looked_at if looked_at is not None else state.read_at
    counts = {name: state.counts.get(name, 0) for name in COUNTED}
    return {
        **plain(state),
        "counts": {**state.counts, **counts},
        "lag_ms": None if at is None else max(0, now - at),
    }


def session_json(session: Session | None) -> dict[str, Any] | None:
    """What an agent's own log tells, without its long lists; None when that is nothing."""
    if session is None:
        return None
    told: dict[str, Any] = plain(session)
    return {name: value for name, value in told.items() if name not in SESSION_LISTS}


def health_json(health: SystemHealth | None) -> dict[str, Any] | None:
    """System health: the key store's object, and beside it what seed 001 names otherwise in its table."""
    if health is None:
        return None
    value: dict[str, Any] = plain(health)
    details = {name: value[name] for name in ("swap_percent", "uptime_seconds", "disks", "services")}
    return {**value, "overall_status": value["status"], "timestamp": value["last_check"], "details": details}


def alert_json(alert: Alert, mutes: Iterable[Mute], now: Millis) -> dict[str, Any]:
    """An alert, and whether it is muted; `id` is its `alert_id`, for the table's row number is no identity."""
    muted = not alert.resolved and muted_by(mutes, alert, now) is not None
    return {"id": alert.alert_id, **plain(alert), "muted": muted}
