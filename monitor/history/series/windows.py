"""The stretches of time that charts show: they end at a moment, and their parts lie still while the moment moves on."""

from __future__ import annotations

from typing import Final

import msgspec

from monitor.model import SPANS, Millis

_SECOND: Final = 1000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
BUCKETS: Final[dict[str, Millis]] = {
    "15m": 5 * _SECOND,
    "1h": 20 * _SECOND,
    "24h": 10 * _MINUTE,
    "7d": _HOUR,
    "30d": 4 * _HOUR,
}
"""Length of a part of each span: 145 to 181 parts, whole periods of the rows that the longer spans are read from."""
_LEAST_REFRESH: Final = 5 * _SECOND
_MOST_REFRESH: Final = 5 * _MINUTE


class Window(msgspec.Struct, frozen=True):
    """The parts of a span at a moment. The first begins at a multiple of their length; the last one is not over."""

    start: Millis
    end: Millis
    """The first millisecond that is not in it: the one after the moment."""
    bucket: Millis
    """Length of a part."""

    @property
    def count(self) -> int:
        """How many parts there are."""
        return -(-(self.end - self.start) // self.bucket)


def window(span: str, at: Millis) -> Window:
    """The parts that hold one of `SPANS` up to this moment, itself included. Raises KeyError for an unknown span."""
    bucket = BUCKETS[span]
    return Window(at - at % bucket - SPANS[span], at + 1, bucket)


def refresh_after(span: str) -> Millis:
    """How far the moment moves before the span is read again: a part of it, between 5 seconds and 5 minutes."""
    return max(_LEAST_REFRESH, min(BUCKETS[span], _MOST_REFRESH))
