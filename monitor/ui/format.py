"""Numbers and times as short text. Pure functions: unknown is a dash and never 0; nothing here knows the screen."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from monitor.ui.spans import UNKNOWN, Cell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import LogLevel, Severity, SourceState, Status, WorkStatus
    from monitor.ui.palette import StyleName

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
CENT: Final = 0.01
_DATED: Final = re.compile(r"-20\d{6}$|-20\d\d-\d\d-\d\d$")
"""The date at the end of a model's name."""
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86_400, 31_557_600
_END_PATTERNS: Final = (
    (10 * _MINUTE * 1000, "%H:%M:%S"),
    (_DAY * 1000, "%H:%M"),
    (300 * _DAY * 1000, "%m-%d %H:%M"),
    (float("inf"), "%Y-%m-%d"),
)
"""How the ends of a stretch of time are told when it is shorter than so many milliseconds."""

STATUS_GLYPHS: Final[dict[Status, tuple[str, StyleName]]] = {
    "active": ("●", "ok"),
    "idle": ("◐", "muted"),
    "blocked": ("■", "warn"),
    "error": ("✖", "bad"),
    "offline": ("○", "faint"),
}
SEVERITY_GLYPHS: Final[dict[Severity, tuple[str, StyleName]]] = {
    "info": ("·", "info"),
    "warning": ("▲", "warn"),
    "error": ("✖", "bad"),
    "critical": ("◆", "alarm"),
}
WORK_GLYPHS: Final[dict[WorkStatus, tuple[str, StyleName]]] = {
    "running": ("●", "info"),
    "pending": ("○", "text"),
    "delayed": ("◐", "muted"),
    "paused": ("‖", "muted"),
    "unknown": ("?", "muted"),
    "failed": ("✖", "bad"),
    "timeout": ("✖", "bad"),
    "expired": ("✖", "warn"),
    "cancelled": ("∅", "faint"),
    "done": ("✓", "ok"),
}
"""Of what attached systems queue and run, in the order in which it needs somebody: what is open comes first."""
LEVEL_GLYPHS: Final[dict[LogLevel, tuple[str, StyleName]]] = {
    "debug": ("·", "faint"),
    "info": ("·", "info"),
    "warning": ("▲", "warn"),
    "error": ("✖", "bad"),
    "critical": ("◆", "alarm"),
    "unknown": ("?", "muted"),
}
SHARED: Final = "⇄"
"""Stands beside a file, a commit and an agent when another agent changes the same file."""
SOURCE_GLYPHS: Final[dict[SourceState, tuple[str, StyleName]]] = {
    "ok": ("●", "ok"),
    "degraded": ("▲", "warn"),
    "failing": ("✖", "bad"),
    "off": ("○", "muted"),
}


def age(milliseconds: int | None, now: int | None) -> str:
    """How long ago a moment was: `now`, `20s`, `3m`, `2h14`, `5d`.

    Below a minute it moves in steps of ten seconds, so that a busy fleet does not repaint every age every second.
    """
    if milliseconds is None or now is None:
        return UNKNOWN
    seconds = (now - milliseconds) // 1000
    return "now" if seconds < 10 else duration(seconds)


def duration(seconds: float | None) -> str:
    """A length of time in at most four characters: `20s`, `3m`, `2h14`, `14h`, `5d`, `3y`."""
    if seconds is None:
        return UNKNOWN
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole // 10 * 10}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m"
    if whole < _DAY:
        hours = whole // _HOUR
        return f"{hours}h{whole % _HOUR // _MINUTE:02d}" if hours < 10 else f"{hours}h"
    return f"{whole // _DAY}d" if whole < 1000 * _DAY else f"{whole // _YEAR}y"


def clock_time(milliseconds: int | None) -> str:
    """A moment as the local time of day, `12:03:04`."""
    return _local_time(milliseconds, "%H:%M:%S")


def day_time(milliseconds: int | None) -> str:
    """A moment as local time with its date, `2026-01-01 12:03:04`."""
    return _local_time(milliseconds, "%Y-%m-%d %H:%M:%S")


def date_time(milliseconds: int | None, now: int) -> str:
    """A moment as local time, with its date when that is not the date of `now`: `2026-01-01 12:03:04`."""
    today = _local_time(now, "%Y-%m-%d") == _local_time(milliseconds, "%Y-%m-%d")
    return _local_time(milliseconds, "%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S")


def ends(first: int, last: int) -> tuple[str, str]:
    """Both ends of a stretch of time: `02:10` and `03:45`, to the second when it is short, dated from a day on."""
    pattern = next(pattern for limit, pattern in _END_PATTERNS if last - first < limit)
    return _local_time(first, pattern), _local_time(last, pattern)


def stretch(first: int, last: int) -> str:
    """From a moment to a later one: `02:10–03:45`, `01-30 22:00 – 01-31 23:00`."""
    start, end = ends(first, last)
    return f"{start} – {end}" if " " in start else f"{start}–{end}"


