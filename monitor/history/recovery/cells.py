"""The cells of a tree's page, and the records in them, read without SQLite and each by itself: one bad cell is one row.

Source of every offset: https://www.sqlite.org/fileformat2.html.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

from monitor.history.recovery.pages import INTERIOR_INDEX, INTERIOR_TABLE, LEAF_INDEX, LEAF_TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.history.recovery.pages import PageFile

PLANS_KEPT: Final = 50_000
"""Record headers whose decoding is remembered: most records look like one before them."""
MAX_RECORD: Final = 1 << 26
"""Bytes; a longer record is a damaged length."""

Values = list[Any]
"""The columns of a record as they are stored."""


class BadCellError(ValueError):
    """A cell that cannot be read."""


class MendedText(str):
    """Text that was no UTF-8, with U+FFFD for what could not be read."""

    __slots__ = ()


class Cells:
    """Reads the cells of a file's pages."""

    def __init__(self, file: PageFile) -> None:
        self._file = file
        self._plans: dict[bytes, Callable[[bytes], Values]] = {}
        usable = file.usable
        self._spill = {
            LEAF_TABLE: (usable - 35, (usable - 12) * 32 // 255 - 23),
            LEAF_INDEX: ((usable - 12) * 64 // 255 - 23, (usable - 12) * 32 // 255 - 23),
        }
        self._spill[INTERIOR_INDEX] = self._spill[LEAF_INDEX]

    def rows(self, number: int, data: bytes) -> tuple[list[tuple[int | None, Values]], int]:
        """The records of a page, each with its row id where it has one, and how many cells could not be read."""
        rows, bad = [], 0
        for place in self._places(number, data):
            try:
                rows.append(self._row(data, place, data[_start(number)]))
            except (BadCellError, IndexError, struct.error, OverflowError):
                bad += 1
        return rows, bad

    def children(self, number: int, data: bytes) -> list[tuple[int, Values]]:
        """The pages below an interior page, in order, each with the key that ends it (empty for the last)."""
        kind = data[_start(number)]
        found: list[tuple[int, Values]] = []
        for place in self._places(number, data):
            if place + 4 > len(data):
                continue
            (child,) = struct.unpack_from(">I", data, place)
            try:
                key = self._key(data, place, kind)
            except (BadCellError, IndexError, struct.error, OverflowError):
                key = []
            found.append((child, key))
        found.append((struct.unpack_from(">I", data, _start(number) + 8)[0], []))
        return found

    def _key(self, data: bytes, place: int, kind: int) -> Values:
        return [_varint(data, place + 4)[0]] if kind == INTERIOR_TABLE else self._row(data, place, kind)[1]

    def _places(self, number: int, data: bytes) -> Iterator[int]:
        """Offsets of the cells, as far as there can be that many."""
        start = _start(number)
        begin = start + (12 if data[start] in (INTERIOR_INDEX, INTERIOR_TABLE) else 8)
        count = struct.unpack_from(">H", data, start + 3)[0]
        fit = min(count, (self._file.usable - begin) // 2)
        return iter(struct.unpack_from(f">{fit}H", data, begin))

    def _row(self, data: bytes, place: int, kind: int) -> tuple[int | None, Values]:
        if kind == INTERIOR_INDEX:
            place += 4
        length, place = _varint(data, place)
        row_id = None
        if kind == LEAF_TABLE:
            row_id, place = _varint(data, place)
        return row_id, self._record(self._payload(data, place, length, kind))

    def _payload(self, data: bytes, place: int, length: int, kind: int) -> bytes:
        """The whole record, also where it spills over into pages of its own."""
        if not 0 < length <= MAX_RECORD:
            raise BadCellError
        most, least = self._spill[kind]
        if length <= most:
            local = data[place : place + length]
            if len(local) < length:
                raise BadCellError
            return local
        here = least + (length - least) % (self._file.usable - 4)
        here = least if here > most else here
        parts = [data[place : place + here]]
        (following,) = struct.unpack_from(">I", data, place + here)
        left, seen = length - here, set[int]()
        while left > 0:
            page = self._file.page(following) if 1 < following <= self._file.count else None
            if page is None or following in seen:
                raise BadCellError
            seen.add(following)
            parts.append(page[4 : 4 + min(left, self._file.usable - 4)])
            left -= self._file.usable - 4
            (following,) = struct.unpack_from(">I", page)
        return b"".join(parts)

    def _record(self, payload: bytes) -> Values:
        length, _ = _varint(payload, 0)
        header = payload[:length]
        plan = self._plans.get(header)
        if plan is None:
            if len(self._plans) >= PLANS_KEPT:
                self._plans.clear()
            plan = self._plans[header] = _plan(header)
        return plan(payload)


def _start(number: int) -> int:
    """Where a page's own header begins: the first page has the file's before it."""
    return 100 if number == 1 else 0


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """A variable-length integer, and where it ends. Raises IndexError at the end of the data."""
    first = data[place]
    if first < 0x80:
        return first, place + 1
    value = 0
    for index in range(8):
        byte = data[place + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + index + 1
    value = value << 8 | data[place + 8]
    return (value - (1 << 64) if value >> 63 else value), place + 9


_NUMBERS: Final = {1: "b", 2: "h", 3: "3s", 4: "i", 5: "6s", 6: "q", 7: "d"}
_CONSTANTS: Final = {0: None, 8: 0, 9: 1}


def _plan(header: bytes) -> Callable[[bytes], Values]:
    """How records with this header are decoded. Raises BadCellError when there can be none."""
    length, place = _varint(header, 0)
    if length != len(header):
        raise BadCellError
    codes: list[str] = []
    constants: list[tuple[int, int | None]] = []
    mends: list[tuple[int, Callable[[bytes], int | str]]] = []
    while place < length:
        serial, place = _varint(header, place)
        if serial in _CONSTANTS:
            constants.append((len(codes) + len(constants), _CONSTANTS[serial]))
            continue
        if serial in (3, 5):
            mends.append((len(codes), _long))
        elif serial >= 13 and serial & 1:
            mends.append((len(codes), _text))
        if serial in (10, 11) or serial < 0 or serial > 2 * MAX_RECORD:
            raise BadCellError
        codes.append(_NUMBERS.get(serial) or f"{(serial - 12) // 2}s")
    body = struct.Struct(">" + "".join(codes))

    def decode(payload: bytes) -> Values:
        values: Values = list(body.unpack_from(payload, length))
        for index, mend in mends:
            values[index] = mend(values[index])
        for index, constant in constants:
            values.insert(index, constant)
        return values

    return decode


def _long(data: bytes) -> int:
    return int.from_bytes(data, "big", signed=True)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return MendedText(data.decode(errors="replace"))
