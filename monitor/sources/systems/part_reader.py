"""Reads one part of a system, and then on from where it was: what changed since, or what was added."""

from __future__ import annotations

from itertools import islice
from operator import is_not
from typing import TYPE_CHECKING, Any, Final

from monitor.statements import statement
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.sources.systems.catalogue import Query, Tables
    from monitor.sources.systems.engine import Look
    from monitor.sources.systems.parts import Part
    from monitor.sources.systems.records import Maker, Row

WHOLE_BELOW: Final = 1_000
"""A part of fewer rows is read whole each time something changed: that is cheaper than to wonder what."""
OVERLAP: Final = 100
"""So many of the newest rows are asked for again: a transaction that took long commits rows with earlier times."""
_WORD: Final = 60
"""Characters of a status or a queue's name where they are counted."""


class PartReader:
    """One part. After `read`, `records` holds it; a record is the very one of before while its row is.

    What is newer than what is left to the database: times are compared in its own way, and never here.
    """

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
        self._query: Query | None = None
        self._rows: dict[str, tuple[Row, Any]] = {}
        """By id: the row as it was read, and the record made of it, in the order in which they are shown."""
        self._since: Any = None
        """What `changed` holds where reading on begins; None: the part is read whole."""
        self._above = 0
        """How many rows were as new as that."""

    def read(self, look: Look, query: Query, tables: Tables, *, whole: bool = True) -> None:
        """Read what is new, or all of it where that is surer. Raises QueryError: this part cannot be read."""
        if query is not self._query:
            self.forget()
        reading = _Reading(look, query, tables)
        if whole or self._since is None or not self._read_since(reading):
            self._read_whole(reading)
        self._query = query

    def forget(self) -> None:
        """What it read from is not there any more."""
        self.records, self.total, self.tally, self.depths = (), 0, {}, {}
        self._query, self._rows, self._since, self._above = None, {}, None, 0

    def _read_whole(self, reading: _Reading) -> None:
        self._since = None  # should this reading fail, the next one is whole as well
        self._count(reading)
        limit = self._part.limit
        if self._part.form == "keyed":
            rows = reading.rows("part_first", limit=limit)
        else:
            rows = reading.rows("part_newest" if self.total <= limit else "part_end", limit=limit)
        self._show(self._made(rows))
        if self.total >= WHOLE_BELOW:
            marks = reading.rows("part_mark", overlap=OVERLAP - 1)
            self._since = marks[0]["changed"] if marks else None
            self._above = OVERLAP

    def _read_since(self, reading: _Reading) -> bool:
        """Read on; False when this cannot tell what there is: rows are gone, or too many came."""
        limit = self._part.limit
        rows = reading.rows("part_since", since=self._since, limit=limit)
        if not self._above <= len(rows) < limit:
            return False
        made = self._made(rows)
        news = {
            identity
            for identity, (_, record) in made.items()
            if record is not self._rows.get(identity, (0, 0))[1]
        }
        if not news:
            return True
        new = len(news - self._rows.keys())
        if self._part.form == "list":
            self.total += new
        else:
            before = self.total
            self._count(reading)
            if self.total != before + new or self.total < WHOLE_BELOW:
                return False
        self._since = rows[OVERLAP - 1]["changed"]
        # Those with the very time of the mark count as well: they are given again.
        self._above = sum(row["changed"] == self._since for row in rows[OVERLAP:]) + OVERLAP
        self._show(self._merged(made))
        return True

    def _merged(self, made: dict[str, tuple[Row, Any]]) -> dict[str, tuple[Row, Any]]:
        """What was read with what is held, in the order of a whole reading: all that was read is newer."""
        older = {identity: held for identity, held in self._rows.items() if identity not in made}
        if self._part.form == "list":
            return made | older
        entries = [*made.items(), *older.items()]
        return dict(sorted(entries, key=lambda entry: entry[1][0].get("closed") == 1))

    def _made(self, rows: Sequence[Row]) -> dict[str, tuple[Row, Any]]:
        """A record for each row. One without an id is nothing that could be shown; of equal ids the first counts."""
        made: dict[str, tuple[Row, Any]] = {}
        for row in rows:
            value = row.get("id")
            identity = "" if value is None else str(value)
            if not identity or identity in made:
                continue
            known = self._rows.get(identity)
            if known is None:
                made[identity] = (row, self._maker.make(row))
            elif known[0] == row:
                made[identity] = known
            else:
                record = self._maker.make(row)
                made[identity] = (row, known[1] if known[1] == record else record)
        return made

    def _show(self, made: dict[str, tuple[Row, Any]]) -> None:
        self._rows = dict(islice(made.items(), self._part.limit))
        records = tuple(record for _, record in self._rows.values())
        if len(records) != len(self.records) or any(map(is_not, records, self.records)):
            self.records = records

    def _count(self, reading: _Reading) -> None:
        """How many rows there are, in each status where it has one, and in each queue."""
        if self._part.words:
            tally: dict[str, int] = {}
            for row in reading.rows("part_tally"):
                word = "" if row["status"] is None else clean(str(row["status"]), _WORD)
                tally[word] = tally.get(word, 0) + row["number"]
            self.tally, self.total = tally, sum(tally.values())
        else:
            self.total = reading.rows("part_count")[0]["number"]
        if self._part.has_queues:
            self.depths = {
                clean(str(row["queue"] or ""), _WORD): row["number"] for row in reading.rows("part_depths")
            }


class _Reading:
    """A query with what its optional columns need in front of it."""

    def __init__(self, look: Look, query: Query, tables: Tables) -> None:
        self._look = look
        self._front = with_missing(query, tables, look)

    def rows(self, name: str, **parameters: Any) -> Sequence[Row]:
        """Run one of the statements of `sql/systems/reading.sql` over it."""
        return self._look.rows(f"{self._front} {statement('systems', name)}", parameters)


def with_missing(query: Query, tables: Tables, look: Look) -> str:
    """The query as `part`, behind stand-ins for tables that lack a column of its `may`, or are not there.

    A table whose words are of a type of their own gets one as well, in which they are text.
    """
    before = []
    for table in query.needs | query.may:
        there, enums = tables.get(table), look.enums(table)
        missing = query.may.get(table, frozenset()) - (there or frozenset())
        nothing = [
            _piece("null_column", column=column, type=look.type_of(query.types.get(f"{table}.{column}", "")))
            for column in sorted(missing)
        ]
        if there is None:
            before.append(_piece("table_of_nothing", table=table, nothing=", ".join(nothing)))
        elif nothing or enums:
            # Named one by one: of a table with a column that may not be read, not all can be selected.
            columns = [
                _piece("text_column" if column in enums else "same_column", column=column)
                for column in sorted(there)
            ]
            names = {"table": table, "full_name": look.quoted(table)}
            before.append(_piece("table_with_nothing", columns=", ".join([*columns, *nothing]), **names))
    return _piece("with_part", before=" ".join(before), query=query.sql)


def _piece(name: str, **names: str) -> str:
    """A piece of SQL with the names that a query of ours asks for; values are bound, here as everywhere."""
    return statement("systems", name).rstrip("; \n").format(**names)
