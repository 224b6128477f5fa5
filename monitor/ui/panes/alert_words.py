"""Alerts in words and glyphs: how grave one is, who has seen it, and for how long it is kept quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from monitor.rules.words import NOTE_LIMIT
from monitor.text import clean
from monitor.ui import format as text

if TYPE_CHECKING:
    from monitor.model import Alert, Millis, Mute
    from monitor.ui.spans import Cell, Span

SEEN: Final[Span] = ("✓", "ok")
"""A person has acknowledged it."""
QUIET: Final[Span] = ("∅", "muted")
"""It is muted."""
UNDER_WAY: Final[Span] = ("…", "muted")
"""A command about it was sent, and the feed has not confirmed it."""


def severity_glyph(alert: Alert, *, back: bool) -> Cell:
    """How grave it is as one sign; without its colour when it stands `back`."""
    glyph, style = text.SEVERITY_GLYPHS[alert.severity]
    return ((glyph, "muted" if back else style),)


def severity_word(alert: Alert, *, back: bool) -> Cell:
    """How grave it is as a word."""
    style = text.SEVERITY_GLYPHS[alert.severity][1]
    return ((alert.severity, "muted" if back else style),)


def note_of(alert: Alert) -> str:
    """What was noted with the acknowledgement."""
    return _words(alert.metadata.get("note"))


def resolved_by(alert: Alert) -> str:
    """Who resolved it by hand; empty when its condition went away."""
    return _words(alert.metadata.get("resolved_by"))


def seen_by(alert: Alert) -> str:
    """`ada: restarts it`: who has acknowledged it, and the note, as far as they are known; empty when nobody has."""
    if not alert.acknowledged:
        return ""
    return ": ".join(filter(None, (clean(alert.acknowledged_by or ""), note_of(alert))))


def quiet_for(mute: Mute, now: Millis | None) -> str:
    """`muted 3h20 more by ada`: for how long nothing is heard of it."""
    left = None if now is None else (mute.until - now) / 1000
    by = f" by {clean(mute.by)}" if mute.by else ""
    return f"muted {text.duration(left)} more{by}"


def muted_thing(rule: str, subject: str) -> Cell:
    """What a mute is about: a rule, a subject, or a rule about a subject."""
    if not subject:
        return (("rule ", "muted"), (clean(rule), "text"))
    if not rule:
        return (("subject ", "muted"), (clean(subject), "text"))
    return (("rule ", "muted"), (clean(rule), "text"), (" about ", "muted"), (clean(subject), "text"))


def lasted(alert: Alert) -> float | None:
    """Seconds from firing to its end; None while it is open."""
    return None if alert.resolved_at is None else (alert.resolved_at - alert.created_at) / 1000


def _words(value: Any) -> str:
    return clean(value, NOTE_LIMIT) if isinstance(value, str) else ""
