"""Agents' process trees, with real processes: what is found, what it uses, and how it ends."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import msgspec
import psutil
import pytest
from process_fixtures import WAIT, Processes, cpu_seconds, group_of, poll, processes, until

from monitor.errors import SourceError
from monitor.sources.processes import ProcessSource, table
from monitor.sources.processes.linux import LinuxTable
from monitor.sources.processes.portable import PortableTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from monitor.sources.processes.table import ProcessTable

TABLES: dict[str, Callable[[], ProcessTable]] = {"portable": PortableTable}
if sys.platform == "linux":
    TABLES["linux"] = LinuxTable
MEGABYTE = 1_000_000
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only the kernel of Linux tells it")


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Processes]:
    with processes(tmp_path) as found:
        yield found


@pytest.fixture(params=sorted(TABLES))
def make(request: pytest.FixtureRequest) -> Callable[[], ProcessTable]:
    """Both ways to read the process table."""
    return TABLES[request.param]


@pytest.fixture
def source(make: Callable[[], ProcessTable]) -> Iterator[ProcessSource]:
    made = ProcessSource((), discover=True, scan_interval=0.05, table=make())
    yield made
    made.close()


def test_a_running_agent_is_found_with_its_folder_and_its_numbers(
    started: Processes, source: ProcessSource
) -> None:
    work = started.folder / "work tree"
    work.mkdir()
    agent = started.agent(cwd=work)
    group = group_of(poll(source), agent.pid)
    assert group is not None
    assert (group.kind, group.name, group.cwd) == ("claude-code", "claude", str(work))
    assert group.key.boot_id == source.boot_id
    assert group.cpu_usage is None, "nothing can be known of CPU from one reading"
    assert group.memory_usage is not None
    assert group.memory_usage == pytest.approx(psutil.Process(agent.pid).memory_info().rss, abs=MEGABYTE)
    assert group.memory_percent == pytest.approx(100 * group.memory_usage / psutil.virtual_memory().total)
    assert (group.thread_count, group.process_count) == (1, 1)
    assert group.uptime_seconds is not None
    assert group.uptime_seconds < 60
    assert group.started == pytest.approx(time.time() * 1000, abs=60_000)


def test_the_first_look_starts_nothing_and_later_ones_tell_who_came(
    started: Processes, source: ProcessSource
) -> None:
    first = started.agent()
    reading = poll(source)
    assert group_of(reading, first.pid)
    assert reading.started == ()
    second = started.agent(name="codex")
    came = {group.key.pid for group in poll(source).started}  # what other tests start is among it
    assert second.pid in came
    assert first.pid not in came
    assert second.pid not in {group.key.pid for group in poll(source).started}


def test_a_tree_is_summed_over_its_processes_and_listed_parents_first(
    started: Processes, source: ProcessSource
) -> None:
    inner = "import threading, sys; threading.Thread(target=sys.stdin.read).start(); print(1, flush=True)"
    middle = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {inner!r}])"
    agent = started.agent(f"subprocess.Popen([{sys.executable!r}, '-S', '-c', {middle!r}], stdin=0)")

    def whole() -> bool:
        group = group_of(poll(source), agent.pid)
        return group is not None and (group.process_count, group.thread_count) == (3, 4)

    until(whole, "three processes with four threads")
    group = group_of(poll(source), agent.pid)
    assert group is not None
    tree = source.tree(group.key)
    assert [info.depth for info in tree] == [0, 1, 2]
    assert [info.ppid for info in tree][1:] == [info.pid for info in tree][:2]
    memory = [info.memory_usage for info in tree]
    assert sum(part for part in memory if part is not None) == group.memory_usage
    assert all(info.state in "RSD" and info.started is not None for info in tree)
    assert source.tree(msgspec.structs.replace(group.key, start=1)) == ()


def test_cpu_adds_up_to_what_the_agent_used(started: Processes, source: ProcessSource) -> None:
    agent = started.agent(then="sys.stdin.readline(); burn(0.3)")
    assert agent.stdin is not None
    poll(source)
    time.sleep(0.06)
    poll(source)
    agent.stdin.write("go\n")
    process = psutil.Process(agent.pid)
    total, _ = cpu_seconds(source, agent.pid, lambda: sum(process.cpu_times()[:2]) >= 0.27)
    assert 0.25 < total < 0.45


@pytest.mark.parametrize("lives", [0.3, 0.01], ids=["seen while they lived", "mostly not seen at all"])
def test_children_that_ended_are_counted_once(
    started: Processes, source: ProcessSource, lives: float
) -> None:
    if isinstance(source._table, PortableTable) and sys.platform == "darwin":
        pytest.skip("this system does not tell what ended children used")
    count = round(0.3 / lives)
    child = (
        "pid = os.fork()\n    if not pid:\n        burn({lives})\n        os._exit(0)\n    os.waitpid(pid, 0)"
    )
    agent = started.agent(
        then=f"sys.stdin.readline()\nfor _ in range({count}):\n    {child.format(lives=lives)}"
    )
    assert agent.stdin is not None
    assert agent.stdout is not None
    poll(source)
    time.sleep(0.06)
    poll(source)
    agent.stdin.write("go\n")
    process = psutil.Process(agent.pid)
    total, _ = cpu_seconds(source, agent.pid, lambda: sum(process.cpu_times()[2:4]) >= 0.27)
    assert 0.25 < total < 0.5


def test_children_that_nobody_waits_for_add_nothing_twice(started: Processes, source: ProcessSource) -> None:
    code = (
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nsys.stdin.readline()\n"
        "pid = os.fork()\nif not pid:\n    burn(0.3)\n    os._exit(0)\n"
    )
    agent = started.agent(then=code)
    assert agent.stdin is not None
    poll(source)
    time.sleep(0.06)
    poll(source)
    agent.stdin.write("go\n")
    until(lambda: psutil.Process(agent.pid).children(), "the child")
    total, _ = cpu_seconds(source, agent.pid, lambda: not psutil.Process(agent.pid).children())
    assert 0 <= total < 0.5


def test_a_wrapper_and_its_program_are_one_agent(started: Processes, source: ProcessSource) -> None:
    native = shlex.quote(started.program("codex"))
    wrapper = started.script("codex-wrapper", "")
    code = f"subprocess.Popen([{native!r}, '-S', '-c', 'import sys; sys.stdin.read()'], stdin=0)"
    agent = started.agent(code, name="codex")
    del wrapper

    def one() -> bool:
        reading = poll(source)
        group = group_of(reading, agent.pid)
        return group is not None and group.process_count == 2 and group.kind == "codex"

    until(one, "one codex of two processes")
    inner = psutil.Process(agent.pid).children()[0].pid
    assert group_of(poll(source), inner) is None


def test_an_agent_started_by_an_agent_is_inside_its_tree_and_stands_alone_when_orphaned(
    started: Processes, source: ProcessSource
) -> None:
    gemini = started.program("gemini")
    outer = started.agent(
        f"subprocess.Popen([{gemini!r}, '-S', '-c', 'import time; time.sleep(60)'], stdin=0, stdout=2)"
    )
    inner = psutil.Process(outer.pid).children()[0].pid
    until(lambda: psutil.Process(inner).name() == "gemini", "exec")
    assert until(
        lambda: [g.process_count for g in poll(source).groups if g.key.pid == outer.pid] == [2], "the tree"
    )
    assert group_of(poll(source), inner) is None
    outer.kill()
    outer.wait()

    def alone() -> bool:
        group = group_of(poll(source), inner)
        return group is not None and group.kind == "gemini"

    until(alone, "an agent of its own")


@ON_LINUX
@pytest.mark.parametrize(
    ("code", "exit_code", "number"),
    [("sys.exit(3)", 3, None), ("sys.exit(0)", 0, None), ("os.kill(os.getpid(), signal.SIGTERM)", None, 15)],
)
def test_an_agent_seen_as_a_zombie_tells_how_it_ended(
    started: Processes, code: str, exit_code: int | None, number: int | None
) -> None:
    source = ProcessSource((), discover=True, scan_interval=30)
    agent = started.agent(then=f"sys.stdin.read(); {code}")
    assert agent.stdin is not None
    assert group_of(poll(source), agent.pid)
    agent.stdin.close()
    until(lambda: psutil.Process(agent.pid).status() == psutil.STATUS_ZOMBIE, "a zombie")
    reading = poll(source)
    assert group_of(reading, agent.pid) is None
    (end,) = [end for end in reading.stopped if end.key.pid == agent.pid]
    assert (end.kind, end.exit_code, end.signal, end.cwd) == (
        "claude-code",
        exit_code,
        number,
        str(started.folder),
    )
    reading = poll(source)
    assert not [end for end in reading.stopped if end.key.pid == agent.pid], "told once"
    source.close()


def test_an_agent_that_vanished_stopped_in_an_unknown_way(started: Processes, source: ProcessSource) -> None:
    agent = started.agent()
    poll(source)
    agent.kill()
    agent.wait()
    reading = poll(source)
    assert group_of(reading, agent.pid) is None
    (end,) = [end for end in reading.stopped if end.key.pid == agent.pid]
    assert (end.exit_code, end.signal) == (None, None)


def test_a_zombie_child_counts_as_a_process_without_memory(started: Processes, source: ProcessSource) -> None:
    agent = started.agent("pid = os.fork()\nif not pid:\n    os._exit(0)")
    child = psutil.Process(agent.pid).children()[0]
    until(lambda: child.status() == psutil.STATUS_ZOMBIE, "a zombie")
    until(lambda: psutil.Process(agent.pid).status() == psutil.STATUS_SLEEPING, "a parent that waits")
    group = group_of(poll(source), agent.pid)
    assert group is not None
    assert group.process_count == 2
    assert group.memory_usage == pytest.approx(psutil.Process(agent.pid).memory_info().rss, abs=MEGABYTE)
    parent, zombie = source.tree(group.key)
    assert (zombie.state, zombie.memory_usage, parent.state) == ("Z", 0, "S")


def test_a_stopped_agent_is_still_there(started: Processes, source: ProcessSource) -> None:
    agent = started.agent()
    agent.send_signal(signal.SIGSTOP)
    until(lambda: psutil.Process(agent.pid).status() == psutil.STATUS_STOPPED, "stopped")
    group = group_of(poll(source), agent.pid)
    assert group is not None
    assert source.tree(group.key)[0].state == "T"


@pytest.mark.parametrize("age", ["just started", "old"])
def test_a_shell_that_becomes_an_agent_is_noticed(
    started: Processes, monkeypatch: pytest.MonkeyPatch, make: Callable[[], ProcessTable], age: str
) -> None:
    if age == "old":
        monkeypatch.setattr(table, "YOUNG_SECONDS", 0.0)
    source = ProcessSource((), discover=True, scan_interval=0.05 if age == "old" else 3600, table=make())
    claude = shlex.quote(started.program("claude"))
    shell = started.start(
        "sh", "-c", f"echo ready; read go; exec {claude} -S -c 'import sys; sys.stdin.read()'"
    )
    assert group_of(poll(source), shell.pid) is None
    assert shell.stdin is not None
    shell.stdin.write("go\n")
    until(lambda: group_of(poll(source), shell.pid), "the agent that the shell became")
    source.close()


def test_a_program_that_runs_another_under_the_same_name_is_noticed(
    started: Processes, source: ProcessSource
) -> None:
    script = started.script("opencode", "read line\n")
    shell = started.start("sh", "-c", f"echo ready; read go; exec sh {shlex.quote(script)}")
    assert group_of(poll(source), shell.pid) is None
    assert shell.stdin is not None
    shell.stdin.write("go\n")
    group = until(lambda: group_of(poll(source), shell.pid), "the agent that the shell became")
    assert group.kind == "opencode"


def test_a_child_that_is_adopted_by_another_leaves_the_tree(
    started: Processes, source: ProcessSource
) -> None:
    leaf = "import time; time.sleep(60)"
    middle = f"import subprocess, sys; subprocess.Popen([sys.executable, '-S', '-c', {leaf!r}]); sys.stdin.readline()"
    agent = started.agent(f"child = subprocess.Popen([{sys.executable!r}, '-S', '-c', {middle!r}], stdin=0)")
    until(lambda: getattr(group_of(poll(source), agent.pid), "process_count", 0) == 3, "three processes")
    child = psutil.Process(agent.pid).children()[0]
    child.kill()
    until(lambda: child.status() == psutil.STATUS_ZOMBIE, "the middle one's end")
    until(lambda: getattr(group_of(poll(source), agent.pid), "process_count", 0) == 2, "without the orphan")


def test_prompts_and_keys_never_leave_the_source(started: Processes, source: ProcessSource) -> None:
    agent = started.agent(
        "", "--model", "opus", "--api-key", "SECRET-a1b2", "--resume", "please add SECRET-c3d4 to it"
    )
    reading = poll(source)
    group = group_of(reading, agent.pid)
    assert group is not None
    shown = msgspec.json.encode((reading, source.tree(group.key)))
    assert b"SECRET" not in shown
    assert group.name == "claude --model opus --resume"


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are UTF-8 there")
def test_arguments_that_are_no_text_do_no_harm(started: Processes, source: ProcessSource) -> None:
    agent = started.start(
        "bash",
        "-c",
        "exec -a $'\\xff\\x1b[31m' \"$@\"",
        "-",
        started.program("claude"),
        "-S",
        "-u",
        "-c",
        "print('ready'); import sys; sys.stdin.read()",
        b"\xff\xfe",
    )
    reading = poll(source)
    group = group_of(reading, agent.pid)
    assert group is not None
    assert msgspec.json.decode(msgspec.json.encode(reading))
    assert group.name.isprintable()


def test_rates_have_no_spike_when_the_monitor_was_stopped(started: Processes) -> None:
    burner = started.agent(then="while True:\n    pass")
    code = (
        "import sys, time\nfrom monitor.sources.processes import ProcessSource\n"
        "source = ProcessSource((), discover=True, scan_interval=30)\n"
        "for tick in range(10):\n"
        "    reading = source.poll(0)\n"
        "    print(max(g.cpu_usage or 0 for g in reading.groups if g.key.pid == int(sys.argv[1])), flush=True)\n"
        "    time.sleep(0.2)\n"
    )
    monitor = subprocess.Popen(
        [sys.executable, "-c", code, str(burner.pid)], stdout=subprocess.PIPE, text=True
    )
    assert monitor.stdout is not None
    readings = [float(monitor.stdout.readline()) for _ in range(3)]
    monitor.send_signal(signal.SIGSTOP)
    time.sleep(1)
    monitor.send_signal(signal.SIGCONT)
    readings += [float(line) for line in monitor.stdout]
    assert monitor.wait() == 0
    monitor.stdout.close()
    assert len(readings) == 10
    assert any(readings)
    assert max(readings) < 125


def test_a_look_that_failed_makes_no_spike_at_the_next(
    started: Processes, source: ProcessSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    burner = started.agent(then="while True:\n    pass")
    poll(source)
    with monkeypatch.context() as patch:
        patch.setattr(source._table, "_names", failing)
        time.sleep(0.3)
        with pytest.raises(SourceError):
            poll(source)
    time.sleep(0.07)
    group = group_of(poll(source), burner.pid)
    assert group is not None
    assert group.cpu_usage is not None
    assert group.cpu_usage < 125


def failing() -> set[str]:
    raise SourceError("no process table")


@ON_LINUX
def test_both_readers_of_the_process_table_tell_the_same(started: Processes) -> None:
    agent = started.agent(
        f"subprocess.Popen([{sys.executable!r}, '-S', '-c', {'import sys; sys.stdin.read()'!r}], stdin=0)"
    )
    sources = [ProcessSource((), discover=True, scan_interval=1, table=make()) for make in TABLES.values()]
    until(lambda: len(psutil.Process(agent.pid).children()) == 1, "the child")
    for _ in range(3):
        for source in sources:
            poll(source)
        time.sleep(0.1)
    one, other = (group_of(poll(source), agent.pid) for source in sources)
    assert one is not None
    assert other is not None
    for field in ("kind", "name", "cwd", "process_count", "thread_count"):
        assert getattr(one, field) == getattr(other, field)
    assert one.memory_usage == pytest.approx(other.memory_usage, abs=MEGABYTE)
    assert one.started == pytest.approx(other.started, abs=1100)
    assert one.cpu_usage == pytest.approx(other.cpu_usage, abs=25)
    assert os.getpid() not in {info.pid for info in sources[0].tree(one.key)}


def test_what_a_daemon_runs_for_an_agent_counts_as_its_own(started: Processes, source: ProcessSource) -> None:
    """Codex runs the commands of all its interactive sessions in a daemon, which the first of them started."""
    folders = [started.folder / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    first, second = (started.agent(name="codex", cwd=folder) for folder in folders)
    run = "\n".join(f"subprocess.Popen(['sleep', '60'], cwd={str(folder)!r})" for folder in folders[1:] * 2)
    code = f"#!{sys.executable} -S\nimport subprocess, sys\n{run}\nprint('ready', flush=True)\n{WAIT}"
    program = started.folder / "codex"
    program.write_text(code)
    program.chmod(0o700)
    daemon = started.start(str(program), "app-server", "--listen", "unix://", "--managed-daemon")
    keys = {group.key.pid: group.key for group in poll(source).groups}
    assert {first.pid, second.pid} <= keys.keys()
    assert daemon.pid not in keys, "the daemon is no agent"
    assert source.started_since(keys[second.pid], 0) == 2
    assert source.started_since(keys[first.pid], 0) == 0
    assert source.started_since(keys[second.pid], time.time_ns() // 1_000_000 + 60_000) == 0
    daemon.kill()
    daemon.wait()
    until(lambda: poll(source) and source.started_since(keys[second.pid], 0) == 0, "the daemon is gone")
