"""What every kind of log is told: calls, tokens, where it stands, and what time it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Action = Literal["read", "edit", "run", "question", "delegate"]

NOTHING_SAID: Final = "(The demo's agents have nothing to say.)"
"""Stands where a real log holds what a person or a model wrote."""


class Call(NamedTuple):
    """A tool call: `target` is a path below the worktree, a command line, or the kind of a sub-agent."""

    id: str
    action: Action
    target: str


class Usage(NamedTuple):
    """Tokens of one answer: `fresh` came neither from the cache nor went into it."""

    fresh: int
    output: int
    cached: int
    written: int
    reasoning: int

    @property
    def context(self) -> int:
        """What was in the window."""
        return self.fresh + self.cached + self.written


class Setting(NamedTuple):
    """Where an agent's log is, and which process writes it. `tick` is field 22 of its `/proc/<pid>/stat`."""

    home: Path
    worktree: Path
    sql: Path
    pid: int
    tick: int | None
    model: int
    """Which of the models that its program knows; any number."""


class Clock:
    """The time, in milliseconds, and sleep; it can be set back, to tell of a past in which nobody sleeps."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._past: int | None = None

    def now(self) -> int:
        """The time."""
        return self._past if self._past is not None else time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        if self._past is None:
            self._sleep(seconds)
        else:
            self._past += round(1000 * seconds)

    def go_back(self, seconds: float) -> None:
        """From here on it is so many seconds ago, until `come_back`."""
        self._past = self.now() - round(1000 * seconds)

    def come_back(self) -> None:
        """It is now again."""
        self._past = None


class Log(Protocol):
    """The log of one agent. A session holds turns; a turn begins with a prompt and ends with the last answer."""

    window: int
    """Tokens that fit into the model's window."""
    sure: bool
    """Whether it tells a call that runs from one that waits for a person; else the processes have to."""
    fails: bool
    """Whether it can tell of an error of the API."""
    limits: bool
    """Whether it can tell of a usage limit."""
    asks: bool
    """Whether it can tell of a question to the person."""
    delegates: bool
    """Whether it has sub-agents."""

    def begin(self, session_id: str) -> None:
        """A new session: another one than before is over."""

    def live(self) -> None:
        """What comes from here on happens now: nothing before it did."""

    def prompt(self, text: str) -> None:
        """A person gives a task."""

    def answer(self, usage: Usage, *, over: bool) -> None:
        """The model says something; `over` says that the turn ends with it."""

    def call(self, call: Call, usage: Usage, *, waits: bool = False) -> None:
        """The model calls a tool; `waits` says that a person has to permit it."""

    def result(self, call: Call, *, ok: bool) -> None:
        """The call has ended."""

    def failed(self) -> None:
        """The API answers with an error, and the turn ends."""

    def limited(self, until: int) -> None:
        """The usage limit is reached, until then (milliseconds)."""

    def compact(self) -> None:
        """The context is summed up."""

    def spawn(self, call: Call, session_id: str, usage: Usage) -> None:
        """The sub-agent of a call begins to work."""

    def join(self, session_id: str, usage: Usage) -> None:
        """A sub-agent is done; the result of its call follows."""

    def forget(self, session_id: str) -> None:
        """Remove what is kept of an old session."""


def iso(at: int) -> str:
    """The time in milliseconds as JavaScript writes it."""
    text = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
