"""The filter language, with which every pane hides the rows that nobody asked for.

    parser "fix it"        words and phrases that the row's text must hold
    status:blocked|error   a field that begins with one of these; `*` and `?` stand for any letters: branch:feat*
    cpu>50 mem>=1G age>10m a number, with a unit: % for percent, K M G T for sizes (binary), s m h d w for times
    level>=warning         a level of a log, by how grave it is
    !status:idle !docs     not this

All parts must match, without regard to case. A field that the pane does not know is an ordinary word, so that text
with a colon in it (`fix: parser`) can be typed as it stands. A part that cannot be understood hides nothing, and the
filter says what is wrong with it.
"""

from __future__ import annotations

import operator
import re
from fnmatch import translate
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from monitor.model import LOG_LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Measure = Literal["percent", "bytes", "seconds", "count", "level"]
"""What a number of a pane measures, and so which units it may be compared in."""
Numbers = dict[str, Measure]
"""The numbers of a pane by name."""

TEXT_LIMIT: Final = 1000
"""Characters of a filter that are looked at."""

_UNITS: Final[dict[Measure, dict[str, float]]] = {
    "percent": {"": 1, "%": 1},
    "bytes": {
        "": 1,
        "b": 1,
        **{
            f"{letter}{ending}": 1024.0**power
            for power, letter in enumerate("kmgt", 1)
            for ending in ("", "b", "ib")
        },
    },
    "seconds": {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800},
    "count": {"": 1},
    "level": {},
}
_EXAMPLES: Final[dict[Measure, str]] = {
    "percent": "50 or 50%",
    "bytes": "500M or 1.5G",
    "seconds": "90s, 10m, 2h or 3d",
    "count": "3",
    "level": "warning or error",
}
_OPERATORS: Final[dict[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_PART: Final = re.compile(r'(?:"[^"]*(?:"|$)|[^\s"])+')
"""A part of the filter: up to white space that is not quoted; a quote that is not closed holds to the end."""
_ALTERNATIVE: Final = re.compile(r'(?:"[^"]*(?:"|$)|[^|"])+')
_FIELD: Final = re.compile(r"([^\W\d][\w-]*):(.*)", re.DOTALL)
_COMPARISON: Final = re.compile(r"([^\W\d][\w-]*)(>=|<=|!=|=|>|<)(.*)", re.DOTALL)
_NUMBER: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})([a-z%]*)")


class Row(NamedTuple):
    """A row as a filter sees it."""

    fields: Mapping[str, str]
    everything: str
    """All its text, folded, in which words are looked for."""
    numbers: Mapping[str, float | None]


class Term(Protocol):
    """One part of a filter."""

    def matches(self, row: Row) -> bool:
        """Whether the row is what this part asks for."""


class _Word(NamedTuple):
    """One of these texts stands somewhere in the row."""

    texts: tuple[str, ...]

    def matches(self, row: Row) -> bool:
        return any(text in row.everything for text in self.texts)


class _Field(NamedTuple):
    """A field, or a word of it, begins with one of these texts or is as one of these patterns says."""

    name: str
    texts: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]

    def matches(self, row: Row) -> bool:
        value = row.fields.get(self.name, "").casefold()
        if value.startswith(self.texts):
            return True
        words = value.split()
        return any(word.startswith(self.texts) for word in words) or any(
            pattern.match(text) for pattern in self.patterns for text in (value, *words)
        )


class _Comparison(NamedTuple):
    """A number is more, less or as much; what is unknown is neither."""

    name: str
    compare: Callable[[float, float], bool]
    value: float

    def matches(self, row: Row) -> bool:
        number = row.numbers.get(self.name)
        return number is not None and self.compare(number, self.value)


class _Not(NamedTuple):
    """What the other part does not ask for."""

    term: Term

    def matches(self, row: Row) -> bool:
        return not self.term.matches(row)


