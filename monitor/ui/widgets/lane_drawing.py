"""How a lane of cards looks: its title over a rule, or folded into a strip. No widget, no screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from monitor.ui.spans import Cell, cell_width, fit, text_width

if TYPE_CHECKING:
    from monitor.ui.palette import StyleName


class Lane(NamedTuple):
    """A lane of cards."""

    key: str
    title: str
    glyph: str
    style: StyleName
    total: int
    """Cards it has when nothing is filtered away."""
    brief: bool = False
    """Its cards are short, and it stands back."""


class Pen(NamedTuple):
    """What stands on one line of a lane."""

    cell: Cell
    """Exactly as wide as the lane."""
    selected: bool = False


class Hidden(NamedTuple):
    """Cards of a lane that are out of sight."""

    above: int
    below: int


def blank(width: int) -> Pen:
    """A line on which nothing stands."""
    return Pen(((" " * width, "text"),))


def title_line(lane: Lane, cards: int, hidden: Hidden, width: int, *, here: bool) -> Pen:
    """Glyph, name and count over a rule; `here`: the cursor is in this lane."""
    count = f" {cards}" if cards == lane.total else f" {cards}/{lane.total}"
    more = " ".join(f"{arrow}{number}" for arrow, number in zip("↑↓", hidden, strict=True) if number)
    right: Cell = ((f" {more}", "muted"),) if more else ()
    right = fit(right, min(width, cell_width(right)))
    name: Cell = (
        (f"{lane.glyph} ", lane.style),
        (lane.title, "accent" if here else "title"),
        (count, "text"),
        (" ", "text"),
    )
    room = width - cell_width(right)
    rule = "─" * max(0, room - cell_width(name))
    return Pen((*fit((*name, (rule, "fill" if here else "faint")), room), *right))


def strip_lines(lane: Lane, cards: int, width: int, height: int) -> list[Pen]:
    """A folded lane: its glyph and count, and its name downwards."""
    wide = f"{lane.glyph} {cards}"
    head = wide if text_width(wide) <= width else f"{lane.glyph}{cards}"
    pens = [Pen(fit(((head, lane.style if cards else "faint"),), width))]
    style: StyleName = "muted" if cards else "faint"
    pens += [Pen(fit(((f" {letter}", style),), width)) for letter in _letters(lane.title.replace("_", " "))]
    return (pens + [blank(width)] * (height - len(pens)))[:height]


def _letters(text: str) -> list[str]:
    """The text letter by letter, each with the marks that combine with it."""
    letters: list[str] = []
    for letter in text:
        if letters and text_width(letter) == 0:
            letters[-1] += letter
        else:
            letters.append(letter)
    return letters
