"""What may be bound: SQLite's driver refuses lone surrogates and integers over 64 bits, and has no NaN; its
functions cut text at NUL.

A value that cannot be stored becomes the nearest that can, or unknown, so that one bad row never stops a tick.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, overload

import msgspec

if TYPE_CHECKING:
    from collections.abc import Hashable

MAX_DEPTH: Final = 20
"""Levels of foreign JSON that are kept."""
_NO_CHARACTERS: Final = re.compile("[\x00\ud800-\udfff]")
_LIMIT: Final = 1 << 63

T = TypeVar("T")


@overload
def text(value: str) -> str: ...
@overload
def text(value: None) -> None: ...
@overload
def text(value: str | None) -> str | None: ...
def text(value: str | None) -> str | None:
    """The text, with U+FFFD for what is no character."""
    if value is None or (value.isascii() and "\x00" not in value):
        return value
    return _NO_CHARACTERS.sub("\ufffd", value)


@overload
def integer(value: int) -> int: ...
@overload
def integer(value: None) -> None: ...
@overload
def integer(value: int | None) -> int | None: ...
def integer(value: int | None) -> int | None:
    """The integer, held to 64 bits."""
    return None if value is None else max(-_LIMIT, min(_LIMIT - 1, value))


def real(value: float | None) -> float | None:
    """The number; unknown when it is not finite."""
    return value if value is not None and math.isfinite(value) else None


def json(value: Any) -> str:
    """The value as JSON. What JSON cannot hold becomes text, and what is nested too deep is left out."""
    try:
        return msgspec.json.encode(value).decode()
    except (UnicodeEncodeError, TypeError, OverflowError, RecursionError, msgspec.EncodeError):
        return msgspec.json.encode(_plain(value, MAX_DEPTH)).decode()


def parse(value: str | bytes | None, kind: type[T], default: T) -> T:
    """Stored JSON as a record; `default` when a damaged page made it unreadable."""
    if value is None:
        return default
    try:
        decoded: T = _decoder(cast("Hashable", kind)).decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return default
    return decoded


@cache
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    """Made once: to find out how a type is decoded takes longer than to decode."""
    return msgspec.json.Decoder(kind, strict=False)


def _plain(value: Any, depth: int) -> Any:
    plain: Any = None
    if value is None or isinstance(value, bool | int | float):
        plain = value
    elif isinstance(value, str):
        plain = text(value)
    elif depth == 0:
        plain = None
    elif isinstance(value, msgspec.Struct):
        plain = {name: _plain(getattr(value, name), depth - 1) for name in value.__struct_fields__}
    elif isinstance(value, dict):
        plain = {text(str(key)): _plain(item, depth - 1) for key, item in value.items()}
    elif isinstance(value, list | tuple | set | frozenset):
        plain = [_plain(item, depth - 1) for item in value]
    else:
        plain = text(str(value))
    return plain
