"""Reads a growing file of lines: only what was appended, whole lines only, from the start when it was replaced."""

from __future__ import annotations

import os
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec

from monitor.sources.files import opened

T = TypeVar("T")

CHUNK: Final = 4 << 20
"""Bytes read at once."""
LINE_LIMIT: Final = 64 << 20
"""Bytes of a line above which it is passed over."""
_TAIL: Final = 256
"""Bytes before the place of reading that have to be as they were: else the file is another one."""


class Lines(NamedTuple, Generic[T]):
    """What one reading gave."""

    records: list[T]
    restarted: bool
    """The file was truncated or replaced: the records are its first ones, what was known of it before is void."""
    left: int
    """Bytes that were there and are not read yet; a last line without its end is among them."""
    bad: int
    """Lines that could not be decoded."""
    size: int
    """Bytes that were taken."""


class TextLines:
    """The whole lines of one file, as they were appended. `root` is the folder out of which no link may lead."""

    def __init__(self, path: str, *, root: str) -> None:
        self.path = path
        self._root = root
        self._offset = 0
        self._tail = b""
        self._inode = 0
        self._skipping = False

    @property
    def offset(self) -> int:
        """Bytes that were read."""
        return self._offset

    def read(self, limit: int = CHUNK) -> Lines[str]:
        """The lines that follow, in about `limit` bytes. Raises FileMissingError or SourceError."""
        data, restarted, left = self.read_bytes(limit)
        return Lines(data.decode("utf-8", "replace").splitlines(), restarted, left, 0, len(data))

    def read_bytes(self, limit: int) -> tuple[bytes, bool, int]:
        """The bytes of the lines that follow, whether the file began anew, and how many bytes are left."""
        with opened(self.path, root=self._root) as (descriptor, status):
            restarted = self._restarted(descriptor, status)
            data = self._next(descriptor, max(1, limit))
            data = data[: data.rfind(b"\n") + 1]
            self._offset += len(data)
            self._tail = (self._tail + data)[-_TAIL:]
            return data, restarted, max(0, status.st_size - self._offset)

    def _restarted(self, descriptor: int, status: os.stat_result) -> bool:
        """Whether the file is not the one that was read before; then reading begins anew."""
        known, self._inode = self._inode, status.st_ino
        if not self._offset:
            return False
        before = os.pread(descriptor, len(self._tail), self._offset - len(self._tail))
        if known == status.st_ino and status.st_size >= self._offset and before == self._tail:
            return False
        self._offset, self._tail, self._skipping = 0, b"", False
        return True

    def _next(self, descriptor: int, limit: int) -> bytes:
        """At least one whole line, where there is one; a line that is too long is passed over."""
        while True:
            data = os.pread(descriptor, limit, self._offset)
            if self._skipping and data:
                end = data.find(b"\n") + 1
                self._skipping = not end
                self._offset += end or len(data)
                self._tail = data[: end or len(data)][-_TAIL:]
                continue
            if b"\n" in data or len(data) < limit:
                return data
            if limit >= LINE_LIMIT:
                self._skipping = True
            limit = min(LINE_LIMIT, 4 * limit)


class JsonLines(Generic[T]):
    """The lines of one file, decoded."""

    def __init__(self, path: str, decoder: msgspec.json.Decoder[T], *, root: str) -> None:
        self.path = path
        self._lines = TextLines(path, root=root)
        self._decoder = decoder

    @property
    def offset(self) -> int:
        """Bytes that were read."""
        return self._lines.offset

    def read(self, limit: int = CHUNK) -> Lines[T]:
        """The lines that follow, in about `limit` bytes. Raises FileMissingError or SourceError."""
        data, restarted, left = self._lines.read_bytes(limit)
        records, bad = self._decoded(data)
        return Lines(records, restarted, left, bad, len(data))

    def _decoded(self, data: bytes) -> tuple[list[T], int]:
        if not data:
            return [], 0
        try:
            return self._decoder.decode_lines(data), 0
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._one_by_one(data)

    def _one_by_one(self, data: bytes) -> tuple[list[T], int]:
        """A line that cannot be decoded is left out; its neighbours are not."""
        records: list[T] = []
        bad = 0
        for line in data.split(b"\n"):
            if line.strip():
                try:
                    records.append(self._decoder.decode(line))
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    bad += 1
        return records, bad
