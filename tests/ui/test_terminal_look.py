"""What reaches a real terminal: ASCII only where that is asked for, no colour under NO_COLOR, nothing that moves."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pty_terminal import Terminal, typed

from monitor.ui.commands import offered

PROGRAM = Path(__file__).with_name("screen_program.py")
START = b"\x1b[?1049h"
MARKED = re.compile(rb"\x1b\]2;mark (\d+)\x07")
STYLE = re.compile(rb"\x1b\[([0-9;:]*)m")
ANSWER_SECONDS = 15
LATEST_BYTES = 100_000
ENDING = ("quit", "quit_now", "quit.now")
A_FEW_SCREENS = ("enter", "escape", "b", "escape", "question_mark", "escape")
WAY_TO: dict[str, tuple[str, ...]] = {"alerts": ("4",), "agent": ("1", "enter"), "overlay": ("b",)}
"""Keys that lead from the main screen to where a command works."""


class Drawn:
    """The screen on a terminal."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.marks = 0
        terminal.ready(START)
        terminal.until(lambda: b"validator" in terminal.drawn, "no agent was drawn")

    def press(self, *keys: str) -> None:
        """Press keys, and wait until the screen has answered all of them."""
        for key in keys:
            self.terminal.press(typed(key))
            self.marks = self._last_mark()
            self.terminal.press(typed("f12"))
            deadline = time.monotonic() + ANSWER_SECONDS
            while self._last_mark() <= self.marks:
                assert time.monotonic() < deadline, f"no answer to {key}: {self.terminal.errors.read_text()}"
                time.sleep(0.005)

    def _last_mark(self) -> int:
        marks = MARKED.findall(self.terminal.drawn[-LATEST_BYTES:])
        return int(marks[-1]) if marks else self.marks

    def shows(self, text: str) -> bool:
        return text in "\n".join(self.terminal.lines())

    def back(self) -> None:
        """To the main screen, whatever is open."""
        self.press("escape", "escape", "escape")

    def use_every_command(self) -> None:
        """Each on the screen where it works."""
        for command in offered(replay=False):
            if command.action.startswith("quit") or command.id in ENDING:
                continue
            key = next((key for key in command.keys if key in typed_keys()), None)
            if key is None or command.context in ("choice", "prompt", "filter", "moment"):
                continue
            self.press(*WAY_TO.get(command.context, ("1",)), key)
            if not command.context.startswith(("table", "order")):
                self.back()

    def open_everything(self) -> None:
        """Every pane, large and small, and every kind of dialog."""
        for number in "1234567":
            self.press(number, "z", "z")
        self.press("slash", *"blocked", "enter")
        assert self.shows("blocked")
        self.press("escape")
        self.press("colon", *"theme", "down", "down")
        self.back()
        self.press("f11")
        assert self.shows("Keep")
        self.press("down")
        self.back()
        self.press("f10", "x")
        assert self.shows("A note")
        self.back()
        assert self.shows("Agents")


def typed_keys() -> frozenset[str]:
    """The keys that a test can type: those with one character, and those of the table."""
    from pty_terminal import KEYS

    return frozenset(KEYS) | {chr(code) for code in range(33, 127)} | {f"ctrl+{letter}" for letter in "lpq"}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Drawn]]:
    terminals: list[Terminal] = []

    def start(options: dict[str, Any] | None = None, **how: Any) -> Drawn:
        asked = json.dumps({"readonly": True, **(options or {})})
        terminals.append(Terminal(PROGRAM, tmp_path, asked, size=(120, 40), **how))
        return Drawn(terminals[-1])

    yield start
    for terminal in terminals:
        terminal.close()


def beyond_ascii(screen: Drawn) -> list[int]:
    """The bytes that are not ASCII."""
    return [byte for byte in screen.terminal.drawn if byte >= 0x80]


def colours(drawn: bytes) -> set[int]:
    """Every parameter of a style that is a colour."""
    found = {int(code) for codes in STYLE.findall(drawn) for code in re.split(rb"[;:]", codes) if code}
    return {code for code in found if code in COLOUR_CODES}


COLOUR_CODES = {*range(30, 50), *range(90, 108)}


def test_in_ascii_and_without_colour_no_screen_sends_anything_else(start: Callable[..., Drawn]) -> None:
    screen = start({"ascii": True, "theme": "nord"}, environ={"LC_ALL": "C.UTF-8", "NO_COLOR": "1"})
    screen.use_every_command()
    screen.open_everything()
    assert beyond_ascii(screen) == []
    assert colours(screen.terminal.drawn) == set()


@pytest.mark.parametrize(
    ("options", "environ"),
    [({"ascii": True}, {"LC_ALL": "C.UTF-8"}), ({}, {"LC_ALL": "C"}), ({}, {"LC_ALL": "POSIX"})],
    ids=["asked for", "LC_ALL=C", "LC_ALL=POSIX"],
)
def test_in_ascii_not_one_byte_beyond_it_reaches_the_terminal(
    start: Callable[..., Drawn], options: dict[str, Any], environ: dict[str, str]
) -> None:
    screen = start(options, environ=environ)
    screen.press("1")
    for word in ("* 12 active", "~ 5 idle", "# 1 blocked", "X 1 error", "o 1 offline"):
        assert screen.shows(word)
    screen.press(*A_FEW_SCREENS)
    assert beyond_ascii(screen) == []


def test_with_a_unicode_locale_nothing_is_replaced(start: Callable[..., Drawn]) -> None:
    screen = start(environ={"LC_ALL": "C.UTF-8"})
    assert screen.shows("✖ 1 error")


def test_no_color_means_no_colour(start: Callable[..., Drawn]) -> None:
    screen = start({"theme": "nord"}, environ={"NO_COLOR": "1"})
    screen.press(*A_FEW_SCREENS)
    assert colours(screen.terminal.drawn) == set()
    assert b"\x1b[7m" in screen.terminal.drawn or any(
        b"7" in codes.split(b";") for codes in STYLE.findall(screen.terminal.drawn)
    )
    for word in ("✖ 1 error", "■ 1 blocked"):
        screen.terminal.until(partial(screen.shows, word), f"no {word}")  # a note may lie over it for a while


def test_without_no_color_there_are_colours(start: Callable[..., Drawn]) -> None:
    screen = start(environ={"COLORTERM": "truecolor"})
    assert b"\x1b[38;2;" in screen.terminal.drawn or b"38;2;" in screen.terminal.drawn


def test_over_ssh_there_are_256_colours_and_nothing_moves_by_itself(start: Callable[..., Drawn]) -> None:
    screen = start({"animations": True}, environ={"SSH_TTY": "/dev/pts/9", "COLORTERM": "truecolor"})
    screen.open_everything()
    drawn = screen.terminal.drawn
    assert b"8;2;" not in b";".join(STYLE.findall(drawn))
    assert b"8;5;" in b";".join(STYLE.findall(drawn))
    screen.press("slash", "b", "u")
    quiet_for(screen, 1.5)
    screen.press("escape", "escape", "colon")
    quiet_for(screen, 1.5)


def quiet_for(screen: Drawn, seconds: float) -> None:
    """A cursor that blinks, or a list that slides, would write in this time; notes go after a while, once."""
    screen.terminal.until(lambda: still(screen, seconds), "it never came to rest")


def still(screen: Drawn, seconds: float) -> bool:
    before = len(screen.terminal.drawn)
    time.sleep(seconds)
    return len(screen.terminal.drawn) == before
