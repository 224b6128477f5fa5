"""Plain text tables for terminals and pipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from monitor.text import clean, fit, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Millis

UNKNOWN = "-"
UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], terminal: int) -> None:
    """Columns as wide as their widest cell; lines cut to `terminal` cells unless that is 0 (a pipe)."""
    cleaned = [[clean(cell) for cell in row] for row in rows]
    widths = [max(width(row[index]) for row in [list(header), *cleaned]) for index in range(len(header))]
    for row in [list(header), *cleaned]:
        cells = [fit(cell, widths[index]) for index, cell in enumerate(row[:-1])]
        line = "  ".join([*cells, row[-1]]).rstrip()
        print_line(line, terminal)


def print_line(line: str, terminal: int) -> None:
    """A line of text, cut to `terminal` cells unless that is 0 (a pipe)."""
    click.echo(fit(line, terminal).rstrip() if terminal else line)


def age(now: Millis, then: Millis | None) -> str:
    """`12s`, `3m`, `2h`, `5d`; `-` when unknown."""
    if then is None:
        return UNKNOWN
    seconds = max(0, now - then) // 1000
    for unit, size in UNITS:
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return "0s"


def amount(value: float | None, form: str = "") -> str:
    """A number in that format (`bytes`: with a binary unit); `-` when unknown."""
    if value is None:
        return UNKNOWN
    if form != "bytes":
        return format(value, form)
    size = float(value)
    for unit in ("B", "K", "M", "G"):
        if size < 1024:
            return f"{size:.0f}{unit}"
        size /= 1024
    return f"{size:.1f}T"
