"""Alerts about what the monitor depends on: services, boards, sources, its database and the disk under it."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final

from monitor.rules.rule import CLEAR_SHARE, Finding, Firing, Rule, finding
from monitor.rules.words import bare, minutes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config import Thresholds
    from monitor.model import BoardState, Severity
    from monitor.rules.facts import Situation

_MIB: Final = 1_048_576
_SERVICE_HOLD_SECONDS: Final = 20.0
"""Two checks at their usual interval: one lost packet is not an outage."""
_BOARD_HOLD_SECONDS: Final = 15.0
"""A board that is just being written in place reads well the next time (SIB-10)."""
_DATABASE_HOLD_SECONDS: Final = 5.0


def _service_down(situation: Situation, _thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    for service in situation.services:
        down = service.status == "down"
        if not down and not (service.status == "unknown" and firing("service-down", service.name)):
            continue
        why = f": {bare(service.error)}" if service.error else ""
        yield finding(
            "service-down",
            service.name,
            title=f"Service {service.name} is down",
            message=f"the {service.kind} check of {service.target} fails{why}. "
            "Start the service, or mend its check.",
            source="services",
            severity=situation.service_severity.get(service.name),
            target=service.target,
            since=service.since,
        )


def _board_unreadable(situation: Situation, _thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    for board in situation.board.boards:
        if board.error:
            what, severity, shown = _loss(board)
            yield finding(
                "board-unreadable",
                board.root,
                severity=severity,
                title=f"{what} of {board.root} cannot be read",
                message=f"{board.path}: {bare(board.error)}. {shown} Mend the file.",
                source="board",
                path=board.path,
                last_synced=board.last_synced,
            )


def _loss(board: BoardState) -> tuple[str, Severity | None, str]:
    """Say what cannot be read, how grave that is (None: as the rule says), and what is shown instead."""
    if board.partial:
        return "Part of the task board", "warning", "The rest is shown."
    if board.last_synced is None:
        return "The task board", None, "No task of it is known."
    return "The task board", None, "The last good one is shown."


def _source_failing(situation: Situation, thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    latest = situation.now - thresholds.source_failing_seconds * 1000
    for source in situation.sources:
        if source.state != "failing" or source.since > latest:
            continue
        if source.name == "board" and any(
            b.error and b.root == source.subject for b in situation.board.boards
        ):
            continue  # board-unreadable says it already
        about = f" of {source.subject}" if source.subject else ""
        limit = minutes(thresholds.source_failing_seconds / 60)
        yield finding(
            "source-failing",
            f"{source.name}:{source.subject}",
            title=f"{source.name}{about} has failed for more than {limit}",
            message=f"{bare(source.error) or 'no reading'}. What it tells is unknown until it is mended.",
            source=source.name,
            about=source.subject,
            since=source.since,
            last_success=source.last_success,
        )


def _database(situation: Situation, _thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    if situation.database_problem:
        yield finding(
            "database-trouble",
            "database",
            title="The history database cannot be written",
            message=f"nothing is recorded: {bare(situation.database_problem)}. The screen goes on; "
            "what happens now is kept in memory and may be lost.",
            source="history",
        )


def _disk(situation: Situation, thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    free, limit = situation.database_free_bytes, thresholds.disk_free_mb * _MIB
    open_already = firing("disk-trouble", "database")
    # The other way round than a percentage: it clears well above the limit.
    enough = limit / CLEAR_SHARE if open_already else limit
    if open_already if free is None else free < enough:
        left = "unknown" if free is None else f"{free // _MIB} MiB"
        yield finding(
            "disk-trouble",
            "database",
            title=f"Less than {thresholds.disk_free_mb} MiB free beside the history database",
            message=f"free space: {left}. {_given_up(situation.database_given_up)}"
            "Make room, or shorten the retention, before recording stops.",
            source="history",
            reason="history given up" if situation.database_given_up else "",
            value=free,
            threshold=limit,
        )


def _given_up(given_up: int) -> str:
    """What it has cost already."""
    if not given_up:
        return ""
    amount = f"{given_up / _MIB:.1f} MiB"
    return f"The oldest samples, {amount} of them, were pruned before their time; the last day stays. "


def _database_damaged(situation: Situation, _thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    recovery = situation.database_recovery
    if recovery is None:
        return
    rest = f"`agent-monitor db salvage {recovery.aside}` may bring back the rest, while no recorder runs"
    title, aside = "The history database was damaged, and a new one begun", "It was put aside"
    if recovery.origin == "backup":
        begun = f"{recovery.rows:,d} rows were restored from {recovery.backup}"
    elif recovery.origin == "salvage":
        begun = f"{recovery.rows:,d} rows were salvaged from it"
        rest = "That is all that can be read of it" if recovery.complete else rest
    elif recovery.origin == "log":
        begun = "recording goes on with what came before"
        title, aside = "The history database was damaged", "A copy was put aside"
    else:
        begun = "the new one begins with no more than memory holds"
    yield finding(
        "database-damaged",
        recovery.aside,
        title=title,
        message=f"{bare(recovery.problem)}. {aside} as {recovery.aside}, and {begun}. {rest}. "
        "Resolve this alert when you have seen to it.",
        source="history",
        aside=recovery.aside,
        origin=recovery.origin,
        backup=recovery.backup,
        until=recovery.until,
        rows=recovery.rows,
    )


SYSTEM_RULES: Final = (
    Rule(
        id="service-down",
        type="system",
        severity="critical",
        find=_service_down,
        hold_seconds=_SERVICE_HOLD_SECONDS,
    ),
    Rule(
        id="board-unreadable",
        type="system",
        severity="critical",
        find=_board_unreadable,
        hold_seconds=_BOARD_HOLD_SECONDS,
    ),
    Rule(
        id="database-trouble",
        type="system",
        severity="critical",
        find=_database,
        hold_seconds=_DATABASE_HOLD_SECONDS,
    ),
    Rule(
        id="database-damaged",
        type="system",
        severity="error",
        find=_database_damaged,
        clear_seconds=inf,  # somebody has to have seen it
    ),
    Rule(id="disk-trouble", type="system", severity="error", find=_disk),
    Rule(id="source-failing", type="system", severity="warning", find=_source_failing),
)
"""SIB-18, SIB-20, and what this monitor has of its own."""
