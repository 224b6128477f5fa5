"""A report as text: a table for people, JSON, JSON lines or CSV for programs."""

from __future__ import annotations

import csv
import typing
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import msgspec

from monitor.cli.json_output import SCHEMA, iso, plain
from monitor.cli.table import UNITS, UNKNOWN, amount
from monitor.history.reports.base import Bytes, Dollars, Percent, Report, Seconds
from monitor.model import Millis
from monitor.text import clean, fit, width
from monitor.when import format_when

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

Format = Literal["table", "json", "jsonl", "csv"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
TEXT_LIMIT: Final = 4000
"""Characters of one text."""
FORMULA_MARKS: Final = ("=", "+", "-", "@")
"""A text that begins so is a formula to a spreadsheet."""
CENT: Final = 0.01
_HEADINGS: Final = {
    "lines_added": "+LINES",
    "lines_deleted": "-LINES",
    "peak_memory": "MEMORY",
    "longest_wait_since": "SINCE",
    "longest_wait_reason": "FOR",
    "acknowledged_by": "BY",
    "acknowledged_after_seconds": "AFTER",
    "memory_peak": "PEAK",
    "cost_usd": "COST",
    "latency_ms": "LATENCY",
    "latency_max_ms": "MAX",
}
"""Shorter ones: a table has only so many columns of a screen."""
_NUMBERS: Final = frozenset({int, float, Seconds, Bytes, Percent, Dollars})


def write_report(report: Report, form: Format, out: TextIO, terminal: int) -> None:
    """Write it; a table is cut to `terminal` cells a line, unless that is 0. Raises OSError."""
    out.writelines(_WRITERS[form](report, terminal))


def _table(report: Report, terminal: int) -> Iterator[str]:
    """Columns as wide as their widest cell, numbers at the right, durations and sizes as people say them."""
    names = report.row_type.__struct_fields__
    kinds = [column_kind(report.row_type, name) for name in names]
    header = [heading(name) for name in names]
    rows = [
        [for_people(getattr(row, name), kind) for name, kind in zip(names, kinds, strict=True)]
        for row in report.rows
    ]
    widths = [max(map(width, column)) for column in zip(header, *rows, strict=True)]
    yield f"{report.name}, {format_when(report.since)} to {format_when(report.until)}\n"
    for cells in (header, *rows) if rows else ():
        padded = [
            " " * (size - width(cell)) + cell if kind in _NUMBERS else fit(cell, size)
            for cell, size, kind in zip(cells, widths, kinds, strict=True)
        ]
        line = "  ".join(padded).rstrip()
        yield (fit(line, terminal).rstrip() if terminal else line) + "\n"
    if report.totals:
        told = ((name, UNKNOWN if value is None else value) for name, value in report.totals.items())
        yield ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in told) + "\n"


def _json(report: Report, _: int) -> Iterator[str]:
    value = {
        "schema": SCHEMA,
        "report": report.name,
        "since": iso(report.since),
        "until": iso(report.until),
        "rows": [_plain_row(row) for row in report.rows],
        **report.totals,
    }
    yield msgspec.json.encode(value).decode() + "\n"


def _json_lines(report: Report, _: int) -> Iterator[str]:
    for row in report.rows:
        value = {"schema": SCHEMA, "report": report.name, **_plain_row(row)}
        yield msgspec.json.encode(value).decode() + "\n"


def _csv(report: Report, _: int) -> Iterator[str]:
    lines: list[str] = []
    # The writer's target is a list: what it writes can be handed out line by line.
    writer = csv.writer(typing.cast("TextIO", _Lines(lines)), lineterminator="\n")
    writer.writerow(report.row_type.__struct_fields__)
    for row in report.rows:
        writer.writerow([_harmless(value) for value in _plain_row(row).values()])
        yield from lines
        lines.clear()
    yield from lines


class _Lines:
    """A file that keeps what is written."""

    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append


_WRITERS: Final = {"table": _table, "json": _json, "jsonl": _json_lines, "csv": _csv}


def heading(name: str) -> str:
    """A field's name as the head of a column; its unit stands in the cells."""
    if name in _HEADINGS:
        return _HEADINGS[name]
    short = name.removesuffix("_seconds").removesuffix("_bytes")
    return short.replace("_", " ").upper()


@cache
def column_kind(row_type: type[msgspec.Struct], name: str) -> Any:
    """The type of a column's values, without None."""
    hint = typing.get_type_hints(row_type, include_extras=True)[name]
    if type(None) in get_args(hint):
        return next(part for part in get_args(hint) if part is not type(None))
    return hint


def for_people(value: Any, kind: Any) -> str:
    """A cell of a table."""
    if value is None:
        return UNKNOWN
    write = _WRITTEN.get(kind)
    return clean(str(value), TEXT_LIMIT) if write is None else write(value)


def dollars(value: float) -> str:
    """Whole cents; what is less than one, to a hundredth of it."""
    return f"${value:,.2f}" if value >= CENT or not value else f"${value:.4f}"


def duration(seconds: float) -> str:
    """The two largest units: `3d 4h`, `2h 5m`, `40s`; less than ten seconds with a decimal: `0.5s`."""
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    rest, parts = round(seconds), list[str]()
    for unit, size in UNITS:
        if rest >= size or parts:
            parts.append(f"{rest // size}{unit}")
            rest %= size
    return " ".join(part for part in parts[:2] if not part.startswith("0"))


_WRITTEN: Final[dict[Any, Callable[[Any], str]]] = {
    Millis: format_when,
    Seconds: duration,
    Bytes: lambda value: amount(value, "bytes"),
    Percent: lambda value: amount(value, ".1f"),
    Dollars: dollars,
}


def _plain_row(row: msgspec.Struct) -> dict[str, Any]:
    """A row for programs: times as ISO-8601 UTC, durations in seconds, sizes in bytes; texts made safe to print."""
    return {
        name: clean(value, TEXT_LIMIT) if isinstance(value, str) else value
        for name, value in plain(row).items()
    }


def _harmless(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front, which it does not show."""
    if isinstance(value, str) and value.startswith(FORMULA_MARKS):
        return "'" + value
    return value
