"""When a replay that plays has something else to show: with the next row, and not waiting through long gaps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from monitor.history.replay.marks import Ticks

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.history.replay.playback import Playback
    from monitor.history.replay.span import Span
    from monitor.model import Millis

FRAME_SECONDS: Final = 0.125
"""Between two pictures, at least; at ×1 there is one a sample."""
GAP_SECONDS: Final = 10.0
"""A gap that would take longer than this to play is left out."""
GAP_SHOWN_SECONDS: Final = 1.0
"""For so long such a gap is shown; in any other the clock goes on at this pace."""


class Pace:
    """What lies around the moment shown, and how long its picture lasts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.gap: tuple[Millis, Millis] | None = None
        """The stretch around the moment that nobody recorded."""
        self._clock = clock
        self._ticks = Ticks(None, None)
        self._gap_at: Millis | None = None
        self._leap_at: float | None = None

    def stand(self, at: Millis, ticks: Ticks, holds_until: Millis | None, span: Span) -> None:
        """Another moment is shown, of which the numbers are known until `holds_until`."""
        self._ticks = ticks
        self._gap_at = holds_until + 1 if holds_until is not None else None
        gap = ticks.gap(at, holds_until, span)
        if gap != self.gap:
            self._leap_at = None
        self.gap = gap

    def follow(self) -> None:
        """Now is shown."""
        self.gap = self._leap_at = None

    def leap(self, playback: Playback) -> None:
        """Leave out the rest of a long gap, once it has been shown for a while."""
        if not playback.playing or self.gap is None or playback.at >= self.gap[1]:
            self._leap_at = None
        elif self._leap_at is not None and self._clock() >= self._leap_at:
            self._leap_at = None
            playback.go(self.gap[1])

    def seconds(self, playback: Playback, at: Millis, last: Millis) -> float:
        """For how long the picture of `at` lasts while playing; `last` is the end of the recording."""
        if self.gap is None:
            ahead = (self._ticks.after, self._gap_at, last)
            due = min((moment for moment in ahead if moment is not None and moment > at), default=at)
            return max(FRAME_SECONDS, playback.seconds_to(due))
        left = playback.seconds_to(self.gap[1])
        if left <= GAP_SECONDS:
            self._leap_at = None
            return max(FRAME_SECONDS, min(left, GAP_SHOWN_SECONDS))
        if self._leap_at is None:
            self._leap_at = self._clock() + GAP_SHOWN_SECONDS
        return max(0.0, self._leap_at - self._clock())
