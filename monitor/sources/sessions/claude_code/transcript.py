"""What one transcript file has told so far: of a session, or of a sub-agent of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import msgspec

from monitor.model import Millis, Subagent, TokenCounts, TurnState
from monitor.sources.sessions.claude_code.lines import MESSAGE, Block, Line, Message
from monitor.sources.sessions.claude_code.shapes import (
    QUESTIONS,
    begins,
    blocks_of,
    edited_path,
    input_of,
    is_interruption,
    is_rejection,
    is_synthetic,
    resets_at,
    target_of,
    tokens_of,
)
from monitor.sources.sessions.ledger import NAME_LIMIT, ToolLedger, UsageLedger
from monitor.sources.sessions.targets import absolute_path
from monitor.sources.values import as_count, as_text, as_time
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.sources.sessions.claude_code.answers import Answers

_LIMITED: Final = 429
_OVER: Final = frozenset({"end_turn", "stop_sequence", "max_tokens", "refusal"})
"""Reasons to stop after which the model says no more in this turn."""
_FREE: Final = "bypassPermissions"
"""The mode in which nothing has to be permitted."""
_EDITS_PENDING: Final = 200


class Transcript:
    """The state of one file. `take` is given its lines in order.

    `session_id` is the session that the file is of, as its name says; `aside` says that it is a sub-agent's.
    """

    def __init__(self, session_id: str, answers: Answers, *, aside: bool, targets: bool) -> None:
        self.session_id = session_id
        self.aside = aside
        self.agent_id = ""
        self.agent_type = ""
        self._answers = answers
        self._targets = targets
        self.usage = UsageLedger()
        self.tools = ToolLedger()
        self._edits: dict[str, str] = {}
        self.cwd: str | None = None
        self.version = ""
        self.model = ""
        self.started: Millis | None = None
        self.updated: Millis | None = None
        """Time of its newest line."""
        self.state: TurnState = "unknown"
        self.since: Millis | None = None
        self.state_at: Millis | None = None
        """Time of the newest line that told of the turn."""
        self.why = "no turn yet"
        self.unsure = False
        """A call without an end may wait for a permission."""
        self.error = ""
        self.errors = 0
        self.limited_until: Millis | None = None
        self.context: int | None = None
        self._compacted = False
        self._mode = ""

    # --- lines --------------------------------------------------------------------------------------------------

    def take(self, records: list[Line]) -> None:
        """Take lines up; one that is not as it should be changes nothing."""
        for record in records:
            at = as_time(record.timestamp)
            if at is not None:
                self.started = min(self.started or at, at)
                self.updated = max(self.updated or at, at)
            self.cwd = absolute_path(record.cwd) or self.cwd
            self.version = as_text(record.version, NAME_LIMIT) or self.version
            self._mode = as_text(record.permission_mode, NAME_LIMIT) or self._mode
            handle = self._HANDLERS.get(record.type) if isinstance(record.type, str) else None
            if handle is not None:
                handle(self, record, at)

    def _take_assistant(self, line: Line, at: Millis | None) -> None:
        message = _message(line)
        aside = self.aside or line.is_sidechain is True
        model = as_text(message.model, NAME_LIMIT)
        real = model and not model.startswith("<")  # <synthetic>: written by the program itself
        if real:
            tokens = tokens_of(message.usage)
            self._count(line, message, at, model, tokens, aside=aside)
            if aside is self.aside:
                self.model = model
                self._take_context(tokens)
        if aside is not self.aside:
            return  # an older version keeps its sub-agents' lines in the session's own file
        if line.is_api_error_message is True:
            self._failed(line, message, at)
            return
        if self.errors and real:
            self.error = ""
        called = False
        for block in blocks_of(message):
            if block.type == "tool_use" and isinstance(block.id, str):
                self._called(block, at)
                called = True
        if not called and self.tools.pending is None:
            over = message.stop_reason in _OVER
            self._set("idle" if over else "thinking", at, "the turn ended" if over else "the model answers")

    def _take_user(self, line: Line, at: Millis | None) -> None:
        if line.is_compact_summary is True:
            self._summed_up()
            return
        if line.is_meta is True or (line.is_sidechain is True) is not self.aside:
            return
        message = _message(line)
        if bytes(memoryview(message.content)[:1]) == b'"':
            self._spoken(begins(message.content), at)
            return
        for block in blocks_of(message):
            if block.type == "tool_result" and isinstance(block.tool_use_id, str):
                self._ended(block, at)
            elif block.type == "text":
                self._spoken(begins(block.text), at)

    def _take_system(self, line: Line, at: Millis | None) -> None:
        if line.subtype in {"turn_duration", "stop_hook_summary"} and self.tools.pending is None:
            if self.state not in {"error", "limited"}:
                self._set("idle", at, "the turn ended")
        elif line.subtype in {"compact_boundary", "microcompact_boundary"}:
            self._summed_up()
        elif line.subtype == "api_error":
            self.errors += 1
            self._set("thinking", at, "the API answered with an error, and is asked again")

    # --- what they mean -----------------------------------------------------------------------------------------

    def _count(
        self, line: Line, message: Message, at: Millis | None, model: str, tokens: TokenCounts, *, aside: bool
    ) -> None:
        number = as_text(message.id, NAME_LIMIT)
        if not number:
            self.usage.add(at, model, tokens)
            return
        key = (number, as_text(line.request_id, NAME_LIMIT))
        self._answers.count(key, self.usage, self.session_id, at=at, model=model, tokens=tokens, aside=aside)

    def _take_context(self, tokens: TokenCounts) -> None:
        """What the window holds: after a summary, what is written to the cache was read already (abtop issue 54)."""
        written = 0 if self._compacted else tokens.cache_write
        self._compacted = False
        if tokens.total:
            self.context = tokens.input + tokens.cache_read + written

    def _called(self, block: Block, at: Millis | None) -> None:
        name = as_text(block.name, NAME_LIMIT) or "tool"
        given = input_of(block)
        target = target_of(given, self.cwd) if self._targets else ""
        self.tools.begin(block.id, name, target, at)
        if (path := edited_path(name, given, self.cwd)) and len(self._edits) < _EDITS_PENDING:
            self._edits[block.id] = path
        if name in QUESTIONS:
            self._set("input", at, f"{name} asks for {QUESTIONS[name]}")
        else:
            self._set("tool", at, f"{name} was called", unsure=self._mode != _FREE)

    def _ended(self, block: Block, at: Millis | None) -> None:
        failed = block.is_error is True
        denied = failed and is_rejection(block)
        self.tools.end(block.tool_use_id, at, "denied" if denied else "error" if failed else "ok")
        path = self._edits.pop(block.tool_use_id, "")
        if path and not failed:
            self.tools.edited(path if self._targets else "")
        if self.tools.pending is None:
            self._set("thinking", at, "the call was refused" if denied else "the tool has ended")

    def _spoken(self, text: bytes, at: Millis | None) -> None:
        pending = self.tools.pending
        if pending is not None and at is not None and at < (pending.started or 0):
            return  # written behind what came after it
        if is_interruption(text):
            self.tools.drop()
            self._edits.clear()
            self._set("idle", at, "the turn was interrupted")
        elif not is_synthetic(text):
            self.tools.drop()
            self._set("thinking", at, "a task was given" if self.aside else "a person wrote")

    def _failed(self, line: Line, message: Message, at: Millis | None) -> None:
        self.errors += 1
        status = as_count(line.api_error_status)
        kind = as_text(line.error, NAME_LIMIT)
        self.tools.drop()
        texts = [block.text for block in blocks_of(message) if block.type == "text"]
        self.limited_until = next((until for text in texts if (until := resets_at(text)) is not None), None)
        if status == _LIMITED or kind == "rate_limit" or self.limited_until is not None:
            self.error = "the usage limit is reached"
            self._set("limited", at, self.error)
        else:
            self.error = f"API error {status}" if status else "the API answered with an error"
            self._set("error", at, self.error)

    def _summed_up(self) -> None:
        """The window holds a summary now; how large it is, the next answer tells."""
        self.context = None
        self._compacted = True

    def _set(self, state: TurnState, at: Millis | None, why: str, *, unsure: bool = False) -> None:
        if state != self.state or state == "tool":
            self.since = at
        self.state, self.why, self.unsure, self.state_at = state, why, unsure, at

    # --- the record ---------------------------------------------------------------------------------------------

    @property
    def newest(self) -> Millis:
        """Time of its newest line; 0 when none has any."""
        return self.updated or 0

    def as_subagent(self) -> Subagent:
        """The same as a part of the session that started it."""
        return Subagent(
            session_id=self.agent_id,
            kind=self.agent_type,
            turn_state=self.state,
            started=self.started,
            updated=self.updated,
            tokens=self.usage.total,
        )

    _HANDLERS: ClassVar[dict[str, Callable[[Transcript, Line, Millis | None], None]]] = {
        "assistant": _take_assistant,
        "user": _take_user,
        "system": _take_system,
    }


def _message(line: Line) -> Message:
    try:
        return MESSAGE.decode(line.message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Message()


def session_of(path: str) -> tuple[str, str]:
    """The session that a file is of, and the sub-agent, empty for the session itself."""
    parts = path.split("/")
    name = parts[-1].removesuffix(".jsonl")
    if len(parts) > 2 and parts[-2] == "subagents":
        return clean(parts[-3], NAME_LIMIT), clean(name.removeprefix("agent-"), NAME_LIMIT)
    return clean(name, NAME_LIMIT), ""
