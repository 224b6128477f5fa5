"""The way to the terminal: it never blocks its caller, and ends with its terminal."""

from __future__ import annotations

import os
import select
import threading
import time
from typing import TYPE_CHECKING

import pytest

from monitor.ui.terminal_output import BACKLOG, CLOSE_SECONDS, TerminalOutput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Line:
    """A pipe in a terminal's place: nothing is taken from it until `take` is called."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.caught_up = threading.Event()
        self.gone = threading.Event()
        self.output = TerminalOutput(self.writing, self.caught_up.set, self.gone.set)

    def fill(self) -> None:
        """Write until something has to be left out."""
        for number in range(100):
            self.output.write(f"{number:>10}" * 1000)

    def take(self, until: Callable[[bytes], bool]) -> bytes:
        taken, deadline = b"", time.monotonic() + 10
        while not until(taken):
            assert time.monotonic() < deadline, f"only {len(taken)} bytes came"
            # The condition may come true after the last byte: never wait for another one.
            if select.select([self.reading], [], [], 0.01)[0]:
                taken += os.read(self.reading, 65536)
        return taken


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.output.close()
    os.close(line.writing)
    if line.reading >= 0:
        os.close(line.reading)


def test_what_is_written_arrives_in_order(line: Line) -> None:
    for number in range(200):
        line.output.write(f"é{number} ")
    assert line.take(lambda taken: b"199 " in taken).decode() == "".join(
        f"é{number} " for number in range(200)
    )


def test_writing_never_waits_for_the_terminal(line: Line) -> None:
    begin = time.monotonic()
    line.fill()
    assert time.monotonic() - begin < 0.5


def test_what_waits_is_bounded(line: Line) -> None:
    line.fill()
    pipe_holds = 65536
    written = 10_000
    assert len(line.take(lambda _: line.caught_up.is_set())) <= BACKLOG + pipe_holds + 2 * written


def test_once_the_terminal_has_caught_up_it_asks_for_everything_again(line: Line) -> None:
    line.fill()
    assert not line.caught_up.is_set()
    line.take(lambda _: line.caught_up.is_set())
    line.output.write("all of it")
    assert line.take(lambda taken: taken.endswith(b"all of it"))


def test_a_terminal_that_keeps_up_is_never_painted_again(line: Line) -> None:
    for number in range(50):
        line.output.write(f"frame {number};")
        line.take(lambda taken, number=number: f"frame {number};".encode() in taken)  # type: ignore[misc]
    assert not line.caught_up.is_set()


def test_discarding_lets_the_last_words_through_at_once(line: Line) -> None:
    line.fill()
    line.output.discard()
    line.output.write("the end")
    assert line.take(lambda taken: taken.endswith(b"the end"))


def test_closing_does_not_wait_for_a_terminal_that_takes_nothing(line: Line) -> None:
    line.fill()
    begin = time.monotonic()
    line.output.close()
    assert time.monotonic() - begin < CLOSE_SECONDS + 0.5


def test_closing_writes_what_is_waiting(line: Line) -> None:
    line.output.write("last words")
    line.output.close()
    assert os.read(line.reading, 100) == b"last words"


def test_a_terminal_that_is_gone_is_told_once_and_writing_goes_on_in_silence(line: Line) -> None:
    os.close(line.reading)
    line.reading = -1
    line.output.write("nobody there")
    assert line.gone.wait(5)
    line.fill()
    line.output.close()


def test_a_terminal_made_non_blocking_by_another_program_is_not_taken_for_gone(line: Line) -> None:
    os.set_blocking(line.writing, False)
    line.output.write("x" * 200_000)
    assert len(line.take(lambda taken: len(taken) >= 200_000)) == 200_000
    assert not line.gone.is_set()
