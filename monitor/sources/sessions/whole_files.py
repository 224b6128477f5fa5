"""Files that are written anew as a whole, read again when they change."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from monitor.errors import SourceError
from monitor.sources.files import FileMissingError, Signature, read_file, signature
from monitor.sources.sessions.log_files import LIVE_MS, RESCAN_SECONDS, LogFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.model import Millis

S = TypeVar("S")

SIZE_LIMIT: Final = 64 << 20
"""Bytes of a file above which it is not read."""


class WholeFiles(Generic[S]):
    """Every file of a kind under a folder, each with the state that `make` gives its content.

    `make` returns None for content that it does not understand. Not safe for threads.
    """

    def __init__(
        self, folder: LogFolder, make: Callable[[str, bytes], S | None], *, max_age_ms: Millis
    ) -> None:
        self._folder = folder
        self._make = make
        self._max_age_ms = max_age_ms
        self._known: dict[str, tuple[Signature | None, S | None]] = {}
        self._rescan_at = 0.0
        self.problems: dict[str, str] = {}
        """By path, why it cannot be read."""

    @property
    def states(self) -> Iterator[S]:
        """The states of all files that were understood."""
        return (state for _, state in self._known.values() if state is not None)

    def look(self, now: Millis, budget: int) -> list[S]:
        """Read what changed, at most about so many bytes; the states that changed, those that are void among them."""
        whole = time.monotonic() >= self._rescan_at
        if whole:
            self._rescan_at = time.monotonic() + RESCAN_SECONDS
        for path in self._folder.look(whole=whole):
            self._known[path] = (None, None)
        changed: list[S] = []
        for path, (before, state) in tuple(self._known.items()):
            if budget <= 0:
                break
            if before is not None and not whole and now - before[0] // 1_000_000 > LIVE_MS:
                continue
            seen = signature(path)
            if seen is None:
                self._folder.forget(path)
                del self._known[path]
            elif seen == before or now - seen[0] // 1_000_000 > self._max_age_ms:
                continue
            else:
                budget -= seen[1]
                self._known[path] = (seen, self._read(path))
                changed += [one for one in (self._known[path][1],) if one is not None]
            if state is not None:
                changed.append(state)
        return changed

    def _read(self, path: str) -> S | None:
        try:
            content = read_file(path, root=self._folder.root, limit=SIZE_LIMIT).data
        except (FileMissingError, SourceError) as error:
            self.problems[path] = str(error)
            return None
        self.problems.pop(path, None)
        return self._make(path, content)
