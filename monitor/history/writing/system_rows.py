"""Attached systems to rows: their states as they change, and what happened in them, each once."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.history.binding import integer, json, real, text
from monitor.history.writing.columns import noted_late
from monitor.model import SystemState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from monitor.history.writing.rows import TickRows
    from monitor.model import LogLine, Millis, SystemEvent, SystemMetric

Row = dict[str, Any]
Statement = tuple[str, list[Row]]

COUNTS_REPEAT_MS: Final = 60_000
"""A system of which nothing but numbers has moved is written again after this long: so queues' depths make a series."""


class StateDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """The part of a `SystemState` that `system_states.details` holds."""

    tallies: dict[str, dict[str, int]] = {}
    missing: tuple[str, ...] = ()
    heartbeat_seconds: float = 0.0
    timeout_seconds: float = 0.0
    max_processes: int = 0
    shown: dict[str, int] = {}


DETAIL_FIELDS: Final = StateDetails.__struct_fields__


class SystemEncoder:
    """Makes the statements of a tick's systems. Only `accept` makes it remember that they were written."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[SystemState | None, Millis]] = {}
        """By name, what was written last, and when; None: that it is attached no more."""
        self._new: dict[str, tuple[SystemState | None, Millis]] = {}

    def remember(self, states: Iterable[SystemState]) -> None:
        """These are in the database, and hold in it."""
        self._told = {state.name: (state, 0) for state in states}

    def statements(self, rows: TickRows) -> list[Statement]:
        """What to run for the systems of a tick."""
        self._new = {}
        at = rows.at
        states = (
            [] if rows.systems is None else [*self._states(rows.systems, at), *self._gone(rows.systems, at)]
        )
        return [
            ("insert_system_state", states),
            ("insert_system_event", [event_row(event, at) for event in rows.system_events]),
            ("change_system_event", [event_row(event, at) for event in rows.system_event_changes]),
            ("insert_system_log", [log_row(line, noted) for line, noted in rows.system_logs]),
            ("insert_system_metric", [metric_row(metric, noted) for metric, noted in rows.system_metrics]),
        ]

    def accept(self) -> None:
        """The statements made last are committed."""
        self._told |= self._new
        self._new = {}

    def _states(self, systems: Mapping[str, SystemState], at: Millis) -> Iterator[Row]:
        for name, state in systems.items():
            told, written = self._told.get(name, (None, 0))
            if state is told or (told is not None and not _is_due(told, written, state, at)):
                continue
            self._new[name] = (state, at)
            yield state_row(state, at)

    def _gone(self, systems: Mapping[str, SystemState], at: Millis) -> Iterator[Row]:
        """Rows of systems that were attached and are no more."""
        for name, (told, _) in self._told.items():
            if name not in systems and told is not None:
                self._new[name] = (None, at)
                nothing = SystemState(name=name, kind=told.kind, engine=told.engine, url=told.url)
                yield {**state_row(nothing, at), "attached": 0}


def state_row(state: SystemState, at: Millis) -> Row:
    """The row of `system_states` noted at `at`."""
    details = StateDetails(**{name: getattr(state, name) for name in DETAIL_FIELDS})
    return {
        "name": text(state.name),
        "timestamp": at,
        "attached": 1,
        "kind": text(state.kind),
        "engine": text(state.engine),
        "url": text(state.url),
        "state": state.state,
        "since": integer(state.since),
        "problem": text(state.problem),
        "read_at": integer(state.read_at),
        "counts": json(state.counts),
        "depths": json(state.depths),
        "details": zlib.compress(json(details).encode()),
    }


def event_row(event: SystemEvent, at: Millis) -> Row:
    """The row of `system_events`, noted at `at`; and what has changed of it by then."""
    timestamp = time_of(event.at, at)
    return {
        "system": text(event.system),
        "timestamp": timestamp,
        "event_id": text(event.id),
        "kind": text(event.kind),
        "source": text(event.source),
        "severity": event.severity,
        "system_severity": text(event.system_severity),
        "text": text(event.text),
        "resolved": None if event.resolved is None else int(event.resolved),
        "resolved_at": integer(event.resolved_at),
        "recorded_at": noted_late(timestamp, at),
        "at": at,
    }


def log_row(line: LogLine, noted: Millis) -> Row:
    """The row of `system_logs`."""
    timestamp = time_of(line.at, noted)
    return {
        "system": text(line.system),
        "timestamp": timestamp,
        "line_id": text(line.id),
        "level": line.level,
        "system_level": text(line.system_level),
        "subject": text(line.subject),
        "text": text(line.text),
        "recorded_at": noted_late(timestamp, noted),
    }


def metric_row(metric: SystemMetric, noted: Millis) -> Row:
    """The row of `system_metrics`."""
    timestamp = time_of(metric.at, noted)
    return {
        "system": text(metric.system),
        "timestamp": timestamp,
        "metric_id": text(metric.id),
        "kind": text(metric.kind),
        "name": text(metric.name),
        "value": real(metric.value),
        "unit": text(metric.unit),
        "subject": text(metric.subject),
        "recorded_at": noted_late(timestamp, noted),
    }


def time_of(own: Millis | None, noted: Millis) -> Millis:
    """The time that something is recorded under: its own, or that of the tick where there is none or it is to come."""
    return noted if own is None or not 0 <= own <= noted else own


def _is_due(told: SystemState, written: Millis, state: SystemState, at: Millis) -> bool:
    """Whether a state is to be written now: at once when more than numbers moved, else once a minute."""
    if _news(told) != _news(state):
        return True
    return _numbers(told) != _numbers(state) and not 0 <= at - written < COUNTS_REPEAT_MS


def _news(state: SystemState) -> Any:
    """What is written as soon as it differs."""
    return state.kind, state.engine, state.url, state.state, state.since, state.problem, state.missing


def _numbers(state: SystemState) -> Any:
    """What is written now and then; when a system last told something new is no news by itself."""
    return [
        getattr(state, name)
        for name in state.__struct_fields__
        if name not in ("read_at", "kind", "engine", "url", "state", "since", "problem", "missing")
    ]
