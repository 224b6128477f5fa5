"""The clock of a replay: where it stands, and when it will be where. It knows nothing of recordings."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from monitor.model import REPLAY_SPEEDS, Millis

if TYPE_CHECKING:
    from collections.abc import Callable


class Playback:
    """A moment that stands still, or moves on by `speed` seconds a second of the monotonic clock."""

    def __init__(
        self, at: Millis, *, playing: bool, speed: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._from: float = at
        self._since = clock()
        self._playing = playing
        self._speed = _allowed(speed)

    @property
    def playing(self) -> bool:
        """Whether it moves."""
        return self._playing

    @property
    def speed(self) -> float:
        """Seconds of the recording a second."""
        return self._speed

    @property
    def at(self) -> Millis:
        """Where it stands now."""
        return round(self._exactly())

    def go(self, at: Millis) -> None:
        """Stand there, or go on from there."""
        self._from, self._since = at, self._clock()

    def play(self, playing: bool) -> None:
        """Go on, or stand still where it is."""
        self._rebase()
        self._playing = playing

    def set_speed(self, speed: float) -> None:
        """Go on so fast, between the slowest and the fastest of `REPLAY_SPEEDS`."""
        self._rebase()
        self._speed = _allowed(speed)

    def seconds_to(self, at: Millis) -> float:
        """Real seconds until it comes to that moment, at least 0."""
        return max(0.0, (at - self._exactly()) / 1000 / self._speed)

    def _exactly(self) -> float:
        gone = (self._clock() - self._since) * 1000 * self._speed if self._playing else 0.0
        return self._from + gone

    def _rebase(self) -> None:
        self._from, self._since = self._exactly(), self._clock()


def _allowed(speed: float) -> float:
    return max(REPLAY_SPEEDS[0], min(speed, REPLAY_SPEEDS[-1]))
