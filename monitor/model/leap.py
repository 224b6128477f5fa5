"""What befell the clocks between two ticks, for whoever remembers times."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from monitor.model.words import Millis

Key = TypeVar("Key")


class Leap(msgspec.Struct, frozen=True, kw_only=True):
    """The wall clock was set, or nobody looked for a while, or both."""

    now: Millis
    by: Millis = 0
    """By how much the clock was set; negative: back."""
    unwatched: Millis = 0
    """How long nobody looked."""

    @property
    def unwaited(self) -> Millis:
        """What the clock shows to have passed, and nobody saw pass: no condition held in it."""
        return self.by + self.unwatched

    def moved(self, time: Millis) -> Millis:
        """A time as it is to be remembered: one that now lies ahead is moved back with the clock."""
        return min(time + min(self.by, 0), self.now) if time > self.now else time

    def moved_all(self, times: dict[Key, Millis]) -> dict[Key, Millis]:
        """The same for every value."""
        return {key: self.moved(time) for key, time in times.items()}
