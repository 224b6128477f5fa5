"""Where the screen may run, and how it draws there."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING, TextIO

import pytest

from monitor.errors import ConfigError
from monitor.ui.environment import check_terminal, screen_environment

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as stream:
        yield stream
    os.close(master)


def test_a_terminal_is_accepted(terminal: TextIO) -> None:
    check_terminal(terminal, terminal, {"TERM": "xterm"})


@pytest.mark.parametrize("which", ["stdin", "stdout"])
def test_a_pipe_is_refused_with_what_to_do_instead(terminal: TextIO, which: str) -> None:
    streams = {"stdin": terminal, "stdout": terminal, which: io.StringIO()}
    with pytest.raises(ConfigError, match=f"{which} is not a terminal: use `agent-monitor status`") as caught:
        check_terminal(streams["stdin"], streams["stdout"], {"TERM": "xterm"})
    assert caught.value.exit_code == 2


def test_a_closed_stream_is_refused(terminal: TextIO) -> None:
    closed = io.StringIO()
    closed.close()
    with pytest.raises(ConfigError, match="stdin is not a terminal"):
        check_terminal(closed, terminal, {"TERM": "xterm"})


@pytest.mark.parametrize("environ", [{}, {"TERM": ""}, {"TERM": "dumb"}, {"TERM": "unknown"}])
def test_a_terminal_that_cannot_show_a_screen_is_refused(terminal: TextIO, environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="TERM"):
        check_terminal(terminal, terminal, environ)


@pytest.mark.parametrize(("value", "expected"), [(None, False), ("", False), ("1", True), ("0", True)])
def test_no_color_counts_when_it_is_not_empty(value: str | None, expected: bool) -> None:
    environ = {} if value is None else {"NO_COLOR": value}
    assert screen_environment(environ).no_color is expected
    assert ("NO_COLOR" in environ) is expected


@pytest.mark.parametrize("name", ["SSH_CONNECTION", "SSH_TTY"])
def test_over_ssh_animations_are_off_and_colours_are_few(name: str) -> None:
    environ = {name: "something"}
    assert screen_environment(environ).remote
    assert environ["TEXTUAL_ANIMATIONS"] == "none"
    assert environ["TEXTUAL_COLOR_SYSTEM"] == "256"


def test_over_ssh_what_the_user_has_set_stays() -> None:
    environ = {"SSH_TTY": "/dev/pts/1", "TEXTUAL_COLOR_SYSTEM": "truecolor", "TEXTUAL_ANIMATIONS": "full"}
    screen_environment(environ)
    assert environ["TEXTUAL_COLOR_SYSTEM"] == "truecolor"
    assert environ["TEXTUAL_ANIMATIONS"] == "full"


def test_at_home_nothing_is_set() -> None:
    environ: dict[str, str] = {}
    assert not screen_environment(environ).remote
    assert environ == {}


def test_it_is_read_before_textual_is_imported() -> None:
    program = "import sys, monitor.ui.environment; print(sorted({'textual', 'rich'} & sys.modules.keys()))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"
