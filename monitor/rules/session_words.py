"""What a session says to people: what it waits for, what it failed with, and what changed in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.model import ASKING, WORKING, TurnState
from monitor.rules.words import bare, minutes
from monitor.text import clean
from monitor.when import format_when

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import Millis, Session

FRESH_MS: Final = 60_000
"""A session that is seen for the first time has just begun when it is no older than this."""
ERROR_COUNTS_MS: Final = 86_400_000
"""For how long the error counts in which the log of an agent without a process ended."""
TEXT_LIMIT: Final = 160
"""Characters of an entry in the activity list."""


def waits_for(session: Session, *, alive: bool) -> str:
    """What it cannot go on without; empty when it can. A log whose agent is gone waits for nothing."""
    if session.turn_state in ASKING and (alive or session.pid is not None):
        return session.waiting_for or "a person"
    if session.turn_state == "limited" and (alive or session.pid is not None):
        return until(session)
    return ""


def believed(session: Session) -> str:
    """Which evidence decided against a stronger one, in brackets, to be put behind a reason; empty: none."""
    return f" ({session.conflict})" if session.conflict else ""


def until(session: Session) -> str:
    """How long a limit holds."""
    if session.limited_until is None:
        return "the end of a rate limit"
    return f"the end of its limit at {format_when(session.limited_until)[:16]}"


def ends_in_error(session: Session, now: Millis, *, alive: bool) -> str:
    """The error that its log ends in, as far as that still counts; empty when there is none."""
    if session.turn_state != "error":
        return ""
    if not alive and now - (session.updated or 0) > ERROR_COUNTS_MS:
        return ""
    return session.error or "the API answered with an error"


def told_by(old: Session | None, new: Session, now: Millis) -> Iterator[tuple[Millis, str]]:
    """What a change of an agent's session says, each with its time: turns and waits, not every tool."""
    if old is None or old.session_id != new.session_id:
        began = new.started
        if began is not None and 0 <= now - began <= FRESH_MS:
            yield began, clean(f"session began{_with_model(new)}", TEXT_LIMIT)
        if old is None:
            return
        old = None
    at = min(now, new.state_since or now)
    if old is not None and old.turn_state in ASKING and new.turn_state not in ASKING:
        yield at, clean(f"{_answered(old, at)}, waited for {bare(old.waiting_for) or 'a person'}", TEXT_LIMIT)
    if old is None or (old.turn_state, old.waiting_for) != (new.turn_state, new.waiting_for):
        text = _turn_text(old, new)
        if text:
            yield at, clean(text, TEXT_LIMIT)


def _turn_text(old: Session | None, new: Session) -> str:
    """What a new turn state says; nothing while it goes on working."""
    if new.turn_state == "idle":
        return "turn ended" if old is not None and old.turn_state in WORKING else ""
    texts: dict[TurnState, str] = {
        "permission": f"waits for {new.waiting_for or 'a person'}",
        "input": f"waits for {new.waiting_for or 'a person'}",
        "limited": f"waits for {until(new)}",
        "error": f"error: {new.error}".rstrip(": "),
        "compacting": "sums up its context",
        "ended": "session ended",
    }
    return texts.get(new.turn_state, "")


def _answered(old: Session, at: Millis) -> str:
    since = old.waiting_since or old.state_since
    return "went on" if since is None else f"went on after {minutes(_minutes(at - since))}"


def _with_model(session: Session) -> str:
    return f": {session.model}" if session.model else ""


def _minutes(length: Millis) -> float:
    """A wait in minutes, as exactly as people ask: seconds below two minutes, whole minutes above."""
    seconds = max(1, round(length / 1000))
    return seconds / 60 if seconds < 60 else float(round(seconds / 60))


def doing(session: Session) -> str:
    """What it does now, in a few words: `Bash git`, `thinking`, `? Edit src/x.py`; empty: its log does not tell."""
    tool = f"{session.tool} {session.tool_target}".rstrip()
    if session.turn_state in ASKING:
        return f"? {tool or bare(session.waiting_for) or 'a person'}"
    texts: dict[TurnState, str] = {
        "tool": f"{tool}?" if session.unsure and tool else tool or "a tool",
        "limited": "limited"
        if session.limited_until is None
        else f"limited until {format_when(session.limited_until)[11:16]}",
        "idle": "turn over",
        "error": f"error: {session.error}".rstrip(": "),
        "ended": f"ended in {tool}" if tool else "ended",
        "unknown": "",
    }
    return texts.get(session.turn_state, session.turn_state)
