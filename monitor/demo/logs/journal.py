"""Turns what a demo agent does into its log: prompts, answers, calls, waits, errors, and the tokens that they take."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from monitor.demo.logs.shapes import Call, Usage

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from monitor.demo.logs.shapes import Action, Clock, Log

TASKS_PER_SESSION: Final = 12
"""Tasks after which a person begins a new session; the one before the last is removed then."""
_COMPACT_AT: Final = 0.95
"""Share of the window at which the context is summed up, and what is left of it then."""
_COMPACTED: Final = 0.15
_LOOKING: Final = 0.4
"""Share of thinking that is spent with a tool."""
_ERROR_PROBABILITY: Final = 0.03
_DELEGATE_PROBABILITY: Final = 0.25
_LIMIT_PROBABILITY: Final = 0.4
PAST_SECONDS: Final = 2.5 * 3_600
"""How far back a new agent's log goes."""
_ROLES: Final = ("Explore", "Plan", "general-purpose")


class Journal:
    """The story of one agent, in the words of its log. Nothing it is told makes it sleep but by its clock.

    `fullness` is the share of the window that the context takes at first.
    """

    def __init__(self, log: Log, clock: Clock, rng: random.Random, fullness: float) -> None:
        self._log = log
        self._clock = clock
        self._rng = rng
        self._context = round(log.window * fullness)
        self._calls = 0
        self._tasks = 0
        self._sessions: list[str] = []
        self._begin()

    def recall(self, files: Sequence[str]) -> None:
        """Tell of the hours since the clock was set back: a new fleet has something to show."""
        turns = 6
        for number in range(turns):
            self.take(f"Task {number + 1}")
            for _ in range(self._rng.randint(2, 4)):
                self.think(self._rng.uniform(60, 240), files)
                with self.edit(self._rng.choice(files)):
                    self._clock.sleep(self._rng.uniform(5, 20))
            with self.run("pytest -q"):
                self._clock.sleep(self._rng.uniform(5, 60))
            self.finish()
            self._clock.sleep(PAST_SECONDS / turns / 10)

    def take(self, title: str) -> None:
        """A person gives a task."""
        if self._tasks == TASKS_PER_SESSION:
            self._begin()
        self._tasks += 1
        self._log.prompt(title)

    def think(self, seconds: float, files: Sequence[str]) -> None:
        """Read something, or let a sub-agent do it, and think; now and then the API fails first."""
        if self._log.fails and self._rng.random() < _ERROR_PROBABILITY:
            self._log.failed()
            self._clock.sleep(0.2 * seconds)
            self._log.prompt("Go on.")
            seconds *= 0.8
        if self._log.delegates and self._rng.random() < _DELEGATE_PROBABILITY:
            self._delegate(_LOOKING * seconds)
        else:
            with self._touched("read", self._rng.choice(files)):
                self._clock.sleep(_LOOKING * seconds)
        self._log.answer(self._usage(), over=False)
        self._clock.sleep((1 - _LOOKING) * seconds)

    def edit(self, path: str) -> AbstractContextManager[None]:
        """The agent edits a file for as long as this context lasts."""
        return self._touched("edit", path)

    def run(self, command: str) -> AbstractContextManager[None]:
        """A command runs for as long as this context lasts."""
        return self._called("run", command)

    def block(self, seconds: float) -> None:
        """Wait for a person: for a permission, or for an answer."""
        if self._log.asks and self._rng.random() < 0.4:
            with self._called("question", ""):
                self._clock.sleep(seconds)
        else:
            command = self._rng.choice(("psql --file migrate.sql", "terraform apply", "npm publish"))
            with self._called("run", command, waits=True):
                self._clock.sleep(seconds)

    def finish(self) -> None:
        """The turn ends."""
        self._log.answer(self._usage(), over=True)

    def rest(self, seconds: float) -> None:
        """Nobody asks for anything, or the limit of the account is reached."""
        if self._log.limits and self._rng.random() < _LIMIT_PROBABILITY:
            self._log.prompt("Go on.")
            self._log.limited(self._clock.now() + round(1000 * seconds))
        self._clock.sleep(seconds)

    def fail(self) -> None:
        """The process is about to end in the middle of a call."""
        self._log.call(self._call("run", "make check"), self._usage())

    # --- calls and tokens ---------------------------------------------------------------------------------------

    @contextmanager
    def _called(self, action: Action, target: str, *, waits: bool = False) -> Iterator[None]:
        call = self._call(action, target)
        self._log.call(call, self._usage(), waits=waits)
        yield
        self._log.result(call, ok=action != "run" or self._rng.random() > 0.1)

    @contextmanager
    def _touched(self, action: Action, path: str) -> Iterator[None]:
        """A file is read or edited, which takes no process: one that lasts looks as if it waited for a person."""
        if self._log.sure:
            with self._called(action, path):
                yield
            return
        with self._called(action, path):
            pass
        yield

    def _delegate(self, seconds: float) -> None:
        call = self._call("delegate", self._rng.choice(_ROLES))
        session_id = self._identity()
        self._log.call(call, self._usage())
        self._log.spawn(call, session_id, self._small_usage())
        self._clock.sleep(seconds)
        self._log.join(session_id, self._small_usage())
        self._log.result(call, ok=True)

    def _call(self, action: Action, target: str) -> Call:
        self._calls += 1
        return Call(f"call_{self._sessions[-1][:8]}_{self._calls}", action, target)

    def _usage(self) -> Usage:
        """What the next answer takes: nearly all of the context comes from the cache, and it grows."""
        if self._context > _COMPACT_AT * self._log.window:
            self._log.compact()
            self._context = round(_COMPACTED * self._log.window)
        output = self._rng.randint(80, 900)
        usage = Usage(
            fresh=self._rng.randint(2, 40),
            output=output,
            cached=self._context,
            written=self._rng.randint(200, 2_000),
            reasoning=output // 4,
        )
        self._context += usage.written + output
        return usage

    def _small_usage(self) -> Usage:
        """What an answer of a sub-agent takes."""
        return Usage(
            fresh=20, output=300, cached=self._rng.randint(8_000, 20_000), written=1_500, reasoning=60
        )

    # --- sessions -----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._tasks = 0
        self._sessions.append(self._identity())
        if len(self._sessions) > 1:
            self._context = round(_COMPACTED * self._log.window)
        self._log.begin(self._sessions[-1])
        if len(self._sessions) > 2:
            self._log.forget(self._sessions.pop(0))

    def _identity(self) -> str:
        number = f"{self._rng.getrandbits(128):032x}"
        return f"{number[:8]}-{number[8:12]}-4{number[13:16]}-8{number[17:20]}-{number[20:]}"
