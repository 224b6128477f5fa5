"""opencode: its database, which all of its processes share (seen with 1.18)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from monitor.demo.logs.database import Database
from monitor.demo.logs.shapes import NOTHING_SAID

if TYPE_CHECKING:
    from monitor.demo.logs.shapes import Call, Clock, Setting, Usage

VERSION: Final = "1.18.33"
MODELS: Final = ("claude-sonnet-4-5", "gpt-5")
_TOOLS: Final = {"read": "read", "edit": "edit", "run": "bash", "question": "question", "delegate": "task"}
_USD_PER_TOKEN: Final = (3e-6, 15e-6, 0.3e-6, 3.75e-6)
"""Of input, output, and what came from the cache and went into it, as the program itself counts."""


class OpencodeLog:
    """A `Log`."""

    window = 200_000
    sure = False
    fails = asks = delegates = True
    limits = False

    def __init__(self, setting: Setting, clock: Clock) -> None:
        self._setting = setting
        self._clock = clock
        file = setting.home / ".local" / "share" / "opencode" / "opencode.db"
        self._db = Database(file, setting.sql / "demo" / "opencode.sql")
        self._session = ""
        self._messages = 0
        self._answer: tuple[str, dict[str, Any]] = ("", {})
        self._started: dict[str, int] = {}

    def begin(self, session_id: str) -> None:
        """A new session."""
        self._session = session_id
        with self._db.writing():
            self._open(session_id, None, "build")

    def live(self) -> None:
        """Opencode registers itself nowhere."""

    def prompt(self, text: str) -> None:
        """A person gives a task."""
        with self._db.writing():
            number = self._put(self._next(), {"role": "user"})
            self._put_part(f"{number}-text", number, {"type": "text", "text": text})

    def answer(self, usage: Usage, *, over: bool) -> None:
        """The model says something."""
        with self._db.writing():
            if over:
                self._put(self._next(), self._answered(usage, "stop"))

    def call(self, call: Call, usage: Usage, *, waits: bool = False) -> None:
        """The model calls a tool; whether it waits for a permission is only in the program's memory."""
        del waits
        now = self._clock.now()
        self._started[call.id] = now
        with self._db.writing():
            number = self._put(self._next(), self._assistant(now))
            self._answer = (number, self._answered(usage, "tool-calls"))
            self._put_part(call.id, number, self._tool(call, "running", start=now))

    def result(self, call: Call, *, ok: bool) -> None:
        """The call has ended, and with it the model's message."""
        now = self._clock.now()
        times = {"start": self._started.pop(call.id, now), "end": now}
        number, message = self._answer
        with self._db.writing():
            self._put_part(call.id, number, self._tool(call, "completed" if ok else "error", **times))
            message["time"]["completed"] = now
            self._put(number, message)

    def failed(self) -> None:
        """The API answers with an error."""
        with self._db.writing():
            error = {"name": "APIError", "data": {"message": NOTHING_SAID}}
            self._put(self._next(), self._assistant(self._clock.now()) | {"error": error})

    def limited(self, until: int) -> None:
        """A limit is an error like others."""

    def compact(self) -> None:
        """The context is summed up by a message of its own."""
        with self._db.writing():
            self._put(self._next(), {"role": "user"})

    def spawn(self, call: Call, session_id: str, usage: Usage) -> None:
        """A sub-agent is a session with a parent."""
        with self._db.writing():
            self._open(session_id, self._session, call.target)
            self._put(self._next(), {"role": "user"}, session_id)
            self._put(self._next(), self._answered(usage, "tool-calls"), session_id)

    def join(self, session_id: str, usage: Usage) -> None:
        """The sub-agent is done."""
        with self._db.writing():
            self._put(self._next(), self._answered(usage, "stop"), session_id)

    def forget(self, session_id: str) -> None:
        """Remove a session and its sub-agents."""
        with self._db.writing():
            for name in ("drop_parts", "drop_messages", "drop_sessions"):
                self._db.run(name, id=session_id)

    def _open(self, session_id: str, parent: str | None, role: str) -> None:
        values = {"directory": str(self._setting.worktree), "version": VERSION, "agent": role}
        self._db.run("add_session", id=session_id, parent=parent, now=self._clock.now(), **values)

    def _next(self) -> str:
        self._messages += 1
        return f"msg_{self._session}_{self._messages:06}"

    def _assistant(self, at: int) -> dict[str, Any]:
        model = MODELS[self._setting.model % len(MODELS)]
        return {"role": "assistant", "modelID": model, "cost": 0, "time": {"created": at}}

    def _answered(self, usage: Usage, finish: str) -> dict[str, Any]:
        now = self._clock.now()
        counts = (usage.fresh, usage.output, usage.cached, usage.written)
        cost = sum(count * price for count, price in zip(counts, _USD_PER_TOKEN, strict=True))
        tokens = {
            "input": usage.fresh,
            "output": usage.output - usage.reasoning,
            "reasoning": usage.reasoning,
            "cache": {"read": usage.cached, "write": usage.written},
        }
        times = {"created": now, "completed": now}
        message = self._assistant(now) | {"cost": round(cost, 6), "finish": finish}
        return message | {"tokens": tokens, "time": times}

    def _tool(self, call: Call, status: str, **times: int) -> dict[str, Any]:
        path = str(self._setting.worktree / call.target)
        given: dict[str, Any] = {"filePath": path}
        if call.action == "run":
            given = {"command": call.target, "description": NOTHING_SAID}
        elif call.action == "question":
            given = {"questions": [NOTHING_SAID]}
        elif call.action == "delegate":
            given = {"subagent_type": call.target, "prompt": NOTHING_SAID}
        state: dict[str, Any] = {"status": status, "input": given, "time": times}
        if "end" in times:
            state["output"] = NOTHING_SAID
        return {"type": "tool", "tool": _TOOLS[call.action], "callID": call.id, "state": state}

    def _put(self, number: str, data: dict[str, Any], session_id: str = "") -> str:
        session, now = session_id or self._session, self._clock.now()
        self._db.run("put_message", id=number, session=session, now=now, data=json.dumps(data))
        self._db.run("touch_session", id=session, now=now)
        return number

    def _put_part(self, part: str, message: str, data: dict[str, Any]) -> None:
        self._db.run(
            "put_part",
            id=f"prt_{part}",
            message=message,
            session=self._session,
            now=self._clock.now(),
            data=json.dumps(data),
        )
