"""Fixtures of the screen's tests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from ui_fleet import fill

from monitor.keystore import KeyStore

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _same_clock_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local times are UTC, the environment chooses nothing, and keys are answered without long waits."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("TMUX", raising=False)
    time.tzset()
    # Textual takes the app for idle after 20 ms without work, several times a key.
    monkeypatch.setattr("textual._wait.SLEEP_GRANULARITY", 0.002)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def store() -> KeyStore:
    """A store with everything the screen can show."""
    return fill(KeyStore())
