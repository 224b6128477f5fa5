"""What is drawn, in ASCII: one table of stand-ins, each as wide as what it stands for. Nothing here knows the screen.

Signs that mean different things have different stand-ins, and a status is a word beside its sign in any case. Text that
came from outside keeps its width: what ASCII does not have becomes a `?` a cell.
"""

from __future__ import annotations

import os
import re
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_UNKNOWN: Final = "?"

_SIGNS: Final = {
    # statuses, severities, tasks
    "●": "*", "◐": "~", "◑": "~", "■": "#", "✖": "X", "○": "o", "◎": "@", "✓": "v", "✔": "v", "·": ".", "•": ".",
    "▲": "!", "◆": "&", "◇": "%", "□": "u", "▪": "#", "▫": "u", "✗": "x", "✘": "x", "⚠": "!", "★": "*", "☆": "o",
    "⇄": "=",
    # order, movement, play
    "▾": "v", "▴": "^", "▼": "v", "△": "^", "▽": "v", "▸": ">", "◂": "<", "▶": ">", "◀": "<", "►": ">", "◄": "<",
    "▹": ">", "◃": "<", "▷": ">", "◁": "<", "‖": "=", "⏸": "=", "⏵": ">", "❯": ">", "❮": "<",
    "↑": "^", "↓": "v", "→": ">", "←": "<", "↔": "=", "↕": "|", "↵": "<", "⏎": "<", "↳": "`", "↪": "`", "⇧": "^",
    "⇡": "^", "⇣": "v", "⇥": ">", "⇤": "<", "⟶": ">", "⟵": "<", "⌫": "<", "⌃": "^", "⌄": "v", "↻": "o", "⟳": "o",
    # text
    "…": "~", "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "±": "~", "×": "x", "÷": "/", "≤": "<", "≥": ">",
    "≠": "!", "≈": "~", "∞": "8", "Δ": "d", "∆": "d", "Σ": "S", "µ": "u", "μ": "u", "°": "o", "§": "S", "∅": "0",
    "‘": "'", "’": "'", "‚": ",", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‹": "<", "›": ">", "′": "'",
    "″": '"', "\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ", "⌘": "#", "⌥": "~", "␣": "_",
    # bars, and sparklines by their height
    "▁": "_", "▂": ".", "▃": ":", "▄": "-", "▅": "=", "▆": "+", "▇": "%", "█": "#",
    "▀": "'", "▔": "-", "▌": "|", "▐": "|", "▎": "|", "▏": "|", "▍": "|", "▋": "|", "▊": "|", "▉": "#", "▕": "|",
    "░": ".", "▒": ":", "▓": "%",
    "▖": ".", "▗": ".", "▘": "'", "▝": "'", "▚": "\\", "▞": "/", "▙": "#", "▛": "#", "▜": "#", "▟": "#",
    # rules: thick against thin, and what stands on them
    "─": "-", "━": "=", "═": "=", "╌": "-", "╍": "=", "┄": ".", "┅": ".", "┈": ".", "┉": ".",
    "╴": "-", "╶": "-", "╸": "=", "╺": "=", "╼": "=", "╾": "=",
    "│": "|", "┃": "|", "║": "|", "┆": ":", "┇": ":", "┊": ":", "┋": ":", "╎": ":", "╏": ":",
    "╵": "'", "╹": "'", "╷": "'", "╻": "'", "╽": "|", "╿": "|", "┯": "+", "┼": "|", "└": "`", "╰": "`", "⎿": "`",
    "╱": "/", "╲": "\\", "╳": "X",
}  # fmt: skip
"""The stand-ins of single signs; what follows adds whole blocks."""


def _braille(dots: int) -> str:
    """A sign of a chart by where its dots are: high, low, both, or nearly all of them."""
    high, low = dots & 0b00011011, dots & 0b11100100
    if dots.bit_count() > 5:
        return "#"
    if high and low:
        return ":"
    return "'" if high else "." if low else " "


def _whole_table() -> dict[str, str]:
    corners = {chr(code): "+" for code in range(0x2500, 0x2580)}
    charts = {chr(0x2800 + dots): _braille(dots) for dots in range(256)}
    return {**corners, **charts, **_SIGNS}


STAND_INS: Final[Mapping[str, str]] = _whole_table()
"""A character for each character that the program draws itself."""

_FOREIGN: Final = re.compile(r"[^\x00-\x7f]+")


@lru_cache(4096)
def to_ascii(text: str, width: Callable[[str], int]) -> str:
    """The text in ASCII and in as many cells; `width` is how the caller counts the cells of a text."""
    if text.isascii():
        return text
    drawn = _FOREIGN.sub(lambda match: _run(match[0], width), text)
    # A mark after an ASCII character can widen it, which no part of the text tells by itself.
    return drawn.ljust(width(text), _UNKNOWN)


def _run(run: str, width: Callable[[str], int]) -> str:
    """A run of characters that are not ASCII: ours by the table, what is left between them by its width."""
    drawn: list[str] = []
    foreign = ""
    for char in run:
        stand_in = STAND_INS.get(char)
        if stand_in is None:
            foreign += char
            continue
        if foreign:
            drawn.append(_UNKNOWN * width(foreign))
            foreign = ""
        drawn.append(stand_in)
    if foreign:
        drawn.append(_UNKNOWN * width(foreign))
    return "".join(drawn)


def only_ascii(
    environ: Mapping[str, str] | None = None, encoding: str | None = None, *, coerced: bool | None = None
) -> bool:
    """Whether the locale cannot show more than ASCII: it is C or POSIX, or its encoding is not Unicode.

    Where nothing is set at all, nothing speaks against Unicode. Python gives a C locale UTF-8 of its own accord and
    says so in LC_CTYPE and in its flags (`coerced`); what the user has set is looked for behind that.
    """
    environ = os.environ if environ is None else environ
    encoding = getattr(sys.__stdout__, "encoding", None) if encoding is None else encoding
    coerced = bool(sys.flags.utf8_mode) if coerced is None else coerced
    if encoding and not encoding.lower().replace("-", "").replace("_", "").startswith("utf"):
        return True
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = environ.get(name, "")
        if not value or (name == "LC_CTYPE" and coerced and value in {"C.UTF-8", "C.utf8", "UTF-8"}):
            continue
        locale, _, codeset = value.partition(".")
        if codeset:
            return not codeset.lower().replace("-", "").startswith("utf8")
        return locale in {"C", "POSIX"}
    return False
