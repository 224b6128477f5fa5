"""What lies around a moment of a recording: the ticks before and after it, and the next thing worth going to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from monitor.history.queries import fetch_one, first
from monitor.model import Mark, MarkKind, Millis
from monitor.text import clean

if TYPE_CHECKING:
    import sqlite3

    import aiosqlite

    from monitor.history.replay.span import Span

TEXT_LIMIT = 200
"""Characters of a mark's text."""


class Ticks(msgspec.Struct, frozen=True):
    """The ticks around a moment that wrote something sampled; None beyond the ends of the recording."""

    before: Millis | None
    """By that moment."""
    after: Millis | None

    def gap(self, at: Millis, holds_until: Millis | None, span: Span) -> tuple[Millis, Millis] | None:
        """The stretch around `at` that nobody recorded, within `span`.

        None as long as what was sampled before holds: a gap is where numbers are unknown.
        """
        if holds_until is not None and at <= holds_until:
            return None
        begin = max(span.first, self.before if self.before is not None else span.first)
        end = min(span.last, self.after if self.after is not None else span.last)
        return (begin, end) if begin < end else None


def read_ticks(db: sqlite3.Connection, at: Millis) -> Ticks:
    """The ticks around a moment, in the connection's own thread. Raises sqlite3.Error."""
    row = first(db, "ticks_around", at=at)
    return Ticks(row["before"], row["after"]) if row is not None else Ticks(None, None)


async def step(db: aiosqlite.Connection, at: Millis, ticks: int) -> Millis:
    """The moment so many ticks later, or earlier when negative; the last one there is. Raises sqlite3.Error."""
    row = await fetch_one(db, "ticks_on" if ticks > 0 else "ticks_back", at=at, count=abs(ticks))
    return row["at"] if row is not None else at


async def find_mark(db: aiosqlite.Connection, at: Millis, kind: MarkKind, direction: int) -> Mark | None:
    """The next alert or status change after `at`, or the last one before it. Raises sqlite3.Error."""
    which = "next" if direction > 0 else "previous"
    what = "alert" if kind == "alert" else "status_change"
    row = await fetch_one(db, f"{which}_{what}", at=at)
    if row is None:
        return None
    text = row["text"] if kind == "alert" else f"{row['word']}: {row['reason']}"
    return Mark(
        at=row["at"], kind=kind, word=row["word"], subject=clean(row["subject"]), text=clean(text, TEXT_LIMIT)
    )
