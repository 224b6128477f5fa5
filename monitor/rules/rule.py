"""What an alert rule is, and what it finds. The rules themselves stand in the `*_rules` modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from monitor.config import Thresholds
from monitor.model import AlertType, Severity
from monitor.rules.facts import Situation
from monitor.text import clean

CLEAR_SHARE: Final = 0.95
"""A number that fired clears below this share of its threshold, so that it does not flicker around it."""
CLEAR_SECONDS: Final = 10.0
"""How long a condition has to be absent before its alert is resolved, unless the rule says otherwise."""
TITLE_LIMIT: Final = 200
"""Characters of a title (seed 001, L149)."""
MESSAGE_LIMIT: Final = 1000
"""Characters of a message."""
SOURCE_LIMIT: Final = 50
"""Characters of a source (seed 001, L151)."""
REASON: Final = "reason"
"""The key of `Finding.metadata` whose change is news: it makes the text of an open alert be written again."""

Firing = Callable[[str, str], bool]
"""Whether the alert of (rule id, subject) is open."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's condition holds for a subject at this moment."""

    rule: str
    subject: str
    title: str
    message: str
    """What happened, where, and what to do."""
    source: str
    """Where it was seen: `status`, `board`, `git`, `host`, `processes`, `services`, `history`, a source."""
    metadata: dict[str, Any]
    severity: Severity | None = None
    """None: the rule's own."""
    hold_seconds: float | None = None
    """None: the rule's own."""


Find = Callable[[Situation, Thresholds, Firing], Iterator[Finding]]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of alert: the same rule and subject are the same alert as long as it is open."""

    id: str
    type: AlertType
    severity: Severity
    find: Find
    hold_seconds: float = 0.0
    """How long the condition has to hold before it fires."""
    clear_seconds: float = CLEAR_SECONDS
    """How long the condition has to be absent before the alert is resolved."""
    yields_to: str = ""
    """Id of the graver rule of the same subject; while that one is open, this one is not."""


def finding(
    rule: str,
    subject: str,
    *,
    title: str,
    message: str,
    source: str,
    severity: Severity | None = None,
    hold_seconds: float | None = None,
    **metadata: Any,
) -> Finding:
    """Make a finding whose texts are safe, bounded sentences; further keywords become its metadata."""
    return Finding(
        rule=rule,
        subject=subject,
        title=clean(title, TITLE_LIMIT),
        message=clean(message[:1].upper() + message[1:], MESSAGE_LIMIT),
        source=clean(source, SOURCE_LIMIT),
        metadata=metadata,
        severity=severity,
        hold_seconds=hold_seconds,
    )


def exceeds(value: float | None, limit: float, *, firing: bool) -> bool:
    """Whether a number is above its limit, with hysteresis; an unknown one neither fires nor clears."""
    if value is None:
        return firing
    return value > limit or (firing and 0 < limit * CLEAR_SHARE <= value)
