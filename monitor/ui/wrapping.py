"""Text that is longer than its line: cut at its start, where the end tells more, or wrapped between words."""

from __future__ import annotations

import unicodedata

from monitor.ui.spans import ELLIPSIS, text_width


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


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells, broken between words; only a word too long for a line is broken.

    There is always a first line, and no line is wider, except that a single letter may need two cells.
    """
    lines = [""]
    for word in text.split():
        left = word
        if lines[-1] and text_width(lines[-1]) + 1 + text_width(left) <= width:
            lines[-1] += f" {left}"
            continue
        if lines[-1]:
            lines.append("")
        while text_width(left) > width and len(left) > 1:
            head = _head(left, width)
            lines[-1] = head
            lines.append("")
            left = left[len(head) :]
        lines[-1] = left
    return lines


def _head(word: str, width: int) -> str:
    """As many letters as have room, at least one, each with the marks that combine with it."""
    end = 1
    while end < len(word) and (text_width(word[: end + 1]) <= width or text_width(word[end]) == 0):
        end += 1
    return word[:end]


def _suffix(text: str, width: int) -> int:
    """Where the longest end of at most `width` cells begins."""
    start, used = len(text), 0
    while start and (used := used + text_width(text[start - 1])) <= width:
        start -= 1
    return start
