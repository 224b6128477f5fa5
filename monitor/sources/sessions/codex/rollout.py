"""What one rollout file has told so far."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec

from monitor.model import Millis, Quota, Session, Subagent, ToolCall, ToolOutcome, TurnState
from monitor.model.conclusions import Evidence
from monitor.sources.sessions.codex import lines
from monitor.sources.sessions.codex.shapes import (
    COUNTS,
    LIMIT_REACHED,
    arguments_of,
    command_of,
    duration_ms,
    error_kind,
    escalates,
    exit_outcome,
    outcome_of,
    parent_of,
    quota_of,
    tokens_of,
)
from monitor.sources.sessions.ledger import NAME_LIMIT, ToolLedger, UsageLedger
from monitor.sources.sessions.refine import permission_for
from monitor.sources.sessions.targets import absolute_path, path_target, program_of
from monitor.sources.values import as_count, as_text, as_time
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.sources.sessions.codex.lines import Completed, Context, Event, Item, Line, Meta, UsageRecord

_CALLS: Final = frozenset({"function_call", "custom_tool_call", "local_shell_call", "tool_search_call"})
_OUTPUTS: Final = frozenset({"function_call_output", "custom_tool_call_output", "tool_search_output"})
_QUESTIONS: Final = frozenset({"request_user_input", "request_permissions"})
"""Tools by which the model asks the person."""
_PATCH_FILE: Final = re.compile(r"^\*\*\* (?:Update|Add|Delete) File: (.{1,500})$", re.MULTILINE)
_PATCH_LOOK: Final = 200_000
_FORK_SLACK: Final = 1000
"""Milliseconds by which what a fork copied may seem newer than the fork."""


class Rollout:
    """The state of one file. `take` is given its lines in order."""

    def __init__(self, path: str, *, targets: bool) -> None:
        self.path = path
        self._targets = targets
        self.session_id = ""
        self.parent_id: str | None = None
        """The session that started it as a sub-agent."""
        self.role = ""
        self.usage = UsageLedger()
        self._tools = ToolLedger()
        self._meta_at: Millis | None = None
        self._forked = False
        self._cwd: str | None = None
        self._version = ""
        self._model = ""
        self._policy = ""
        self._counted: dict[str, int] = {}
        self._context: tuple[int | None, int | None] = (None, None)
        self._quotas: tuple[Quota, ...] = ()
        self._state: TurnState = "unknown"
        self._since: Millis | None = None
        self._escalates = False
        self._error = ""
        self._errors = 0
        self._updated: Millis | None = None
        self._evidence = ""

    # --- lines --------------------------------------------------------------------------------------------------

    def take(self, records: list[Line]) -> None:
        """Take lines up; one that is not as it should be changes nothing."""
        for record in records:
            handle = self._HANDLERS.get(record.type)
            if handle is None:
                continue
            at = as_time(record.timestamp)
            try:
                handle(self, record.payload, at)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            if at is not None:
                self._updated = max(self._updated or at, at)

    def _take_meta(self, payload: msgspec.Raw, at: Millis | None) -> None:
        meta: Meta = lines.META.decode(payload)
        if self.session_id:
            # What a fork copies begins with the session that it was forked from.
            self._forked = self._forked or (meta.id or meta.session_id) != self.session_id
            return
        self.session_id = clean(meta.id or meta.session_id, NAME_LIMIT)
        self._meta_at = as_time(meta.timestamp) or at
        self._forked = bool(meta.forked_from_id)
        self._cwd = absolute_path(meta.cwd)
        self._version = as_text(meta.cli_version, NAME_LIMIT)
        self.parent_id, self.role = parent_of(meta)
        self._set_state("idle", self._meta_at, "the session began")

    def _take_context(self, payload: msgspec.Raw, _at: Millis | None) -> None:
        context: Context = lines.CONTEXT.decode(payload)
        self._cwd = absolute_path(context.cwd) or self._cwd
        self._model = as_text(context.model, NAME_LIMIT) or self._model
        self._policy = as_text(context.approval_policy, NAME_LIMIT)

    def _take_item(self, payload: msgspec.Raw, at: Millis | None) -> None:
        item: Item = lines.ITEM.decode(payload)
        call_id = as_text(item.call_id, NAME_LIMIT)
        if item.type in _CALLS and call_id:
            name = as_text(item.name, NAME_LIMIT) or item.type.removesuffix("_call")
            for path in self._patched(item):
                self._tools.edited(path)
            self._tools.begin(call_id, name, self._target(item), at)
            self._escalates = escalates(item)
            self._set_state(
                "tool", at, f"{name} was called" + (", beyond the sandbox" if self._escalates else "")
            )
        elif item.type in _OUTPUTS and call_id:
            self._end_call(call_id, at, outcome_of(item))
        elif item.type == "web_search_call":
            self._tools.begin(f"web:{at}", "web_search", "", at)
            self._tools.end(f"web:{at}", at, "ok")
        elif item.type in {"reasoning", "message"} and self._state not in {"tool", "idle"}:
            self._set_state("thinking", self._since or at, "the model answers")

    def _take_event(self, payload: msgspec.Raw, at: Millis | None) -> None:
        event: Event = lines.EVENT.decode(payload)
        handle = self._EVENTS.get(event.type)
        if handle is not None:
            handle(self, event, at)

    def _take_usage(self, payload: msgspec.Raw, at: Millis | None) -> None:
        record: UsageRecord = lines.USAGE.decode(payload)
        self._count(record.thread_token_usage, at)

    def _take_compacted(self, _payload: msgspec.Raw, at: Millis | None) -> None:
        self._evidence = "the context was summed up"
        self._context = (None, self._context[1])
        self._updated = at or self._updated

    # --- events -------------------------------------------------------------------------------------------------

    def _turn_started(self, event: Event, at: Millis | None) -> None:
        started = as_time(event.started_at)
        if self._forked and self._meta_at is not None:
            begun = started + 1000 if started is not None else at
            if begun is not None and begun + _FORK_SLACK > self._meta_at + (
                0 if started else 2 * _FORK_SLACK
            ):
                self._forked = False
        size = as_count(event.model_context_window)
        self._context = (self._context[0], size or self._context[1])
        self._error = ""
        self._set_state("thinking", at, "a turn began")

    def _turn_ended(self, event: Event, at: Millis | None) -> None:
        self._tools.drop()
        aborted = event.type in {"turn_aborted", "TurnAborted"}
        if not aborted and self._state in {"error", "limited"}:
            return
        self._set_state("idle", at, "the turn was interrupted" if aborted else "the turn ended")

    def _user_spoke(self, _event: Event, at: Millis | None) -> None:
        self._set_state("thinking", at, "a person wrote")

    def _token_count(self, event: Event, at: Millis | None) -> None:
        info = event.info if isinstance(event.info, dict) else {}
        self._count(info.get("total_token_usage"), at)
        last = info.get("last_token_usage")
        size = as_count(info.get("model_context_window")) or self._context[1]
        used = as_count(last.get("total_tokens")) if isinstance(last, dict) else None
        self._context = (used if used is not None else self._context[0], size)
        self._take_limits(event.rate_limits, at)

    def _item_completed(self, event: Event, at: Millis | None) -> None:
        item: Completed = lines.COMPLETED.decode(event.item)
        call_id = as_text(item.id, NAME_LIMIT)
        if item.type == "CommandExecution" and call_id:
            self._end_call(
                call_id, at, exit_outcome(item.status, item.exit_code), ms=duration_ms(item.duration)
            )

    def _call_ended(self, event: Event, at: Millis | None) -> None:
        """`exec_command_end`, `mcp_tool_call_end`, `patch_apply_end`: written by some versions only."""
        call_id = as_text(event.call_id, NAME_LIMIT)
        failed = event.success is False or as_count(event.exit_code) not in (None, 0)
        self._end_call(call_id, at, "error" if failed else "ok")

    def _failed(self, event: Event, at: Millis | None) -> None:
        """An error; what it says in words may repeat what was asked, so that only its kind is kept."""
        self._errors += 1
        kind = error_kind(event.codex_error_info)
        if kind == LIMIT_REACHED:
            self._error = "the usage limit is reached"
            self._set_state("limited", at, self._error)
            return
        self._error = "the API answered with an error" + (f" ({kind.replace('_', ' ')})" if kind else "")
        self._set_state("error", at, self._error)

    def _compacting(self, _event: Event, at: Millis | None) -> None:
        self._set_state("compacting", at, "the context is being summed up")

    def _shut_down(self, _event: Event, at: Millis | None) -> None:
        self._tools.drop()
        self._set_state("ended", at, "the session was closed")

    # --- what they mean -----------------------------------------------------------------------------------------

    def _count(self, usage: Any, at: Millis | None) -> None:
        """Tokens of the whole thread so far: what they are more than at the last count is new.

        A count that fell began anew; what a fork copied was counted in the session that it came from.
        """
        if not isinstance(usage, dict):
            return
        now = {name: as_count(usage.get(name)) or 0 for name in COUNTS}
        before = self._counted if now["total_tokens"] >= self._counted.get("total_tokens", 0) else {}
        self._counted = now
        if not self._forked:
            self.usage.add(
                at, self._model, tokens_of({name: now[name] - before.get(name, 0) for name in COUNTS})
            )

    def _take_limits(self, limits: Any, at: Millis | None) -> None:
        if not isinstance(limits, dict):
            return
        quotas = tuple(
            quota
            for name in ("primary", "secondary")
            if (quota := quota_of(name, limits.get(name), at)) is not None
        )
        self._quotas = quotas or self._quotas
        if limits.get("rate_limit_reached_type"):
            self._error = "the usage limit is reached"
            self._set_state("limited", at, self._error)

    def _end_call(
        self, call_id: str, at: Millis | None, outcome: ToolOutcome, *, ms: Millis | None = None
    ) -> None:
        self._tools.end(call_id, at, outcome, ms=ms)
        if self._state == "tool" and self._tools.pending is None:
            self._set_state("thinking", at, "the tool has ended")

    def _set_state(self, state: TurnState, at: Millis | None, why: str) -> None:
        if state != self._state or state == "tool":
            self._since = at
        self._state, self._evidence = state, why

    def _target(self, item: Item) -> str:
        if not self._targets:
            return ""
        patched = self._patched(item)
        if patched:
            return patched[0]
        if isinstance(item.action, dict):
            return program_of(command_of(item.action.get("command")))
        arguments = arguments_of(item.arguments)
        path = arguments.get("path") or arguments.get("file_path")
        command = arguments.get("cmd") or arguments.get("command")
        return path_target(path, self._cwd) if path else program_of(command_of(command))

    def _patched(self, item: Item) -> list[str]:
        """The files that a patch names; nothing else of it is looked at."""
        text = item.input if isinstance(item.input, str) else item.arguments
        if not isinstance(text, str) or "*** " not in text[:_PATCH_LOOK]:
            return []
        text = text[:_PATCH_LOOK] if isinstance(item.input, str) else text[:_PATCH_LOOK].replace("\\n", "\n")
        paths = [path_target(found.strip(), self._cwd) for found in _PATCH_FILE.findall(text)]
        return paths if self._targets else [""] * len(paths)

    # --- the record ---------------------------------------------------------------------------------------------

    def session(self, children: tuple[Rollout, ...]) -> Session:
        """The session as it is now, with its sub-agents."""
        usage = self.usage
        for child in children:
            usage = usage.merge(child.usage)
        pending = self._tools.pending if self._state == "tool" else None
        asks = pending is not None and pending.name in _QUESTIONS
        state: TurnState = "input" if asks else self._state
        newest = max(one.newest for one in (self, *children))
        evidence = [Evidence(kind="log", at=self._since, text=f"rollout: {self._evidence}")]
        unsure = state == "tool" and self._policy != "never"
        if unsure:
            text = "rollout: a call without an end; Codex does not write whether it waits for an approval"
            evidence.append(Evidence(kind="log", at=self._since, text=text))
        return Session(
            kind="codex",
            session_id=self.session_id,
            model=self._model,
            version=self._version,
            cwd=self._cwd,
            started=self._meta_at,
            updated=newest or None,
            turn_state=state,
            state_since=self._since,
            unsure=unsure,
            tool=pending.name if pending else "",
            tool_target=pending.target if pending else "",
            tool_since=pending.started if pending else None,
            waiting_for=self._waits_for(pending, asks=asks, unsure=unsure),
            waiting_since=self._since if asks else None,
            limited_until=self._limited_until(),
            error=self._error if state in {"error", "limited"} else "",
            tokens=usage.total,
            usage=usage.models(),
            hours=usage.hours(),
            context_used=self._context[0],
            context_size=self._context[1],
            calls=self._tools.calls(),
            tools=self._tools.stats(),
            edits=self._tools.edits(),
            edit_count=self._tools.edit_count,
            errors=self._errors,
            quotas=self._quotas,
            subagents=tuple(child.as_subagent() for child in children),
            evidence=tuple(evidence),
        )

    def _waits_for(self, pending: ToolCall | None, *, asks: bool, unsure: bool) -> str:
        """What a person has to give, if the call waits for one."""
        if asks:
            return "an answer"
        return permission_for(pending.name, pending.target) if pending and unsure and self._escalates else ""

    def as_subagent(self) -> Subagent:
        """The same as a part of the session that started it."""
        return Subagent(
            session_id=self.session_id,
            kind=self.role,
            turn_state=self._state,
            started=self._meta_at,
            updated=self._updated,
            tokens=self.usage.total,
        )

    @property
    def newest(self) -> Millis:
        """Time of its newest line; 0 when none has any."""
        return self._updated or 0

    def _limited_until(self) -> Millis | None:
        if self._state != "limited":
            return None
        full = [quota.resets_at for quota in self._quotas if quota.used_percent >= 100 and quota.resets_at]
        return max(full, default=None)

    _HANDLERS: ClassVar[dict[str, Callable[[Rollout, msgspec.Raw, Millis | None], None]]] = {
        "session_meta": _take_meta,
        "turn_context": _take_context,
        "response_item": _take_item,
        "event_msg": _take_event,
        "token_usage_record": _take_usage,
        "compacted": _take_compacted,
    }
    _EVENTS: ClassVar[dict[str, Callable[[Rollout, Event, Millis | None], None]]] = {
        "task_started": _turn_started,
        "turn_started": _turn_started,
        "TurnStarted": _turn_started,
        "task_complete": _turn_ended,
        "turn_complete": _turn_ended,
        "TurnComplete": _turn_ended,
        "turn_aborted": _turn_ended,
        "TurnAborted": _turn_ended,
        "user_message": _user_spoke,
        "UserMessage": _user_spoke,
        "token_count": _token_count,
        "TokenCount": _token_count,
        "item_completed": _item_completed,
        "exec_command_end": _call_ended,
        "mcp_tool_call_end": _call_ended,
        "patch_apply_end": _call_ended,
        "error": _failed,
        "stream_error": _failed,
        "context_compaction_started": _compacting,
        "shutdown_complete": _shut_down,
    }
