"""How far long work has come, on stderr: only in a terminal, and only once it has taken a while."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

QUIET_SECONDS: Final = 0.5
"""Work that is over by then says nothing."""
STEP_SECONDS: Final = 0.1


class Progress:
    """One line, written over again: call it with the share done, 0 to 1. The line is gone at the end of the block."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = False
        self._next = time.monotonic() + QUIET_SECONDS
        self._visible = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            sys.stderr.write("\r" + " " * (len(self._what) + 8) + "\r")
            sys.stderr.flush()

    def __call__(self, share: float) -> None:
        """Say how far it has come."""
        now = time.monotonic()
        if not self._visible or now < self._next:
            return
        self._next = now + STEP_SECONDS
        self._shown = True
        sys.stderr.write(f"\r{self._what}: {min(1.0, share):4.0%}")
        sys.stderr.flush()
