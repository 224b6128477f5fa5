"""Rows of a system's queries made into records: each column in the form that its field has, foreign text cleaned."""

from __future__ import annotations

import re
import typing
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.model import SEVERITIES, STATUSES, Task
from monitor.model.systems import LOG_LEVELS, LogLevel, WorkStatus
from monitor.sources.systems.catalogue import Words, normal
from monitor.sources.systems.parts import EXTRA
from monitor.sources.values import as_count, as_number, as_text, as_time
from monitor.text import clean, is_secret_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.model import Millis, Severity, Status

TEXT_LIMIT: Final = 400
"""Characters of what a log line or a message says."""
ID_LIMIT: Final = 100
DECODED_LIMIT: Final = 1 << 20
"""Characters of a list that are looked at."""
LIST_LIMIT: Final = 50
_LONG: Final = frozenset({"text", "error", "description"})
_DIGITS: Final = 18
_TIME_LENGTH: Final = 80
_GO_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,9})?) ?(Z|[+-]\d\d:?\d\d)?"
    r"(?: [A-Z]{1,5}| [+-]\d\d)?(?: m=[+-][\d.]+)?",
    re.ASCII,
)
_ARRAY: Final = re.compile(r"\{([^{}:]*)\}")
_YES: Final = frozenset({"1", "true", "t", "yes", "y"})
_NO: Final = frozenset({"0", "false", "f", "no", "n"})

Row = typing.Mapping[str, Any]


class Translator:
    """Looks up a system's words; a word that its table lacks is one of ours, or unknown."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def agent(self, word: str) -> Status:
        """What an agent does; of an unknown word nothing better is known than that it is there."""
        key = normal(word)
        ours: Status = next((status for status in STATUSES if status == key), "idle")
        return self._words.agent.get(key, ours)

    def task(self, word: str) -> str:
        """A task's status as a board writes it; an unknown word is written so too."""
        key = normal(word)
        return self._words.task.get(key) or clean(key.upper(), 40) or "UNKNOWN"

    def work(self, word: str) -> WorkStatus:
        """The state of a piece of work."""
        key = normal(word)
        known: tuple[WorkStatus, ...] = typing.get_args(WorkStatus)
        ours: WorkStatus = next((word for word in known if word == key), "unknown")
        return self._words.work.get(key, ours)

    def priority(self, word: str, *, queued: bool = False) -> str:
        """A priority in our word, in lower case; one that the table lacks as it is."""
        key = normal(word).removesuffix(".0")  # a whole number that stands among others
        table = (self._words.queue_priority if queued else {}) or self._words.priority
        return table.get(key) or clean(key, 40)

    def severity(self, word: str) -> Severity:
        """How grave an event is."""
        key = normal(word)
        ours: Severity = next((word for word in SEVERITIES if word == key), "info")
        return self._words.severity.get(key, ours)

    def level(self, word: str) -> LogLevel:
        """The level of a log line."""
        key = normal(word)
        ours: LogLevel = next((word for word in LOG_LEVELS if word == key), "unknown")
        return self._words.level.get(key, ours)


class Maker:
    """Makes the records of one part. `record` is their type, `status` how their status word is looked up."""

    def __init__(
        self,
        system: str,
        record: type[msgspec.Struct],
        words: Translator,
        *,
        status: Callable[[str], str],
        queued: bool = False,
        constants: Mapping[str, Any] | None = None,
    ) -> None:
        self._record = record
        self._words = words
        self._status = status
        self._queued = queued
        self._constants = {"system": system, **(constants or {})}
        self._forms = forms(record)
        self._blank = {field.name: "" for field in msgspec.structs.fields(record) if field.required}
        """Foreign rows may lack even what a record has to have."""

    def make(self, row: Row) -> Any:
        """A record of a row; what the row leaves open has the record's default."""
        fields: dict[str, Any] = {}
        extra: dict[str, str] = {}
        for name, value in row.items():
            plain = as_plain(value)
            if plain is None:
                continue
            form = None if name.startswith(EXTRA) else self._forms.get(name)
            if isinstance(plain, bool) and form is not as_truth:
                plain = int(plain)  # as the other engine, which has no such type, writes it
            if name.startswith(EXTRA):
                if text := as_names(plain) or as_text(plain, TEXT_LIMIT):
                    extra[name.removeprefix(EXTRA)] = text
            elif form is not None and (made := form(plain)) is not None:
                fields[name] = made
        if extra and "extra" in self._record.__struct_fields__:
            fields["extra"] = extra
        self._translate(fields)
        return self._record(**(self._blank | fields | self._constants))

    def _translate(self, fields: dict[str, Any]) -> None:
        """Our words for the system's, beside these."""
        if "status" in fields and "system_status" in self._forms:
            fields.setdefault("system_status", fields["status"])  # a query may say more than the stored word
            fields["status"] = self._status(fields["status"])
        if "priority" in fields:
            word = self._words.priority(fields["priority"], queued=self._queued)
            fields["priority"] = word.upper() if self._record is Task else word  # as boards write it
        if "severity" in fields:
            fields["system_severity"] = fields["severity"]
            fields["severity"] = self._words.severity(fields["severity"])
        if "level" in fields:
            fields["system_level"] = fields["level"]
            fields["level"] = self._words.level(fields["level"])
        if "value" in fields and "part" in self._constants and is_secret_name(fields.get("title", "")):
            fields["value"] = "***"  # a secret that nobody has marked as one (checklist X0-14)


