"""Text that is longer than its line: cut at its start, where the end tells more, or wrapped between words."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from monitor.ui.spans import ELLIPSIS, text_width

if TYPE_CHECKING:
    from collections.abc import Iterator


def cut_start(text: str, width: int) -> str:
    """The end of a text in at most `width` cells, after an ellipsis when something had to go: paths end in a name."""
    if text_width(text) <= width:
        return text
    if width <= 0:
        return ""
    start = _suffix(text, width - 1)
    # A mark that has lost its letter would stand on the ellipsis.
    while start < len(text) and unicodedata.combining(text[start]):
        start += 1
    return ELLIPSIS + text[start:]


def wrapped(text: str, width: int) -> Iterator[str]:
    """The text in lines of at most `width` cells, broken between words, and in a word that is longer than a line."""
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if text_width(longer) <= width:
            line = longer
            continue
        if line:
            yield line
        line = word
        while text_width(line) > width and len(line) > 1:
            end = max(1, _prefix(line, width))
            yield line[:end]
            line = line[end:]
    yield line


def _suffix(text: str, width: int) -> int:
    """Where the longest end of at most `width` cells begins."""
    start, used = len(text), 0
    while start and (used := used + text_width(text[start - 1])) <= width:
        start -= 1
    return start


def _prefix(text: str, width: int) -> int:
    """Where the longest beginning of at most `width` cells ends, with the marks of its last letter."""
    end, used = 0, 0
    while end < len(text) and (used := used + text_width(text[end])) <= width:
        end += 1
    return end
