"""The filter language: words that a row's text must hold, and `field:value` for a single field.

All parts must match, without regard to case. A field that the pane does not know is taken as an ordinary word, so
that text with a colon in it (`fix: parser`) can be typed as it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Filter(NamedTuple):
    """A parsed filter; an empty one matches everything."""

    text: str = ""
    words: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str, known: frozenset[str] = frozenset()) -> Filter:
        """Parse what was typed; `known` are the field names that the pane understands."""
        words: list[str] = []
        fields: list[tuple[str, str]] = []
        for part in text.casefold().split():
            name, colon, value = part.partition(":")
            if colon and name in known:
                fields.append((name, value))
            else:
                words.append(part)
        return cls(text.strip(), tuple(words), tuple(fields))

    def matches(self, row: Mapping[str, str]) -> bool:
        """Whether a row, given as field name to text, is to be shown.

        A word is looked for in all fields; a field's value has to begin with what was asked for.
        """
        if not self.words and not self.fields:
            return True
        for name, value in self.fields:
            if not row.get(name, "").casefold().startswith(value):
                return False
        if self.words:
            everything = "\n".join(row.values()).casefold()
            return all(word in everything for word in self.words)
        return True

    def __bool__(self) -> bool:
        """Whether it hides anything at all."""
        return bool(self.words or self.fields)
