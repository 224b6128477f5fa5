"""When to try again what the system has refused."""

from __future__ import annotations

import time
from typing import Final

LONGEST_RETRY: Final = 300.0
"""Seconds; the first retry comes after two, each next after twice as long (SIB-30)."""


class BackOff:
    """When to try again: after 2, 4, 8 … seconds, whatever else happens meanwhile."""

    def __init__(self) -> None:
        self._failures = 0
        self._at: float | None = None

    def wait(self, trouble: bool) -> float | None:
        """Seconds until the next try; None, and from the beginning, when there is no trouble."""
        if not trouble:
            self._failures, self._at = 0, None
            return None
        if self._at is None:
            self._failures += 1
            self._at = time.monotonic() + min(2.0**self._failures, LONGEST_RETRY)
        return max(0.0, self._at - time.monotonic())

    def retried(self) -> None:
        """A try is being made now; if it fails, the next takes longer."""
        self._at = None
