"""What the process source does at the limits: no descriptors left, and pids that are used again."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from process_fixtures import Processes, processes, until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the fast reader is for Linux")

ROOT = Path(__file__).parents[2]
SUMMARY = """
def summary(reading):
    keys = ("kind", "process_count", "memory_usage", "thread_count", "cpu_usage", "unknown")
    groups = {group.key.pid: {key: getattr(group, key) for key in keys} for group in reading.groups}
    return {"groups": groups, "degraded": reading.degraded, "stopped": [end.key.pid for end in reading.stopped],
            "started": [group.key.pid for group in reading.started]}
"""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Processes]:
    with processes(tmp_path) as found:
        yield found


def run(code: str, *arguments: str, prefix: tuple[str, ...] = ()) -> Any:
    """Run a program that imports the source; what it prints is JSON."""
    text = f"import json, os, resource, sys, time\nfrom monitor.sources.processes import ProcessSource\n{SUMMARY}"
    done = subprocess.run(
        [*prefix, sys.executable, "-c", text + textwrap.dedent(code), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_with_twelve_descriptors_all_numbers_are_still_read_and_it_says_so(started: Processes) -> None:
    agents = [started.agent() for _ in range(12)]
    answer = run("""
        resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))
        source = ProcessSource((), discover=True, scan_interval=30)
        source.poll(0)
        time.sleep(0.1)
        print(json.dumps(summary(source.poll(0))))
    """)
    assert "file descriptors ran out (limit 12)" in answer["degraded"]
    for agent in agents:
        group = answer["groups"][str(agent.pid)]
        assert group["memory_usage"] > 0
        assert group["cpu_usage"] is not None
        assert group["unknown"] == ""


def test_with_no_descriptor_left_it_fails_as_a_source_does_and_recovers(started: Processes) -> None:
    agent = started.agent()
    answer = run(
        """
        from monitor.errors import SourceError
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        source = ProcessSource((), discover=True, scan_interval=30)
        source.poll(0)
        taken = []
        try:
            while True:
                taken.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass
        try:
            source.poll(0)
            failure = ""
        except SourceError as error:
            failure = str(error)
        for descriptor in taken:
            os.close(descriptor)
        time.sleep(0.1)
        after = [summary(source.poll(0)), time.sleep(0.1), summary(source.poll(0))]
        print(json.dumps([failure, after[0], after[2]]))
    """,
    )
    failure, first, second = answer
    assert "process table" in failure
    assert "Too many open files" in failure
    assert str(agent.pid) in first["groups"]
    assert agent.pid not in first["started"], "it was there all the time"
    assert second["groups"][str(agent.pid)]["memory_usage"] > 0
    assert agent.pid not in first["stopped"] + second["stopped"]


def test_when_others_need_descriptors_the_kept_ones_are_given_up(started: Processes) -> None:
    agents = [started.agent() for _ in range(5)]
    answer = run("""
        resource.setrlimit(resource.RLIMIT_NOFILE, (400, 400))
        source = ProcessSource((), discover=True, scan_interval=30)
        before = summary(source.poll(0))
        kept = len(os.listdir("/proc/self/fd"))
        taken = []
        try:
            while True:
                taken.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass
        time.sleep(0.1)
        during = summary(source.poll(0))
        for descriptor in taken:
            os.close(descriptor)
        print(json.dumps([before, during, kept - len(os.listdir("/proc/self/fd"))]))
    """)
    before, during, given = answer
    assert before["degraded"] == ""
    assert "file descriptors ran out" in during["degraded"]
    assert given >= len(agents)
    for agent in agents:
        assert during["groups"][str(agent.pid)]["memory_usage"] > 0


def test_the_soft_limit_is_raised_towards_the_hard_one_when_it_is_needed(started: Processes) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 1000:
        pytest.skip("the hard limit is too low here")
    started.agent()
    answer = run("""
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 1000))
        source = ProcessSource((), discover=True, scan_interval=30)
        reading = summary(source.poll(0))
        print(json.dumps([reading["degraded"], resource.getrlimit(resource.RLIMIT_NOFILE)]))
    """)
    assert answer[0] == ""
    assert answer[1][0] > 64


def test_descriptors_do_not_leak_as_agents_come_and_go(started: Processes) -> None:
    answer = run(
        """
        import subprocess
        source = ProcessSource((), discover=True, scan_interval=30)
        source.poll(0)
        counts, seen = [len(os.listdir("/proc/self/fd"))], 0
        for _ in range(5):
            agents = [subprocess.Popen([sys.argv[1], "30"]) for _ in range(4)]
            deadline = time.monotonic() + 10
            while len(source.poll(0).groups) < 4 and time.monotonic() < deadline:
                time.sleep(0.01)
            seen += len(source.poll(0).groups) >= 4
            for agent in agents:
                agent.kill()
                agent.wait()
            source.poll(0)
            counts.append(len(os.listdir("/proc/self/fd")))
        source.close()
        print(json.dumps([seen, counts, len(os.listdir("/proc/self/fd"))]))
    """,
        copy_of_sleep(started.folder),
    )
    seen, counts, closed = answer
    assert seen == 5
    assert set(counts) == {counts[0]}
    assert closed <= counts[0]


def copy_of_sleep(folder: Path) -> str:
    """A program called claude that does nothing."""
    original = shutil.which("sleep")
    assert original is not None
    target = folder / "claude"
    shutil.copy(os.path.realpath(original), target)
    return str(target)


def private_namespace() -> tuple[str, ...]:
    """How to run a program in a pid namespace of its own, in which it may choose pids."""
    prefix = ("unshare", "--pid", "--fork", "--mount-proc")
    options = [prefix, (*prefix, "--user", "--map-root-user")]
    check = "open('/proc/sys/kernel/ns_last_pid', 'w').write('100')"
    for option in options:
        with_it = [*option, sys.executable, "-c", check]
        if (
            shutil.which("unshare")
            and subprocess.run(with_it, capture_output=True, check=False).returncode == 0
        ):
            return option
    pytest.skip("no private pid namespace is allowed here")


@pytest.mark.parametrize("name", ["claude", "sleep"])
def test_a_pid_used_again_is_another_process(started: Processes, name: str) -> None:
    """The agent dies, and at once its pid is that of a stranger (or of another agent)."""
    code = """
        import subprocess
        first, second = sys.argv[1], sys.argv[2]
        source = ProcessSource((), discover=True, scan_interval=3600)
        def start(program):
            with open("/proc/sys/kernel/ns_last_pid", "w") as file:
                file.write("299")
            return subprocess.Popen([program, "30"])
        agent = start(first)
        while 300 not in (before := summary(source.poll(0)))["groups"]:
            time.sleep(0.01)
        agent.kill()
        agent.wait()
        stranger = start(second)
        while open("/proc/300/comm").read().strip() != os.path.basename(second):
            time.sleep(0.01)
        after = summary(source.poll(0))
        stranger.kill()
        print(json.dumps([stranger.pid, after]))
    """
    agent = copy_of_sleep(started.folder)
    second = agent if name == "claude" else str(shutil.which("sleep"))
    pid, after = run(code, agent, second, prefix=private_namespace())
    assert pid == 300
    assert after["stopped"] == [300]
    assert ("300" in after["groups"]) == (name == "claude")
    assert after["started"] == ([300] if name == "claude" else [])
    if name == "claude":
        assert after["groups"]["300"]["cpu_usage"] is None


def test_another_users_agent_is_seen_as_far_as_it_may_be(started: Processes) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can play two users")
    agent = started.agent()
    until(lambda: psutil.pid_exists(agent.pid), "it")
    answer = run(
        """
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
        source = ProcessSource((), discover=True, scan_interval=30)
        reading = source.poll(0)
        group = [group for group in reading.groups if group.key.pid == int(sys.argv[1])]
        print(json.dumps([[g.kind, g.cwd, g.memory_usage] for g in group]))
    """,
        str(agent.pid),
    )
    ((kind, cwd, memory),) = answer
    assert kind == "claude-code"
    assert cwd is None
    assert memory > 0
