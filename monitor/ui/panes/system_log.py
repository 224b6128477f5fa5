"""The logs of attached systems: the newest line at the bottom, followed as `tail -f` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on

from monitor.model import LOG_LEVELS, LogLevel, LogLine
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.commands import bindings
from monitor.ui.panes.system_pane import SystemListPane
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.binding import BindingType

    from monitor.ui.filter import Numbers
    from monitor.ui.palette import StyleName
    from monitor.ui.panes.system_scope import Scope
    from monitor.ui.spans import Cell, Span
    from monitor.ui.widgets.rows import Row
    from monitor.ui.wiring import Wiring

_CHOICES: Final[tuple[LogLevel | None, ...]] = (None, *LOG_LEVELS)
_TEXT_LIMIT: Final = 500
"""Characters of a line that are shown."""
_TEXT_STYLES: Final[dict[LogLevel, StyleName]] = {"debug": "muted", "error": "bad", "critical": "bad"}


class LogPane(SystemListPane[LogLine]):
    """One line a line."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("log"))
    CONTEXTS = ("system-rows", "log")
    NUMBER = "5"
    CAPTION = "Log"
    TITLES = False
    PARTS = ("logs",)
    FIELDS = frozenset({"system", "level", "subject", "word", "id"})
    NUMBERS: ClassVar[Numbers] = {"level": "level", "age": "seconds"}

    def __init__(self, wiring: Wiring, scope: Scope, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(wiring, scope, id=id)
        self.following = True
        """Whether the cursor goes along with the newest line."""
        chosen = wiring.memory.of_pane(id).get("level", "")
        self.level: LogLevel | None = next((level for level in LOG_LEVELS if level == chosen), None)
        """The least grave level that is shown; None: all lines are."""

    def own_columns(self) -> Sequence[Column[LogLine]]:
        """Time, level, who wrote it, text."""
        return (
            Column("time", "", 8, lambda row, _: ((text.clock_time(row.at), "muted"),), priority=2),
            Column("level", "", 10, _level),
            Column("subject", "", 10, _subject, priority=3, flexible=1, limit=20),
            Column("text", "", 20, _text, flexible=6),
        )

    def records(self) -> Sequence[Row[LogLine]]:
        """The lines of the level that was chosen and of graver ones, the newest at the end."""
        rows = super().records()
        if self.level is not None:
            least = LOG_LEVELS.index(self.level)
            rows = [row for row in rows if (rank := _rank(row.record)) is not None and rank >= least]
        return sorted(rows, key=lambda row: (row.record.at or 0, len(row.record.id), row.record.id))

    def refresh_rows(self) -> None:
        """Show what is new; who follows stays at the end."""
        super().refresh_rows()
        self._hold()

    def _hold(self) -> None:
        if self.following and self.table.rows:
            self.table.select(self.table.rows[-1].id)

    @on(LineTable.Moved)
    def _moved(self) -> None:
        """Who goes back in the lines stops following them."""
        if self.following and self.table.rows and self.table.cursor < len(self.table.rows) - 1:
            self.following = False
            self._tell_title()

    def fields(self, record: LogLine) -> Mapping[str, str]:
        """What of a line can be searched."""
        return {
            "system": record.system,
            "id": record.id,
            "level": record.level,
            "word": record.system_level,
            "subject": record.subject,
            "text": record.text,
        }

    def numbers(self, record: LogLine) -> Mapping[str, float | None]:
        """How grave it is, and how old."""
        return {"level": _rank(record), "age": self.seconds_since(record.at)}

    def summary(self) -> Cell:
        """How many lines, and how many of them are grave."""
        spans: list[Span] = [*super().summary()]
        lines = [line.level for reading in self.scope.readings() for line in reading.logs]
        for level in ("critical", "error", "warning"):
            if count := lines.count(level):
                glyph, style = text.LEVEL_GLYPHS[level]
                spans += [("   ", "text"), (f"{glyph} {count:,} {level}", style)]
        return tuple(spans)

    def notes(self) -> list[Span]:
        """Whether it follows, and what is left out, beside what every pane tells."""
        told: list[Span] = [("following", "accent")] if self.following and self.total else []
        if self.level is not None:
            told += [("  " if told else "", "text"), (f"{self.level} and graver", "accent")]
        rest = super().notes()
        return [*told, ("  ", "text"), *rest] if told and rest else [*told, *rest]

    def empty(self) -> tuple[Cell, ...]:
        """Nothing, or nothing grave enough."""
        if self.level is not None and any(reading.logs for reading in self.scope.readings()):
            told = (
                f"No line is {self.level} or graver. "
                if self.level != "critical"
                else "No line is critical. "
            )
            return (((told, "muted"), ("l", "key"), (" shows others.", "muted")),)
        return super().empty()

    # --- commands -----------------------------------------------------------------------------------------------

    def action_follow_log(self) -> None:
        """Go to the newest line and along with it, or no longer."""
        self.following = not self.following
        self._hold()
        self._tell_title()

    def action_level(self) -> None:
        """Leave out what is less grave than the next level; after the gravest one, show all."""
        self.level = _CHOICES[(_CHOICES.index(self.level) + 1) % len(_CHOICES)]
        self.wiring.memory.change_pane(self.id or "", level=self.level or "")
        self.refresh_rows()


def _rank(row: LogLine) -> int | None:
    """How grave a line is; None for a level that is unknown."""
    return None if row.level == "unknown" else LOG_LEVELS.index(row.level)


def _level(row: LogLine, _width: int) -> Cell:
    glyph, style = text.LEVEL_GLYPHS[row.level]
    word = clean(row.system_level) if row.level == "unknown" and row.system_level else row.level
    return ((f"{glyph} {word}", style),)


def _subject(row: LogLine, _width: int) -> Cell:
    return ((clean(row.subject), "muted"),)


def _text(row: LogLine, _width: int) -> Cell:
    return ((clean(row.text, _TEXT_LIMIT), _TEXT_STYLES.get(row.level, "text")),)
