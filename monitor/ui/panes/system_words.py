"""How what attached systems tell is put into words: our word beside theirs, times against limits, counts of parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.model import OPEN_WORK
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.spans import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.model import SystemState, WorkStatus
    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell, Span

PARTS: Final[dict[str, tuple[str, str]]] = {
    "agents": ("agent", "agents"),
    "tasks": ("task", "tasks"),
    "queue": ("queue entry", "queue entries"),
    "executions": ("run", "runs"),
    "workflows": ("workflow", "workflows"),
    "assignments": ("assignment", "assignments"),
    "results": ("result", "results"),
    "events": ("event", "events"),
    "messages": ("message", "messages"),
    "projects": ("project", "projects"),
    "logs": ("log line", "log lines"),
    "metrics": ("measurement", "measurements"),
    "templates": ("template", "templates"),
    "configuration": ("setting", "settings"),
    "documents": ("document", "documents"),
}
"""The parts of a system: one of it, and several."""
_WORK_ORDER: Final = tuple(text.WORK_GLYPHS)
_LATE: Final = 0.8
"""Share of its time from which a run stands out."""


def amount(part: str, number: int) -> str:
    """`1 agent`, `48,000 tasks`."""
    one, several = PARTS.get(part, (part, part))
    return f"{number:,} {one if number == 1 else several}"


def same_word(theirs: str, ours: str) -> bool:
    """Whether a system's word says no more than ours."""
    return theirs.casefold().replace("_", " ").replace("-", " ") == ours.casefold().replace("_", " ")


def their_word(theirs: str, ours: str) -> Cell:
    """A system's own word where it is another one than ours."""
    return () if not theirs or same_word(theirs, ours) else ((clean(theirs), "muted"),)


def work_cell(status: WorkStatus) -> Cell:
    """A status of work: glyph and word."""
    glyph, style = text.WORK_GLYPHS[status]
    return ((f"{glyph} {status}", style),)


def work_rank(status: WorkStatus, since: int | None, ended: int | None) -> tuple[int, int, int]:
    """What is open first, the oldest in front; then what has ended, the newest in front."""
    if status in OPEN_WORK or status == "unknown":
        return (0 if status in OPEN_WORK else 1, _WORK_ORDER.index(status), since or 0)
    return (2, 0, -(ended or since or 0))


def work_counts(statuses: Iterable[WorkStatus]) -> Cell:
    """How many there are in each status, what is open first."""
    counts: dict[WorkStatus, int] = {}
    for status in statuses:
        counts[status] = counts.get(status, 0) + 1
    spans: list[Span] = []
    for status in _WORK_ORDER:
        if number := counts.get(status):
            glyph, style = text.WORK_GLYPHS[status]
            spans += [("   " if spans else "", "text"), (f"{glyph} {number} {status}", style)]
    return tuple(spans)


def run_seconds(started: int | None, ended: int | None, now: int | None) -> float | None:
    """For how long something has run, or ran."""
    until = ended if ended is not None else now
    return None if started is None or until is None else max(0, until - started) / 1000


def against(seconds: float | None, limit: float | None, *, is_open: bool) -> Cell:
    """A run time against what it may take: `12m of 30m`; too long stands out while something can be done."""
    if seconds is None:
        return ((UNKNOWN, "faint"),)
    told = text.duration(seconds)
    if not limit:
        return ((told, "text"),)
    style: StyleName = "text"
    if is_open and seconds >= limit:
        style = "bad"
    elif is_open and seconds >= _LATE * limit:
        style = "warn"
    return ((told, style), (f" of {text.duration(limit)}", "bad" if style == "bad" else "muted"))


def until(moment: int | None, now: int | None, *, is_open: bool, over: str = "over") -> Cell:
    """How long it is until a moment: `in 5m`, and when it has passed `▲ 3m over`."""
    if moment is None or now is None or not is_open:
        return ()
    left = (moment - now) / 1000
    if left >= 0:
        return ((f"in {text.duration(left)}", "text"),)
    return ((f"▲ {text.duration(-left)} {over}", "bad"),)


def tally_cell(tally: Mapping[str, int]) -> Cell:
    """How many there are of each of the system's own words: `8 idle, 5 busy`."""
    words = sorted(tally.items(), key=lambda pair: (-pair[1], pair[0]))
    return ((", ".join(f"{number:,} {clean(word) or UNKNOWN}" for word, number in words), "muted"),)


def missing_of(state: SystemState, part: str) -> str:
    """Why a part of a system cannot be read; empty when it can."""
    for line in state.missing:
        name, _, why = line.partition(":")
        if name.strip() == part:
            return why.strip()
    return ""
