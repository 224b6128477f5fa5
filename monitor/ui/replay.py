"""What the keys of a replay do to the feed that plays it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.errors import ConfigError
from monitor.keystore import Keys, KeyStore, Player
from monitor.model import REPLAY_SPEEDS, ReplayState
from monitor.ui import format as text
from monitor.when import parse_when

if TYPE_CHECKING:
    from monitor.model import MarkKind, Millis

_MINUTE: Final = 60_000


class Replay:
    """Steers a player by what the store says of it, and by what it has been asked for since.

    The store follows some milliseconds after a call: without that memory, a key pressed twice would count once.
    """

    def __init__(self, store: KeyStore, player: Player) -> None:
        self._store = store
        self._player = player
        self._seen: ReplayState | None = None
        self._expected: ReplayState | None = None

    @property
    def state(self) -> ReplayState | None:
        """Where the replay will stand when the store has followed; None before the first moment is shown."""
        seen: ReplayState | None = self._store.get(Keys.REPLAY)
        if seen is not self._seen:
            self._seen = self._expected = seen
        return self._expected

    def seek(self, at: Millis) -> None:
        """Show this moment, or the end of the recording that is nearer."""
        state = self.state
        if state is not None:
            at = max(state.first, min(at, state.last))
            self._expected = msgspec.structs.replace(state, at=at, following=False)
        self._player.seek(at)

    def minutes(self, count: int) -> None:
        """Go so many minutes on, or back when negative."""
        state = self.state
        if state is not None:
            self.seek(state.at + count * _MINUTE)

    def step(self, samples: int) -> None:
        """Go so many samples on, or back when negative."""
        self._player.step(samples)

    def jump(self, kind: MarkKind, direction: int) -> None:
        """Go to the next (1) or previous (-1) alert or status change."""
        self._player.jump(kind, direction)

    def play_or_stop(self) -> None:
        """Play when it stands still, else stand still."""
        state = self.state
        if state is not None:
            playing = not (state.playing or state.following)
            self._expected = msgspec.structs.replace(state, playing=playing, following=False)
            self._player.play(playing)

    def change_speed(self, step: int) -> None:
        """Play at the next (1) or previous (-1) of the speeds."""
        state = self.state
        if state is not None:
            nearest = min(
                range(len(REPLAY_SPEEDS)), key=lambda place: abs(REPLAY_SPEEDS[place] - state.speed)
            )
            speed = REPLAY_SPEEDS[max(0, min(nearest + step, len(REPLAY_SPEEDS) - 1))]
            self._expected = msgspec.structs.replace(state, speed=speed)
            self._player.set_speed(speed)

    def to_start(self) -> None:
        """Go to the first moment."""
        self._player.to_start()

    def to_end(self) -> None:
        """Go to the last moment, and stay there while the recording goes on."""
        self._player.to_end()

    def go_to(self, when: str) -> None:
        """Go to a time in words, as `monitor.when` takes them.

        They count from now; where that leads out of the recording, from its end: `-2h` in last week's recording is two
        hours before it ended. Raises ConfigError for words that tell no time, and for a time that was not recorded.
        """
        at = parse_when(when, time.time_ns() // 1_000_000)
        state = self.state
        if state is not None and not state.first <= at <= state.last:
            at = parse_when(when, state.last)
            if not state.first <= at <= state.last:
                span = text.stretch(state.first, state.last)
                raise ConfigError(f"That is outside the recording, which holds {span}.")
        self.seek(at)
