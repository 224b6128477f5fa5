"""Records as the JSON that commands print: snake_case, times as ISO-8601 UTC with `Z`, fields only ever added."""

from __future__ import annotations

import typing
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import msgspec

from monitor.model import Millis

SCHEMA: Final = 1


def iso(millis: Millis | None) -> str | None:
    """`2026-11-22T06:20:00.123Z`, or None."""
    if millis is None:
        return None
    moment = datetime.fromtimestamp(millis // 1000, UTC).replace(microsecond=millis % 1000 * 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(value: Any) -> Any:
    """A record, or anything made of records, as what JSON knows; fields declared as times become ISO text."""
    if isinstance(value, msgspec.Struct):
        times = time_fields(type(value))
        return {
            name: iso(getattr(value, name)) if name in times else plain(getattr(value, name))
            for name in value.__struct_fields__
        }
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def encode(value: Any) -> str:
    """One line of JSON."""
    return msgspec.json.encode(plain(value)).decode()


@cache
def time_fields(record: type[msgspec.Struct]) -> frozenset[str]:
    """Names of the fields whose type is `Millis`, optional or not."""
    hints = typing.get_type_hints(record, include_extras=True)
    return frozenset(
        name for name, hint in hints.items() if hint == Millis or Millis in typing.get_args(hint)
    )
