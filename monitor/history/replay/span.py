"""From when to when a recording goes, and whether a moment lies in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from monitor.errors import DatabaseError
from monitor.history.queries import fetch_one
from monitor.model import Millis
from monitor.when import format_when

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    import aiosqlite


class Span(msgspec.Struct, frozen=True):
    """The first and the last moment of which something is known."""

    first: Millis
    last: Millis

    def __str__(self) -> str:
        return f"it goes from {format_when(self.first)} to {format_when(self.last)}"


async def read_span(db: aiosqlite.Connection, file: Path) -> Span:
    """The span of a recording of any schema. Raises sqlite3.Error; DatabaseError when nothing is recorded in it yet."""
    row = await fetch_one(db, "recorded_span")
    sampled = _known(row, "first_sample", "first_health")
    if row is None or not sampled:
        raise DatabaseError(
            f"{file}: nothing is recorded in it yet: start `agent-monitor record`, or name another recording."
        )
    # What retention took from the front is no moment to go to; an exported interval begins with its recorder.
    first = max(min(sampled), *_known(row, "started"), 0)
    last = max(_known(row, "ticked", "last_sample", "last_health"))
    return Span(first, max(first, last))


def clip(span: Span, file: Path, start: Millis | None, end: Millis | None) -> Span:
    """The part of a span from `start` to `end`. Raises DatabaseError when there is none."""
    clipped = Span(max(span.first, start or 0), span.last if end is None else min(span.last, end))
    if clipped.first > clipped.last:
        raise DatabaseError(f"{file}: nothing was recorded then: {span}.")
    return clipped


def within(span: Span, file: Path, at: Millis) -> Millis:
    """The moment, when it lies in the span; the second in which the span begins is its beginning.

    Raises DatabaseError naming the span.
    """
    if not span.first // 1000 * 1000 <= at <= span.last:
        raise DatabaseError(f"{file}: nothing was recorded at {format_when(at)}: {span}.")
    return max(span.first, at)


def _known(row: sqlite3.Row | None, *names: str) -> list[Millis]:
    return [row[name] for name in names if row[name] is not None] if row is not None else []
