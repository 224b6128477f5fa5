"""What a new database has to be told again when it takes the place of a damaged one, beyond what each tick writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from monitor.model import Event
from monitor.sources.board.changes import task_events

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.model import Alert, Board, Millis, Mute, Recovery, TaskEvent


def ended_alerts(known: Iterable[Alert], active: Iterable[Alert], now: Millis) -> list[Alert]:
    """Alerts that the new database holds as open, and that ended in the time it knows nothing of."""
    open_now = {alert.alert_id for alert in active}
    return [
        msgspec.structs.replace(alert, resolved=True, resolved_at=max(now, alert.created_at))
        for alert in known
        if alert.alert_id not in open_now
    ]


def ended_mutes(known: Iterable[Mute], active: Iterable[Mute], now: Millis) -> list[Mute]:
    """Mutes that the new database holds, and that were ended in the time it knows nothing of."""
    holding = {(mute.rule, mute.subject) for mute in active}
    return [
        msgspec.structs.replace(mute, until=min(mute.until, now))
        for mute in known
        if (mute.rule, mute.subject) not in holding
    ]


def missed_task_events(
    known: Board, board: Board, histories: Iterable[Sequence[TaskEvent]], now: Millis
) -> list[TaskEvent]:
    """Every change of a task that memory still has, and what else makes the tasks known those of the board."""
    told = sorted(
        (event for history in histories for event in reversed(history)), key=lambda event: event.timestamp
    )
    explained = {(event.root, event.task_id) for event in told}
    roots = {state.root for state in board.boards}
    before = tuple(task for task in known.tasks if task.root in roots)
    changes = task_events(before, board.tasks, now, "")
    return told + [event for event in changes if (event.root, event.task_id) not in explained]


def recovery_event(recovery: Recovery) -> Event:
    """The event that tells a later reader why there is a gap."""
    details = {
        name: getattr(recovery, name) for name in ("problem", "aside", "origin", "backup", "until", "rows")
    }
    return Event(timestamp=recovery.at, type="recovery", details=details)
