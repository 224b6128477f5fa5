"""What a demo agent does: an endless seeded sequence of steps, without any doing.

Paced after real agents: an edit burst about every half minute, a commit every two to four, now and then a question
that blocks it, a crash, a rest. The same seed, agent and life give the same steps.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.demo.cast import Opening

StepKind = Literal["take", "think", "edit", "test", "commit", "block", "fail", "finish", "rest"]

FAILURES: Final = ("exit 1", "exit 2", "exit 70", "signal 9", "signal 1", "signal 15")
"""How an agent ends badly: only signals that leave no core file behind."""
_BLOCK_PROBABILITY: Final = 0.18
_FAIL_PROBABILITY: Final = 0.10
_REST_PROBABILITY: Final = 0.25


class Step(NamedTuple):
    """One step. `seconds` is how long it takes at pace 1; `choice` seeds what it writes or picks."""

    kind: StepKind
    seconds: float = 0.0
    choice: int = 0
    failure: str = ""
    """One of `FAILURES`, for kind `fail`."""


def steps(seed: int, agent_id: str, life: int, opening: Opening) -> Iterator[Step]:
    """The steps of one life of an agent, without end unless it fails.

    `life` counts its processes from 0; `opening` shapes the first life only, so that a new fleet shows
    an agent at work, one blocked, one that fails and one that rests within its first ten seconds.
    """
    for step in _endless(random.Random(f"{seed}:{agent_id}:life:{life}"), life, opening):
        yield step
        if step.kind == "fail":
            return


def _endless(rng: random.Random, life: int, opening: Opening) -> Iterator[Step]:
    if life == 0:
        yield from _opening(opening, rng)
    else:
        yield Step("take")
        yield Step("think", rng.uniform(3, 8))
    bursts = rng.randint(0, 4)  # not all agents of a new fleet are to commit at the same time
    while True:
        yield from _task(rng, bursts)
        bursts = _bursts(rng)
        if rng.random() < _REST_PROBABILITY:
            yield Step("rest", rng.uniform(360, 600))
        yield Step("take")


def _opening(opening: Opening, rng: random.Random) -> Iterator[Step]:
    if opening == "resting":
        yield Step("rest", rng.uniform(240, 480))
        yield Step("take")
        return
    yield Step("take")
    yield Step("think", rng.uniform(0.5, 1.5))
    if opening == "waiting":
        yield Step("block", rng.uniform(90, 150), _choice(rng))
    else:
        yield Step("edit", rng.uniform(3, 5), _choice(rng))
    if opening == "failing":
        yield Step("fail", failure="exit 1")


def _bursts(rng: random.Random) -> int:
    return rng.randint(4, 5)


def _task(rng: random.Random, bursts: int) -> Iterator[Step]:
    """One task to its end; `bursts` is the number of edits before its first commit."""
    commits = rng.randint(2, 3)
    blocked_at = rng.randrange(commits) if rng.random() < _BLOCK_PROBABILITY else None
    failing_at = rng.randrange(commits) if rng.random() < _FAIL_PROBABILITY else None
    for number in range(commits):
        for _ in range(bursts if number == 0 else _bursts(rng)):
            yield Step("think", rng.triangular(5, 40, 25))
            yield Step("edit", rng.uniform(3, 9), _choice(rng))
        if number == blocked_at:
            yield Step("block", rng.uniform(60, 180), _choice(rng))
        if number == failing_at:
            yield Step("fail", failure=rng.choice(FAILURES))
        yield Step("test", rng.triangular(1, 5, 1.5), _choice(rng))
        yield Step("commit", choice=_choice(rng))
    yield Step("finish")


def _choice(rng: random.Random) -> int:
    return rng.getrandbits(32)
