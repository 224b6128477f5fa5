"""Notices from the key store to the panes: once a tick, all together, and held back while the screen is paused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.keystore import KeyStore

Handler = Callable[[frozenset[str]], None]


class Notices:
    """Subscriptions of the panes: one with the store for each pattern, however many panes ask for it.

    The store calls back while the feed is at work; the panes are told after it, in one go, so that drawing is
    never part of collecting.
    """

    def __init__(self, store: KeyStore, schedule: Callable[[Callable[[], None]], object]) -> None:
        self.store = store
        self._schedule = schedule
        self._listeners: dict[str, list[Handler]] = {}
        self._unsubscribers: dict[str, Callable[[], None]] = {}
        self._waiting: dict[Handler, set[str]] = {}
        self._always: set[Handler] = set()
        self._scheduled = False
        self._paused = False

    @property
    def paused(self) -> bool:
        """Whether notices are being held back."""
        return self._paused

    def listen(
        self, patterns: Iterable[str], handler: Handler, *, always: bool = False
    ) -> Callable[[], None]:
        """Tell `handler` of changed keys that match one of the patterns, once a tick; returns how to stop.

        `always`: also while paused.
        """
        wanted = tuple(patterns)
        if always:
            self._always.add(handler)
        for pattern in wanted:
            if pattern not in self._listeners:
                self._listeners[pattern] = []
                self._unsubscribers[pattern] = self.store.subscribe(pattern, partial(self._note, pattern))
            self._listeners[pattern].append(handler)
        return partial(self._stop, wanted, handler)

    def pause(self) -> None:
        """Hold notices back."""
        self._paused = True

    def resume(self) -> None:
        """Let notices through again, those held back first."""
        self._paused = False
        self._deliver()

    def _note(self, pattern: str, keys: frozenset[str]) -> None:
        for handler in self._listeners[pattern]:
            self._waiting.setdefault(handler, set()).update(keys)
        if not self._scheduled:
            self._scheduled = True
            self._schedule(self._deliver)

    def _stop(self, patterns: tuple[str, ...], handler: Handler) -> None:
        for pattern in patterns:
            self._listeners[pattern].remove(handler)
            if not self._listeners[pattern]:
                del self._listeners[pattern]
                self._unsubscribers.pop(pattern)()
        self._waiting.pop(handler, None)
        self._always.discard(handler)

    def _deliver(self) -> None:
        self._scheduled = False
        for handler in tuple(self._waiting):
            # One that is told may stop another one.
            if handler in self._waiting and (not self._paused or handler in self._always):
                handler(frozenset(self._waiting.pop(handler)))