class Filter(NamedTuple):
    """A parsed filter; an empty one matches everything."""

    text: str = ""
    """As it was typed."""
    terms: tuple[Term, ...] = ()
    complaint: str = ""
    """What is wrong with a part of it, for people; that part hides nothing."""
    compares: bool = False
    """Whether it asks for the rows' numbers."""
    moving: bool = False
    """Whether it asks for times, so that rows come and go with the clock."""

    @classmethod
    def parse(cls, text: str, known: frozenset[str] = frozenset(), numbers: Numbers | None = None) -> Filter:
        """Parse what was typed; `known` are the fields and `numbers` the numbers that the pane understands."""
        terms: list[Term] = []
        complaint = ""
        measures: set[Measure] = set()
        for part in _PART.findall(text[:TEXT_LIMIT].casefold()):
            negated = part.startswith("!")
            bare = part[1:] if negated else part
            comparison = _COMPARISON.fullmatch(bare)
            if comparison and numbers and comparison[1] in numbers:
                measure = numbers[comparison[1]]
                value = _number(comparison[3], measure)
                if value is None:
                    complaint = complaint or _complaint(comparison, measure)
                    continue
                measures.add(measure)
                term: Term | None = _Comparison(comparison[1], _OPERATORS[comparison[2]], value)
            else:
                term = _text_term(bare, known)
            if term is not None:
                terms.append(_Not(term) if negated else term)
        return cls(text.strip(), tuple(terms), complaint, bool(measures), "seconds" in measures)

    def matches(self, fields: Mapping[str, str], numbers: Mapping[str, float | None] | None = None) -> bool:
        """Whether a row, given as field name to text and number name to value, is to be shown."""
        if not self.terms:
            return True
        row = Row(fields, "\n".join(fields.values()).casefold(), numbers or {})
        return all(term.matches(row) for term in self.terms)

    def __bool__(self) -> bool:
        """Whether it hides anything at all."""
        return bool(self.terms)


def _text_term(part: str, known: frozenset[str]) -> Term | None:
    """A field or a word; None for one that asks for nothing yet, as while it is typed."""
    field = _FIELD.fullmatch(part)
    if field and field[1] in known:
        alternatives = list(_alternatives(field[2]))
        patterns = [_pattern(text) for text, quoted in alternatives if not quoted and _is_pattern(text)]
        texts = tuple(text for text, quoted in alternatives if quoted or not _is_pattern(text))
        return _Field(field[1], texts, tuple(patterns)) if alternatives else None
    words = tuple(text for text, _ in _alternatives(part)) or tuple(part)[:1]
    return _Word(words) if words else None


def _alternatives(text: str) -> Iterator[tuple[str, bool]]:
    """What stands between the bars that are not quoted, and whether a quote is in it; not what is empty."""
    for alternative in _ALTERNATIVE.findall(text):
        plain = alternative.replace('"', "")
        if plain:
            yield plain, '"' in alternative


def _is_pattern(text: str) -> bool:
    return "*" in text or "?" in text


def _pattern(text: str) -> re.Pattern[str]:
    """A shell pattern of `*` and `?` alone; runs of `*` mean one, and brackets themselves."""
    return re.compile(translate(re.sub(r"\*+", "*", text).replace("[", "[[]")))


def _number(text: str, measure: Measure) -> float | None:
    """The number in the unit of the row: percent, bytes, seconds, a level's place; None for what is no such number."""
    if measure == "level":
        return next(
            (float(place) for place, level in enumerate(LOG_LEVELS) if text and level.startswith(text)), None
        )
    found = _NUMBER.fullmatch(text)
    factor = _UNITS[measure].get(found[2]) if found else None
    return float(found[1]) * factor if found and factor is not None else None


def _complaint(comparison: re.Match[str], measure: Measure) -> str:
    name, sign, value = comparison.groups()
    kind = "level" if measure == "level" else "number"
    example = f"{name}{sign} takes a {kind}: {_EXAMPLES[measure]}"
    return f"{value[:20]} is none: {example}" if value else example
