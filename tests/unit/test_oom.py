"""What the kernel killed for lack of memory, read from its counters (written here by hand)."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.model import OomReading
from monitor.sources.oom import LOOK_MS, OomWatch

NOW = 1_800_000_000_000


class Kernel:
    """The files that the kernel shows, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.proc, self.cgroups = folder / "proc", folder / "cgroup"
        self.group = self.cgroups / "user.slice" / "agent.scope"
        self.proc.mkdir()
        self.group.mkdir(parents=True)
        self.watch = OomWatch(str(self.proc), str(self.cgroups))

    def process(self, pid: int, path: str = "/user.slice/agent.scope") -> None:
        (self.proc / str(pid)).mkdir()
        (self.proc / str(pid) / "cgroup").write_text(f"1:cpu:/old\n0::{path}\n")

    def killed(self, group: int, host: int) -> None:
        (self.group / "memory.events").write_text(f"low 0\noom 9\noom_kill {group}\noom_group_kill 0\n")
        (self.proc / "vmstat").write_text(f"pgfault 1\noom_kill {host}\n")


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    kernel = Kernel(tmp_path)
    kernel.process(42)
    kernel.killed(3, 5)
    return kernel


def test_what_was_killed_since_the_last_look_is_told(kernel: Kernel) -> None:
    kernel.watch.watch({"builder": 42}, NOW)
    kernel.killed(4, 7)
    assert kernel.watch.ended("builder") == OomReading(since=NOW, control_group=1, host=2)
    assert kernel.watch.ended("builder") is None


def test_nothing_killed_is_told_as_nothing(kernel: Kernel) -> None:
    kernel.watch.watch({"builder": 42}, NOW)
    assert kernel.watch.ended("builder") == OomReading(since=NOW, control_group=0, host=0)


def test_what_was_killed_long_ago_is_not_counted(kernel: Kernel) -> None:
    kernel.watch.watch({"builder": 42}, NOW)
    kernel.killed(4, 6)
    kernel.watch.watch({"builder": 42}, NOW + LOOK_MS)
    assert kernel.watch.ended("builder") == OomReading(since=NOW + LOOK_MS, control_group=0, host=0)


def test_between_two_looks_only_new_agents_are_looked_at(kernel: Kernel) -> None:
    kernel.process(43)
    kernel.watch.watch({"builder": 42}, NOW)
    kernel.killed(4, 6)
    kernel.watch.watch({"builder": 42, "other": 43}, NOW + 1)
    assert kernel.watch.ended("builder") == OomReading(since=NOW, control_group=1, host=1)
    assert kernel.watch.ended("other") == OomReading(since=NOW + 1, control_group=0, host=0)


def test_another_process_of_the_agent_is_looked_at_at_once(kernel: Kernel) -> None:
    kernel.process(43, "/elsewhere")
    kernel.watch.watch({"builder": 42}, NOW)
    kernel.watch.watch({"builder": 43}, NOW + 1)
    assert kernel.watch.ended("builder") == OomReading(since=NOW + 1, control_group=None, host=0)


@pytest.mark.parametrize("path", ["/", "/../other", "/not/there"])
def test_a_control_group_without_counters_is_unknown(kernel: Kernel, path: str) -> None:
    kernel.process(43, path)
    kernel.watch.watch({"builder": 43}, NOW)
    assert kernel.watch.ended("builder") == OomReading(since=NOW, control_group=None, host=0)


def test_a_control_group_that_is_gone_is_unknown(kernel: Kernel) -> None:
    kernel.watch.watch({"builder": 42}, NOW)
    (kernel.group / "memory.events").unlink()
    assert kernel.watch.ended("builder") == OomReading(since=NOW, control_group=None, host=0)


def test_a_system_that_tells_nothing_is_unknown(tmp_path: Path) -> None:
    watch = OomWatch(str(tmp_path / "no-proc"), str(tmp_path / "no-cgroup"))
    watch.watch({"builder": 42}, NOW)
    assert watch.ended("builder") == OomReading(since=NOW)
    assert watch.ended("nobody") is None


@pytest.mark.parametrize(
    "content", [b"", b"oom_kill\n", b"oom_kill x\n", b"oom_kill -1\n", b"\xff\xfe", b"oom 1"]
)
def test_counters_of_another_shape_are_unknown(kernel: Kernel, content: bytes) -> None:
    (kernel.proc / "vmstat").write_bytes(content)
    (kernel.group / "memory.events").write_bytes(content)
    kernel.watch.watch({"builder": 42}, NOW)
    assert kernel.watch.ended("builder") == OomReading(since=NOW)


def test_those_who_went_unnoticed_are_forgotten(kernel: Kernel) -> None:
    kernel.watch.watch({"builder": 42}, NOW)
    for look in range(1, 5):
        kernel.watch.watch({}, NOW + look * LOOK_MS)
    assert kernel.watch.ended("builder") is None


def test_this_machine_can_be_asked(tmp_path: Path) -> None:
    watch = OomWatch()
    watch.watch({"self": 1}, NOW)
    reading = watch.ended("self")
    assert reading is not None
    assert reading.since == NOW
