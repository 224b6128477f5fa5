"""What of an attached system an alert may be about: found once for each reading, so that a tick only looks at times."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import (
    OPEN_WORK,
    Assignment,
    Execution,
    Message,
    QueueItem,
    SystemEvent,
    SystemReading,
    SystemState,
    Task,
    Workflow,
    unanswered,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.model import Leap, Millis

GROWTH_WINDOW_MS: Final = 15 * 60_000
"""Over which the growth of a queue is looked at."""
_SAMPLE_MS: Final = 30_000
"""Between two depths of a queue that are remembered."""


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """The candidates of one system."""

    state: SystemState
    expiring: tuple[QueueItem, ...] = ()
    """Open, and with a time at which they expire."""
    spent: tuple[QueueItem, ...] = ()
    """Out of retries."""
    running: tuple[Execution, ...] = ()
    grave: tuple[SystemEvent, ...] = ()
    """Critical events that nobody has resolved."""
    handed_over: tuple[Assignment, ...] = ()
    """Steps that were handed over and that nobody has begun."""
    failed: tuple[Workflow, ...] = ()
    questions: tuple[Message, ...] = ()
    """Questions without an answer."""
    claimed: tuple[Task, ...] = ()
    """Tasks that are in progress, or said to be, each with somebody it is assigned to."""


def digest(reading: SystemReading, tasks: Iterable[Task]) -> Digest:
    """Find the candidates; `tasks` are the system's, assigned to our agents."""
    return Digest(
        state=reading.state,
        expiring=tuple(item for item in reading.queue if item.expires_at is not None and _is_open(item)),
        spent=tuple(item for item in reading.queue if _is_spent(item)),
        running=tuple(one for one in reading.executions if one.status == "running"),
        grave=tuple(one for one in reading.events if one.severity == "critical" and one.resolved is False),
        handed_over=_handed_over(reading.assignments),
        failed=tuple(one for one in reading.workflows if one.status == "failed"),
        questions=_questions(reading.messages),
        claimed=tuple(task for task in tasks if task.status == "IN_PROGRESS" and task.assigned_to),
    )


def _questions(messages: Sequence[Message]) -> tuple[Message, ...]:
    waiting = unanswered(messages)
    return tuple(one for one in messages if one.id in waiting)


def _is_open(item: QueueItem) -> bool:
    return item.status in OPEN_WORK


def _is_spent(item: QueueItem) -> bool:
    """Whether it failed and will not be tried again."""
    return (
        item.status in ("failed", "timeout")
        and item.attempts is not None
        and item.max_attempts is not None
        and item.attempts >= item.max_attempts
    )


def _handed_over(assignments: tuple[Assignment, ...]) -> tuple[Assignment, ...]:
    """What came from another agent and waits, and what was given to one that has no step of that workflow since."""
    begun = {
        (one.workflow_id, who): max(one.assigned_at or 0, one.started_at or 0)
        for one in sorted(assignments, key=lambda one: max(one.assigned_at or 0, one.started_at or 0))
        for who in (one.agent_id, one.agent_kind)
        if who
    }
    return tuple(
        one
        for one in assignments
        if (one.handoff_from and one.status in ("pending", "delayed"))
        or (
            one.handoff_to
            and one.status == "done"
            and begun.get((one.workflow_id, one.handoff_to), 0) < (one.ended_at or one.assigned_at or 0)
        )
    )


class DepthWatch:
    """Remembers how deep queues were, to tell those that grow."""

    def __init__(self) -> None:
        self._depths: dict[tuple[str, str], deque[tuple[Millis, int]]] = {}

    def note(self, states: Iterable[SystemState], now: Millis) -> dict[tuple[str, str], int]:
        """By how much each queue of each system has grown within `GROWTH_WINDOW_MS`; of those that have."""
        grown: dict[tuple[str, str], int] = {}
        seen: set[tuple[str, str]] = set()
        for state in states:
            if state.state not in ("ok", "degraded"):
                continue
            for queue, depth in state.depths.items():
                key = (state.name, queue)
                seen.add(key)
                if (more := self._grown(key, depth, now)) > 0:
                    grown[key] = more
        for gone in self._depths.keys() - seen:
            del self._depths[gone]
        return grown

    def leap(self, leap: Leap) -> None:
        """The clock was set, or nobody looked for a while: what was before lies as far back as it did."""
        self._depths = {
            key: deque((at + leap.unwaited, depth) for at, depth in known)
            for key, known in self._depths.items()
        }

    def _grown(self, key: tuple[str, str], depth: int, now: Millis) -> int:
        known = self._depths.setdefault(key, deque())
        if not known or now - known[-1][0] >= _SAMPLE_MS:
            known.append((now, depth))
        while len(known) > 1 and known[1][0] <= now - GROWTH_WINDOW_MS:
            known.popleft()
        return depth - known[0][1]
