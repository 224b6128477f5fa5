"""Progress of long work, on stderr."""

from __future__ import annotations

import io

import pytest

from monitor.cli import progress
from monitor.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def look(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    return terminal


def test_long_work_tells_its_share_in_one_line_that_is_gone_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = look(monkeypatch)
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.0)
    monkeypatch.setattr(progress, "STEP_SECONDS", 0.0)
    with Progress("export") as tell:
        tell(0.25)
        tell(1.0)
    assert "\rexport:  25%\rexport: 100%\r" in terminal.getvalue()
    assert terminal.getvalue().endswith(" \r")
    assert "\n" not in terminal.getvalue()


def test_short_work_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = look(monkeypatch)
    with Progress("export") as tell:
        tell(0.5)
    assert terminal.getvalue() == ""


def test_a_pipe_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr("sys.stderr", pipe)
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.0)
    with Progress("export") as tell:
        tell(0.5)
    assert pipe.getvalue() == ""
