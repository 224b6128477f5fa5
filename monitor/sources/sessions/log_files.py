"""Log files under a folder: found again when a folder moves, read only where something was appended, newest first."""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import msgspec

from monitor.errors import SourceError
from monitor.sources.files import FileMissingError, Signature, signature_of
from monitor.sources.sessions.reader import Progress
from monitor.sources.sessions.tail import CHUNK, JsonLines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.model import Millis

T = TypeVar("T")
S = TypeVar("S")

RESCAN_SECONDS: Final = 30.0
"""Between two looks at every folder and every file; where something happened lately is looked at each time."""
LIVE_MS: Final = 3_600_000
"""A file that was written within this time is looked at each time."""
HOT_FOLDERS: Final = 32
"""Folders looked at each time, those in which a file appeared last."""
FILES_LIMIT: Final = 50_000
"""Files under one root that are known at most."""


class LogFolder:
    """The files under a root whose names match, down to a depth. Links are not followed but for the root itself."""

    def __init__(self, root: str, matches: Callable[[str], bool], *, depth: int) -> None:
        self.root = os.path.realpath(root)
        self._matches = matches
        self._depth = depth
        self._folders: dict[str, tuple[int, int]] = {}
        self._files: dict[str, None] = {}

    @property
    def hot(self) -> list[str]:
        """The folders in which files appeared last, and the root."""
        newest = sorted(self._folders, key=lambda folder: -self._folders[folder][0])[:HOT_FOLDERS]
        return list(dict.fromkeys((self.root, *newest)))

    def look(self, *, whole: bool) -> list[str]:
        """Paths of files that appeared since the last look. A root that does not exist has none."""
        found: list[str] = []
        for folder in [self.root, *self._folders] if whole else self.hot:
            level = self._folders.get(folder, (0, 0))[1]
            self._enter(folder, level, found)
        return found

    def forget(self, path: str) -> None:
        """The file is gone; one of that name is new again."""
        self._files.pop(path, None)

    def _enter(self, folder: str, level: int, found: list[str]) -> None:
        known = self._folders.get(folder)
        try:
            moved = os.stat(folder).st_mtime_ns
            if known is not None and known[0] == moved:
                return
            with os.scandir(folder) as entries:
                inside = [
                    (entry.name, entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False))
                    for entry in entries
                ]
        except OSError:
            self._folders.pop(folder, None)
            return
        self._folders[folder] = (moved, level)
        for name, is_folder, is_file in inside:
            path = f"{folder}/{name}"
            if is_folder and level < self._depth and path not in self._folders:
                self._enter(path, level + 1, found)
            elif (
                is_file and self._matches(path) and path not in self._files and len(self._files) < FILES_LIMIT
            ):
                self._files[path] = None
                found.append(path)


class _Log(msgspec.Struct, Generic[T, S]):
    """A file, how far it was read, and what it told."""

    lines: JsonLines[T]
    state: S
    signature: Signature
    left: int
    bad: int = 0


class LogFiles(Generic[T, S]):
    """Every file of JSON lines under a folder, each with a state that takes its records up.

    `make` gives the state of a new file, `take` gives it records; a file that was replaced gets a new state, `drop` is
    told of those that do not count any more. Not safe for threads.
    """

    def __init__(
        self,
        folder: LogFolder,
        decoder: msgspec.json.Decoder[T],
        make: Callable[[str], S],
        take: Callable[[S, list[T]], None],
        *,
        max_age_ms: Millis,
        drop: Callable[[S], object] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._decoder = decoder
        self._make = make
        self._take = take
        self._max_age_ms = max_age_ms
        self._drop = drop
        self._logs: dict[str, _Log[T, S]] = {}
        self._too_old: dict[str, None] = {}
        self._rescan_at = 0.0
        self.problems: dict[str, str] = {}
        """By path, why it cannot be read."""

    @property
    def states(self) -> Iterator[S]:
        """The states of all files."""
        return (log.state for log in self._logs.values())

    @property
    def progress(self) -> Progress:
        """Bytes read, and bytes there are."""
        total = sum(log.signature[1] for log in self._logs.values())
        return Progress(total - sum(log.left for log in self._logs.values()), total)

    @property
    def bad_lines(self) -> int:
        """Lines that could not be understood."""
        return sum(log.bad for log in self._logs.values())

    def look(self, now: Millis, budget: int) -> list[S]:
        """Read what is new, at most about so many bytes, the newest files first; the states that changed."""
        whole = time.monotonic() >= self._rescan_at
        if whole:
            self._rescan_at = time.monotonic() + RESCAN_SECONDS
        for path in self._folder.look(whole=whole):
            self._too_old[path] = None
        for path in tuple(self._too_old) if whole else tuple(self._too_old)[-HOT_FOLDERS:]:
            self._welcome(path, now)
        changed: dict[int, S] = {}
        gone = [path for path, log in self._logs.items() if not self._check(path, log, now, whole=whole)]
        for path in gone:
            self._folder.forget(path)
            state = self._logs.pop(path).state
            self._drop(state)
            changed[id(state)] = state
        for log in sorted(self._logs.values(), key=lambda log: -log.signature[0]):
            if budget <= 0:
                break
            if log.left > 0:
                budget -= self._read(log, budget, changed)
        return list(changed.values())

    def _welcome(self, path: str, now: Millis) -> None:
        """Take a file up when it was written lately enough."""
        try:
            status = os.stat(path, follow_symlinks=False)
        except OSError:
            self._too_old.pop(path, None)
            self._folder.forget(path)
            return
        if not stat.S_ISREG(status.st_mode) or now - status.st_mtime_ns // 1_000_000 > self._max_age_ms:
            return
        self._too_old.pop(path, None)
        lines = JsonLines(path, self._decoder, root=self._folder.root)
        self._logs[path] = _Log(lines, self._make(path), signature_of(status), status.st_size)

    def _check(self, path: str, log: _Log[T, S], now: Millis, *, whole: bool) -> bool:
        """See whether a file has something new; False when it is gone."""
        if not whole and now - log.signature[0] // 1_000_000 > LIVE_MS:
            return True
        try:
            status = os.stat(path, follow_symlinks=False)
        except OSError:
            return False
        signature = signature_of(status)
        if signature != log.signature:
            log.signature = signature
            log.left = max(1, status.st_size - log.lines.offset)
        return True

    def _read(self, log: _Log[T, S], budget: int, changed: dict[int, S]) -> int:
        """Read a file as far as the budget goes; the bytes that this took."""
        spent = 0
        while log.left > 0 and spent < budget:
            try:
                got = log.lines.read(min(CHUNK, budget - spent))
            except (FileMissingError, SourceError) as error:
                self.problems[log.lines.path] = str(error)
                log.left = 0
                return spent + 1
            self.problems.pop(log.lines.path, None)
            if got.restarted:
                changed[id(log.state)] = log.state
                self._drop(log.state)
                log.state = self._make(log.lines.path)
                log.bad = 0
            log.bad += got.bad
            if got.records:
                self._take(log.state, got.records)
            if got.records or got.restarted:
                changed[id(log.state)] = log.state
            spent += got.size
            log.left = got.left if got.size else 0  # what is left is a last line without its end
        return spent

    def close(self) -> None:
        """Forget everything; no file is kept open."""
        self._logs.clear()
