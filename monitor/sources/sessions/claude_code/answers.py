"""Which answers of the model were counted: each once, whatever files repeat it.

A line is written for every part of an answer with the usage repeated, and a session that is resumed or forked begins
with a copy of another (ccusage issue 1762). The copy that is not a sub-agent's counts, then the larger one.
"""

from __future__ import annotations

from typing import Final

import msgspec

from monitor.model import Millis, TokenCounts
from monitor.sources.sessions.ledger import UsageLedger

ANSWERS_LIMIT: Final = 200_000
"""Answers that are remembered; the oldest are forgotten, and a copy of them would count again."""


class _Counted(msgspec.Struct, gc=False):
    """An answer as it was counted."""

    ledger: UsageLedger
    owner: str
    at: Millis | None
    model: str
    tokens: TokenCounts
    aside: bool


class Answers:
    """Counts the usage of answers in the ledgers of the files that tell of them."""

    def __init__(self) -> None:
        self._known: dict[int, _Counted] = {}
        self._moved: set[str] = set()

    def moved(self) -> set[str]:
        """The sessions from which something was taken since the last call, to count elsewhere."""
        moved, self._moved = self._moved, set()
        return moved

    def count(
        self,
        key: tuple[str, str],
        ledger: UsageLedger,
        owner: str,
        *,
        at: Millis | None,
        model: str,
        tokens: TokenCounts,
        aside: bool,
    ) -> None:
        """Count an answer (by its id and its request's) for a file, unless another copy of it counts more.

        `owner` is the file's session, `aside` says that a sub-agent tells. Which copy counts does not depend on the
        order in which they are told.
        """
        number = hash(key)
        known = self._known.get(number)
        if known is None:
            if len(self._known) >= ANSWERS_LIMIT:
                del self._known[next(iter(self._known))]
        else:
            if _rank(aside, tokens, owner) >= _rank(known.aside, known.tokens, known.owner):
                return
            self._moved.add(known.owner)
            known.ledger.take_back(known.at, known.model, known.tokens)
        self._known[number] = _Counted(ledger, owner, at, model, tokens, aside)
        ledger.add(at, model, tokens)

    def forget(self, ledger: UsageLedger) -> None:
        """The file of this ledger is gone or another one: what it told may be told again."""
        self._known = {key: known for key, known in self._known.items() if known.ledger is not ledger}


def _rank(aside: bool, tokens: TokenCounts, owner: str) -> tuple[bool, int, str]:
    return (aside, -tokens.total, owner)
