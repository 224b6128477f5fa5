"""Pictures of the screen as text that can be compared and read: what stands where, and in which style.

A file has the text; then for each line runs of cells in the same style, as letters with counts; then for each look
(a theme) what the letters are. An SVG of the same says no more and takes twenty times the room.
"""

from __future__ import annotations

from functools import cache
from itertools import count, groupby
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rich.style import Style
from textual._context import visible_screen_stack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_LETTERS: Final = ascii_letters + digits + "+-*/=<>!?%&#@$~^"
_WEIGHTS: Final = ("bold", "dim", "italic", "reverse", "underline", "strike")


class Picture(NamedTuple):
    """What stands on the screen: each cell's character and style; a wide character has an empty second cell."""

    text: tuple[str, ...]
    styles: tuple[tuple[str, ...], ...]


def look(app: Any) -> Picture:
    """What stands on the screen of an app now."""
    app.screen._compositor._dirty_regions.clear()
    visible_screen_stack.set(app._background_screens)  # what is seen under a dialog
    lines, styles = [], []
    for strip in app.screen._compositor.render_strips():
        lines.append("".join(segment.text for segment in strip).rstrip())
        styles.append(
            tuple(_told(style or Style(), blank=char == " ") for text, style, _ in strip for char in text)
        )
    return Picture(tuple(lines), tuple(styles))


@cache
def _told(style: Style, *, blank: bool) -> str:
    """A style in words. The ink of a blank is not seen."""
    words = [name for name in _WEIGHTS if getattr(style, name) and not (blank and name != "reverse")]
    if style.color is not None and not blank:
        words.append(style.color.name)
    if style.bgcolor is not None:
        words.append(f"on {style.bgcolor.name}")
    return " ".join(words) or "plain"


def written(pictures: Mapping[str, Picture]) -> str:
    """The file of a screen in several looks; its text has to be the same in all of them."""
    first = next(iter(pictures.values()))
    for name, picture in pictures.items():
        others = [pair for pair in zip(first.text, picture.text, strict=True) if pair[0] != pair[1]]
        assert not others, f"another text in {name}: {others}"
    letters: dict[str, str] = {}
    for style in (style for line in first.styles for style in line):
        if style not in letters:
            letters[style] = _LETTERS[len(letters)]
    parts = [
        "text",
        *first.text,
        "styles",
        *(_runs([letters[style] for style in line]) for line in first.styles),
    ]
    for name, picture in pictures.items():
        parts += [name, *_legend(first, picture, letters)]
    return "\n".join(parts) + "\n"


def _runs(line: Sequence[str]) -> str:
    return "".join(f"{letter}{len(list(run))}" for letter, run in groupby(line))


def _legend(first: Picture, picture: Picture, letters: Mapping[str, str]) -> list[str]:
    """What each letter is in this picture; where the first look has one style and this has more, all of them."""
    seen: dict[str, dict[str, None]] = {letter: {} for letter in letters.values()}
    for one, other in zip(first.styles, picture.styles, strict=True):
        for style, now in zip(one, other, strict=True):
            seen[letters[style]][now] = None
    return [f"{letter} {'; '.join(styles)}" for letter, styles in seen.items()]


def compare(file: Path, drawn: str, *, update: bool) -> None:
    """Fail where a picture is not the committed one, with the lines that differ; with `update` commit to this one."""
    if update:
        file.parent.mkdir(exist_ok=True)
        file.write_text(drawn, encoding="utf-8")
        return
    assert file.exists(), f"{file.name} has not been drawn yet: look at it, and run with --snapshot-update"
    known = file.read_text(encoding="utf-8")
    if drawn != known:
        pairs = zip(count(1), known.splitlines(), drawn.splitlines(), strict=False)
        different = [f"{number}\n- {old}\n+ {new}" for number, old, new in pairs if old != new]
        raise AssertionError(f"{file.name} looks different:\n" + "\n".join(different[:30]))
