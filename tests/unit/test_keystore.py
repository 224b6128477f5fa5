"""The key store: values, lists, expiry, and one notice a tick."""

from __future__ import annotations

import glob
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from monitor.keystore import Keys, KeyStore

KEY = st.sampled_from(["a", "agents:x:status", "agents:[y]:status", "agents:all", "tasks:current"])
PATTERN = st.sampled_from(["*", "agents:*", "agents:*:status", "tasks:current", "?"])


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def listening(store: KeyStore, pattern: str = "*") -> list[set[str]]:
    """The notices that a subscriber gets."""
    notices: list[set[str]] = []
    store.subscribe(pattern, lambda keys: notices.append(set(keys)))
    return notices


def test_an_unknown_key_gives_the_default() -> None:
    assert KeyStore().get("nothing") is None
    assert KeyStore().get("nothing", 5) == 5


def test_a_subscriber_is_told_once_a_tick_whatever_changed() -> None:
    store = KeyStore()
    notices = listening(store)
    for value in range(100):
        store.set("a", value)
        store.set("b", value)
    assert notices == []
    assert store.flush() == {"a", "b"}
    assert notices == [{"a", "b"}]
    assert store.flush() == frozenset()
    assert len(notices) == 1


def test_a_subscriber_is_told_only_of_keys_that_match_its_pattern() -> None:
    store = KeyStore()
    notices = listening(store, "agents:*:status")
    store.set(Keys.TASKS, 1)
    store.flush()
    assert notices == []
    store.set(Keys.status("x"), 1)
    store.set(Keys.metrics("x"), 1)
    store.flush()
    assert notices == [{"agents:x:status"}]


def test_setting_an_equal_value_is_no_change() -> None:
    store = KeyStore()
    store.set("a", (1, 2))
    store.flush()
    store.set("a", (1, 2))
    assert store.flush() == frozenset()


@pytest.mark.parametrize("value", [None, 0, "", ()])
def test_deleting_is_a_change_even_of_an_empty_value_and_an_unknown_key_is_no_error(value: Any) -> None:
    store = KeyStore()
    store.set("a", value)
    store.flush()
    store.delete("a")
    store.delete("b")
    assert store.flush() == {"a"}
    assert store.keys() == []


def test_pushed_items_stand_newest_first_and_the_list_is_capped() -> None:
    store = KeyStore()
    store.push("feed", [1, 2, 3], 4)
    store.push("feed", [4, 5], 4)
    assert store.get("feed") == (5, 4, 3, 2)
    store.flush()
    store.push("feed", [], 4)
    assert store.flush() == frozenset()


def test_an_expired_key_is_gone_from_every_view_and_subscribers_are_told() -> None:
    clock = Clock()
    store = KeyStore(clock)
    notices = listening(store)
    store.set("a", 1, expire=5)
    store.set("b", 2)
    store.flush()
    clock.now = 4.9
    assert store.get("a") == 1
    clock.now = 5
    store.flush()
    assert notices == [{"a", "b"}, {"a"}]
    assert store.get("a", "gone") == "gone"
    assert store.keys() == ["b"]


def test_setting_a_key_again_renews_or_ends_its_expiry() -> None:
    clock = Clock()
    store = KeyStore(clock)
    for expire in (5, 100, None):
        store.set("a", 1, expire=5)
        store.set("a", 1, expire=expire)
        clock.now += 6
        assert (store.get("a") is None) is (expire == 5)


def test_pushing_onto_an_expired_list_starts_a_new_one() -> None:
    clock = Clock()
    store = KeyStore(clock)
    store.set("feed", (1,), expire=5)
    clock.now = 6
    store.push("feed", [2], 10)
    assert store.get("feed") == (2,)


def test_one_who_unsubscribed_is_told_no_more_even_by_another_subscriber_in_the_same_tick() -> None:
    store = KeyStore()
    notices: list[str] = []

    def first(_keys: frozenset[str]) -> None:
        notices.append("first")
        end()

    store.subscribe("*", first)
    end = store.subscribe("*", lambda _keys: notices.append("second"))
    store.set("a", 1)
    store.flush()
    assert notices == ["first"]
    end()
    assert store.has_subscriber("a")


def test_what_a_subscriber_sets_is_told_with_the_next_tick() -> None:
    store = KeyStore()
    notices: list[set[str]] = []

    def callback(keys: frozenset[str]) -> None:
        notices.append(set(keys))
        store.set("b", 1)

    store.subscribe("*", callback)
    store.set("a", 1)
    store.flush()
    store.flush()
    assert notices == [{"a"}, {"b"}]


