"""A terminal that takes 1 kB a second, as a bad line does: nothing is held up, and nothing piles up."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pty_terminal import Terminal, typed

PROGRAM = Path(__file__).with_name("screen_program.py")
START = b"\x1b[?1049h"
SLOW = 1000
"""Bytes a second; a tick of the whole fleet draws more than that."""
SECONDS = 6.0
TICK = 0.1
LONGEST = 1.0
"""Seconds between two ticks: the loop was free in between, on a machine that does other things as well."""
ON_THE_WAY = 8 * 1024
"""Bytes that the kernel may hold between the program and the terminal."""
PEAK = 100 << 20
Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    terminals: list[Terminal] = []

    def start(rate: int | None = SLOW) -> Terminal:
        asked = json.dumps({"tick": TICK})
        terminals.append(Terminal(PROGRAM, tmp_path, asked, size=(120, 40), rate=rate))
        return terminals[-1].ready(START)

    yield start
    for terminal in terminals:
        terminal.close()


def leave(terminal: Terminal) -> dict[str, Any]:
    terminal.press("q")
    assert terminal.ended() == 0
    before, terminal.rate = len(terminal.drawn), None
    terminal.assert_restored()
    assert len(terminal.drawn) - before < ON_THE_WAY
    assert terminal.errors.read_text() == ""
    told: dict[str, Any] = json.loads((terminal.logs / "end").read_text())
    return told


def test_the_loop_goes_on_and_the_screen_leaves_at_once(start: Start) -> None:
    terminal = start()
    for key in ("2", "z", "1", "slash", "b", "escape"):
        terminal.press(typed(key))
        time.sleep(SECONDS / 6)
    assert len(terminal.drawn) < SLOW * SECONDS * 3
    told = leave(terminal)
    assert told["ticks"] > SECONDS / TICK / 3
    assert told["longest"] < LONGEST
    assert told["peak"] < PEAK


def test_a_terminal_that_catches_up_shows_what_is(start: Start) -> None:
    terminal = start()
    time.sleep(SECONDS / 2)
    terminal.press("4")
    terminal.rate = None
    terminal.press(typed("f8"))
    shown = terminal.logs / "shown"
    terminal.until(shown.exists, "it did not write down what it shows")
    expected = shown.read_text(encoding="utf-8").splitlines()
    assert "Agent Monitor" in expected[0]

    def same() -> bool:
        return [line.rstrip() for line in terminal.lines()] == [line.rstrip() for line in expected]

    terminal.until(same, "the terminal shows something else")
    assert leave(terminal)["longest"] < LONGEST
