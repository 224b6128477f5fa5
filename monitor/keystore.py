"""The key store: the current state, in memory, under seed 001's keys.

It is filled by one feed and read by the panes. All calls are made from the event loop's thread; values are
immutable records or tuples of them, so a reader never sees a half-made one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable
from fnmatch import translate
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

if TYPE_CHECKING:
    from monitor.model import Command, MarkKind, Millis

ACTIVITY_LIMIT: Final = 100
"""Activity entries kept per agent (seed 001, L312)."""
RECENT_COMMITS_LIMIT: Final = 10
"""Commits kept per agent (seed 001, L177)."""
FEED_LIMIT: Final = 50
"""Commits kept over all agents (seed 001, L313)."""
EVENTS_LIMIT: Final = 200
"""Events kept for the event queue."""
ALERT_HISTORY_LIMIT: Final = 500
"""Resolved alerts that are shown."""

Subscriber = Callable[[frozenset[str]], None]

_ESCAPED: Final = re.compile(r"\[([*?[])\]")
"""A special character that stands for itself, as `glob.escape` writes it."""


class Keys:
    """Every key of the store: fixed names, and one function for each pattern."""

    AGENTS: Final = "agents:all"
    """Ids of all agents, in the order in which they are shown."""
    TASKS: Final = "tasks:current"
    COMMIT_FEED: Final = "git:activity:feed"
    HEALTH: Final = "system:health:current"
    ALERTS: Final = "system:alerts:active"
    MUTES: Final = "system:alerts:muted"
    """The `Mute` records that hold, the one that ends first in front."""
    ALERT_HISTORY: Final = "system:alerts:history"
    """Alerts that were resolved, newest first, at most `ALERT_HISTORY_LIMIT`; filled only while someone subscribes."""
    VELOCITY: Final = "tasks:velocity"
    """`DayCount` of each of the last days, the oldest first; filled only while someone subscribes to it."""
    HISTORY_PROBLEM: Final = "history:problem"
    """Why what is filled from the history for who subscribes to it cannot be read; not set while all is well."""
    SOURCES: Final = "system:sources:current"
    SYSTEMS: Final = "systems:all"
    """`SystemState` of each attached system, in the order of the configuration."""
    RAG: Final = "rag:metrics:current"
    RAG_PATTERNS: Final = "rag:patterns:top"
    CONNECTIONS: Final = "viewers:connections"
    EVENTS: Final = "events:queue"
    CLOCK: Final = "system:clock"
    """The moment that the store shows, in milliseconds: now, or a moment of a recording."""
    FEED: Final = "system:feed"
    """`FeedState` of the feed that fills the store."""
    REPLAY: Final = "replay:state"
    """`ReplayState`: where in a recording the store stands; only set by a player."""
    TIMELINE: Final = "replay:timeline"
    """`Timeline` of the recording; only set by a player."""

    @staticmethod
    def status(agent_id: str) -> str:
        """The agent's `AgentStatus`."""
        return f"agents:{agent_id}:status"

    @staticmethod
    def metrics(agent_id: str) -> str:
        """The agent's `AgentMetrics`."""
        return f"agents:{agent_id}:metrics"

    @staticmethod
    def activity(agent_id: str) -> str:
        """The agent's newest `Activity` records, newest first, at most `ACTIVITY_LIMIT`."""
        return f"agents:{agent_id}:activity"

    @staticmethod
    def processes(agent_id: str) -> str:
        """The agent's process tree (`ProcessInfo`, depth first); filled only while someone subscribes to it."""
        return f"agents:{agent_id}:processes"

    @staticmethod
    def session(agent_id: str) -> str:
        """The agent's newest `Session`, as its own log tells; not there while none is known."""
        return f"agents:{agent_id}:session"

    @staticmethod
    def system(name: str) -> str:
        """`SystemReading` of an attached system: all that is known of it."""
        return f"systems:{name}:reading"

    @staticmethod
    def series(agent_id: str, span: str) -> str:
        """The agent's `Series` over one of `SPANS`; filled only while someone subscribes to it."""
        return f"agents:{agent_id}:series:{span}"

    @staticmethod
    def ribbons(span: str) -> str:
        """`Ribbons` of all agents over one of `SPANS`; filled only while someone subscribes to it."""
        return f"timeline:ribbons:{span}"

    @staticmethod
    def last_updated(agent_id: str) -> str:
        """When the agent's metrics were last set, in milliseconds (seed 001, L236)."""
        return f"agents:{agent_id}:last_updated"

    @staticmethod
    def task_history(task_id: str) -> str:
        """The task's `TaskEvent` records, newest first."""
        return f"tasks:{task_id}:history"

    @staticmethod
    def recent_commits(agent_id: str) -> str:
        """The agent's newest `Commit` records, newest first, at most `RECENT_COMMITS_LIMIT`."""
        return f"git:{agent_id}:recent_commits"


class Feed(Protocol):
    """Fills a key store. The panes cannot tell which feed it is (DESIGN.md §1)."""

    async def run(self) -> None:
        """Fill the store until cancelled; then close what was opened."""

    async def send(self, command: Command) -> None:
        """Have a command applied by the one writer."""

    def set_interval(self, seconds: float) -> None:
        """Look, or collect, this often from now on."""


@runtime_checkable
class Player(Protocol):
    """A feed that shows any moment of a recording. Each call returns at once; the store follows."""

    def seek(self, at: Millis) -> None:
        """Show this moment, or the end of the recording that is nearer."""

    def step(self, samples: int) -> None:
        """Go so many samples on, or back when negative, and stand there."""

    def jump(self, kind: MarkKind, direction: int) -> None:
        """Go to the next (1) or previous (-1) alert or status change, and stand there."""

    def play(self, playing: bool) -> None:
        """Go on by itself, or stand still."""

    def set_speed(self, speed: float) -> None:
        """Play so many seconds of the recording a second."""

    def to_start(self) -> None:
        """Go to the first moment."""

    def to_end(self) -> None:
        """Go to the last moment; while the recording is written, follow it from there."""


