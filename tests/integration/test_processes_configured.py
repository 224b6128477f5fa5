"""Agents that the user named: found by an expression or a pid file, in a table of real processes."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest
from process_fixtures import WAIT, Processes, group_of, poll, processes, until

from monitor.config import AgentSettings
from monitor.sources.processes import ProcessSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Processes]:
    with processes(tmp_path) as found:
        yield found


@pytest.fixture
def token(tmp_path: Path) -> str:
    """A word that stands in no other command line."""
    return f"agent-{os.getpid()}-{time.monotonic_ns()}"


def source(*agents: AgentSettings, discover: bool = False) -> ProcessSource:
    return ProcessSource(agents, discover=discover, scan_interval=0.05)


def found(source: ProcessSource) -> list[tuple[str | None, int]]:
    return [(group.configured, group.key.pid) for group in poll(source).groups]


def test_an_expression_finds_a_process_by_its_arguments(started: Processes, token: str) -> None:
    pid = started.daemon(sys.executable, "-S", "-c", SLEEP, token)
    named = source(AgentSettings(id="builder", match=rf"python.*{token}$"))
    until(lambda: found(named) == [("builder", pid)], "the process")
    group = group_of(poll(named), pid)
    assert group is not None
    assert (group.kind, group.cwd) == ("custom", str(started.folder))
    assert token not in group.name
    named.close()


def test_an_expression_finds_a_program_by_its_name(started: Processes, token: str) -> None:
    name = f"bot{os.getpid()}"
    pid = started.daemon(started.program(name), "-S", "-c", SLEEP, token)
    named = source(AgentSettings(id="builder", match=rf"^{name} .*{token}", kind="goose"))
    until(lambda: found(named) == [("builder", pid)], "the process")
    assert poll(named).groups[0].kind == "goose"
    named.close()


def test_the_monitor_its_ancestors_and_its_children_never_match(started: Processes, token: str) -> None:
    child = started.start(sys.executable, "-u", "-S", "-c", f"print(1); {WAIT}", token)
    other = started.daemon(sys.executable, "-S", "-c", SLEEP, token)
    ancestors = {process.pid for process in psutil.Process().parents()}
    named = source(AgentSettings(id="any", match="."))
    pids = until(
        lambda: (
            {pid for _, pid in found(named)} if other in dict.fromkeys(p for _, p in found(named)) else None
        ),
        "it",
    )
    assert not pids & {os.getpid(), child.pid, *ancestors}
    named.close()


def test_several_matches_are_several_groups_the_oldest_first(started: Processes, token: str) -> None:
    pids = []
    for _ in range(3):
        pids.append(started.daemon(sys.executable, "-S", "-c", SLEEP, token))
        time.sleep(0.03)
    named = source(AgentSettings(id="builder", match=token))
    until(lambda: found(named) == [("builder", pid) for pid in pids], "all three")
    named.close()


def test_what_runs_inside_a_terminal_multiplexer_does_not_make_it_an_agent(
    started: Processes, token: str
) -> None:
    inner = [sys.executable, "-S", "-c", SLEEP, token]
    code = f"import subprocess; subprocess.run({inner!r})"
    started.daemon(started.program("tmux"), "-S", "-c", code, token)
    named = source(AgentSettings(id="builder", match=token))
    ((_, pid),) = until(lambda: found(named), "the pane's process")
    assert psutil.Process(pid).parent() is not None
    assert psutil.Process(psutil.Process(pid).ppid()).name() == "tmux"
    named.close()


def test_a_known_agent_that_is_configured_keeps_its_kind(started: Processes, token: str) -> None:
    pid = started.daemon(started.program("codex"), "-S", "-c", SLEEP, token)
    named = source(AgentSettings(id="builder", match=token), discover=True)
    until(lambda: ("builder", pid) in found(named), "the process")
    group = group_of(poll(named), pid)
    assert group is not None
    assert group.kind == "codex"
    named.close()


def test_without_discovery_only_configured_agents_are_found(started: Processes) -> None:
    started.agent()
    none = source()
    assert found(none) == []
    none.close()


def pid_file(started: Processes, text: str) -> tuple[Path, ProcessSource]:
    path = started.folder / "agent.pid"
    path.write_text(text)
    return path, source(AgentSettings(id="builder", pid_file=str(path)))


def test_a_pid_file_finds_the_process_that_it_names(started: Processes) -> None:
    agent = started.agent(name="worker")
    _, named = pid_file(started, f"{agent.pid}\n")
    assert found(named) == [("builder", agent.pid)]
    named.close()


def test_a_pid_file_is_read_again_when_it_changes(started: Processes) -> None:
    first, second = started.agent(name="worker"), started.agent(name="worker")
    path, named = pid_file(started, f"{first.pid}")
    assert found(named) == [("builder", first.pid)]
    path.write_text(f" {second.pid} started today\n")
    reading = poll(named)
    assert [group.key.pid for group in reading.groups] == [second.pid]
    assert [end.key.pid for end in reading.stopped] == [first.pid]
    path.unlink()
    assert found(named) == []
    assert poll(named).degraded == "", "an agent that does not run has no pid file"
    named.close()


def test_a_pid_file_older_than_the_process_names_another_one_that_is_gone(started: Processes) -> None:
    agent = started.agent(name="worker")
    path, named = pid_file(started, f"{agent.pid}")
    an_hour_ago = time.time() - 3600
    os.utime(path, (an_hour_ago, an_hour_ago))
    assert found(named) == []
    named.close()


@pytest.mark.parametrize("text", ["", "none", "x" * 10_000, "99999999999999"])
def test_a_pid_file_without_a_pid_finds_nothing(started: Processes, text: str) -> None:
    path, named = pid_file(started, text)
    reading = poll(named)
    assert reading.groups == ()
    if not text.isdecimal():
        assert "pid file of builder" in reading.degraded
        assert path.name in reading.degraded
    named.close()


def test_a_pid_file_that_is_a_fifo_is_refused_without_waiting(started: Processes) -> None:
    path = started.folder / "agent.pid"
    os.mkfifo(path)
    named = source(AgentSettings(id="builder", pid_file=str(path)))
    reading = poll(named)
    assert reading.groups == ()
    assert "not a regular file" in reading.degraded
    named.close()
