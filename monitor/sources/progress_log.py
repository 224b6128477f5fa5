"""The progress log of a root, `coordination/progress-log.md`, followed as agents append to it (checklist SIB-09).

Only what was appended is read. Agents and scripts also rewrite the whole file, so the bytes before the place reached
are compared, and an entry that was told once is not told again.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitor.model import Activity
from monitor.sources.files import FileMissingError, opened, signature, signature_of
from monitor.sources.values import as_time
from monitor.text import clean

if TYPE_CHECKING:
    from monitor.model import Millis
    from monitor.sources.files import Signature

LOG: Final = "coordination/progress-log.md"
READ_LIMIT: Final = 256_000
"""Bytes read in one poll, and how much of an old log is read at first."""
ENTRY_LIMIT: Final = 500
TOLD_LIMIT: Final = 5000
TAIL: Final = 512
NAME_LIMIT: Final = 100
DAILY_SUMMARY: Final = "daily activity summary"
"""Stands where an agent's name would (SIB-09); such an entry is nobody's."""
_BODY_LINES: Final = 12
_LINE_LENGTH: Final = 500

_ENTRY: Final = re.compile(r"##\s+(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d\S*)?)\s+[-\u2013\u2014]\s+(\S.*)")
_DAY: Final = re.compile(r"##\s+(\d{4}-\d\d-\d\d)\s*")
_TIMED: Final = re.compile(r"###\s+(\d{1,2}):(\d\d)(?::\d\d)?\s+[-\u2013\u2014]\s+(\S.*)")
_RULE: Final = re.compile(r"\s*(?:[-*_=]\s*){3,}|\s*(?:```|~~~).*|\s*")
_HEADING: Final = re.compile(r"\s*(#{1,6})\s+(.*)")
_LEADING_MARKS: Final = re.compile(r"\s*(?:>\s*)*(?:[-*+]\s+|\d{1,3}[.)]\s+)?(?:\[[ xX]\]\s+)?")
_LINK: Final = re.compile(r"!?\[([^\[\]]{0,200})\]\([^()\s]{0,500}\)")
_EMPHASIS: Final = re.compile(r"\*\*|__|`+|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)")


class _Entry:
    """An entry that is being read: when, by whom, and the lines that may tell what."""

    def __init__(self, at: Millis, name: str) -> None:
        self.at = at
        self.name = clean(name, NAME_LIMIT)
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        """Take a line of the body, as long as more can be shown."""
        if len(self.lines) < _BODY_LINES and not _RULE.fullmatch(line):
            self.lines.append(line)

    def text(self) -> str:
        """Put the first telling lines into one, without their Markdown: `Blockers: no key · waits for review`."""
        parts: list[str] = []
        section, title = "", ""
        for line in self.lines:
            heading = _HEADING.fullmatch(line)
            if heading:
                title = title or _plain(heading[2])
                section = _plain(heading[2]) if len(heading[1]) > 2 else ""
            else:
                parts.append(f"{section}: {_plain(line)}" if section else _plain(line))
                section = ""
        return clean(" · ".join(part for part in parts if part) or title or "(no text)")


def _plain(line: str) -> str:
    """Take the Markdown marks off a line: quotes, bullets, numbers, boxes, links, emphasis."""
    line = _LEADING_MARKS.sub("", clean(line, _LINE_LENGTH), count=1)
    return clean(_EMPHASIS.sub("", _LINK.sub(r"\1", line)))


class _Parser:
    """Cuts lines into entries, in both shapes: `## <time> - <name>`, or `## <date>` with `### HH:MM - <name>`."""

    def __init__(self) -> None:
        self.entry: _Entry | None = None
        self._day = ""

    def feed(self, line: str) -> _Entry | None:
        """Take one line; returns the entry that it ends."""
        if line.startswith("##"):
            if (found := _ENTRY.fullmatch(line)) and (at := as_time(found[1])) is not None:
                self._day = ""
                return self._begin(_Entry(at, found[2]))
            if (found := _DAY.fullmatch(line)) and as_time(found[1]) is not None:
                self._day = found[1]
                return self._begin(None)
            if self._day and (found := _TIMED.fullmatch(line)):
                at = as_time(f"{self._day}T{int(found[1]):02}:{found[2]}")
                if at is not None:
                    return self._begin(_Entry(at, found[3]))
        if self.entry is not None:
            self.entry.add(line)
        return None

    def finish(self) -> _Entry | None:
        """Take the last entry as it is; lines that still follow belong to nothing."""
        return self._begin(None)

    def _begin(self, entry: _Entry | None) -> _Entry | None:
        ended, self.entry = self.entry, entry
        return ended


class ProgressLogSource:
    """The progress log under one root, `coordination/progress-log.md`."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.path = str(Path(root) / LOG)
        self._seen: Signature | None = None
        self._unfinished = False
        self._told: dict[tuple[Millis, str, str], None] = {}
        self._restart()

    def poll(self, now: Millis) -> tuple[Activity, ...]:
        """Tell the entries that are complete since the last poll, in the file's order, at most `ENTRY_LIMIT`.

        The last entry is complete when another one follows or the file has rested for one poll. `agent_id` is the
        name as written, empty for a daily summary; a time without a zone is UTC, and none is later than `now`.
        Blocks. A missing file is empty; raises SourceError when it cannot be read.
        """
        look = signature(self.path)
        rested = look is not None and look == self._seen
        if rested and not self._unfinished:
            return ()
        self._seen = None
        try:
            with opened(LOG, root=self.root) as (descriptor, status):
                self._find_place(descriptor, status.st_size)
                entries = self._read(descriptor, status.st_size, rested=rested)
        except FileMissingError:
            self._restart()
            return ()
        self._seen = signature_of(status)
        return self._activities(entries, now)

    def _restart(self) -> None:
        self._offset: int | None = None
        self._tail = b""
        self._parser = _Parser()

    def _find_place(self, descriptor: int, size: int) -> None:
        """Go on where the last poll stopped, or start anew when the file was cut or replaced."""
        if self._offset is not None:
            if os.pread(descriptor, len(self._tail), self._offset - len(self._tail)) == self._tail:
                return
            self._restart()
        self._offset = max(0, size - READ_LIMIT)
        if self._offset:
            # Only an old log's end is read: from its first whole line on.
            self._offset += os.pread(descriptor, READ_LIMIT, self._offset).find(b"\n") + 1

    def _read(self, descriptor: int, size: int, *, rested: bool) -> list[_Entry]:
        start = self._offset or 0
        data = os.pread(descriptor, READ_LIMIT, start)
        entries: list[_Entry] = []
        used = 0
        while len(entries) < ENTRY_LIMIT and (end := data.find(b"\n", used)) >= 0:
            self._feed(data[used:end], entries)
            used = end + 1
        if not used and len(data) == READ_LIMIT:
            self._feed(data, entries)
            used = len(data)
        complete = start + len(data) >= size and len(entries) < ENTRY_LIMIT
        if complete and rested:
            # A heading without its line break may be half of one.
            if not data.startswith(b"#", used):
                self._feed(data[used:], entries)
                used = len(data)
            entries.extend(entry for entry in (self._parser.finish(),) if entry)
        self._offset = start + used
        self._tail = (self._tail + data[:used])[-TAIL:]
        self._unfinished = not (complete and rested)
        return entries

    def _feed(self, line: bytes, entries: list[_Entry]) -> None:
        text = line[: 4 * _LINE_LENGTH].decode("utf-8", "replace")[:_LINE_LENGTH].rstrip()
        ended = self._parser.feed(text.lstrip("\ufeff"))
        if ended:
            entries.append(ended)

    def _activities(self, entries: list[_Entry], now: Millis) -> tuple[Activity, ...]:
        found = []
        for entry in entries:
            key = (entry.at, entry.name, entry.text())
            if key not in self._told:
                self._told[key] = None
                at = min(entry.at, now)
                agent_id = "" if entry.name.casefold() == DAILY_SUMMARY else entry.name
                found.append(Activity(timestamp=at, agent_id=agent_id, kind="progress", text=key[2]))
        while len(self._told) > TOLD_LIMIT:
            del self._told[next(iter(self._told))]
        return tuple(found)
