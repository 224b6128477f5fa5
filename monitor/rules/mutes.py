"""Mutes: alerts that a person does not want to hear of for a time; made, replaced and ended by commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import Leap, Millis, Mute
from monitor.rules.words import NOTE_LIMIT, PERSON_LIMIT
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import Alert, Command

MUTES_LIMIT: Final = 200
"""Mutes that hold at one time."""
MUTE_DAYS: Final = 30
MUTE_MS: Final = MUTE_DAYS * 86_400_000
"""The longest that anything is muted."""

Key = tuple[str, str]
"""Rule id and subject, either of which may be empty: there is one mute for it at a time."""


class MuteBook:
    """The mutes of one collector. Give it those that hold by the history, and it goes on with them.

    Not safe for threads.
    """

    def __init__(self, mutes: Iterable[Mute] = ()) -> None:
        self._mutes: dict[Key, Mute] = {(mute.rule, mute.subject): mute for mute in mutes}
        self._active: tuple[Mute, ...] | None = None

    def active(self, now: Millis) -> tuple[Mute, ...]:
        """Those that hold, the one that ends first in front; the same tuple while nothing changes."""
        if self._active is None or any(mute.until <= now for mute in self._active):
            self._mutes = {key: mute for key, mute in self._mutes.items() if mute.until > now}
            self._active = in_order(self._mutes.values())
        return self._active

    def obey(self, command: Command, now: Millis) -> Mute | None:
        """Do what a viewer asks for; returns the record to write, None when there is nothing to do.

        A mute whose `until` has come by `now` has ended.
        """
        if command.kind == "mute":
            return self._mute(command, now)
        if command.kind == "unmute":
            return self._end((command.rule, command.subject), now)
        return None

    def leap(self, leap: Leap) -> tuple[Mute, ...]:
        """The clocks leapt; returns the mutes to write again.

        One that was made under a time still to come is moved back with the clock, and lasts as long as was meant.
        """
        if leap.by >= 0:
            return ()
        for key, mute in self._mutes.items():
            if mute.at > leap.now:
                moved = leap.moved(mute.at)
                self._mutes[key] = msgspec.structs.replace(mute, at=moved, until=moved + mute.until - mute.at)
        self._active = None
        return self.active(leap.now)

    def _mute(self, command: Command, now: Millis) -> Mute | None:
        key = (command.rule, command.subject)
        at = min(command.at, now)
        until = min(command.until or 0, at + MUTE_MS)
        full = key not in self._mutes and len(self.active(now)) >= MUTES_LIMIT
        if not any(key) or until <= now or full:
            return None
        mute = Mute(
            rule=command.rule,
            subject=command.subject,
            by=clean(command.by, PERSON_LIMIT),
            at=at,
            until=until,
            note=clean(command.note, NOTE_LIMIT),
        )
        self._mutes[key] = mute
        self._active = None
        return mute

    def _end(self, key: Key, now: Millis) -> Mute | None:
        mute = self._mutes.pop(key, None)
        self._active = None
        return None if mute is None or mute.until <= now else msgspec.structs.replace(mute, until=now)


def in_order(mutes: Iterable[Mute]) -> tuple[Mute, ...]:
    """The one that ends first in front."""
    return tuple(sorted(mutes, key=lambda mute: (mute.until, mute.rule, mute.subject)))


def muted_by(mutes: Iterable[Mute], alert: Alert, now: Millis) -> Mute | None:
    """The mute that keeps the alert quiet: of several the one that does so for longest; None when it is heard."""
    covering = [mute for mute in mutes if mute.covers(alert, now)]
    return max(covering, key=lambda mute: mute.until, default=None)


def heard(mutes: Iterable[Mute], alerts: Iterable[Alert], now: Millis) -> tuple[Alert, ...]:
    """The alerts that are not muted: those that count."""
    known = tuple(mutes)
    return tuple(alert for alert in alerts if muted_by(known, alert, now) is None)
