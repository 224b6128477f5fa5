"""The one gate that makes foreign text safe to store and to show, and the widths of text in terminal cells.

Everything that an agent, a board, git or a process wrote passes `clean` when it enters (DESIGN.md §5). What
comes out is one printable line. Markup brackets stay: the screen draws text literally. Nothing here raises.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

ELLIPSIS: Final = "…"
REPLACEMENT: Final = "\ufffd"
DEFAULT_LIMIT: Final = 200
URL_LIMIT: Final = 500
PATH_LIMIT: Final = 400
"""Characters of a file's path in a repository."""
TARGET_LIMIT: Final = 200
"""Characters of what a tool works on."""
LOOK_LIMIT: Final = 16_384
"""Where `clean` stops to look for something visible in a text of invisible characters."""

# Sequences as ECMA-48 and xterm's ctlseqs define them. What ends one is optional, so that one cut off goes as
# well; a string sequence without its end swallows the rest, as it would in a terminal.
_SEQUENCE: Final = (
    r"(?:\x1b\]|\x9d)[^\x07\x18\x1a\x1b\x9c]*(?:\x07|\x18|\x1a|\x1b\\|\x9c)?"  # OSC: titles, links, clipboard
    r"|(?:\x1b[PX^_k]|[\x90\x98\x9e\x9f])"  # DCS, SOS, PM, APC, and the title sequence of screen
    r"[^\x18\x1a\x1b\x9c]*(?:\x18|\x1a|\x1b\\|\x9c)?"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI
    r"|\x1b[ -/]*[0-~]?"  # every other escape
)
# Controls that neither begin a sequence nor are white space, and what Unicode calls default ignorable:
# bidirectional controls, zero-width marks, tags, fillers, and variation selectors (terminals disagree on the
# cells those add).
_INVISIBLE: Final = (
    "[\\x00-\\x08\\x0e-\\x1a\\x7f-\\x84\\x86-\\x8f\\x91-\\x97\\x99\\x9a\\x9c\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5"
    "\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f"
    "\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff9-\\ufffb\\U000e0000-\\U000e0fff]+"
)
_REMOVED: Final = re.compile(f"{_SEQUENCE}|{_INVISIBLE}")

_CREDENTIALS: Final = re.compile(
    r"""^((?:[a-z][a-z0-9+.-]*:)?//|)     # scheme, if any
        (?: [^/?#\s:]*:(?!\d*(?:[/?#]|$)).*  # a password may hold an unquoted / ? # or @
          | [^/?#\s]* )@""",
    re.IGNORECASE | re.VERBOSE,
)
_PARAMETER: Final = re.compile(r"([?&;#])([^=&;#?]*)=([^&;#]+)")
_SECRET_NAME: Final = re.compile(
    r"token|secret|pass|pwd|key|auth|sig|credential|session|cookie|jwt|code|private|bearer", re.IGNORECASE
)


def clean(text: str | bytes, limit: int = DEFAULT_LIMIT) -> str:
    """Make one printable line of at most `limit` (at least 1) characters; cleaning it again changes nothing.

    Escape sequences go with their payload; controls, bidirectional and invisible marks go. A run of white
    space and line breaks becomes one space. Lone surrogates, bytes that are not UTF-8, unassigned and private
    characters become U+FFFD. What is longer is cut with `…`; only as much of it is looked at as the result
    needs, and of a text that shows nothing the first `LOOK_LIMIT` characters.
    """
    if (
        isinstance(text, str)
        and len(text) <= limit
        and text.isascii()
        and text.isprintable()
        and "  " not in text
        and text[:1] != " "
        and text[-1:] != " "
    ):
        return text
    size = 4 * limit + 64
    while True:
        # A sequence that straddles the end of this window vanishes up to it, so nothing of it is in `line`.
        line = _line(text[:size])
        if size >= len(text) and len(line) <= limit:
            return line
        if len(line) > limit or size >= LOOK_LIMIT:
            return line[: limit - 1].rstrip() + ELLIPSIS
        size = min(8 * size, LOOK_LIMIT)


def clean_path(path: bytes) -> str:
    """The path of a file in a repository as one line of at most `PATH_LIMIT` characters, never empty.

    Two files whose names differ only in what cannot be shown, or beyond the limit, have the same.
    """
    return clean(path, PATH_LIMIT) or REPLACEMENT


def _line(text: str | bytes) -> str:
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    line = " ".join(_REMOVED.sub("", text).split())
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() else REPLACEMENT for char in line)


def mask_url(url: str) -> str:
    """Clean the URL, with `***` for its user and password and for parameters whose name sounds secret.

    The whole part before the `@` goes: tokens are often written as the user's name.
    """
    # Cleaned in full first: an invisible mark could hide a secret's name, and a cut could lose the @.
    line = clean(url, len(url) + 1)
    line = _CREDENTIALS.sub(r"\1***@", line)
    return clean(_PARAMETER.sub(_mask_parameter, line), URL_LIMIT)


def is_secret_name(name: str) -> bool:
    """Whether what is called so may be a secret, by the sound of it."""
    return _SECRET_NAME.search(name) is not None


def _mask_parameter(match: re.Match[str]) -> str:
    if not is_secret_name(match[2]):
        return match[0]
    return f"{match[1]}{match[2]}=***"


def width(text: str) -> int:
    """Count the terminal cells of cleaned text: two for a wide character, none for a combining mark."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(char: str) -> int:
    # Medial and final Hangul letters join the one before them, though Unicode does not class them as marks.
    if unicodedata.category(char) in {"Mn", "Me"} or "\u1160" <= char <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def fit(text: str, cells: int) -> str:
    """Bring cleaned text to exactly `cells` cells: pad it, or cut it with `…`, never inside a character."""
    taken = width(text)
    if taken <= cells:
        return text + " " * (cells - taken)
    if cells <= 0:
        return ""
    kept, taken = [], 0
    for char in text:
        taken += _cells(char)
        if taken > cells - 1:
            taken -= _cells(char)
            break
        kept.append(char)
    return "".join(kept) + ELLIPSIS + " " * (cells - 1 - taken)
