"""The terminal, and what the shell is told, however the screen ends (faults: terminal)."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pty_terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = Path(__file__).with_name("terminal_app.py")
READY = b"the screen is ready"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    terminals: list[Terminal] = []

    def start(*arguments: str, **options: Any) -> Terminal:
        terminals.append(Terminal(PROGRAM, tmp_path, *arguments, **options))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


def test_q_ends_with_0_and_gives_the_terminal_back(start: Callable[..., Terminal]) -> None:
    terminal = start().ready(READY)
    terminal.press("q")
    assert terminal.ended() == 0
    terminal.assert_restored()
    assert terminal.errors.read_text() == ""


def test_ctrl_c_ends_with_130(start: Callable[..., Terminal]) -> None:
    terminal = start().ready(READY)
    terminal.press("\x03")
    assert terminal.ended() == 130
    terminal.assert_restored()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_ends_with_its_code_and_gives_the_terminal_back(
    start: Callable[..., Terminal], number: int, code: int
) -> None:
    terminal = start().ready(READY)
    terminal.send(number)
    assert terminal.ended() == code
    terminal.assert_restored()
    assert terminal.errors.read_text() == ""


@pytest.mark.parametrize(("key", "what"), [("c", "a callback"), ("w", "a worker")])
def test_a_crash_gives_the_terminal_back_and_says_where_its_traceback_is(
    start: Callable[..., Terminal], tmp_path: Path, key: str, what: str
) -> None:
    terminal = start().ready(READY)
    terminal.press(key)
    assert terminal.ended() == 1
    terminal.assert_restored()
    said = terminal.errors.read_text()
    assert f"ZeroDivisionError: {what} (terminal_app.py, line" in said
    assert "Traceback" not in said
    (file,) = tmp_path.glob("crash-*.txt")
    assert str(file) in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = file.read_text()
    assert f"ZeroDivisionError: {what}" in written
    assert "Traceback (most recent call last)" in written


def test_a_crash_tells_no_values_of_variables(start: Callable[..., Terminal], tmp_path: Path) -> None:
    terminal = start().ready(READY)
    terminal.press("c")
    terminal.ended()
    (file,) = tmp_path.glob("crash-*.txt")
    told = file.read_text().replace('secret = "the value of a variable"', "") + terminal.errors.read_text()
    assert "the value of a variable" not in told
    assert b"the value of a variable" not in terminal.drawn


def test_a_failure_of_the_app_is_a_message_and_its_exit_code(
    start: Callable[..., Terminal], tmp_path: Path
) -> None:
    terminal = start().ready(READY)
    terminal.press("f")
    assert terminal.ended() == 7
    terminal.assert_restored()
    assert terminal.errors.read_text() == "agent-monitor: there is no room: make some\n"
    assert not list(tmp_path.glob("crash-*.txt"))


def test_a_callback_that_hangs_is_ended_by_the_second_signal(
    start: Callable[..., Terminal], tmp_path: Path
) -> None:
    terminal = start().ready(READY)
    terminal.press("h")
    terminal.until((tmp_path / "hanging").exists, "it did not hang")
    terminal.send(signal.SIGTERM)
    time.sleep(0.3)
    assert terminal.process.poll() is None
    terminal.send(signal.SIGTERM)
    assert terminal.ended() == 143
    terminal.assert_restored()


def test_a_terminal_that_goes_away_ends_the_screen(start: Callable[..., Terminal], tmp_path: Path) -> None:
    terminal = start().ready(READY)
    terminal.close_master()
    assert terminal.ended() == 129
    assert terminal.errors.read_text() == ""
    assert (tmp_path / "end").exists(), "it did not end in order"


def test_input_at_its_end_ends_the_screen_and_does_not_spin(start: Callable[..., Terminal]) -> None:
    with Path(os.devnull).open() as nothing:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        terminal = start(stdin=nothing.fileno())
        assert terminal.process.wait(15) == 129
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3


def test_a_stopped_and_continued_screen_still_gives_the_terminal_back(start: Callable[..., Terminal]) -> None:
    terminal = start().ready(READY)
    terminal.send(signal.SIGSTOP)
    drawn = len(terminal.drawn)
    terminal.send(signal.SIGCONT)
    terminal.until(lambda: READY in terminal.drawn[drawn:], "it was not painted again")
    terminal.press("q")
    assert terminal.ended() == 0
    terminal.assert_restored()


def test_a_suspended_screen_leaves_the_terminal_as_it_was_and_comes_back(
    start: Callable[..., Terminal],
) -> None:
    terminal = start().ready(READY)
    terminal.send(signal.SIGTSTP)
    terminal.until(lambda: is_stopped(terminal.process.pid), "it was not suspended")
    terminal.assert_restored()
    drawn = len(terminal.drawn)
    terminal.send(signal.SIGCONT)
    terminal.until(lambda: READY in terminal.drawn[drawn:], "it was not painted again")
    assert termios.tcgetattr(terminal.slave) != terminal.before
    terminal.press("q")
    assert terminal.ended() == 0
    terminal.assert_restored()


def is_stopped(pid: int) -> bool:
    answer = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout.startswith("T")


def test_bytes_that_are_no_text_do_not_crash_it(start: Callable[..., Terminal]) -> None:
    terminal = start().ready(READY)
    os.write(terminal.master, b"\xff\xfe\xc3\x28\x1b[<999999;1\x1b]52;\x9b\xf0\x28\x8c\x28\x1b[200~\xe2\x82")
    os.write(terminal.master, b"\x1b[201~")
    terminal.press("q")
    assert terminal.ended() == 0
    terminal.assert_restored()


def test_a_slow_terminal_does_not_hold_up_the_event_loop_nor_the_end(
    start: Callable[..., Terminal], tmp_path: Path
) -> None:
    terminal = start("busy", rate=1000)
    terminal.until(lambda: len(terminal.drawn) > 2000, "nothing was drawn")
    time.sleep(2)
    terminal.send(signal.SIGTERM)
    assert terminal.ended() == 143
    assert float((tmp_path / "end").read_text()) < 0.5
    assert termios.tcgetattr(terminal.slave) == terminal.before
