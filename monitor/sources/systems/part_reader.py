"""Reads one part of a system, and then on from where it was: what changed since, or what was added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from monitor.statements import statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.sources.systems.catalogue import Query, Tables
    from monitor.sources.systems.engine import Look
    from monitor.sources.systems.parts import Part
    from monitor.sources.systems.records import Maker, Row

WHOLE_BELOW: Final = 1_000
"""A part of fewer rows is read whole each time something changed: that is cheaper than to wonder what."""
OVERLAP: Final = 100
"""So many of the rows read last are asked for again: a transaction that took long commits rows with earlier times."""
WHOLE_EVERY_MS: Final = 60_000
"""A large part is read whole again after this long, if something changed: rows whose time nobody moved (SIB-34)."""


class PartReader:
    """One part. After `read`, `records` holds it; a record is the very one of before while its row is."""

    def __init__(self, part: Part, maker: Maker) -> None:
        self.records: tuple[Any, ...] = ()
        self.total = 0
        """Rows that there are."""
        self.tally: dict[str, int] = {}
        """Rows by the system's own status words."""
        self.depths: dict[str, int] = {}
        """Open rows by queue, of a part that has queues."""
        self._part = part
        self._maker = maker
        self._rows: dict[str, tuple[Row, Any]] = {}
        """By id: the row as it was read, and the record made of it."""
        self._newest: list[Any] = []
        """What `changed` held in the rows read last, the greatest first."""
        self._whole_at = 0

    def read(self, look: Look, query: Query, tables: Tables, now: int) -> None:
        """Read what is new. Raises QueryError: this part cannot be read."""
        reading = _Reading(look, query, tables)
        due = now - self._whole_at >= WHOLE_EVERY_MS or now < self._whole_at
        since = self._newest[min(OVERLAP, len(self._newest)) - 1] if self._newest else None
        if since is None or due or (self._part.form == "keyed" and self.total < WHOLE_BELOW):
            self._read_whole(reading)
            self._whole_at = now
        else:
            self._read_since(reading, since)

    def forget(self) -> None:
        """What it read from is not there any more."""
        self.records, self.total, self.tally, self.depths = (), 0, {}, {}
        self._rows, self._newest, self._whole_at = {}, [], 0

    def _read_whole(self, reading: _Reading) -> None:
        if self._part.form == "list":
            rows = reading.rows("part_newest", limit=self._part.limit)
            self.total = reading.rows("part_count")[0]["number"]
        else:
            self._count(reading)
            rows = reading.rows("part_first", limit=self._part.limit)
        made = [self._made(row) for row in rows]
        self._rows = {identity: (row, record) for identity, row, record in made}
        self._note(rows)
        self._show()

    def _read_since(self, reading: _Reading, since: Any) -> None:
        rows = reading.rows("part_since", since=since, limit=self._part.limit)
        made = [self._made(row) for row in rows]
        new = [entry for entry in made if entry[0] not in self._rows]
        if self._part.form == "list":
            self.total += len(new)
        elif new or any(self._rows[identity][1] is not record for identity, _, record in made):
            before = self.total
            self._count(reading)
            if (
                self.total != before + len(new) or len(rows) >= self._part.limit
            ):  # some are gone, or too many came
                self._read_whole(reading)
                return
        read = {identity: (row, record) for identity, row, record in made}
        self._rows = read | {identity: held for identity, held in self._rows.items() if identity not in read}
        self._note(rows)
        self._show()

    def _made(self, row: Row) -> tuple[str, Row, Any]:
        identity = str(row.get("id"))
        known = self._rows.get(identity)
        if known is not None and known[0] == row:
            return identity, row, known[1]
        record = self._maker.make(row)
        return identity, row, known[1] if known is not None and known[1] == record else record

    def _note(self, rows: Iterable[Row]) -> None:
        """Remember the greatest values of `changed`; rows whose values cannot be compared are read whole each time."""
        values = [value for row in rows if (value := row.get("changed")) is not None]
        try:
            self._newest = sorted({*values, *self._newest}, reverse=True)[: 2 * OVERLAP]
        except TypeError:
            self._newest = []

    def _show(self) -> None:
        rows = list(self._rows.items())[: self._part.limit]
        self._rows = dict(rows)
        records = tuple(record for _, (_, record) in rows)
        same = len(records) == len(self.records)
        if not same or any(new is not old for new, old in zip(records, self.records, strict=True)):
            self.records = records

    def _count(self, reading: _Reading) -> None:
        """How many rows there are, in each status where it has one, and in each queue."""
        if self._part.words:
            tally = reading.rows("part_tally")
            self.tally = {}
            for row in tally:
                word = "" if row["status"] is None else str(row["status"])
                self.tally[word] = self.tally.get(word, 0) + row["number"]
            self.total = sum(self.tally.values())
        else:
            self.total = reading.rows("part_count")[0]["number"]
        if self._part.has_queues:
            self.depths = {str(row["queue"] or ""): row["number"] for row in reading.rows("part_depths")}


class _Reading:
    """A query with what its optional columns need in front of it."""

    def __init__(self, look: Look, query: Query, tables: Tables) -> None:
        self._look = look
        self._front = with_missing(query, tables, look)

    def rows(self, name: str, **parameters: Any) -> Sequence[Row]:
        """Run one of the statements of `sql/systems/reading.sql` over it."""
        return self._look.rows(f"{self._front} {statement('systems', name)}", parameters)


def with_missing(query: Query, tables: Tables, look: Look) -> str:
    """The query as `part`, behind stand-ins for the tables of its `may` that lack a column, or are not there."""
    before = []
    for table, columns in query.may.items():
        there = tables.get(table)
        missing = sorted(columns - (there or frozenset()))
        nothing = ", ".join(_piece("null_column", column=column) for column in missing)
        if there is None:
            before.append(_piece("table_of_nothing", table=table, nothing=nothing))
        elif nothing:
            full_name = look.quoted(table)
            before.append(_piece("table_with_nothing", table=table, nothing=nothing, full_name=full_name))
    return _piece("with_part", before=" ".join(before), query=query.sql)


def _piece(name: str, **names: str) -> str:
    """A piece of SQL with the names that a query of ours asks for; values are bound, here as everywhere."""
    return statement("systems", name).rstrip("; \n").format(**names)
