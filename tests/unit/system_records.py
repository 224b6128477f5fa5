"""Attached systems for the history's tests: plain ones, and some that change as a recording goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from monitor.model import LogLine, SystemEvent, SystemMetric, SystemState

if TYPE_CHECKING:
    from random import Random

    from monitor.history.writing.rows import TickRows


def system_state(name: str = "dash", **changes: Any) -> SystemState:
    known: dict[str, Any] = {
        "name": name,
        "kind": "multi-agent-dashboard",
        "engine": "sqlite",
        "url": f"/shop/{name}.db",
        "state": "ok",
        "counts": {"tasks": 3, "logs": 7},
        "tallies": {"tasks": {"running": 1, "pending": 2}},
        "depths": {"high": 2},
        "missing": ("messages: no table messages",),
        "timeout_seconds": 1800.0,
    }
    return SystemState(**(known | changes))


def system_event(at: int, number: int = 1, **changes: Any) -> SystemEvent:
    known: dict[str, Any] = {
        "system": "dash",
        "id": str(number),
        "at": at,
        "kind": "alert",
        "source": "queue",
    }
    more: dict[str, Any] = {
        "severity": "critical",
        "system_severity": "high",
        "text": "slow",
        "resolved": False,
    }
    return SystemEvent(**(known | more | changes))


def log_line(at: int, number: int = 1, **changes: Any) -> LogLine:
    known: dict[str, Any] = {"system": "dash", "id": str(number), "at": at, "level": "warning"}
    more: dict[str, Any] = {"system_level": "WARN", "subject": "p1", "text": f"line {number}"}
    return LogLine(**(known | more | changes))


def measured(at: int, number: int = 1, **changes: Any) -> SystemMetric:
    known: dict[str, Any] = {
        "system": "dash",
        "id": str(number),
        "at": at,
        "kind": "cpu",
        "name": "cpu_percent",
    }
    return SystemMetric(**(known | {"value": number / 2, "unit": "%", "subject": "p1"} | changes))


class SystemsOfTheWorld:
    """Two systems, of which one comes and goes, and what happens in them."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._states: dict[str, SystemState] = {}
        self._open: list[SystemEvent] = []
        self._number = 0

    def tick(self, rows: TickRows, at: int) -> None:
        """What is told of them in one tick."""
        self._number += 1
        for name, share in (("dash", 1.0), ("vine", 0.6)):
            if self._random.random() >= share:
                self._states.pop(name, None)
            elif name not in self._states or self._random.random() < 0.3:
                failing = self._random.random() < 0.3
                self._states[name] = system_state(
                    name,
                    state="failing" if failing else "ok",
                    since=at if failing else None,
                    problem="it is down" if failing else "",
                    read_at=at,
                    depths={"high": self._random.randint(0, 9)},
                )
        rows.systems = dict(self._states)
        if self._random.random() < 0.4:
            self._open.append(system_event(at - self._random.choice([0, 700]), self._number))
            rows.system_events.append(self._open[-1])
        elif self._open and self._random.random() < 0.3:
            event = self._open.pop(self._random.randrange(len(self._open)))
            rows.system_event_changes.append(msgspec.structs.replace(event, resolved=True, resolved_at=at))
        if self._random.random() < 0.5:
            rows.system_logs.append((log_line(at - self._random.choice([0, 900]), self._number), at))
            rows.system_metrics.append((measured(at, self._number), at))
