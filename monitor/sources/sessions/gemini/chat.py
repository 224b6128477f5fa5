"""What one chat file has told so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from monitor.model import Evidence, Millis, Session, Subagent, TokenCounts, ToolOutcome, TurnState
from monitor.sources.sessions.gemini.lines import ARGUMENTS, CALLS, CHANGE, MESSAGES, Arguments, Call, Line
from monitor.sources.sessions.ledger import NAME_LIMIT, ToolLedger, UsageLedger
from monitor.sources.sessions.targets import path_target, program_of
from monitor.sources.values import as_count, as_text, as_time

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

KIND: Final = "gemini"
_WINDOW: Final = 1_048_576
"""Tokens that fit into the window of every Gemini model since 1.5 (the models' own documentation)."""
_MESSAGES_LIMIT: Final = 20_000
"""Messages whose tokens are remembered, to count a line that is written again once."""
_EDITS: Final = frozenset({"replace", "write_file", "edit"})
_OUTCOMES: Final[dict[Any, ToolOutcome]] = {"success": "ok", "error": "error", "cancelled": "denied"}
_LOOK: Final = 80
_NOTHING: Final = (b'""', b"null", b"[]", b"")
_BY_THE_PROGRAM: Final = (b'[{"text":"<session_context>', b'[{"functionResponse"', b'"<session_context>')
_CANCELLED: Final = b'"Request cancelled'


class Chat:
    """The state of one file. `take` is given its lines in order; the last line of an id counts."""

    def __init__(self, path: str, cwd: str | None, *, targets: bool) -> None:
        self.path = path
        self.cwd = cwd
        self._targets = targets
        self.session_id = ""
        self.project_hash = ""
        parent = path.split("/")[-2]
        self.parent_id: str | None = None if parent == "chats" else parent
        """The session that started it as a sub-agent."""
        self.usage = UsageLedger()
        self._tools = ToolLedger()
        self._counted: dict[str, tuple[Millis | None, str, TokenCounts]] = {}
        self._model = ""
        self._started: Millis | None = None
        self._updated: Millis | None = None
        self._context: int | None = None
        self._state: TurnState = "unknown"
        self._since: Millis | None = None
        self._why = "no turn yet"
        self._unsure = False
        self._error = ""
        self._errors = 0

    def take(self, records: list[Line]) -> None:
        """Take lines up; one that is not as it should be changes nothing."""
        for record in records:
            if record.session_id is not None and not self.session_id:
                self._begin(record)
            elif record.rewind_to is not None:
                self._set("idle", self._updated, "a person went back to an earlier message")
            elif bytes(memoryview(record.set)[:1]) == b"{":
                change = _decoded(CHANGE.decode, record.set)
                if change is not None:
                    self._take_messages(change.messages)
            else:
                self._take_message(record)

    def _begin(self, line: Line) -> None:
        self.session_id = as_text(line.session_id, NAME_LIMIT)
        self.project_hash = as_text(line.project_hash, NAME_LIMIT)
        self._started = as_time(line.start_time)
        self._updated = self._started
        self._set("idle", self._started, "the session began")
        self._take_messages(line.messages)

    def _take_messages(self, messages: msgspec.Raw) -> None:
        for message in _decoded(MESSAGES.decode, messages) or []:
            self._take_message(message)

    # --- messages -----------------------------------------------------------------------------------------------

    def _take_message(self, line: Line) -> None:
        at = as_time(line.timestamp)
        number = as_text(line.id, NAME_LIMIT)
        if not number or not isinstance(line.type, str):
            return
        if at is not None:
            self._updated = max(self._updated or at, at)
        start = bytes(memoryview(line.content)[:_LOOK])
        if line.type == "gemini":
            self._take_answer(line, number, at, empty=start in _NOTHING)
        elif line.type == "user":
            if not start.startswith(_BY_THE_PROGRAM):
                self._set("thinking", at, "a person wrote")
            elif self._state == "tool":
                self._set("thinking", at, "the tool has ended")
        elif line.type == "error":
            self._errors += 1
            self._error = "the API answered with an error"
            self._set("error", at, self._error)
        elif line.type == "info" and start.startswith(_CANCELLED):
            self._set("idle", at, "the turn was interrupted")

    def _take_answer(self, line: Line, number: str, at: Millis | None, *, empty: bool) -> None:
        self._model = as_text(line.model, NAME_LIMIT) or self._model
        self._count(number, at, tokens_of(line.tokens))
        calls = _decoded(CALLS.decode, line.tool_calls) or []
        newest = at
        for call in calls:
            newest = self._called(call, at) or newest
        if newest is not None:
            self._updated = max(self._updated or newest, newest)
        if calls:
            self._set("thinking", newest, "the tool has ended")
        elif empty:
            self._set("tool", at, "an answer without words: a call that has not ended", unsure=True)
        else:
            self._set("idle", at, "the turn ended")

    def _count(self, number: str, at: Millis | None, tokens: TokenCounts) -> None:
        before = self._counted.get(number)
        if before is not None:
            self.usage.take_back(*before)
        elif len(self._counted) >= _MESSAGES_LIMIT:
            del self._counted[next(iter(self._counted))]
        self._counted[number] = (at, self._model, tokens)
        self.usage.add(at, self._model, tokens)
        if tokens.total:
            self._context = tokens.input + tokens.cache_read

    def _called(self, call: Call, at: Millis | None) -> Millis | None:
        """A call that has ended; when."""
        number, name = as_text(call.id, NAME_LIMIT), as_text(call.name, NAME_LIMIT)
        outcome = _OUTCOMES.get(call.status) if isinstance(call.status, str) else None
        if not number or not name:
            return None
        given = _decoded(ARGUMENTS.decode, call.args) or Arguments()
        path = given.file_path or given.absolute_path or given.path or given.dir_path
        command = given.command if isinstance(given.command, str) else ""
        target = path_target(path, self.cwd) if path else program_of(command)
        known = self._tools.known(number)
        self._tools.begin(number, name, target if self._targets else "", at)
        ended = as_time(call.timestamp)
        if outcome is not None:
            self._tools.end(number, ended, outcome)
            if outcome == "ok" and name in _EDITS and not known:
                self._tools.edited(target if self._targets else "")
        return ended

    def _set(self, state: TurnState, at: Millis | None, why: str, *, unsure: bool = False) -> None:
        if state != self._state or state == "tool":
            self._since = at
        self._state, self._why, self._unsure = state, why, unsure

    # --- the record ---------------------------------------------------------------------------------------------

    @property
    def newest(self) -> Millis:
        """Time of its newest line; 0 when none has any."""
        return self._updated or 0

    def session(self, children: tuple[Chat, ...]) -> Session:
        """The session as it is now, with its sub-agents."""
        usage = self.usage
        for child in children:
            usage = usage.merge(child.usage)
        return Session(
            kind=KIND,
            session_id=self.session_id,
            model=self._model,
            cwd=self.cwd,
            started=self._started,
            updated=max(one.newest for one in (self, *children)) or None,
            turn_state=self._state,
            state_since=self._since,
            unsure=self._unsure,
            tool_since=self._since if self._state == "tool" else None,
            error=self._error if self._state == "error" else "",
            tokens=usage.total,
            usage=usage.models(),
            hours=usage.hours(),
            context_used=self._context,
            context_size=_WINDOW if self._model.startswith("gemini") else None,
            calls=self._tools.calls(),
            tools=self._tools.stats(),
            edits=self._tools.edits(),
            edit_count=self._tools.edit_count,
            errors=self._errors,
            subagents=tuple(child.as_subagent() for child in children),
            evidence=(Evidence(kind="log", at=self._since, text=f"chat: {self._why}"),),
        )

    def as_subagent(self) -> Subagent:
        """The same as a part of the session that started it."""
        return Subagent(
            session_id=self.session_id,
            turn_state=self._state,
            started=self._started,
            updated=self._updated,
            tokens=self.usage.total,
        )


def tokens_of(tokens: Any) -> TokenCounts:
    """Gemini counts what came from the cache as input as well, and thoughts beside the output."""
    if not isinstance(tokens, dict):
        return TokenCounts()
    count = {
        name: as_count(tokens.get(name)) or 0 for name in ("input", "output", "cached", "thoughts", "tool")
    }
    return TokenCounts(
        input=max(0, count["input"] - count["cached"]) + count["tool"],
        output=count["output"] + count["thoughts"],
        cache_read=count["cached"],
        reasoning=count["thoughts"],
    )


def _decoded(decode: Callable[[msgspec.Raw], T], raw: msgspec.Raw) -> T | None:
    try:
        return decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
