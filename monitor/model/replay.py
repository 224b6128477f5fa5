"""Where a replay stands, and what its time line shows."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from monitor.model.words import Millis, Severity, Status

MarkKind = Literal["alert", "status"]
"""What a replay can jump to."""
REPLAY_SPEEDS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
"""Seconds of the recording that one second plays."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A moment of a recording that is worth going to."""

    at: Millis
    kind: MarkKind
    word: str
    """Severity of an alert that fired, or the status an agent went to."""
    subject: str
    """The agent's id, or the alert's subject."""
    text: str
    """The alert's title, or the status with its reason."""


class TimelineSlice(msgspec.Struct, frozen=True, kw_only=True):
    """One of the equal parts into which a time line divides its span."""

    recorded: float
    """Share of the slice, 0 to 1, in which somebody recorded; 0 is a gap."""
    alerts: int = 0
    """Alerts that fired in it."""
    severity: Severity | None = None
    """The gravest of them."""
    changes: int = 0
    """Status changes in it."""
    status: Status | None = None
    """The status that most needs a person among those that agents went to."""


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """A recording at a glance (key `replay:timeline`)."""

    first: Millis
    last: Millis
    slices: tuple[TimelineSlice, ...] = ()
    """In order, covering `first` to `last`."""


class ReplayState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a replay stands (key `replay:state`)."""

    at: Millis
    first: Millis
    last: Millis
    playing: bool = False
    speed: float = 1.0
    following: bool = False
    """At the end of a recording that is still written: the store shows now."""
    gap: tuple[Millis, Millis] | None = None
    """The stretch around `at` that nobody recorded; None where there is a recording."""
    mark: Mark | None = None
    """What the last jump led to, while the replay stands there."""
