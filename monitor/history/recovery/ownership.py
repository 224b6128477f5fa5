"""Whose page is it: the table that each page of a damaged file belongs to, by every evidence that the file gives.

Three say it, in this order: the trees, walked down from their roots; the pointer map, which names the page above each
page and so leads around a damaged one; and the shape of the rows, where it is that of one table alone.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.history.recovery.catalogue import Catalogue
from monitor.history.recovery.pages import (
    CHILD,
    FREE,
    INTERIOR_INDEX,
    INTERIOR_TABLE,
    LEAF_INDEX,
    LEAF_TABLE,
    ROOT,
    TREE_PAGES,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.history.recovery.catalogue import Table
    from monitor.history.recovery.cells import Cells, Values
    from monitor.history.recovery.pages import PageFile

SCHEMA_ROOT: Final = 1
NOBODY: Final = 0
MAX_DEPTH: Final = 40
"""Levels of a tree; SQLite's own limit is 20."""
MIN_TELLING: Final = 3
"""Columns that a row has at least for its shape to tell the table: shorter ones look like an index's."""
ROWS_TRIED: Final = 20
_TABLE_KIND: Final = frozenset({INTERIOR_TABLE, LEAF_TABLE})
_INDEX_KIND: Final = frozenset({INTERIOR_INDEX, LEAF_INDEX})
_INTERIOR: Final = frozenset({INTERIOR_TABLE, INTERIOR_INDEX})
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "INTEGER": (int,),
    "REAL": (int, float),
    "TEXT": (str,),
    "BLOB": (bytes,),
}


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """A page that cannot be read: rows between the two keys may be missing."""

    page: int
    after: tuple[str | int | None, ...] = ()
    """The first two columns of the key before it; empty: from the beginning."""
    before: tuple[str | int | None, ...] = ()
    """The same behind it; empty: to the end."""


