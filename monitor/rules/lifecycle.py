"""The life of alerts: pending, firing, acknowledged, resolved; one alert while rule and subject hold."""

from __future__ import annotations

import secrets
from hashlib import blake2s
from string import ascii_lowercase, digits
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.model import SEVERITIES, Alert, Leap, Millis
from monitor.rules.alerts import RULES_BY_ID
from monitor.rules.rule import REASON, Finding
from monitor.rules.words import NOTE_LIMIT, PERSON_LIMIT
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import Command

_DIGITS: Final = digits + ascii_lowercase

Key = tuple[str, str]
"""Rule id and subject: what makes two findings the same alert (checklist X1-15)."""


class AlertBook:
    """The open alerts of one collector. Give it those left open by the last one, and it goes on with them.

    Conditions that have not held for their rule's time yet are known in memory only. Not safe for threads.
    """

    def __init__(self, open_alerts: Iterable[Alert] = ()) -> None:
        self._open: dict[Key, Alert] = {
            (alert.rule, alert.subject): alert for alert in open_alerts if not alert.resolved
        }
        self._pending: dict[Key, Millis] = {}
        self._absent: dict[Key, Millis] = {}
        self._put_aside: set[Key] = set()
        self._now: Millis = 0
        self._book = secrets.token_bytes(16)
        self._last_stamp = max((alert.created_at for alert in self._open.values()), default=0)
        self._active: tuple[Alert, ...] | None = None

    @property
    def active(self) -> tuple[Alert, ...]:
        """The alerts not resolved, gravest first, then newest first; the same tuple while nothing changes."""
        if self._active is None:
            by_age = sorted(self._open.values(), key=lambda alert: alert.created_at, reverse=True)
            self._active = tuple(sorted(by_age, key=lambda alert: -SEVERITIES.index(alert.severity)))
        return self._active

    def is_firing(self, rule: str, subject: str) -> bool:
        """Whether the alert of this rule and subject is open."""
        return (rule, subject) in self._open

    def update(self, findings: Iterable[Finding], now: Millis, *, hold: bool = True) -> tuple[Alert, ...]:
        """Take in what the rules find now; returns the alerts to write: new, changed or resolved.

        Without `hold` a condition fires at once: for a single look, which cannot wait.
        """
        self._set_clock(now)
        found: dict[Key, Finding] = {}
        for finding in findings:
            found.setdefault((finding.rule, finding.subject), finding)
        self._put_aside &= found.keys()
        self._pending = {key: since for key, since in self._pending.items() if key in found}
        changed: list[Alert] = []
        # Grave rules first: the milder one has to know whether the graver one fires now.
        for key in sorted(found, key=lambda key: bool(RULES_BY_ID[key[0]].yields_to)):
            changed += self._present(key, found[key], now, hold=hold)
        changed += self._resolve_absent(found, now)
        return tuple(changed)

    def obey(self, command: Command) -> Alert | None:
        """Do what a viewer asks for; returns the record to write, None when there is nothing to do."""
        if command.kind == "acknowledge":
            return self.acknowledge(command.alert_id, command.by, command.at, command.note)
        if command.kind == "resolve":
            return self.resolve(command.alert_id, command.by, command.at)
        return None

    def acknowledge(self, alert_id: str, by: str, at: Millis, note: str = "") -> Alert | None:
        """Note that a person has seen it; returns the record to write, None when there is nothing to do."""
        alert = self._find(alert_id)
        if alert is None or alert.acknowledged:
            return None
        metadata = {**alert.metadata, "note": clean(note, NOTE_LIMIT)} if note else alert.metadata
        return self._put(
            msgspec.structs.replace(
                alert,
                acknowledged=True,
                acknowledged_by=clean(by, PERSON_LIMIT),
                acknowledged_at=max(at, alert.created_at),
                metadata=metadata,
            )
        )

    def resolve(self, alert_id: str, by: str, at: Millis) -> Alert | None:
        """Resolve by hand; returns the record to write, None when no such alert is open.

        The condition may raise a new alert only after it was absent once.
        """
        alert = self._find(alert_id)
        if alert is None:
            return None
        key = (alert.rule, alert.subject)
        if key not in self._absent:
            self._put_aside.add(key)
        return self._close(key, at, {**alert.metadata, "resolved_by": clean(by, PERSON_LIMIT)})

    def leap(self, leap: Leap) -> None:
        """The clocks leapt since the last update: that time was not waited, and no open alert was raised after now."""
        self._pending = {key: since + leap.unwaited for key, since in self._pending.items()}
        self._absent = {key: since + leap.unwaited for key, since in self._absent.items()}
        self._now = min(self._now + leap.unwaited, leap.now)
        for alert in [alert for alert in self._open.values() if alert.created_at > leap.now]:
            self._put(msgspec.structs.replace(alert, created_at=leap.moved(alert.created_at)))

    def _set_clock(self, now: Millis) -> None:
        """Keep what has been waited when the clock is set back: no wait is negative or endless."""
        back = self._now - now
        if back > 0:
            self._pending = {key: since - back for key, since in self._pending.items()}
            self._absent = {key: since - back for key, since in self._absent.items()}
        self._now = now

    def _present(self, key: Key, finding: Finding, now: Millis, *, hold: bool) -> list[Alert]:
        """Raise the alert of a condition that has held for long enough, or keep the open one."""
        rule = RULES_BY_ID[finding.rule]
        graver = (rule.yields_to, finding.subject)
        yields = graver in self._open or graver in self._put_aside
        if key in self._open:
            if yields:
                self._absent.setdefault(key, now)
                return []
            self._absent.pop(key, None)
            return self._renew(key, finding)
        if key in self._put_aside:
            return []
        wait = rule.hold_seconds if finding.hold_seconds is None else finding.hold_seconds
        since = self._pending.setdefault(key, now)
        if yields or (hold and now - since < wait * 1000):
            return []
        del self._pending[key]
        return [self._put(self._raised(finding, now))]

    def _renew(self, key: Key, finding: Finding) -> list[Alert]:
        """Write the text again when severity or reason changed; else the numbers stay as when it fired."""
        alert = self._open[key]
        severity = finding.severity or RULES_BY_ID[finding.rule].severity
        if severity == alert.severity and finding.metadata.get(REASON) == alert.metadata.get(REASON):
            return []
        metadata = {**alert.metadata, **finding.metadata}
        return [
            self._put(
                msgspec.structs.replace(
                    alert, severity=severity, title=finding.title, message=finding.message, metadata=metadata
                )
            )
        ]

    def _resolve_absent(self, found: dict[Key, Finding], now: Millis) -> list[Alert]:
        resolved = []
        for key in [key for key in self._open if key not in found or key in self._absent]:
            since = self._absent.setdefault(key, now)
            rule = RULES_BY_ID.get(key[0])
            # A rule of an earlier version, which nobody looks after any more, has nothing to wait for.
            if rule is None or now - since >= rule.clear_seconds * 1000:
                resolved.append(self._close(key, now, self._open[key].metadata))
        return resolved

    def _raised(self, finding: Finding, now: Millis) -> Alert:
        rule = RULES_BY_ID[finding.rule]
        return Alert(
            alert_id=self._new_id(finding, now),
            rule=finding.rule,
            subject=finding.subject,
            type=rule.type,
            severity=finding.severity or rule.severity,
            title=finding.title,
            message=finding.message,
            source=finding.source,
            metadata=finding.metadata,
            created_at=now,
        )

    def _new_id(self, finding: Finding, now: Millis) -> str:
        """`<rule>:<hash>:<time>`, at most 50 characters, never given twice; the time part only ever grows.

        The hash is the subject's, keyed by this book: after a restart with its clock set back, the same subject
        may raise the same alert at the same millisecond again.
        """
        self._last_stamp = max(now, self._last_stamp + 1)
        subject = finding.subject.encode("utf-8", "surrogatepass")
        digest = blake2s(subject, digest_size=4, key=self._book).hexdigest()
        return f"{finding.rule}:{digest}:{_base36(self._last_stamp)}"

    def _find(self, alert_id: str) -> Alert | None:
        return next((alert for alert in self._open.values() if alert.alert_id == alert_id), None)

    def _put(self, alert: Alert) -> Alert:
        self._open[alert.rule, alert.subject] = alert
        self._active = None
        return alert

    def _close(self, key: Key, at: Millis, metadata: dict[str, Any]) -> Alert:
        alert = self._open.pop(key)
        self._absent.pop(key, None)
        self._active = None
        return msgspec.structs.replace(
            alert, resolved=True, resolved_at=max(at, alert.created_at), metadata=metadata
        )


def _base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text or "0"
