"""Moments and durations as people write them: `-2h`, `yesterday 23:00`, `14:05`, ISO dates and times; `1d12h`."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from monitor.errors import ConfigError
from monitor.text import clean

if TYPE_CHECKING:
    from datetime import tzinfo

    from monitor.model import Millis

ALLOWED: Final = (
    "write a time as 14:05, yesterday 23:00, 2026-11-22, 2026-11-22 14:05 (with Z or +01:00 if it is not local), "
    "today, now, or so long ago as -2h, -90m, -1d12h"
)
"""What a person may write, for errors and for the help of options."""

ALLOWED_LENGTHS: Final = "write a duration as 30m, 1h, 4h, 1d, 1w, or 1d12h"
"""What a person may write for a duration."""

_END: Final = 253_370_764_800_000
"""The year 9999 begins: later moments cannot be told in every zone."""
_DAYS_BACK: Final = 4
"""Days that are looked through for a time of day: a clock change may have left out an hour, or a whole day."""
_UNITS: Final = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000}
_LENGTH: Final = re.compile(
    r"(?=\d)(?:(?P<w>\d{1,5})w)?(?:(?P<d>\d{1,6})d)?(?:(?P<h>\d{1,7})h)?(?:(?P<m>\d{1,9})m)?(?:(?P<s>\d{1,11})s)?",
    re.ASCII,
)
_CLOCK: Final = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,6})?)?"
_TIME_OF_DAY: Final = re.compile(_CLOCK, re.ASCII)
_DAY: Final = re.compile(
    rf"(?P<day>today|yesterday|\d{{4}}-\d{{2}}-\d{{2}})(?:[t ](?P<clock>{_CLOCK}))?", re.ASCII
)
_ISO: Final = re.compile(
    rf"(?P<day>\d{{4}}-\d{{2}}-\d{{2}})[t ](?P<clock>{_CLOCK}) ?(?P<zone>z|[+-]\d{{2}}(?::?\d{{2}})?)",
    re.ASCII,
)


def parse_when(text: str, now: Millis, *, tz: tzinfo | None = None) -> Millis:
    """The moment that `text` means at `now`, in `tz` or else in this machine's zone.

    A time of day is the last one that was. Where clocks were set back, a day with a time means the first of the two;
    where they were set forward, a time that was left out means the one so long after the change. A day without a
    time is its first moment; `-1d` is 24 hours. Raises ConfigError naming what is allowed.
    """
    words = " ".join(text.split()).lower()
    try:
        moment = _parse(words, now, tz)
    except (ValueError, OverflowError, OSError):
        moment = None
    if moment is None or not 0 <= moment < _END:
        raise ConfigError(f"{clean(text, 60)!r} is no time: {ALLOWED}.")
    return moment


def parse_duration(text: str) -> Millis:
    """The length of time that `text` means: more than none. Raises ConfigError naming what is allowed."""
    length = _length("".join(text.split()).lower())
    if not length:
        raise ConfigError(f"{clean(text, 60)!r} is no duration: {ALLOWED_LENGTHS}.")
    return length


def format_when(at: Millis, *, tz: tzinfo | None = None) -> str:
    """The moment as `2026-11-22 14:05:30`, in `tz` or else in this machine's zone; `parse_when` reads it again."""
    return f"{_local(at, tz):%Y-%m-%d %H:%M:%S}"


def _parse(words: str, now: Millis, tz: tzinfo | None) -> Millis | None:
    """None where no form fits. Raises ValueError, OverflowError or OSError for numbers that are none of a calendar."""
    if words == "now":
        return now
    if words.startswith("-"):
        ago = _length(words[1:])
        return None if ago is None else now - ago
    if _TIME_OF_DAY.fullmatch(words):
        return _last(_clock(words), now, tz)
    if stamp := _ISO.fullmatch(words):
        zone = "+00:00" if stamp["zone"] == "z" else stamp["zone"]
        return _millis(datetime.fromisoformat(f"{stamp['day']}T{_clock(stamp['clock'])}{zone}"))
    if local := _DAY.fullmatch(words):
        clock = _clock(local["clock"]) if local["clock"] else time()
        return _millis(datetime.combine(_day(local["day"], now, tz), clock, tz))
    return None


def _length(words: str) -> Millis | None:
    found = _LENGTH.fullmatch(words)
    if found is None:
        return None
    return sum(int(number) * _UNITS[unit] for unit, number in found.groupdict().items() if number)


def _day(word: str, now: Millis, tz: tzinfo | None) -> datetime:
    if word not in {"today", "yesterday"}:
        return datetime.fromisoformat(word)
    return _local(now, tz) - timedelta(days=word == "yesterday")


def _clock(text: str) -> time:
    return time.fromisoformat(text.rjust(len(text) + (text.index(":") == 1), "0"))


def _last(clock: time, now: Millis, tz: tzinfo | None) -> Millis | None:
    """The last moment, not after now, at which clocks showed this; clocks set back show it twice, or leave it out."""
    today = _local(now, tz)
    shown = [
        moment
        for days in range(_DAYS_BACK)
        for fold in (0, 1)
        if (moment := _millis(datetime.combine(today - timedelta(days), clock.replace(fold=fold), tz))) <= now
        and _local(moment, tz).replace(tzinfo=None) == datetime.combine(today - timedelta(days), clock)
    ]
    return max(shown, default=None)


def _local(at: Millis, tz: tzinfo | None) -> datetime:
    """The wall clock's reading, without a zone when it is the machine's."""
    return datetime.fromtimestamp(at // 1000, tz) + timedelta(milliseconds=at % 1000)


def _millis(moment: datetime) -> Millis:
    return int(moment.replace(microsecond=0).timestamp()) * 1000 + moment.microsecond // 1000