def test_a_feed_can_ask_whether_anybody_looks_and_whether_that_changed() -> None:
    store = KeyStore()
    version = store.subscriptions_version
    assert not store.has_subscriber(Keys.processes("x"))
    end = store.subscribe(Keys.processes("*"), lambda _keys: None)
    assert store.has_subscriber(Keys.processes("x"))
    assert not store.has_subscriber(Keys.status("x"))
    end()
    assert not store.has_subscriber(Keys.processes("x"))
    assert store.subscriptions_version > version


def test_a_feed_is_told_at_once_of_what_is_asked_for_and_no_longer() -> None:
    store = KeyStore()
    seen: list[frozenset[str]] = []
    stop = store.watch_subscriptions(lambda: seen.append(store.subscribed_keys()))
    end = store.subscribe("a:1", lambda _keys: None)
    store.subscribe("a:*", lambda _keys: None)
    end()
    assert seen == [{"a:1"}, {"a:1"}, frozenset()]
    stop()
    store.subscribe("b", lambda _keys: None)
    assert len(seen) == 3


@given(st.text("a:x*?[!]", max_size=8))
def test_a_key_whatever_is_in_it_can_be_named_in_full(key: str) -> None:
    store = KeyStore()
    store.subscribe(glob.escape(key), lambda _keys: None)
    assert store.subscribed_keys() == {key}
    assert store.has_subscriber(key)


def test_who_fills_a_key_beside_the_tick_tells_of_that_key_alone() -> None:
    store = KeyStore()
    notices = listening(store)
    store.set("half", 1)
    store.set("whole", 1)
    assert store.flush(("whole", "unchanged")) == {"whole"}
    assert store.flush() == {"half"}
    assert notices == [{"whole"}, {"half"}]


class LifeOfAStore(RuleBasedStateMachine):
    """The store beside a plain dict; a subscriber knows all of it from its notices alone."""

    @initialize(pattern=PATTERN)
    def begin(self, pattern: str) -> None:
        self.clock = Clock()
        self.store = KeyStore(self.clock)
        self.model: dict[str, tuple[Any, float]] = {}
        self.pattern = pattern
        self.seen: dict[str, Any] = {}
        self.store.subscribe(pattern, self.notice)

    def notice(self, keys: frozenset[str]) -> None:
        assert keys, "no empty notices"
        for key in keys:
            assert fnmatchcase(key, self.pattern)
            value = self.store.get(key)
            if value is None:
                self.seen.pop(key, None)
            else:
                self.seen[key] = value

    @rule(key=KEY, value=st.integers(1, 3), expire=st.none() | st.integers(1, 5))
    def set(self, key: str, value: int, expire: int | None) -> None:
        self.store.set(key, value, expire=expire)
        self.model[key] = (value, self.clock.now + expire if expire else float("inf"))

    @rule(key=KEY)
    def delete(self, key: str) -> None:
        self.store.delete(key)
        self.model.pop(key, None)

    @rule(seconds=st.integers(1, 6))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds
        self.model = {key: entry for key, entry in self.model.items() if entry[1] > self.clock.now}

    @rule()
    def flush(self) -> None:
        self.store.flush()
        matching = {key: value for key, (value, _) in self.model.items() if fnmatchcase(key, self.pattern)}
        assert self.seen == matching

    @rule(pattern=PATTERN)
    def look(self, pattern: str) -> None:
        assert self.store.keys(pattern) == sorted(key for key in self.model if fnmatchcase(key, pattern))

    @invariant()
    def every_value_is_there(self) -> None:
        for key, (value, _) in getattr(self, "model", {}).items():
            assert self.store.get(key) == value


TestLifeOfAStore = LifeOfAStore.TestCase


LETTERS = st.text("a:x*?[!]\n", max_size=6)


@given(LETTERS, LETTERS)
@example("a*a", "a")
@example("[?]*", "?")
@example("[*]*", "*a")
@example("*", "")
@example("", "")
def test_a_pattern_means_what_it_means_to_the_shell(pattern: str, key: str) -> None:
    store = KeyStore()
    notices = listening(store, pattern)
    assert store.has_subscriber(key) == fnmatchcase(key, pattern)
    store.set(key, 1)
    store.flush()
    assert notices == ([{key}] if fnmatchcase(key, pattern) else [])
    assert store.keys(pattern) == ([key] if fnmatchcase(key, pattern) else [])