class Ownership:
    """Finds the pages of each table. `schema` is read at once, `find` reads every page."""

    def __init__(self, file: PageFile, cells: Cells) -> None:
        self._file = file
        self._cells = cells
        self._known = Catalogue(version=0, tables={}, objects={})
        self._root_of = array("I", bytes(4 * (file.count + 1)))
        """The root above each page; 0: not found yet."""
        self._roots: dict[int, str] = {}
        self._shapes: dict[str, Shape] = {}
        self.pages: dict[str, list[int]] = defaultdict(list)
        """Table to the pages that hold its rows, in the order in which they were found."""
        self.lost: dict[str, list[Lost]] = defaultdict(list)
        """Table to its pages that cannot be read."""
        self.nobodys = 0
        """Pages with rows of which nobody knows whose they are."""
        self.schema = self._read_schema()
        """(type, name, root page) as far as the file's own schema can be read; names may be damaged."""

    @property
    def table_names(self) -> set[str]:
        """The tables that the file's own schema names."""
        return {name for kind, name, _ in self.schema if kind == "table" and not name.startswith("sqlite_")}

    def find(self, known: Catalogue) -> None:
        """Find the pages of all tables of that schema."""
        self._known = known
        self._shapes = {name: Shape(table) for name, table in known.tables.items()}
        made = {name for _, name in known.objects}
        self._roots = {
            root: name
            for _, name, root in self.schema
            if name in made or name.startswith("sqlite_autoindex_")  # a damaged name is none
        }
        for root, name in self._roots.items():
            self._walk(name, root)
        self._place_orphans()

    def _read_schema(self) -> list[tuple[str, str, int]]:
        """Columns type, name, tbl_name, rootpage, sql of the tree in the first page."""
        self._walk("", SCHEMA_ROOT)
        return [
            (values[0], values[1], values[3])
            for number in self.pages.pop("", ())
            for _, values in self._cells.rows(number, self._file.page(number) or b"")[0]
            if len(values) == 5
            and isinstance(values[0], str)
            and isinstance(values[1], str)
            and self._is_root(values[3])
        ]

    def _is_root(self, number: Any) -> bool:
        return isinstance(number, int) and 1 < number <= self._file.count and self._file.is_tree_page(number)

    def _walk(self, name: str, root: int) -> None:
        """Follow the tree down from its root, around what is damaged."""
        kinds = self._kinds(name)
        waiting: list[tuple[int, int, Values, Values]] = [(root, 0, [], [])]
        while waiting:
            number, depth, after, before = waiting.pop()
            data = self._file.page(number)
            if data is None or _kind(number, data) not in kinds or depth > MAX_DEPTH:
                self.lost[name].append(Lost(page=number, after=_key(after), before=_key(before)))
                continue
            self._take(name, root, number, data)
            if _kind(number, data) not in _INTERIOR:
                continue
            previous, below = after, []
            for child, key in self._cells.children(number, data):
                if self._is_child(child, number):
                    below.append((child, depth + 1, previous, key or before))
                else:
                    self.lost[name].append(Lost(page=child, after=_key(previous), before=_key(key or before)))
                previous = key or previous
            waiting.extend(reversed(below))  # in the keys' order, in which writing them is quickest

    def _is_child(self, child: int, parent: int) -> bool:
        """Whether a pointer can be believed: nobody has the page yet, and the map does not name another parent."""
        if not self._file.is_tree_page(child) or child == SCHEMA_ROOT or self._root_of[child]:
            return False
        kind, above = self._file.in_map(child)
        if kind == 0 or (kind == CHILD and above == parent):
            return True
        # One of the two is damaged: the map is right where the page that it names points here as well.
        data = self._file.page(above) if kind == CHILD and above else None
        if data is None or _kind(above, data) not in _INTERIOR:
            return kind not in (FREE, ROOT)
        return child not in {number for number, _ in self._cells.children(above, data)}

    def _take(self, name: str, root: int, number: int, data: bytes) -> None:
        self._root_of[number] = root
        if _kind(number, data) != INTERIOR_TABLE:
            self.pages[name].append(number)

    def _place_orphans(self) -> None:
        """Pages that no tree led to: by the pointer map, else by their rows."""
        free = self._file.free_pages()
        orphans: dict[int, list[int]] = defaultdict(list)
        for number in range(2, self._file.count + 1):
            if self._root_of[number] or number in free or not self._file.is_tree_page(number):
                continue
            data = self._file.page(number)
            if data is None or data[0] not in TREE_PAGES or self._file.in_map(number)[0] == FREE:
                continue
            if data[0] != INTERIOR_TABLE:
                orphans[self._top(number)].append(number)
        for root, numbers in orphans.items():
            for name, number in self._names(root, numbers):
                self.pages[name].append(number)

    def _names(self, root: int, numbers: list[int]) -> Iterator[tuple[str, int]]:
        """The table of each of these pages, which the map says are of one tree; root 0: each of its own."""
        if root in self._roots:
            yield from ((self._roots[root], number) for number in numbers)
            return
        told = {number: self._by_shape(number) for number in numbers}
        every = set(told.values()) - {""}
        for number, name in told.items():
            if root and len(every) == 1:
                name = next(iter(every))  # noqa: PLW2901 - one page tells for all of its tree
            if name:
                yield name, number
            else:
                self.nobodys += 1

    def _top(self, number: int) -> int:
        """The root above a page by the pointer map, or 0."""
        for _ in range(MAX_DEPTH):
            kind, above = self._file.in_map(number)
            if kind == ROOT:
                return number
            if kind != CHILD or above == number:
                return NOBODY
            number = above
            if self._root_of[number]:
                return self._root_of[number]
        return NOBODY

    def _by_shape(self, number: int) -> str:
        """The one table whose rows look like those of the page; empty when none or several do."""
        data = self._file.page(number) or b""
        rows = self._cells.rows(number, data)[0][:ROWS_TRIED]
        has_row_id = _kind(number, data) in _TABLE_KIND
        fitting = [
            table.name
            for table in self._known.tables.values()
            if table.has_row_id == has_row_id
            and len(table.columns) >= MIN_TELLING
            and rows
            and all(self._shapes[table.name].fits(values) for _, values in rows)
        ]
        return fitting[0] if len(fitting) == 1 else ""

    def _kinds(self, name: str) -> frozenset[int]:
        """The kinds of page of a table's tree, of an index's for all else."""
        table = self._known.tables.get(name)
        return _TABLE_KIND if name == "" or (table is not None and table.has_row_id) else _INDEX_KIND


class Shape:
    """Tells whether stored records can be rows of a table, by their columns' types."""

    def __init__(self, table: Table) -> None:
        self._columns = [table.columns[place] for place in table.stored]
        self._alias = None if table.alias is None else table.stored.index(table.alias)
        self._seen: dict[tuple[type, ...], bool] = {}

    def fits(self, values: Values) -> bool:
        """Whether it fits; columns that were added since may be missing at the end."""
        types = tuple(map(type, values))
        known = self._seen.get(types)
        if known is None:
            known = self._seen[types] = self._fits(types)
        return known

    def _fits(self, types: tuple[type, ...]) -> bool:
        missing = self._columns[len(types) :]
        if len(types) > len(self._columns) or any(column.required for column in missing):
            return False
        for place, (column, kind) in enumerate(zip(self._columns, types, strict=False)):
            if kind is type(None):
                if column.required and place != self._alias:
                    return False
            elif not issubclass(kind, _TYPES.get(column.type, (object,))):
                return False
        return True


def _kind(number: int, data: bytes) -> int:
    return data[100 if number == 1 else 0]


def _key(values: Values) -> tuple[str | int | None, ...]:
    return tuple(value if isinstance(value, int) else str(value) for value in values[:2])
