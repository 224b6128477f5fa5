"""Everything that is known of one record of an attached system: an entry of its queue, a run, a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.keystore import Keys
from monitor.model import Message
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.facts import AGE_WIDTH, LABEL_WIDTH, Fact, FactsPane
from monitor.ui.panes.system_words import PARTS, same_word
from monitor.ui.widgets.rows import Row
from monitor.ui.wrapping import wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from monitor.model import SystemReading
    from monitor.ui.palette import StyleName
    from monitor.ui.spans import Cell
    from monitor.ui.wiring import Wiring

_BESIDE: Final = LABEL_WIDTH + AGE_WIDTH + 6
_TEXT_LIMIT: Final = 4_000
"""Characters of a text that is told in full."""
_AROUND: Final = 40
"""Messages of a conversation that are told."""
_THEIR_WORDS: Final = {"system_status": "status", "system_level": "level", "system_severity": "severity"}
"""Fields that hold the system's own word for another one."""
_LABELS: Final = {
    "id": "Id",
    "ours": "Here",
    "pid": "Process",
    "cwd": "Folder",
    "conversation": "In",
    "handoff_from": "Handed by",
    "handoff_to": "Handed to",
    "best_confidence": "Best",
    "average_ms": "On average",
    "is_read": "Read",
    "is_question": "Question",
    "current_task": "Works on",
    "capabilities": "Skills",
    "tasks_done": "Tasks done",
    "success_rate": "Success",
    "context_size": "Context",
    "max_attempts": "At most",
    "timeout_seconds": "May take",
    "duration_seconds": "Took",
    "duration_ms": "Took",
    "average_progress": "Its tasks",
}
_GLYPHS: Final[Mapping[str, Mapping[Any, tuple[str, StyleName]]]] = {
    "status": {**text.WORK_GLYPHS, **text.STATUS_GLYPHS},
    "severity": text.SEVERITY_GLYPHS,
    "level": text.LEVEL_GLYPHS,
}
_UNITS: Final[Mapping[str, Callable[[float], str]]] = {
    "_seconds": text.duration,
    "_ms": text.milliseconds,
    "memory_usage": text.size,
    "cpu_usage": text.percent,
    "percent": text.percent,
    "progress": text.percent,
    "confidence": lambda share: text.percent(100 * share),
}
"""By how a field's name ends, how its number is written."""


