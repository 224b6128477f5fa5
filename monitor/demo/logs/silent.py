"""The log of agents that keep none that is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.demo.logs.shapes import Call, Clock, Setting, Usage


class SilentLog:
    """A `Log` that says nothing."""

    window = 200_000
    sure = True
    fails = limits = asks = delegates = False

    def __init__(self, setting: Setting, clock: Clock) -> None:
        del setting, clock

    def begin(self, session_id: str) -> None:
        """Nothing."""

    def live(self) -> None:
        """Nothing."""

    def prompt(self, text: str) -> None:
        """Nothing."""

    def answer(self, usage: Usage, *, over: bool) -> None:
        """Nothing."""

    def call(self, call: Call, usage: Usage, *, waits: bool = False) -> None:
        """Nothing."""

    def result(self, call: Call, *, ok: bool) -> None:
        """Nothing."""

    def failed(self) -> None:
        """Nothing."""

    def limited(self, until: int) -> None:
        """Nothing."""

    def compact(self) -> None:
        """Nothing."""

    def spawn(self, call: Call, session_id: str, usage: Usage) -> None:
        """Nothing."""

    def join(self, session_id: str, usage: Usage) -> None:
        """Nothing."""

    def forget(self, session_id: str) -> None:
        """Nothing."""
