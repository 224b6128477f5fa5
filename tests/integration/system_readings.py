"""Readings of one system from two engines, made comparable."""

from __future__ import annotations

from typing import Any

import msgspec

from monitor.model.systems import SystemReading

_TIMES = frozenset({"registered", "created", "started", "completed", "deadline", "starts"})
"""Of what stands in `extra`: each engine writes a time there in its own way."""


def comparable(reading: SystemReading) -> dict[str, list[dict[str, Any]]]:
    """The records of each part by id, without times that are only told, and without when the rows were made."""
    return {
        part: sorted((_plain(record) for record in records), key=lambda record: str(record["id"]))
        for part, records in msgspec.structs.asdict(reading).items()
        if part != "state"
    }


def _plain(record: msgspec.Struct) -> dict[str, Any]:
    fields = {key: value for key, value in msgspec.structs.asdict(record).items() if key != "created_at"}
    if "extra" in fields:
        fields["extra"] = {key: text for key, text in fields["extra"].items() if key not in _TIMES}
    return fields
