"""Attached systems of what never was: counts, queues, events, lines and numbers that go on from look to look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.model import LogLine, SystemEvent, SystemMetric, SystemReading, SystemState

if TYPE_CHECKING:
    from random import Random

DAY_MS: Final = 86_400_000
LATE: Final = (0, 0, 500, 1_500)
"""How long before a look its lines were written."""


def state_of(name: str = "shop", **known: Any) -> SystemState:
    """A system that is read without trouble."""
    url = f"sqlite:///srv/{name}.db"
    return SystemState(
        **{"name": name, "kind": "openclaw", "engine": "sqlite", "url": url, "state": "ok", **known}
    )


def full_state(at: int, name: str = "shop", word: str = "") -> SystemState:
    """One with every field in it."""
    return state_of(
        name,
        state="degraded",
        since=at - 5_000,
        problem=f"queue: no such column{word}",
        read_at=at - 1,
        counts={"agents": 3, "tasks": 70, "logs": 1_200},
        tallies={"tasks": {"todo": 60, "done": 10}},
        depths={"default": 7, "": 1},
        missing=("results: no table results",),
        heartbeat_seconds=30.0,
        timeout_seconds=600.0,
        max_processes=4,
        shown={"logs": 1_000},
    )


def line(number: int, at: int | None, system: str = "shop", **known: Any) -> LogLine:
    """A line of a log."""
    told = {
        "level": "warning",
        "system_level": "WARN",
        "subject": "worker",
        "text": f"line {number}",
        **known,
    }
    return LogLine(system=system, id=f"line-{number:06}", at=at, **told)


def event(number: int, at: int | None, system: str = "shop", **known: Any) -> SystemEvent:
    """Something that happened."""
    told = {"kind": "crash", "source": "worker", "severity": "error", "system_severity": "ERR", **known}
    return SystemEvent(
        **{"system": system, "id": f"event-{number:06}", "at": at, "text": f"event {number}", **told}
    )


def metric(number: int, at: int | None, system: str = "shop", **known: Any) -> SystemMetric:
    """A number."""
    told = {"kind": "latency", "name": "p95", "value": number / 2, "unit": "ms", "subject": "worker", **known}
    return SystemMetric(system=system, id=f"metric-{number:06}", at=at, **told)


def first_reading(name: str, at: int) -> SystemReading:
    """What a system tells at first: what it went through before it was attached, and what is open of it."""
    return SystemReading(
        state=full_state(at, name),
        logs=(line(2, at - 1_000, name), line(1, at - 60_000, name)),
        metrics=(metric(1, at - 2_000, name),),
        events=(
            event(3, at - 3_000, name, resolved=True, resolved_at=at - 1_000),
            event(2, at - 2 * DAY_MS, name, resolved=False),
            event(1, at - 2 * DAY_MS, name, resolved=True, resolved_at=at - DAY_MS),
        ),
    )


def next_reading(random: Random, old: SystemReading, number: int, at: int) -> SystemReading:
    """What may be told of a system a moment later; `number` is no other look's."""
    name = old.state.name
    if random.random() < 0.3:
        return old
    changes: dict[str, Any] = {}
    if random.random() < 0.6:
        counts = {"tasks": random.randint(0, 9), "logs": number}
        changes["state"] = msgspec.structs.replace(
            old.state,
            counts=counts,
            depths={"default": random.randint(0, 3)},
            tallies={"tasks": {"todo": number}},
        )
    if random.random() < 0.2:
        missing = random.choice([(), ("results: no table results",)])
        changes["state"] = msgspec.structs.replace(changes.get("state", old.state), missing=missing)
    if random.random() < 0.6:
        new = [
            line(number * 10 + place, at - random.choice(LATE), name) for place in range(random.randint(1, 3))
        ]
        changes["logs"] = (*new[::-1], *old.logs)
    if random.random() < 0.4:
        changes["metrics"] = (metric(number * 10, at - random.choice(LATE), name), *old.metrics)
    if random.random() < 0.5:
        resolved = random.choice([None, False, False, True])
        new_event = event(number, at - random.choice(LATE), name, resolved=resolved)
        changes["events"] = (new_event, *(_perhaps_resolved(random, one, at) for one in old.events))
    return msgspec.structs.replace(old, **changes)


def _perhaps_resolved(random: Random, one: SystemEvent, at: int) -> SystemEvent:
    if one.resolved is not False or random.random() < 0.6:
        return one
    return msgspec.structs.replace(one, resolved=True, resolved_at=random.choice([None, at - 100]))