class _Pattern:
    """A shell pattern in the cheapest form that tells the same: most are a whole key, or a key with one `*` in it."""

    __slots__ = ("_ends", "_expression", "_key")

    def __init__(self, pattern: str) -> None:
        special = set(_ESCAPED.sub("", pattern)) & set("*?[")
        self._key = None if special else _ESCAPED.sub(r"\1", pattern)
        parts = pattern.split("*")
        # A `*` or a `?` in brackets means itself: such a pattern has no plain start or end to compare with.
        self._ends = (
            (parts[0], parts[1]) if special == {"*"} and len(parts) == 2 and "[" not in pattern else None
        )
        whole = self._key is not None or self._ends is not None
        self._expression = None if whole else re.compile(translate(pattern))

    @property
    def key(self) -> str | None:
        """The one key that is meant; None for a pattern that means several."""
        return self._key

    def matches(self, key: str) -> bool:
        """Whether a key is meant."""
        if self._ends is not None:
            start, end = self._ends
            return key.startswith(start) and key.endswith(end) and len(key) >= len(start) + len(end)
        return key == self._key if self._expression is None else bool(self._expression.match(key))

    def among(self, keys: frozenset[str]) -> frozenset[str]:
        """Those of the keys that are meant."""
        if self._key is not None:
            return frozenset((self._key,)) if self._key in keys else frozenset()
        return frozenset(filter(self.matches, keys))


class KeyStore:
    """Keys to values, with capped lists, expiry, and coalesced notices of change."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._values: dict[str, Any] = {}
        self._expiry: dict[str, float] = {}
        self._changed: set[str] = set()
        self._subscriptions: dict[int, tuple[_Pattern, Subscriber]] = {}
        self._next_subscription = 0
        self._watchers: list[Callable[[], None]] = []
        self.subscriptions_version = 0
        """Grows with every subscription made or ended."""

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or `default` when the key is unknown or has expired."""
        if self._expiry and self._is_expired(key):
            self.delete(key)
        return self._values.get(key, default)

    def set(self, key: str, value: Any, *, expire: float | None = None) -> None:
        """Store a value; `expire` seconds later it is gone. Setting an equal value is not a change."""
        if expire is not None:
            self._expiry[key] = self._clock() + expire
        elif self._expiry:
            self._expiry.pop(key, None)
        if key in self._values:
            old = self._values[key]
            if old is value or old == value:
                return
        self._values[key] = value
        self._changed.add(key)

    def delete(self, key: str) -> None:
        """Forget a key; unknown keys are no error."""
        self._expiry.pop(key, None)
        if key in self._values:
            del self._values[key]
            self._changed.add(key)

    def keys(self, pattern: str = "*") -> list[str]:
        """The keys that match a shell pattern, sorted."""
        self._expire()
        if pattern == "*":
            return sorted(self._values)
        return sorted(filter(_Pattern(pattern).matches, self._values))

    def push(self, key: str, items: Iterable[Any], limit: int) -> None:
        """Put items (oldest first) in front of the list at `key` and cut it to `limit`."""
        new = tuple(items)
        if new:
            self.set(key, (tuple(reversed(new)) + self.get(key, ()))[:limit])

    def subscribe(self, pattern: str, callback: Subscriber) -> Callable[[], None]:
        """Call `callback` with the changed keys that match, at most once per `flush`; returns the unsubscriber."""
        number = self._next_subscription
        self._next_subscription += 1
        self._subscriptions[number] = (_Pattern(pattern), callback)
        self._subscriptions_changed()

        def unsubscribe() -> None:
            self._subscriptions.pop(number, None)
            self._subscriptions_changed()

        return unsubscribe

    def watch_subscriptions(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` at once whenever a subscription was made or ended; returns how to stop.

        Lets a feed fill what is asked for without looking for it.
        """
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback)

    def subscribed_keys(self) -> frozenset[str]:
        """The keys that subscribers name in full, set or not: what is asked for, not all that would be told of."""
        keys = (pattern.key for pattern, _ in self._subscriptions.values())
        return frozenset(key for key in keys if key is not None)

    def _subscriptions_changed(self) -> None:
        self.subscriptions_version += 1
        for callback in tuple(self._watchers):
            callback()

    def has_subscriber(self, key: str) -> bool:
        """Whether someone would be told of a change to this key: lets a feed skip what nobody looks at."""
        return any(pattern.matches(key) for pattern, _ in self._subscriptions.values())

    def flush(self, keys: Collection[str] | None = None) -> frozenset[str]:
        """End of a tick: tell every subscriber once what changed since the last flush; returns all of it.

        With `keys`, only what changed of these: who fills some keys beside the tick tells of them alone, and what a
        tick has half done is told at its end.
        """
        self._expire()
        changed = frozenset(self._changed if keys is None else self._changed.intersection(keys))
        if not changed:
            return frozenset()
        self._changed -= changed
        for number, (pattern, callback) in tuple(self._subscriptions.items()):
            matched = pattern.among(changed)
            # A callback may have ended the subscription of another.
            if matched and number in self._subscriptions:
                callback(matched)
        return changed

    def _expire(self) -> None:
        for key in [key for key in self._expiry if self._is_expired(key)]:
            self.delete(key)

    def _is_expired(self, key: str) -> bool:
        deadline = self._expiry.get(key)
        return deadline is not None and self._clock() >= deadline