def moment_within(milliseconds: int, first: int, last: int) -> str:
    """A moment of a stretch of time to the second, dated when the stretch is a day or longer."""
    return _local_time(milliseconds, "%H:%M:%S" if last - first < _DAY * 1000 else "%m-%d %H:%M:%S")


def _local_time(milliseconds: int | None, pattern: str) -> str:
    """A moment in local time; a dash for one that the calendar does not have, as a foreign recording may hold."""
    if milliseconds is None:
        return UNKNOWN
    try:
        return datetime.fromtimestamp(milliseconds / 1000).astimezone().strftime(pattern)
    except (OverflowError, ValueError, OSError):
        return UNKNOWN


def size(count: float | None) -> str:
    """Bytes with a binary unit in at most four characters: `960K`, `312M`, `1.2G`."""
    if count is None:
        return UNKNOWN
    value = float(max(0, count))
    for unit in ("B", "K", "M", "G", "T"):
        if value < 999.5:
            return f"{value:.1f}{unit}" if value < 9.95 and unit != "B" else f"{value:.0f}{unit}"
        value /= 1024
    return f"{value:.0f}P"


def tokens(value: int | None) -> str:
    """A number of tokens in at most four characters: `960`, `31k`, `1.2M`."""
    if value is None:
        return UNKNOWN
    number = float(max(0, value))
    for unit in ("", "k", "M", "G"):
        if number < 999.5:
            return f"{number:.1f}{unit}" if number < 9.95 and unit else f"{number:.0f}{unit}"
        number /= 1000
    return f"{number:.0f}T"


def dollars(value: float | None) -> str:
    """A cost in at most six characters: `$0.42`, `$12.50`, `$431`, `$1.2k`; less than a cent is told as that."""
    if value is None:
        return UNKNOWN
    if 0 < value < CENT:
        return "<$0.01"
    if value < 99.995:
        return f"${value:.2f}"
    return f"${value:.0f}" if value < 9_999.5 else f"${tokens(round(value))}"


def model(name: str) -> str:
    """A model's name without its vendor's and its date: `sonnet-4-5`, `gpt-5-codex`."""
    bare = name.rpartition("/")[2].removeprefix("claude-")
    return _DATED.sub("", bare) or UNKNOWN


def percent(value: float | None) -> str:
    """A percentage without its decimals: `61%`."""
    return UNKNOWN if value is None else f"{value:.0f}%"


def cpu(value: float | None) -> str:
    """Percent of one core: one decimal below ten, none above, so that a steady load keeps its text."""
    if value is None:
        return UNKNOWN
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def count(value: int | None) -> str:
    """A count, or a dash when nobody could count."""
    return UNKNOWN if value is None else str(value)


def milliseconds(value: float | None) -> str:
    """A short duration: `3.4 ms`, `120 ms`, `1.2 s`."""
    if value is None:
        return UNKNOWN
    if value >= 999.5:
        return f"{value / 1000:.1f} s"
    return f"{value:.1f} ms" if value < 9.95 else f"{value:.0f} ms"


def spark(values: Iterable[float | None], width: int, top: float = 100.0) -> str:
    """The newest `width` values as block characters, newest on the right; an unknown value is a blank.

    The scale starts at 0 and ends at `top`, or at the largest value where that is larger.
    """
    return _spark(tuple(values)[-width:], width, top) if width > 0 else ""


@lru_cache(128)
def _spark(newest: tuple[float | None, ...], width: int, top: float) -> str:
    """As `spark`; remembered, because the history of an agent at rest stays the same."""
    top = max([top, *(value for value in newest if value is not None)])
    last, scale = len(_BLOCKS) - 1, len(_BLOCKS) / top
    blocks = [
        " " if value is None else _BLOCKS[min(last, int(value * scale))] if value > 0 else _BLOCKS[0]
        for value in newest
    ]
    return "".join(blocks).rjust(width)


def gauge(value: float | None, width: int, style: StyleName = "fill") -> Cell:
    """A bar of `width` cells, filled to `value` percent. Thick against thin: it reads without colour."""
    if value is None:
        return ((UNKNOWN.ljust(width), "muted"),)
    filled = max(0, min(width, round(value / 100 * width)))
    return (("━" * filled, style), ("─" * (width - filled), "faint"))


def bar(value: float | None, width: int, style: StyleName = "fill") -> Cell:
    """How far something is: blocks for `value` percent of `width` cells, a dash when nobody knows."""
    if value is None:
        return ((UNKNOWN, "faint"),)
    halves = max(0, min(2 * width, round(value / 50 * width)))
    full, half = divmod(halves, 2)
    return (("█" * full + "▌" * half, style), ("░" * (width - full - half), "faint"))


def level(value: float | None, warn: float = 80.0, bad: float = 90.0) -> StyleName:
    """The style of a percentage: calm, a warning from `warn`, bad from `bad` (DESIGN.md §4's host thresholds)."""
    if value is None or value < warn:
        return "fill"
    return "warn" if value < bad else "bad"
