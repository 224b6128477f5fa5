"""Signals reach an agent's processes and no others: on real processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from monitor.model import ProcessKey
from monitor.ui.outside import process_table, signals
from monitor.ui.outside.process_table import LinuxProcesses, PortableProcesses, Processes, processes

TREE = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-S", "-c", sys.argv[1]], stdout=subprocess.PIPE, text=True)
child.stdout.readline()
print("ready", child.pid, flush=True)
time.sleep(60)
"""
CHILD = "import time; print(1, flush=True); time.sleep(60)"
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(1, flush=True)
time.sleep(60)
"""


@pytest.fixture
def start() -> Iterator[Callable[..., tuple[subprocess.Popen[str], int]]]:
    started: list[subprocess.Popen[str]] = []

    def start(child: str = CHILD) -> tuple[subprocess.Popen[str], int]:
        """A parent and its child's pid."""
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", TREE, child],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout is not None
        return process, int(process.stdout.readline().split()[1])

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def key_of(pid: int) -> ProcessKey:
    table = processes()
    seen = table.look(pid)
    assert seen is not None
    return ProcessKey(table.boot_id, pid, seen.start)


def runs(pid: int) -> bool:
    seen = processes().look(pid)
    return seen is not None and seen.lives


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_terminate_reaches_the_whole_tree(start: Callable[..., tuple[subprocess.Popen[str], int]]) -> None:
    process, child = start()
    key = key_of(process.pid)
    outcome = signals.send(key, signal.SIGTERM)
    assert {one.pid for one in outcome.sent} == {process.pid, child}
    assert (outcome.gone, outcome.denied, outcome.refused) == (0, 0, "")
    assert process.wait(10) == -signal.SIGTERM
    until(lambda: not runs(child))
    assert signals.still_there(outcome.sent) == 0


def test_interrupt_reaches_only_the_agent_itself(
    start: Callable[..., tuple[subprocess.Popen[str], int]],
) -> None:
    process, child = start()
    outcome = signals.send(key_of(process.pid), signal.SIGINT, tree=False)
    assert [one.pid for one in outcome.sent] == [process.pid]
    assert process.wait(10) != 0
    assert runs(child)


def test_what_ignores_the_request_is_still_there_and_can_be_killed(
    start: Callable[..., tuple[subprocess.Popen[str], int]],
) -> None:
    process, child = start(STUBBORN)
    key, child_key = key_of(process.pid), key_of(child)
    outcome = signals.send(key, signal.SIGTERM)
    process.wait(10)
    assert signals.still_there(outcome.sent) == 1
    assert [one.pid for one in signals.send(child_key, signal.SIGKILL).sent] == [child]
    until(lambda: not runs(child))


def test_kill_leaves_nothing_of_a_tree_that_keeps_starting_more(
    start: Callable[..., tuple[subprocess.Popen[str], int]],
) -> None:
    spawner = (
        "import os, time; print(1, flush=True)\nfor _ in range(300):\n"
        "    if os.fork() == 0:\n        time.sleep(60)\n        os._exit(0)\n    time.sleep(0.001)"
    )
    process, _ = start(spawner)
    outcome = signals.send(key_of(process.pid), signal.SIGKILL)
    process.wait(10)
    assert len(outcome.sent) >= 2
    # All of them are in the session, and so in the group, of the first.
    until(lambda: not living_in_group(process.pid))


def living_in_group(group: int) -> list[int]:
    found = []
    for seen in processes().everything():
        with contextlib.suppress(ProcessLookupError):
            if seen.lives and os.getpgid(seen.pid) == group:
                found.append(seen.pid)
    return found


def test_a_stopped_process_is_continued_so_that_it_can_end(
    start: Callable[..., tuple[subprocess.Popen[str], int]],
) -> None:
    process, _ = start()
    key = key_of(process.pid)
    process.send_signal(signal.SIGSTOP)
    until(lambda: (seen := processes().look(process.pid)) is not None and seen.is_stopped)
    signals.send(key, signal.SIGTERM)
    assert process.wait(10) == -signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_pid_that_is_used_again_is_never_hit(
    start: Callable[..., tuple[subprocess.Popen[str], int]], number: signal.Signals
) -> None:
    process, child = start()
    key = key_of(process.pid)
    for wrong in (
        ProcessKey(key.boot_id, key.pid, key.start - 1),
        ProcessKey("another-boot", key.pid, key.start),
    ):
        assert signals.send(wrong, number) == signals.Outcome(gone=1)
    assert process.poll() is None
    assert runs(child)


def test_a_process_that_has_ended_is_told_as_gone(
    start: Callable[..., tuple[subprocess.Popen[str], int]],
) -> None:
    process, _ = start()
    key = key_of(process.pid)
    process.kill()
    until(lambda: not runs(process.pid))
    assert signals.send(key, signal.SIGTERM) == signals.Outcome(gone=1), "a zombie takes no signal"
    process.wait()
    assert signals.send(key, signal.SIGTERM) == signals.Outcome(gone=1)


def test_a_child_that_ends_between_looking_and_sending_is_no_failure(
    start: Callable[..., tuple[subprocess.Popen[str], int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    process, child = start()
    key, below = key_of(process.pid), signals._below

    def later(table: Processes, roots: list[process_table.Seen]) -> list[process_table.Seen]:
        found = below(table, roots)
        if runs(child):
            os.kill(child, signal.SIGKILL)
            until(lambda: not runs(child))
        return found

    monkeypatch.setattr(signals, "_below", later)
    outcome = signals.send(key, signal.SIGTERM)
    assert ([one.pid for one in outcome.sent], outcome.gone) == ([process.pid], 1)


def test_this_program_and_what_it_runs_under_are_left_alone() -> None:
    for pid in (os.getpid(), os.getppid(), 1):
        outcome = signals.send(key_of(pid), signal.SIGCONT)
        assert not outcome.sent
        assert "Agent Monitor" in outcome.refused


def test_the_process_of_another_user_is_left_alone(
    start: Callable[..., tuple[subprocess.Popen[str], int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    process, _ = start()
    monkeypatch.setattr(LinuxProcesses, "owner", lambda *_: 54321)
    monkeypatch.setattr(PortableProcesses, "owner", lambda *_: 54321)
    outcome = signals.send(key_of(process.pid), signal.SIGKILL)
    assert outcome.refused == f"process {process.pid} belongs to another user (54321)"
    assert process.poll() is None


@pytest.mark.parametrize("missing", ["descriptors", "/proc"])
def test_it_works_where_the_system_gives_less(
    start: Callable[..., tuple[subprocess.Popen[str], int]], monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    process, child = start()
    if missing == "descriptors":
        monkeypatch.delattr(os, "pidfd_open", raising=False)
        key = key_of(process.pid)
    else:
        monkeypatch.setattr(signals, "processes", PortableProcesses)
        table = PortableProcesses()
        seen = table.look(process.pid)
        assert seen is not None
        key = ProcessKey(table.boot_id, process.pid, seen.start)
    assert not signals.send(ProcessKey(key.boot_id, key.pid, key.start + 1), signal.SIGKILL).sent
    outcome = signals.send(key, signal.SIGTERM)
    assert {one.pid for one in outcome.sent} == {process.pid, child}
    assert process.wait(10) == -signal.SIGTERM
