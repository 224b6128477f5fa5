"""Process trees are recorded when they say something new, and seldom enough to cost little."""

from __future__ import annotations

from monitor.collector.trees import CHANGED_TREE_SECONDS, TREE_SECONDS, TreeLog
from monitor.model import ProcessGroup, ProcessInfo, ProcessKey


class Clock:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def group(pid: int = 7, processes: int = 2) -> ProcessGroup:
    return ProcessGroup(key=ProcessKey("boot", pid, pid), kind="codex", name="codex", process_count=processes)


def process(**changes: object) -> ProcessInfo:
    known = {"pid": 7, "ppid": 1, "name": "codex", "state": "S", "cpu_usage": 3.4, "memory_usage": 5}
    return ProcessInfo(**{**known, **changes})  # type: ignore[arg-type]


def test_a_tree_is_looked_at_at_first_and_then_every_minute() -> None:
    clock = Clock()
    log = TreeLog(clock)
    assert log.due("builder", group())
    log.note("builder", group(), (process(),))
    clock.now += TREE_SECONDS - 1
    assert not log.due("builder", group())
    clock.now += 1
    assert log.due("builder", group())


def test_a_tree_of_more_or_fewer_processes_is_looked_at_after_ten_seconds() -> None:
    clock = Clock()
    log = TreeLog(clock)
    log.note("builder", group(processes=2), (process(),))
    clock.now += CHANGED_TREE_SECONDS - 1
    assert not log.due("builder", group(processes=3))
    clock.now += 1
    assert log.due("builder", group(processes=3))
    assert not log.due("builder", group(processes=2))


def test_a_tree_whose_cpu_was_unknown_is_looked_at_after_ten_seconds() -> None:
    clock = Clock()
    log = TreeLog(clock)
    log.note("builder", group(), (process(cpu_usage=None),))
    clock.now += CHANGED_TREE_SECONDS
    assert log.due("builder", group())


def test_the_tree_of_another_process_is_looked_at_at_once() -> None:
    log = TreeLog(Clock())
    log.note("builder", group(pid=7), (process(),))
    assert log.due("builder", group(pid=9))


def test_numbers_are_rounded_so_that_what_is_there_never_becomes_nothing() -> None:
    told = TreeLog(Clock()).note("builder", group(), (process(), process(cpu_usage=None, memory_usage=None)))
    assert told == (
        process(cpu_usage=3.0, memory_usage=1 << 20),
        process(cpu_usage=None, memory_usage=None),
    )


def test_a_tree_that_says_the_same_is_not_recorded_again_and_none_is_no_tree() -> None:
    log = TreeLog(Clock())
    assert log.note("builder", group(), (process(),)) is not None
    assert log.note("builder", group(), (process(cpu_usage=3.1, memory_usage=9),)) is None
    assert log.note("builder", group(), ()) is None
    assert log.note("builder", group(), (process(state="R"),)) is not None


def test_a_forgotten_agent_is_told_anew() -> None:
    log = TreeLog(Clock())
    log.note("builder", group(), (process(),))
    log.forget("builder")
    assert log.due("builder", group())
    assert log.note("builder", group(), (process(),)) is not None


def test_a_new_port_is_worth_telling_but_makes_no_tree_due() -> None:
    clock = Clock()
    log = TreeLog(clock)
    log.note("builder", group(), (process(),))
    for port in range(8000, 8000 + int(TREE_SECONDS) - 1):
        clock.now += 1
        assert not log.due("builder", group()), f"listens on {port}"
    clock.now += 1
    assert log.due("builder", group())
    assert log.note("builder", group(), (process(ports=(8000,)),)) == (
        process(cpu_usage=3.0, memory_usage=1 << 20, ports=(8000,)),
    )
    assert log.note("builder", group(), (process(ports=(8000,)),)) is None
