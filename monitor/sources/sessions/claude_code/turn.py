"""What the registry, the hooks and the transcript of a session say together about its turn.

The strongest evidence counts: registry, hooks, transcript. One that is newer by more than `SLACK_MS` counts more than a
stronger one, for each of them misses something: the registry shows a session idle that has asked its user a question
(claude-code issue 85192) or whose turn ended in an error, hooks tell nothing of an approval (issues 58198, 79651), a
transcript nothing of a prompt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import ASKING, WORKING, Evidence, Millis, TurnState
from monitor.sources.sessions.claude_code.shapes import QUESTIONS
from monitor.sources.sessions.refine import permission_for

if TYPE_CHECKING:
    from monitor.sources.sessions.claude_code.hook_log import HookLog
    from monitor.sources.sessions.claude_code.registry import Registered
    from monitor.sources.sessions.claude_code.transcript import Transcript

SLACK_MS: Final = 2_000
"""By which the clocks of the writers differ, and by which one writes later than another."""
_FAILED: Final = frozenset({"error", "limited"})


class Turn(msgspec.Struct, frozen=True):
    """The turn of a session, and why it is said to be so."""

    state: TurnState
    since: Millis | None
    unsure: bool
    tool: str
    target: str
    tool_since: Millis | None
    waiting_for: str
    evidence: tuple[Evidence, ...]
    conflict: str = ""
    """Which witness was believed against a stronger one; empty when nobody contradicts it."""


class _Sign(msgspec.Struct, frozen=True):
    """What one witness says."""

    who: str
    state: TurnState
    since: Millis | None
    at: Millis | None
    text: str
    waiting_for: str = ""

    @property
    def evidence(self) -> Evidence:
        return Evidence(kind=_KINDS[self.who], at=self.at, text=f"{self.who}: {self.text}")


_KINDS: Final = {"registry": "registry", "hooks": "hook", "transcript": "log"}
_REGISTERED: Final[dict[str, TurnState]] = {
    "busy": "thinking",
    "idle": "idle",
    "shell": "idle",
    "waiting": "permission",
}


def turn_of(transcript: Transcript | None, hooks: HookLog | None, registered: Registered | None) -> Turn:
    """Weigh the evidence. The first of the result's evidence is what decided."""
    signs = [
        sign
        for sign in (_of_registry(registered), _of_hooks(hooks), _of_transcript(transcript))
        if sign is not None
    ]
    if registered is not None and not registered.alive and not (signs and signs[0].state == "ended"):
        signs.insert(0, _gone(registered, signs))
    if not signs:
        return Turn(
            "unknown", None, unsure=False, tool="", target="", tool_since=None, waiting_for="", evidence=()
        )
    chosen = _choose(signs)
    return _with_tool(chosen, signs, transcript, hooks)


def _gone(registered: Registered, signs: list[_Sign]) -> _Sign:
    """The process is gone: whatever was going on has ended, at the latest sign of it or after."""
    last = max((sign.at for sign in signs if sign.at is not None), default=registered.at)
    return _Sign("registry", "ended", last, last, f"its process {registered.pid} is gone")


def _of_registry(entry: Registered | None) -> _Sign | None:
    if entry is None or not entry.alive or entry.status not in _REGISTERED:
        return None
    state = _REGISTERED[entry.status]
    text = f"{entry.status} {entry.waiting_for}".rstrip()
    if entry.status == "shell":
        text = "the turn is over, a shell in the background lives"
    if state == "permission" and entry.waiting_for and "permission" not in entry.waiting_for:
        return _Sign("registry", "input", entry.at, entry.at, text, "an answer")
    return _Sign("registry", state, entry.at, entry.at, text)


def _of_hooks(hooks: HookLog | None) -> _Sign | None:
    if hooks is None or hooks.state == "unknown":
        return None
    return _Sign("hooks", hooks.state, hooks.since, hooks.at, hooks.why, hooks.waiting_for)


def _of_transcript(transcript: Transcript | None) -> _Sign | None:
    if transcript is None or transcript.state == "unknown":
        return None
    pending = transcript.tools.pending
    asked = QUESTIONS.get(pending.name, "") if pending and transcript.state == "input" else ""
    return _Sign("transcript", transcript.state, transcript.since, transcript.state_at, transcript.why, asked)


def _choose(signs: list[_Sign]) -> _Sign:
    """The strongest, unless another one is newer; a question or an error counts more than `idle` beside it."""
    chosen = signs[0]
    for sign in signs[1:]:
        if chosen.who == "registry" and chosen.state == "ended":
            break
        newer = (sign.at or 0) > (chosen.at or 0) + SLACK_MS
        at_once = (sign.at or 0) >= (chosen.at or 0) - SLACK_MS
        tells_why = chosen.state == "idle" and sign.state in {"input", *_FAILED} and at_once
        refines = chosen.state == "thinking" and sign.state in WORKING
        if refines or tells_why or (newer and not _agree(chosen, sign)):
            chosen = sign
    return chosen


def _agree(chosen: _Sign, sign: _Sign) -> bool:
    """Whether the newer one says no more than the stronger one: a call that was made, while its permission is asked."""
    return chosen.state == sign.state or (chosen.state in ASKING and sign.state == "tool")


def _with_tool(
    chosen: _Sign, signs: list[_Sign], transcript: Transcript | None, hooks: HookLog | None
) -> Turn:
    """The chosen state with the tool it is about, and everything that was said, the decisive first."""
    evidence = (chosen.evidence, *(sign.evidence for sign in signs if sign is not chosen))
    tool, target, since = "", "", None
    if chosen.state in {"tool", "ended", *ASKING}:
        pending = transcript.tools.pending if transcript is not None else None
        if pending is not None:
            tool, target, since = pending.name, pending.target, pending.started
        elif hooks is not None and hooks.state in {"tool", *ASKING}:
            tool, target, since = hooks.tool, hooks.target, hooks.since
    waiting_for = chosen.waiting_for
    if chosen.state == "permission" and tool:
        waiting_for = permission_for(tool, target)
    elif chosen.state == "permission":
        waiting_for = waiting_for or "permission"
    elif chosen.state == "input":
        waiting_for = waiting_for or "an answer"
    alone = (
        chosen.state == "tool"
        and chosen.who == "transcript"
        and not any(s.who != "transcript" for s in signs)
    )
    unsure = alone and transcript is not None and transcript.unsure
    conflict = _conflict(chosen, signs[0])
    return Turn(chosen.state, chosen.since, unsure, tool, target, since, waiting_for, evidence, conflict)


def _conflict(chosen: _Sign, strongest: _Sign) -> str:
    """What was decided against the strongest witness: `by its transcript, against its registry: idle`."""
    refines = strongest.state == "thinking" and chosen.state in WORKING
    if chosen is strongest or refines or _agree(strongest, chosen):
        return ""
    return f"by its {chosen.who}, against its {strongest.who}: {strongest.text}"
