"""goose: its database, which all of its processes share."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from monitor.demo.logs.database import Database
from monitor.demo.logs.shapes import NOTHING_SAID

if TYPE_CHECKING:
    from monitor.demo.logs.shapes import Call, Clock, Setting, Usage

MODELS: Final = ("gpt-4o", "gpt-4.1")
_WORDS: Final = {"type": "text", "text": NOTHING_SAID}


class GooseLog:
    """A `Log`."""

    window = 128_000
    sure = False
    fails = limits = asks = delegates = False

    def __init__(self, setting: Setting, clock: Clock) -> None:
        self._setting = setting
        self._clock = clock
        file = setting.home / ".local" / "share" / "goose" / "sessions" / "sessions.db"
        self._db = Database(file, setting.sql / "demo" / "goose.sql")
        self._session = ""

    def begin(self, session_id: str) -> None:
        """A new session."""
        self._session = session_id
        model = {"model_name": MODELS[self._setting.model % len(MODELS)], "context_limit": self.window}
        directory = str(self._setting.worktree)
        with self._db.writing():
            self._db.run(
                "add_session", id=session_id, directory=directory, model=json.dumps(model), now=self._now()
            )

    def live(self) -> None:
        """Goose registers itself nowhere."""

    def prompt(self, text: str) -> None:
        """A person gives a task."""
        self._say("user", {"type": "text", "text": text})

    def answer(self, usage: Usage, *, over: bool) -> None:
        """The model says something; with words alone a turn ends."""
        if over:
            self._say("assistant", _WORDS, usage=usage)

    def call(self, call: Call, usage: Usage, *, waits: bool = False) -> None:
        """The model calls a tool; a confirmation is a part of the same conversation."""
        name = "developer__text_editor" if call.action in {"read", "edit"} else "developer__shell"
        request = {"status": "success", "value": {"name": name, "arguments": self._arguments(call)}}
        self._say(
            "assistant", _WORDS, {"type": "toolRequest", "id": call.id, "toolCall": request}, usage=usage
        )
        if waits:
            asked = {"type": "toolConfirmationRequest", "id": call.id, "toolName": name}
            self._say("user", {**asked, "arguments": {}, "prompt": None})

    def result(self, call: Call, *, ok: bool) -> None:
        """The call has ended."""
        value = {"content": [_WORDS], "isError": not ok}
        told = {"status": "success", "value": value}
        self._say("user", {"type": "toolResponse", "id": call.id, "toolResult": told})

    def failed(self) -> None:
        """Goose writes nothing of an error."""

    def limited(self, until: int) -> None:
        """Goose writes nothing of a limit."""

    def compact(self) -> None:
        """The summary takes the place of what was said."""
        self._say("user", _WORDS)

    def spawn(self, call: Call, session_id: str, usage: Usage) -> None:
        """Its sub-agents are not told of."""

    def join(self, session_id: str, usage: Usage) -> None:
        """Its sub-agents are not told of."""

    def forget(self, session_id: str) -> None:
        """Remove a session."""
        with self._db.writing():
            self._db.run("drop_messages", id=session_id)
            self._db.run("drop_session", id=session_id)

    def _arguments(self, call: Call) -> dict[str, Any]:
        path = str(self._setting.worktree / call.target)
        match call.action:
            case "read":
                return {"command": "view", "path": path}
            case "edit":
                changed = {"old_str": NOTHING_SAID, "new_str": NOTHING_SAID}
                return {"command": "str_replace", "path": path, **changed}
            case _:
                return {"command": call.target}

    def _say(self, role: str, *parts: dict[str, Any], usage: Usage | None = None) -> None:
        content, seconds = json.dumps(parts), self._clock.now() // 1000
        with self._db.writing():
            self._db.run("add_message", session=self._session, role=role, content=content, seconds=seconds)
            self._db.run("touch_session", id=self._session, now=self._now())
            if usage is not None:
                self._db.run(
                    "count_tokens",
                    id=self._session,
                    context=usage.context + usage.output,
                    input=usage.context,
                    output=usage.output,
                    cached=usage.cached,
                    written=usage.written,
                )

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock.now() / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
