"""The pages of a database file, read without SQLite: a damaged one as far as it goes, its write-ahead log included.

Source of every offset: https://www.sqlite.org/fileformat2.html. The file is only ever read.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Final, Self

from monitor.history.connection import PAGE_SIZE

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.model import Millis

MAGIC: Final = b"SQLite format 3\x00"
INTERIOR_INDEX: Final = 0x02
INTERIOR_TABLE: Final = 0x05
LEAF_INDEX: Final = 0x0A
LEAF_TABLE: Final = 0x0D
TREE_PAGES: Final = frozenset({INTERIOR_INDEX, INTERIOR_TABLE, LEAF_INDEX, LEAF_TABLE})
ROOT: Final = 1
FREE: Final = 2
CHILD: Final = 5
"""Kinds of page in a pointer map: a tree's root, a free page, a tree's other pages."""

_PENDING_BYTE: Final = 0x40000000
"""The page that holds this byte is never used."""
_FORMS: Final = (1, 2)
"""With a rollback journal, with a write-ahead log."""
_SCHEMA_FORM: Final = 4
"""The newest; 0 in an empty file."""
_WAL_HEADER: Final = 32
_FRAME_HEADER: Final = 24
_LOOKED_AT: Final = 200
"""Pages looked at to tell the page size."""


class PageFile:
    """A database file as numbered pages, each as its write-ahead log has it, else as the file has it.

    A frame of the log counts when its own checksum holds, which follows from the one stored in the frame before it;
    SQLite itself gives up all frames behind the first bad one. Close it, or use it in a `with` block. Closing it drops
    the locks that SQLite holds on the file in this process: no connection of this process may have it open.
    """

    def __init__(self, file: Path) -> None:
        """Open the file. Raises OSError."""
        self._descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        self._log = _open_log(file)
        status = os.fstat(self._descriptor)
        size = status.st_size
        self.modified_at: Millis = status.st_mtime_ns // 1_000_000
        self.header = self._read(self._descriptor, 0, 100)
        """The first 100 bytes, which may be damaged."""
        self.page_size = self._page_size(size)
        self.broken_frames = 0
        """Frames of the log that are damaged while whole, committed ones stand behind them: SQLite loses them all."""
        self._frames = self._read_log()
        self.count = max(-(-size // self.page_size), max(self._frames, default=0))
        """Number of the last page; pages count from 1."""
        if 1 in self._frames:
            self.header = (self.page(1) or b"")[:100]
        self.usable = self.page_size - (
            self.header[20] if len(self.header) > 20 and self.header[20] <= 32 else 0
        )
        """Bytes of a page that hold content."""
        self._map_period = self.usable // 5 + 1
        self.has_map = self._looks_like_a_map(2)
        """Whether a pointer map tells of each page what it is and which one is above it (auto_vacuum)."""

    @property
    def has_known_form(self) -> bool:
        """Whether the header names forms of file and schema that SQLite knows: others it refuses as none of its own."""
        if len(self.header) < 48:
            return False
        (schema_form,) = struct.unpack_from(">I", self.header, 44)
        return self.header[18] in _FORMS and self.header[19] in _FORMS and schema_form <= _SCHEMA_FORM

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        os.close(self._descriptor)
        if self._log is not None:
            os.close(self._log)

    def page(self, number: int) -> bytes | None:
        """The page's bytes, filled up with zeros where the file ends; None when it cannot be read."""
        place = self._frames.get(number)
        if place is not None and self._log is not None:
            data = self._read(self._log, place, self.page_size)
        else:
            data = self._read(self._descriptor, (number - 1) * self.page_size, self.page_size)
        return data.ljust(self.page_size, b"\x00") if data else None

    def in_map(self, number: int) -> tuple[int, int]:
        """What the pointer map says of a page: its kind and the page above it; (0, 0) where it says nothing."""
        if not self.has_map or number < 3:
            return 0, 0
        place = self._map_page(number)
        data = self.page(place)
        offset = 5 * (number - place - 1)
        if data is None or not 0 <= offset <= self.usable - 5:
            return 0, 0
        kind, above = struct.unpack_from(">BI", data, offset)
        return (kind, above) if 1 <= kind <= CHILD and above <= self.count else (0, 0)

    def is_tree_page(self, number: int) -> bool:
        """Whether a page of that number can be one of a tree."""
        pending = _PENDING_BYTE // self.page_size + 1
        return 1 <= number <= self.count and number != pending and not (self.has_map and self._is_map(number))

    def free_pages(self) -> set[int]:
        """The pages on the free list, as far as its chain can be followed: what they hold was deleted."""
        found: set[int] = set()
        trunk = struct.unpack_from(">I", self.header, 32)[0] if len(self.header) >= 36 else 0
        while 1 < trunk <= self.count and trunk not in found:
            data = self.page(trunk)
            if data is None:
                break
            following, leaves = struct.unpack_from(">II", data)
            if leaves > self.usable // 4 - 2:
                break
            found.add(trunk)
            found.update(struct.unpack_from(f">{leaves}I", data, 8))
            trunk = following
        return found

    def _map_page(self, number: int) -> int:
        place = (number - 2) // self._map_period * self._map_period + 2
        return place + 1 if place == _PENDING_BYTE // self.page_size + 1 else place

    def _is_map(self, number: int) -> bool:
        return number >= 2 and self._map_page(number) == number

    def _looks_like_a_map(self, number: int) -> bool:
        """Whether the page has an entry for each page behind it, and nothing else."""
        data = self.page(number) or b""
        entries = min(self.count - number, self.usable // 5)
        told = data[: 5 * entries : 5]
        return entries > 0 and all(1 <= kind <= CHILD for kind in told) and ROOT in told

    def _page_size(self, size: int) -> int:
        """As the header says, unless the pages say that the header is wrong."""
        said = struct.unpack_from(">H", self.header, 16)[0] if len(self.header) >= 18 else 0
        said = 65536 if said == 1 else said
        if said < 512 or said & (said - 1):
            return PAGE_SIZE
        return max((said, PAGE_SIZE), key=lambda page_size: self._plausible(page_size, size))

    def _plausible(self, page_size: int, size: int) -> float:
        numbers = range(1, min(size // page_size, _LOOKED_AT))
        seen = [self._read(self._descriptor, number * page_size, 8) for number in numbers]
        return sum(_begins_a_tree_page(data, page_size) for data in seen) / max(1, len(seen))

    def _read_log(self) -> dict[int, int]:
        """Page number to the offset of its newest frame in the write-ahead log."""
        if self._log is None:
            return {}
        header = self._read(self._log, 0, _WAL_HEADER).ljust(_WAL_HEADER, b"\x00")
        size = os.fstat(self._log).st_size
        order = ">" if header[3] & 1 else "<"
        salts = header[16:24]
        before: tuple[int, int] = struct.unpack_from(">II", header, 24)
        if header[:3] != b"\x37\x7f\x06":  # without its header the log is as its first frame says
            salts = self._read(self._log, _WAL_HEADER + 8, 8)
        frames: dict[int, int] = {}
        pending: dict[int, int] = {}
        broken = 0
        for place in range(_WAL_HEADER, size - _FRAME_HEADER + 1, _FRAME_HEADER + self.page_size):
            head = self._read(self._log, place, _FRAME_HEADER)
            if head[8:16] != salts:
                break  # left from an earlier round
            number, pages_after, _, _, *stored = struct.unpack(">6I", head)
            data = self._read(self._log, place + _FRAME_HEADER, self.page_size)
            if checksum(head[:8] + data, (before[0], before[1]), order) == tuple(stored):
                pending[number] = place + _FRAME_HEADER
                self.broken_frames = broken if pages_after else self.broken_frames
            else:
                broken += 1
            if pages_after:
                frames.update(pending)
                pending = {}
            before = (stored[0], stored[1])
        return frames

    @staticmethod
    def _read(descriptor: int, place: int, length: int) -> bytes:
        try:
            return os.pread(descriptor, length, place)
        except OSError:  # a bad sector
            return b""


def checksum(data: bytes, before: tuple[int, int], order: str) -> tuple[int, int]:
    """SQLite's checksum of a frame, going on from the one before it; `order` as in `struct`."""
    first, second = before
    words = struct.unpack(f"{order}{len(data) // 4}I", data[: len(data) // 8 * 8])
    for index in range(0, len(words), 2):
        first = (first + words[index] + second) & 0xFFFFFFFF
        second = (second + words[index + 1] + first) & 0xFFFFFFFF
    return first, second


def _open_log(file: Path) -> int | None:
    try:
        return os.open(f"{file}-wal", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None


def _begins_a_tree_page(data: bytes, page_size: int) -> bool:
    if len(data) < 8 or data[0] not in TREE_PAGES:
        return False
    cells, content = struct.unpack_from(">HH", data, 3)
    return cells <= page_size // 4 and (content or 65536) <= page_size
