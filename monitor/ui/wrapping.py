"""Text in lines of a width in terminal cells."""

from __future__ import annotations

from monitor.ui.spans import text_width


def wrap(text: str, width: int) -> list[str]:
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