@cache
def forms(record: type[msgspec.Struct]) -> dict[str, Callable[[Any], Any]]:
    """How each field of a record is made of what stands in a column; None leaves the default."""
    return {
        name: _form(name, kind)
        for name, kind in typing.get_type_hints(record, include_extras=True).items()
        if typing.get_origin(kind) is not dict  # `extra` is filled name by name
    }


def _form(name: str, kind: Any) -> Callable[[Any], Any]:
    parts = set(typing.get_args(kind)) if type(None) in typing.get_args(kind) else {kind}
    if any(typing.get_origin(part) is typing.Annotated for part in parts):
        return as_moment
    if bool in parts:
        return as_truth
    if int in parts:
        return as_exit_code if name == "exit_code" else as_count
    if float in parts:
        return as_number
    if any(typing.get_origin(part) is tuple for part in parts):
        return as_names_tuple
    limit = TEXT_LIMIT if name in _LONG else ID_LIMIT if name == "id" or name.endswith("_id") else 200
    return lambda value: as_text(value, limit)


def as_plain(value: Any) -> Any:
    """What an engine gives, as numbers, text, lists and dicts. JSON in a text stays text."""
    if value is None or isinstance(value, (str, int, float, list, dict)):
        return value
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.isoformat()
    if isinstance(value, Decimal):
        if not value.is_finite():
            return None
        is_whole = value.as_tuple().exponent == 0 and value.adjusted() < _DIGITS
        return int(value) if is_whole else float(value)
    if isinstance(value, (bytes, memoryview)):
        return bytes(value[:DECODED_LIMIT]).decode("utf-8", "replace")
    return value.isoformat() if isinstance(value, date) else str(value)


def as_moment(value: Any) -> Millis | None:
    """A time in one of the usual forms, and in those that Go writes: the zone's name and a clock's reading go."""
    moment = as_time(value)
    if (
        moment is None
        and isinstance(value, str)
        and (told := _GO_TIME.fullmatch(value.strip()[:_TIME_LENGTH]))
    ):
        return as_time(f"{told[1]}{told[2] or ''}")
    return moment


def as_exit_code(value: Any) -> int | None:
    """A whole number; below zero for what a signal has ended."""
    number = as_number(value)
    return int(number) if number is not None and abs(number) < 2**32 else None


def as_truth(value: Any) -> bool | None:
    """Yes or no, in the many ways in which systems write it."""
    if isinstance(value, bool):
        return value
    word = as_text(value, 10).lower()
    return True if word in _YES else False if word in _NO else None


def as_names_tuple(value: Any) -> tuple[str, ...]:
    """The names in a list: of a JSON text, a database's array, or a text with commas; of objects their name or id."""
    if isinstance(value, str):
        text = value[:DECODED_LIMIT].strip()
        if text[:1] in ("[", "{"):
            try:
                value = msgspec.json.decode(text)
            except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
                array = _ARRAY.fullmatch(text)  # as PostgreSQL writes a list in a text
                value = [name.strip('"') for name in array[1].split(",")] if array else ()
        else:
            value = text.split(",", LIST_LIMIT)
    if isinstance(value, dict):
        value = [name for name, held in value.items() if held not in (False, None)]
    if not isinstance(value, (list, tuple)):
        return ()
    names = (_name(entry) for entry in value[:LIST_LIMIT])
    return tuple(name for name in names if name)


def as_names(value: Any) -> str:
    """The same as one line; empty for what is neither a list nor an object, also not as JSON."""
    is_list = isinstance(value, (list, dict)) or (isinstance(value, str) and value.strip()[:1] in ("[", "{"))
    return ", ".join(as_names_tuple(value)) if is_list else ""


def _name(entry: Any) -> str:
    if isinstance(entry, dict):
        entry = next((entry[key] for key in ("name", "id", "title", "reason", "type") if entry.get(key)), "")
    return as_text(as_plain(entry), ID_LIMIT)
