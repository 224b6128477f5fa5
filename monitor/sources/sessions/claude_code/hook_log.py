"""What the hooks of one session have told so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from monitor.model import ASKING
from monitor.sources.sessions.claude_code.shapes import QUESTIONS
from monitor.sources.sessions.hook_call import STATUS_LINE
from monitor.sources.sessions.hooks import Gauges, HookRecord, gauges_of
from monitor.sources.sessions.ledger import NAME_LIMIT
from monitor.sources.values import as_text, as_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.model import Millis, TurnState

_ASKS: Final = {"permission_prompt": "permission", "elicitation_dialog": "input", "idle_prompt": "idle"}


class HookLog:
    """The state of one file of the spool. `take` is given its records in order.

    Hooks tell at once, but not all: an approval and an interruption bring none (claude-code issues 58198, 79651).
    """

    def __init__(self, session_id: str, *, targets: bool = True) -> None:
        self.session_id = session_id
        self._targets = targets
        self._after_summary: TurnState = "thinking"
        self.state: TurnState = "unknown"
        self.since: Millis | None = None
        self.at: Millis | None = None
        """Time of the newest record that tells of the turn."""
        self.why = ""
        self.tool = ""
        self.target = ""
        self.waiting_for = ""
        self.gauges: Gauges | None = None

    def take(self, records: list[HookRecord]) -> None:
        """Take records up; one that is not as it should be changes nothing."""
        for record in records:
            if record.event == STATUS_LINE:
                self.gauges = gauges_of(record)
            elif not record.agent_id and isinstance(record.event, str):
                handle = self._HANDLERS.get(record.event)
                if handle is not None:
                    handle(self, record, as_time(record.at))

    def _tool_called(self, record: HookRecord, at: Millis | None) -> None:
        name = self._take_tool(record)
        if name in QUESTIONS:
            self._asks(name, at)
        else:
            self._set("tool", at, f"{name} was called")

    def _asks(self, name: str, at: Millis | None) -> None:
        self._set("input", at, f"{name} asks for {QUESTIONS[name]}", QUESTIONS[name])

    def _asks_permission(self, record: HookRecord, at: Millis | None) -> None:
        name = self._take_tool(record)
        if name in QUESTIONS:
            self._asks(name, at)
            return
        self._set(
            "permission",
            at,
            f"{name} asks for a permission",
            f"permission: {name} {self.target}".rstrip(" :"),
        )

    def _notified(self, record: HookRecord, at: Millis | None) -> None:
        kind = as_text(record.notification_type, NAME_LIMIT)
        state = _ASKS.get(kind)
        if state == "permission" and self.state != "permission":
            self._set("permission", at, "a permission is asked for", "permission")
        elif state == "input":
            self._dialog_opened(record, at)
        elif state == "idle" and self.state not in ASKING:
            self._set("idle", at, "it waits for what comes next")

    def _dialog_opened(self, _record: HookRecord, at: Millis | None) -> None:
        self._set("input", at, "a dialog is open", "an answer")

    def _tool_ended(self, _record: HookRecord, at: Millis | None) -> None:
        self._set("thinking", at, "the tool has ended")

    def _person_wrote(self, _record: HookRecord, at: Millis | None) -> None:
        self._set("thinking", at, "a person wrote")

    def _turn_ended(self, _record: HookRecord, at: Millis | None) -> None:
        self._set("idle", at, "the turn ended")

    def _turn_failed(self, record: HookRecord, at: Millis | None) -> None:
        if record.reason == "rate_limit":
            self._set("limited", at, "the turn ended at a limit")
        else:
            self._set("error", at, "the turn ended with an error")

    def _compacting(self, record: HookRecord, at: Millis | None) -> None:
        self._after_summary = "idle" if record.reason == "manual" else "thinking"
        self._set("compacting", at, "the context is being summed up")

    def _summed_up(self, _record: HookRecord, at: Millis | None) -> None:
        self._set(self._after_summary, at, "the context was summed up")

    def _began(self, record: HookRecord, at: Millis | None) -> None:
        if record.reason == "compact":  # a session begins anew in the middle of a turn
            self._summed_up(record, at)
        else:
            self._set("idle", at, "the session began")

    def _session_ended(self, _record: HookRecord, at: Millis | None) -> None:
        self._set("ended", at, "the session was closed")

    def _take_tool(self, record: HookRecord) -> str:
        self.tool = as_text(record.tool_name, NAME_LIMIT)
        self.target = as_text(record.target) if self._targets else ""
        return self.tool or "a tool"

    def _set(self, state: TurnState, at: Millis | None, why: str, waiting_for: str = "") -> None:
        if state != self.state or state == "tool":
            self.since = at
        self.state, self.at, self.why, self.waiting_for = state, at, why, waiting_for

    _HANDLERS: ClassVar[dict[str, Callable[[HookLog, HookRecord, Millis | None], None]]] = {
        "PreToolUse": _tool_called,
        "PermissionRequest": _asks_permission,
        "Notification": _notified,
        "Elicitation": _dialog_opened,
        "PostToolUse": _tool_ended,
        "PostToolUseFailure": _tool_ended,
        "PermissionDenied": _tool_ended,
        "ElicitationResult": _tool_ended,
        "UserPromptSubmit": _person_wrote,
        "PostCompact": _summed_up,
        "Stop": _turn_ended,
        "StopFailure": _turn_failed,
        "PreCompact": _compacting,
        "SessionStart": _began,
        "SessionEnd": _session_ended,
    }
