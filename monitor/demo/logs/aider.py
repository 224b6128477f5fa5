"""aider: `.aider.chat.history.md` in its worktree (seen with 0.86). A question stands there when it is answered."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from monitor.demo.logs.shapes import NOTHING_SAID

if TYPE_CHECKING:
    from monitor.demo.logs.shapes import Call, Clock, Setting, Usage

FILE: Final = ".aider.chat.history.md"
VERSION: Final = "0.86.1"
MODELS: Final = ("anthropic/claude-sonnet-4-5", "openai/gpt-4o")
_USD_PER_TOKEN: Final = (3e-6, 15e-6)
"""Of what is sent and received, as the program itself counts."""
_SIZE_LIMIT: Final = 2_000_000
"""Bytes after which the history begins anew, for a fleet that runs for days."""


class AiderLog:
    """A `Log`."""

    window = 32_000
    sure = True
    fails = limits = True
    asks = delegates = False

    def __init__(self, setting: Setting, clock: Clock) -> None:
        self._setting = setting
        self._clock = clock
        self._file = setting.worktree / FILE
        self._cost = 0.0
        self._taken = (0, 0)
        self._over = False

    def begin(self, session_id: str) -> None:
        """A new start of the program, which names no session."""
        del session_id
        started = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self._clock.now() / 1000))
        model = MODELS[self._setting.model % len(MODELS)]
        self._cost = 0.0
        if self._file.exists() and self._file.stat().st_size > _SIZE_LIMIT:
            self._file.unlink()
        self._write(
            f"\n# aider chat started at {started}\n",
            f"> Aider v{VERSION}  ",
            f"> Main model: {model} with diff edit format, infinite output  ",
            "> Git repo: .git with 78 files  \n",
        )

    def live(self) -> None:
        """Aider registers itself nowhere."""

    def prompt(self, text: str) -> None:
        """A person gives a task."""
        self._over = False
        self._write(f"\n#### {text}  \n")

    def answer(self, usage: Usage, *, over: bool) -> None:
        """The model says something; what its answers took stands at the end of the turn."""
        self._take(usage)
        if over:
            self._end_turn()

    def call(self, call: Call, usage: Usage, *, waits: bool = False) -> None:
        """An edit or a command follows from the answer; what it is stands there when it is done."""
        del call, waits
        if self._over:
            self.prompt("Go on.")
        self._take(usage)

    def result(self, call: Call, *, ok: bool) -> None:
        """The edit is applied, which ends a turn, or the command has run."""
        if call.action == "edit":
            self._end_turn()
            self._write(f"> Applied edit to {call.target}  ")
        elif call.action == "run":
            asked = "> Run shell command? (Y)es/(N)o/(D)on't ask again [Yes]: y  "
            self._write(asked, f"> Running {call.target}  ", *(() if ok else ("> Command failed  ",)))

    def failed(self) -> None:
        """The API answers with an error."""
        self._write("> litellm.InternalServerError: overloaded  ")

    def limited(self, until: int) -> None:
        """The usage limit is reached; until when is not written."""
        del until
        self._write("> litellm.RateLimitError: too many requests  ")

    def compact(self) -> None:
        """Aider sums up without a word."""

    def spawn(self, call: Call, session_id: str, usage: Usage) -> None:
        """Aider has no sub-agents."""

    def join(self, session_id: str, usage: Usage) -> None:
        """Aider has no sub-agents."""

    def forget(self, session_id: str) -> None:
        """One file holds them all, and begins anew when it is large."""

    def _take(self, usage: Usage) -> None:
        self._taken = (self._taken[0] + usage.context, self._taken[1] + usage.output)

    def _end_turn(self) -> None:
        sent, received = self._taken
        cost = sent * _USD_PER_TOKEN[0] + received * _USD_PER_TOKEN[1]
        self._cost += cost
        self._taken, self._over = (0, 0), True
        took = f"Cost: ${cost:.4f} message, ${self._cost:.2f} session."
        self._write(
            f"{NOTHING_SAID}\n", f"> Tokens: {_short(sent)} sent, {_short(received)} received. {took}  "
        )

    def _write(self, *texts: str) -> None:
        with self._file.open("a", encoding="utf-8") as stream:
            stream.write("".join(f"{text}\n" for text in texts))


def _short(count: int) -> str:
    """A number as the program writes it: `730`, `4.1k`, `16k`."""
    if count < 1_000:
        return str(count)
    return f"{count / 1_000:.1f}k" if count < 10_000 else f"{round(count / 1_000)}k"
