"""The words that reasons and alerts share: durations, percentages, how a process ended; how long people's may be."""

from __future__ import annotations

from signal import Signals
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from monitor.model import AgentStatus, ProcessExit

NOTE_LIMIT: Final = 500
"""Characters of the note that a person leaves with what they do."""
PERSON_LIMIT: Final = 50
"""Characters of who acknowledged, resolved or muted (seed 001, L154)."""
_MINUTES_PER_HOUR: Final = 60


def minutes(count: float) -> str:
    """Write a number of minutes for people: `45 s`, `5 min`, `90 min`, `2 h`."""
    if count < 1:
        return f"{count * 60:g} s"
    if count % _MINUTES_PER_HOUR:
        return f"{count:g} min"
    return f"{count / _MINUTES_PER_HOUR:g} h"


def percent(value: float | None) -> str:
    """Write a percentage for people; `unknown` when it is."""
    return "unknown" if value is None else f"{value:.3g} %"


def bare(text: str) -> str:
    """Drop the full stop at the end of a foreign sentence, to set it into one of ours."""
    return text.rstrip(". ")


def where(status: AgentStatus) -> str:
    """The end of a sentence that says where an agent works; empty when that is not known."""
    return f", in {status.worktree}" if status.worktree else ""


def how_it_ended(exited: ProcessExit) -> str:
    """Say how a process ended: by which signal, with which exit code, or only that it did."""
    if exited.signal is not None:
        return f"process killed by {_signal_name(exited.signal)}"
    if exited.exit_code is not None:
        return f"process ended with exit code {exited.exit_code}"
    return "process ended"


def ended_badly(exited: ProcessExit) -> bool:
    """Whether the process died by a signal or a non-zero exit; an end that nobody could see is not one."""
    return exited.signal is not None or bool(exited.exit_code)


def _signal_name(number: int) -> str:
    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"
