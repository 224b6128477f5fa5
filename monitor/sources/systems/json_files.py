"""A system that keeps its state in JSON files, read as tables: a file of objects is a table, and so is a map of them.

The tables stand in memory for the time of a reading, with the columns that some query asks for and no others, so that
one language reads every system.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.errors import SourceError
from monitor.sources.files import Signature, read_file, signature
from monitor.sources.systems.places import BEADS
from monitor.sources.systems.sqlite import SqliteLook
from monitor.sources.values import decode_json
from monitor.statements import statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.sources.systems.catalogue import Tables

FILE_LIMIT: Final = 64 << 20
"""Bytes of a file that is read whole."""
FILES_LIMIT: Final = 200
"""Files of a folder that are looked at, by name."""
ROW_LIMIT: Final = 200_000
_ENDINGS: Final = (".json", ".jsonl")
_KEY: Final = "key"
"""The column that holds the key of an object in a map, where it has no id of its own."""


def json_files(place: str) -> tuple[str, ...]:
    """The JSON files at a place: the file itself, or those of a folder; none for anything else."""
    if os.path.isdir(place):
        try:
            names = sorted(os.listdir(place))
        except OSError as error:
            raise SourceError(f"{place} cannot be read: {error.strerror}.") from error
        files = [os.path.join(place, name) for name in names if name.endswith(_ENDINGS)]
        return tuple(files[:FILES_LIMIT])
    return (place,) if place.endswith(_ENDINGS) else ()


class JsonFiles:
    """An `Engine` on the JSON files of a folder, or on one file."""

    name = "files"
    dialect = "sqlite"

    def __init__(self, place: str, asked: Tables) -> None:
        self._place = place
        self._asked = asked

    def stamp(self) -> object | None:
        """The files with their sizes and times."""
        stamps: dict[str, Signature | None] = {path: signature(path) for path in json_files(self._place)}
        if not any(stamps.values()):
            raise SourceError(f"{self._place} is not there, or holds no JSON file.")
        return stamps

    @contextmanager
    def look(self) -> Iterator[SqliteLook]:
        """Read the files into tables; one that is being written, or is broken, leaves out its own.

        Raises SourceError: no file can be read.
        """
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
            filled: set[str] = set()  # in lower case: to SQLite a name in capitals is the same name
            wrong: list[SourceError] = []
            paths = json_files(self._place)
            for path in paths:
                try:
                    self._read(db, path, filled)
                except SourceError as error:
                    wrong.append(error)
            if wrong and len(wrong) == len(paths):
                raise wrong[0]
            yield SqliteLook(db)

    def _read(self, db: sqlite3.Connection, path: str, filled: set[str]) -> None:
        """Of several tables of one name the first that holds something counts."""
        for table, objects in _tables_in(path):
            asked = self._asked.get(table)
            if asked and table.lower() not in filled and fill(db, table, objects, asked):
                filled.add(table.lower())

    def close(self) -> None:
        """Nothing is held open."""


def fill(
    db: sqlite3.Connection, table: str, objects: Iterable[dict[str, Any]], columns: frozenset[str]
) -> bool:
    """Make a table of objects, with those of the columns that some object has; a dot leads into an object in one.

    False: no object has any, and there is no table.
    """
    rows = [{column: _at(held, column) for column in columns} for held in objects]
    named = {
        column.lower(): column
        for column in sorted(columns, reverse=True)
        if any(row[column] is not None for row in rows)
    }
    present = sorted(named.values())  # of names that differ in capitals alone SQLite takes one
    if not present:
        return False
    names = ", ".join(f'"{name}"' for name in present)
    marks = ", ".join("?" for _ in present)
    # Names that queries of ours ask for; the values are bound.
    db.execute(statement("systems", "make_table").format(table=table, columns=names))
    db.executemany(
        statement("systems", "fill_table").format(table=table, marks=marks),
        ([_cell(row[name]) for name in present] for row in rows),
    )
    return True


def _at(held: dict[str, Any], column: str) -> Any:
    """The value under a column's name, or under its dotted path."""
    if column in held or "." not in column:
        return held.get(column)
    found: Any = held
    for key in column.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, float):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else None
    if isinstance(value, (dict, list)):
        return _nested(value)
    text = str(value)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()  # half of a surrogate pair


def _nested(value: dict[str, Any] | list[Any]) -> str | None:
    """As JSON; None for what is nested too deeply to be written."""
    try:
        return msgspec.json.encode(value).decode()
    except (ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        try:
            return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()
        except RecursionError:
            return None


def _tables_in(path: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The tables of one file: its name and its objects, or each map and list of objects in it under its own key."""
    folder, file = os.path.split(path)
    name = os.path.splitext(file)[0].replace("-", "_")
    if os.path.basename(folder) == BEADS:
        name = "issues"  # however its metadata call the file
    data = read_file(file, root=folder, limit=FILE_LIMIT).data
    if path.endswith(".jsonl"):
        yield name, _lines(data, path)
        return
    document = decode_json(data, path)
    if isinstance(document, list):
        yield name, _objects(document)
    elif isinstance(document, dict):
        for key, held in document.items():
            objects = (
                _objects(held) if isinstance(held, list) else _mapped(held) if isinstance(held, dict) else []
            )
            if objects:
                yield key, objects
        yield name, [document]  # last: a list under the file's own name is what the file is about


def _lines(data: bytes, path: str) -> list[dict[str, Any]]:
    """An object a line; the last one may still be being written, and one that is no JSON is left out."""
    found = []
    for line in data.splitlines()[:ROW_LIMIT]:
        try:
            held = decode_json(line, path) if line.strip() else None
        except SourceError:
            continue
        if isinstance(held, dict):
            found.append(held)
    return found


def _objects(entries: list[Any]) -> list[dict[str, Any]]:
    return [entry for entry in entries[:ROW_LIMIT] if isinstance(entry, dict)]


def _mapped(held: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of a map, each with its key."""
    entries = list(held.items())[:ROW_LIMIT]
    return [{_KEY: key, **entry} for key, entry in entries if isinstance(entry, dict)]
