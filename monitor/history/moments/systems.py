"""The attached systems at a moment, rebuilt from what was recorded of them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.history.binding import parse
from monitor.history.queries import first, rows
from monitor.history.writing.system_rows import DETAIL_FIELDS, StateDetails
from monitor.model import LogLine, Millis, SystemEvent, SystemMetric, SystemReading, SystemState

if TYPE_CHECKING:
    import sqlite3

LISTED: Final = 1_000
"""Events, lines and numbers of a system that a moment shows, as many as of a system that is read."""
DETAILS_BYTES: Final = 4 << 20
"""Details that unpack to more than this are none of ours."""


class Mark(msgspec.Struct, frozen=True):
    """How far what is recorded of a system has come."""

    state: Millis | None = None
    events: Millis | None = None
    resolved: Millis | None = None
    logs: Millis | None = None
    metrics: Millis | None = None


class Systems(msgspec.Struct, frozen=True):
    """The attached systems of a moment, by name, and how far what is told of each has come."""

    by_name: Mapping[str, SystemReading] = {}
    marks: Mapping[str, Mark] = {}


def read_systems(db: sqlite3.Connection, at: Millis, known: Systems | None = None) -> Systems:
    """The systems. What of `known` has come no further since is taken over as it is."""
    old = known or Systems()
    marks: dict[str, Mark] = {}
    found: dict[str, SystemReading] = {}
    for row in rows(db, "system_marks_at", at=at):
        name = row["name"]
        mark = Mark(**{field: row[field] for field in Mark.__struct_fields__})
        reading = _read_system(db, at, name, mark, old.by_name.get(name), old.marks.get(name) or Mark())
        if reading is not None:
            found[name], marks[name] = reading, mark
    return Systems(found, marks)


def _read_system(
    db: sqlite3.Connection, at: Millis, name: str, mark: Mark, old: SystemReading | None, before: Mark
) -> SystemReading | None:
    """One system; None when it was not attached."""
    if old is not None and mark == before:
        return old
    if mark.state is None:
        return None
    changes: dict[str, Any] = {}
    if old is None or mark.state != before.state:
        state = _read_state(db, at, name)
        if state is None:
            return None
        changes["state"] = state
    what = {"at": at, "system": name, "limit": LISTED}
    if old is None or (mark.events, mark.resolved) != (before.events, before.resolved):
        changes["events"] = tuple(_event(row, name) for row in rows(db, "system_events_at", **what))
    if old is None or mark.logs != before.logs:
        changes["logs"] = tuple(_line(row, name) for row in rows(db, "system_logs_at", **what))
    if old is None or mark.metrics != before.metrics:
        changes["metrics"] = tuple(_metric(row, name) for row in rows(db, "system_metrics_at", **what))
    return SystemReading(**changes) if old is None else msgspec.structs.replace(old, **changes)


def _read_state(db: sqlite3.Connection, at: Millis, name: str) -> SystemState | None:
    row = first(db, "system_state_at", at=at, system=name)
    if row is None or not row["attached"]:
        return None
    details = _details(row["details"])
    return SystemState(
        name=name,
        kind=row["kind"],
        engine=row["engine"],
        url=row["url"],
        state=row["state"],
        since=row["since"],
        problem=row["problem"],
        read_at=row["read_at"],
        counts=parse(row["counts"], dict[str, int], {}),
        depths=parse(row["depths"], dict[str, int], {}),
        **{field: getattr(details, field) for field in DETAIL_FIELDS},
    )


def _event(row: sqlite3.Row, system: str) -> SystemEvent:
    return SystemEvent(
        system=system,
        id=row["event_id"],
        at=row["timestamp"],
        kind=row["kind"],
        source=row["source"],
        severity=row["severity"],
        system_severity=row["system_severity"],
        text=row["text"],
        resolved=None if row["resolved"] is None else bool(row["resolved"]),
        resolved_at=row["resolved_at"],
    )


def _line(row: sqlite3.Row, system: str) -> LogLine:
    return LogLine(
        system=system,
        id=row["line_id"],
        at=row["timestamp"],
        level=row["level"],
        system_level=row["system_level"],
        subject=row["subject"],
        text=row["text"],
    )


def _metric(row: sqlite3.Row, system: str) -> SystemMetric:
    return SystemMetric(
        system=system,
        id=row["metric_id"],
        at=row["timestamp"],
        kind=row["kind"],
        name=row["name"],
        value=row["value"],
        unit=row["unit"],
        subject=row["subject"],
    )


def _details(packed: bytes | None) -> StateDetails:
    """Unpacked; none where a damaged page made them unreadable."""
    if packed is None:
        return StateDetails()
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, DETAILS_BYTES)
    except zlib.error:
        return StateDetails()
    return parse(content, StateDetails, StateDetails()) if unpacker.eof else StateDetails()
