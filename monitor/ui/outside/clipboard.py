"""What is copied: lines of our own, cleaned and bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

LIMIT: Final = 8192
"""Bytes that are copied at most: some terminals drop a longer sequence whole."""
_LINE_LIMIT: Final = 500


def copied_lines(values: Iterable[str]) -> tuple[list[str], int]:
    """The lines to copy, as many whole ones as `LIMIT` holds, and how many had to be left out."""
    lines = [line for value in values if (line := clean(value, _LINE_LIMIT))]
    kept: list[str] = []
    size = 0
    for line in lines:
        size += len(line.encode()) + 1
        if size > LIMIT + 1:
            break
        kept.append(line)
    return kept, len(lines) - len(kept)
