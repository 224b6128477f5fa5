"""Alerts about the machine: CPU, memory and disks above their warning and critical thresholds (SIB-23)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Literal

from monitor.model import HostReading
from monitor.rules.rule import Find, Finding, Firing, Rule, exceeds, finding
from monitor.rules.words import percent

if TYPE_CHECKING:
    from monitor.config import Thresholds
    from monitor.rules.facts import Situation

_CLEAR_SECONDS: Final = 30.0
"""A machine under load comes and goes; this long it has to be well."""

Level = Literal["warning", "critical"]
_Read = Callable[[HostReading | None], Iterator[tuple[str, float | None]]]
"""Subjects and their percentages."""


def _cpu(host: HostReading | None) -> Iterator[tuple[str, float | None]]:
    yield "host", host.cpu_usage if host else None


def _memory(host: HostReading | None) -> Iterator[tuple[str, float | None]]:
    yield "host", host.memory_percent if host else None


def _disks(host: HostReading | None) -> Iterator[tuple[str, float | None]]:
    for disk in host.disks if host else ():
        yield disk.path, disk.percent


_RESOURCES: Final[tuple[tuple[str, str, _Read, str], ...]] = (
    ("cpu", "CPU", _cpu, "Look which agent uses it (sort the agents by CPU), and let fewer run at a time."),
    (
        "memory",
        "memory",
        _memory,
        "Look which agent holds it (sort the agents by memory) before the system kills one.",
    ),
    ("disk", "disk", _disks, "Make room: old worktrees, caches and build folders first."),
)
"""Id, word, reader, and what to do."""


def _above(rule: str, level: Level, word: str, read: _Read, remedy: str) -> Find:
    def find(situation: Situation, thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
        limits = {"warning": thresholds.host_warning_percent, "critical": thresholds.host_critical_percent}
        limit = limits[level]
        for subject, value in read(situation.host):
            if not exceeds(value, limit, firing=firing(rule, subject)):
                continue
            where = "" if subject == "host" else f" with {subject}"
            yield finding(
                rule,
                subject,
                title=f"Host {word}{where} above {percent(limit)}",
                message=f"the host's {word}{where} is at {percent(value)}. {remedy}",
                source="host",
                hold_seconds=thresholds.host_hold_seconds,
                value=value,
                threshold=limit,
            )

    return find


def _rule(resource: str, level: Level, word: str, read: _Read, remedy: str) -> Rule:
    rule = f"host-{resource}-{level}"
    return Rule(
        id=rule,
        type="performance",
        severity=level,
        find=_above(rule, level, word, read, remedy),
        clear_seconds=_CLEAR_SECONDS,
        yields_to=f"host-{resource}-critical" if level == "warning" else "",
    )


_LEVELS: Final[tuple[Level, ...]] = ("critical", "warning")

HOST_RULES: Final = tuple(
    _rule(resource, level, word, read, remedy)
    for level in _LEVELS
    for resource, word, read, remedy in _RESOURCES
)
"""Host CPU, memory and disk at both levels; their hold time is a setting (`host_hold_seconds`)."""