class RecordPane(FactsPane):
    """One line a fact, whatever the record is of."""

    CAPTION = "Record"

    def __init__(self, wiring: Wiring, system: str, part: str, record_id: str) -> None:
        self._place = (system, part, record_id)
        self._known: Any = None
        self._gone = False
        self.CAPTION = PARTS.get(part, (part,))[0].capitalize()  # type: ignore[misc]
        super().__init__(wiring)

    def patterns(self) -> tuple[str, ...]:
        """The system's own key."""
        return (Keys.system("*"), Keys.CLOCK)

    def on_resize(self) -> None:
        """Long texts are broken for the width there is."""
        self.refresh_rows()

    def _reading(self) -> SystemReading | None:
        reading: SystemReading | None = self.store.get(Keys.system(self._place[0]))
        return reading

    def record(self) -> Any:
        """The record as it is now; when it is listed no more, as it was known last."""
        _, part, record_id = self._place
        reading = self._reading()
        records = getattr(reading, part, ()) if reading is not None else ()
        found = next((one for one in records if one.id == record_id), None)
        self._gone = found is None
        self._known = found if found is not None else self._known
        return self._known

    def records(self) -> Sequence[Row[Fact]]:
        """A row for each thing that is known of it."""
        record = self.record()
        if record is None:
            return []
        width = max(20, self.size.width - _BESIDE)
        facts: list[Fact] = []
        if self._gone:
            facts.append(Fact("Gone", (("it is listed no more; this was known last", "warn"),)))
        facts.append(Fact("System", ((clean(record.system), "accent"),)))
        for field in msgspec.structs.fields(record):
            if field.name not in ("system", "extra"):
                facts += self._fact(record, field.name, width)
        for name, value in sorted(getattr(record, "extra", {}).items()):
            facts += _lines(clean(name.replace("_", " ")).capitalize(), value, width)
        if isinstance(record, Message):
            facts += self._conversation(record)
        return [Row(str(place), fact) for place, fact in enumerate(facts)]

    def _fact(self, record: Any, name: str, width: int) -> Iterator[Fact]:
        """What one field tells; nothing of one that is empty."""
        value = getattr(record, name)
        if value in (None, "", (), 0) and not isinstance(value, bool):
            return
        if name in _THEIR_WORDS and same_word(value, str(getattr(record, _THEIR_WORDS[name]))):
            return
        label = _label(name)
        if name.endswith(("_at", "_until")) or name == "at":
            now: int = self.store.get(Keys.CLOCK) or value
            left = f"  in {text.duration((value - now) / 1000)}" if value > now else ""
            moment: Cell = ((text.date_time(value, now), "text"), (left, "muted"))
            yield Fact(label, moment, None if left else value)
            return
        cell = self._agent(value) if name == "agent_id" else _valued(name, value)
        if cell is not None:
            yield Fact(label, cell)
        else:
            told = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            yield from _lines(label, told, width)

    def _agent(self, agent_id: str) -> Cell:
        """An agent's name, where the system lists it, and its id."""
        reading = self._reading()
        agents = reading.agents if reading is not None else ()
        name = next((agent.name for agent in agents if agent.id == agent_id), "")
        if not name:
            return ((clean(agent_id), "text"),)
        return ((clean(name), "text"), (f"  {clean(agent_id)}", "muted"))

    def _conversation(self, record: Message) -> Iterator[Fact]:
        """What else was written there, the oldest first."""
        reading = self._reading()
        if reading is None or not record.conversation:
            return
        same = [one for one in reading.messages if one.conversation == record.conversation]
        same.sort(key=lambda one: one.at or 0)
        if len(same) < 2:
            return
        yield Fact("", ())
        for place, one in enumerate(same[-_AROUND:]):
            mark = "▸ " if one.id == record.id else "  "
            said: Cell = (
                (mark, "accent"),
                (f"{clean(one.sender)}  ", "info"),
                (clean(one.text, 500), "text"),
            )
            yield Fact("" if place else "There", said, one.at)

    def copied(self, row: Row[Fact]) -> str:  # noqa: ARG002 - whichever fact it is
        """Its id in its system."""
        return self._place[2]

    def summary(self) -> Cell:
        """Its id."""
        return ((clean(self._place[2]), "muted"),)

    def empty(self) -> tuple[Cell, ...]:
        """It may have been listed, and be no more."""
        return ((("Nothing is known of it at this moment.", "muted"),),)


def _label(name: str) -> str:
    if name in _THEIR_WORDS:
        return "Its word"
    if name in _LABELS:
        return _LABELS[name]
    for ending in ("_at", "_id", "_seconds", "_until"):
        name = name.removesuffix(ending)
    return "At" if name == "at" else name.replace("_", " ").capitalize()


def _valued(name: str, value: Any) -> Cell | None:
    """A value with a glyph or a unit; None for plain text."""
    glyphs: Mapping[Any, tuple[str, StyleName]] = _GLYPHS.get(name, {})
    if value in glyphs:
        glyph, style = glyphs[value]
        return ((f"{glyph} {value}", style),)
    if isinstance(value, bool):
        return (("yes" if value else "no", "text"),)
    told = next((write(value) for ending, write in _UNITS.items() if name.endswith(ending)), None)
    if told is None and isinstance(value, float):
        told = f"{value:,g}"
    return None if told is None else ((told, "text"),)


def _lines(label: str, words: str, width: int) -> Iterator[Fact]:
    """A text over as many lines as it needs."""
    for place, line in enumerate(wrapped(clean(words, _TEXT_LIMIT), width)):
        yield Fact("" if place else label[:LABEL_WIDTH], ((line, "text"),))
