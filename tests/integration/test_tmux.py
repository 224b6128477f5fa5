"""What the screen asks of the tmux around it, on a real server of tmux."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ui.outside import tmux

SLEEPER = "sleep 60"


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


class Server:
    """A tmux server of its own, with one session."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "tmux"
        self.run("-f", os.devnull, "new-session", "-d", "-s", "first", "-x", "80", "-y", "24", SLEEPER)

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self.socket), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
        return done.stdout.strip()

    def show(self, target: str, text: str) -> str:
        return self.run("display-message", "-p", "-t", target, text)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    monkeypatch.delenv("TMUX", raising=False)
    server = Server(tmp_path)
    monkeypatch.setenv("TMUX", f"{server.socket},{server.show('first', '#{pid}')},0")
    yield server
    server.run("kill-server")


def test_a_text_goes_into_the_buffer_whole(server: Server) -> None:
    text = "a3f9c2 $(touch x) `y` #{pid} 本\nsecond line"
    assert asyncio.run(tmux.copy(text)).ok
    assert server.run("show-buffer") == text


def test_a_new_window_runs_the_program_in_the_folder_and_nothing_else(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "a folder; touch bad #(touch bad) $(touch bad)"
    folder.mkdir()
    script = tmp_path / "program"
    script.write_text(
        f"#!/bin/sh\npwd > '{tmp_path}/where'\nprintf '%s\\n' \"$@\" > '{tmp_path}/given'\n{SLEEPER}\n"
    )
    script.chmod(0o755)
    answer = asyncio.run(
        tmux.new_window(str(folder), "vi; #(touch bad)", [str(script), "$(touch bad)", "two words"])
    )
    assert answer.ok, answer.problem
    until((tmp_path / "given").exists, "the program did not run")
    assert (tmp_path / "where").read_text() == f"{folder}\n"
    until(lambda: (tmp_path / "given").read_text() == "$(touch bad)\ntwo words\n", "the arguments are others")
    assert server.run("list-windows", "-a", "-F", "#{window_name}").splitlines()[-1] == "vi----touch-bad-"
    assert not list(tmp_path.rglob("bad"))


def test_a_program_without_arguments_is_not_run_by_a_shell(server: Server, tmp_path: Path) -> None:
    script = tmp_path / "a program; touch bad"
    script.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n{SLEEPER}\n")
    script.chmod(0o755)
    assert asyncio.run(tmux.new_window(str(tmp_path), "shell", [str(script)])).ok
    until((tmp_path / "ran").exists, "the program did not run")
    assert not (tmp_path / "bad").exists()
    assert server.run("list-windows", "-a", "-F", "#{window_name}").splitlines()[-1] == "shell"


def test_the_pane_of_a_process_is_found_by_its_ancestors_and_gone_to(server: Server) -> None:
    server.run("new-session", "-d", "-s", "second", "sh", "-c", f"{SLEEPER}; true")
    server.run("new-window", "-d", "-t", "second", SLEEPER)
    pane, shell = server.show("second:0", "#{pane_id} #{pane_pid}").split()
    server.run("select-window", "-t", "second:1")
    until(lambda: psutil.Process(int(shell)).children(), "the shell did not start it")
    child = psutil.Process(int(shell)).children()[0].pid
    found = asyncio.run(tmux.find_pane(child))
    assert found is not None
    assert (found.id, found.pid) == (pane, int(shell))
    asyncio.run(
        tmux.jump(found)
    )  # no client is there to be switched; the window of the session is shown all the same
    assert server.show("second", "#{pane_id}") == pane


def test_a_process_outside_of_tmux_has_no_pane(server: Server) -> None:
    assert server.run("list-panes", "-a")
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        try:
            # This test may itself run in another server's pane; in this server's it does not.
            assert asyncio.run(tmux.find_pane(process.pid)) is None
        finally:
            process.kill()


def test_without_a_server_every_call_is_a_plain_no(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMUX", f"{tmp_path}/none,1,0")
    answer = asyncio.run(tmux.copy("x"))
    assert not answer.ok
    assert answer.problem
    assert asyncio.run(tmux.find_pane(os.getpid())) is None


def test_a_tmux_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = tmp_path / "tmux"
    stuck.write_text("#!/bin/sh\nexec sleep 60\n")
    stuck.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(tmux, "PATIENCE_SECONDS", 0.1)
    assert asyncio.run(tmux.call("list-panes")).problem == "tmux did not answer within 0.1 s"


def test_a_machine_without_tmux_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert asyncio.run(tmux.call("list-panes")).problem == "tmux: No such file or directory"


@given(st.text(alphabet="%0123456789 /devpts$\n-x", max_size=200))
def test_any_answer_is_read(output: str) -> None:
    for pane in tmux.parse_panes(output):
        assert pane.id[0] == "%"
        assert pane.pid >= 0


def test_panes_that_are_dead_are_left_out() -> None:
    panes = tmux.parse_panes("%1 10 /dev/pts/1 $0 0\n%2 11 /dev/pts/2 $0 1\nnonsense\n")
    assert [pane.id for pane in panes] == ["%1"]
    assert tmux.pane_of(panes, tmux.Lineage((99, 11), "/dev/pts/2")) is None
    assert tmux.pane_of(panes, tmux.Lineage((99, 12), "/dev/pts/1")) == panes[0]
