"""Foreign JSON and the values in it: tolerant in reading, strict in what comes out.

Agents write these files by hand and in haste: NaN, duplicate keys, lone surrogates and wrong types are usual.
Nothing here raises anything but SourceError, and only for text that is no JSON.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.errors import SourceError
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.model import Millis

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_LAST: Final = 253_402_300_800_000
"""The end of the year 9999: what is later is no time."""
_SECONDS_BELOW: Final = 100_000_000_000
"""Numbers below are seconds (until the year 5138), numbers from here on milliseconds (since 1973)."""
_NUMBER: Final = re.compile(r"-?\d{9,16}(\.\d{1,9})?", re.ASCII)
_GO_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?) ([+-]\d{4})(?: \S{1,9})?(?: m=[+-][\d.]+)?", re.ASCII
)
"""As Go prints a time, and some of its SQLite drivers store it: `2025-06-15 15:06:40.12 +0000 UTC m=+0.01`."""
_TIME_LENGTH: Final = 40
_GO_LENGTH: Final = 80
_INTEGER_LENGTH: Final = 19
_SHORT: Final = 100
_FEW: Final = 8
_DEPTH: Final = 2


def decode_json(data: bytes, name: str) -> Any:
    """Decode JSON as people and agents write it: NaN and infinities are None, of equal keys the last counts.

    Takes a byte order mark, UTF-16, bytes that are not UTF-8, and line breaks inside of strings. Raises
    SourceError: what is wrong with the file `name`, and where.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # The strict decoder is fast but gives up at the first oddity, and does not tell the line.
        return _decode_tolerantly(_decode_text(data), name)


def _decode_text(data: bytes) -> str:
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if wide else "utf-8-sig", "replace")


def _decode_tolerantly(text: str, name: str) -> Any:
    if not text.strip():
        raise SourceError(f"{name} is empty.")
    try:
        return json.loads(text, strict=False, parse_constant=lambda _: None, parse_int=_parse_int)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise SourceError(f"{name} is not valid JSON: {error.msg} ({where}).") from error
    except RecursionError as error:
        raise SourceError(f"{name} is not read: it is nested too deeply.") from error


def _parse_int(digits: str) -> int | None:
    # Python refuses thousands of digits, and nothing that is counted here needs them.
    return int(digits) if len(digits) <= _INTEGER_LENGTH else None


def pick(record: Mapping[str, Any], names: Iterable[str]) -> Any:
    """Take the first value that is there and not null, of the names under which it may stand."""
    return next((value for name in names if (value := record.get(name)) is not None), None)


def as_text(value: Any, limit: int = 200) -> str:
    """Make a clean line of a text or a number; anything else is empty."""
    if isinstance(value, str):
        return clean(value, limit)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return ""


def as_summary(value: Any, depth: int = _DEPTH) -> str:
    """Make a short line of any value, for people: `passed: 7, total: 7`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (dict, list)):
        if depth == 0:
            return f"{len(value)} entries"
        few = list(value.items() if isinstance(value, dict) else enumerate(value))[:_FEW]
        named = isinstance(value, dict)
        parts = [(f"{key}: " if named else "") + as_summary(below, depth - 1) for key, below in few]
        return clean(", ".join(parts) + (", …" if len(value) > _FEW else ""), _SHORT)
    return as_text(value, _SHORT)


def as_number(value: Any) -> float | None:
    """Make a finite number of a number or a text that holds one."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value[:_TIME_LENGTH] if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def as_count(value: Any) -> int | None:
    """Make a count of a number that is not negative and fits into 63 bits."""
    if type(value) is int:  # as nearly every count is
        return value if 0 <= value < 2**63 else None
    number = as_number(value)
    return int(number) if number is not None and 0 <= number < 2**63 else None


def as_list(value: Any, limit: int) -> list[Any]:
    """Take at most `limit` entries of a list; anything else has none."""
    return value[:limit] if isinstance(value, list) else []


def as_texts(value: Any, limit: int) -> tuple[str, ...]:
    """Take the texts of a list that say something, at most `limit`."""
    return tuple(text for entry in as_list(value, limit) if (text := as_text(entry)))


def as_time(value: Any) -> Millis | None:
    """Read a time: ISO with Z, offset or neither (then UTC), as Go prints it, a date, seconds or milliseconds."""
    if isinstance(value, str):
        text = value.strip()
        if len(text) <= _GO_LENGTH and (printed := _GO_TIME.fullmatch(text)):
            text = printed[1] + printed[2]
        if len(text) > _TIME_LENGTH:
            return None
        if not _NUMBER.fullmatch(text):
            return _from_iso(text)
        value = text
    number = as_number(value)
    if number is None:
        return None
    return _in_range(number * 1000 if abs(number) < _SECONDS_BELOW else number)


def _from_iso(text: str) -> Millis | None:
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return _in_range((moment - _EPOCH) // _MILLISECOND)
    except (ValueError, OverflowError):
        return None


def _in_range(millis: float) -> Millis | None:
    return int(millis) if 1 <= millis < _LAST else None
