"""How processes are sorted into agents' trees, and how CPU time is counted once although it shows twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.processes.groups import Group, Mark, Rates, arrange, members_of
from monitor.sources.processes.table import Entry, ProcessTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import Millis, ProcessGroup

CLAUDE, CODEX = Mark("claude-code", "claude"), Mark("codex", "codex")


class PaperTable(ProcessTable):
    """A process table that holds what a test wrote into it."""

    boot_id = "paper"
    tick_seconds = 0.01
    degraded = ""

    def add(self, pid: int, ppid: int, start: int | None = None) -> Entry:
        entry = Entry(pid, pid if start is None else start)
        entry.ppid, entry.state = ppid, "S"
        self._add(entry)
        return entry

    seconds = 100.0
    """The age of everything."""

    def age(self, entry: Entry) -> float:
        return self.seconds

    def started(self, entry: Entry) -> Millis:
        return entry.start

    def ports(self, entry: Entry) -> tuple[int, ...]:
        return (entry.pid + 8000,) if not entry.problem else ()

    def _never(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("not to be asked of a table on paper")

    track = arguments = executable = cwd = _names = _meet = _measure = _identify = _never

    def untrack(self, entries: Iterable[Entry]) -> None:
        """Nothing is held."""


@pytest.fixture
def table() -> PaperTable:
    return PaperTable()


def claimed(mark: Mark, agent_id: str) -> Mark:
    return Mark(mark.kind, mark.name, agent_id)


def pids(table: PaperTable, top: Entry, marks: dict[Entry, Mark]) -> list[int]:
    return [entry.pid for entry in members_of(table, top, arrange(table, marks))[0]]


def test_the_topmost_match_of_a_tree_is_the_agent(table: PaperTable) -> None:
    table.add(1, 0)
    outer, shell, inner = table.add(10, 1), table.add(11, 10), table.add(12, 11)
    marks = {inner: CODEX, outer: CLAUDE}
    assert arrange(table, marks) == {outer: CLAUDE}
    assert pids(table, outer, marks) == [10, 11, 12]
    del marks[outer]
    assert arrange(table, marks) == {inner: CODEX}
    assert shell.ppid == 10


def test_groups_stand_oldest_first(table: PaperTable) -> None:
    young, old = table.add(10, 1, start=900), table.add(20, 1, start=100)
    assert list(arrange(table, {young: CLAUDE, old: CLAUDE})) == [old, young]


def test_a_child_with_a_smaller_pid_of_the_same_instant_is_still_a_child(table: PaperTable) -> None:
    parent, child = table.add(32_000, 1, start=7), table.add(300, 32_000, start=7)
    assert list(arrange(table, {child: CODEX, parent: CODEX})) == [parent]


def test_a_configured_agent_inside_another_is_an_agent_of_its_own(table: PaperTable) -> None:
    planner, shell, builder, leaf = table.add(10, 1), table.add(11, 10), table.add(12, 11), table.add(13, 12)
    marks = {planner: claimed(CLAUDE, "planner"), builder: claimed(CLAUDE, "builder"), leaf: CODEX}
    assert list(arrange(table, marks)) == [planner, builder]
    assert pids(table, planner, marks) == [10, 11]
    assert pids(table, builder, marks) == [12, 13]
    assert shell.pid == 11


def test_what_matches_a_configured_agent_twice_in_one_tree_is_one_process_group(table: PaperTable) -> None:
    shell, agent = table.add(10, 1), table.add(11, 10)
    mark = claimed(Mark("custom", "x"), "builder")
    assert list(arrange(table, {shell: mark, agent: mark})) == [shell]


def test_a_wrapper_takes_over_the_claim_on_its_program(table: PaperTable) -> None:
    wrapper, native = table.add(10, 1), table.add(11, 10)
    tops = arrange(table, {wrapper: CODEX, native: claimed(CODEX, "builder")})
    assert tops == {wrapper: claimed(CODEX, "builder")}


def test_a_zombie_is_nobodys_topmost_process_unless_other_threads_go_on(table: PaperTable) -> None:
    entry = table.add(10, 1)
    entry.state, entry.threads = "Z", 1
    assert arrange(table, {entry: CLAUDE}) == {}
    entry.threads = 3
    assert arrange(table, {entry: CLAUDE}) == {entry: CLAUDE}


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 12)), max_size=20), st.sets(st.integers(1, 12)))
def test_every_process_is_in_one_group_at_most_however_odd_the_table(
    rows: list[tuple[int, int]], marked: set[int]
) -> None:
    table = PaperTable()
    for pid, ppid in dict(rows).items():
        table.add(pid, ppid)
    marks = {table.entries[pid]: CLAUDE for pid in marked if pid in table.entries}
    tops = arrange(table, marks)
    members = [entry for top in tops for entry in members_of(table, top, tops)[0]]
    assert len(members) == len(set(members))
    assert all(top in marks for top in tops)


class Agent:
    """An agent of one process, whose numbers a test sets tick by tick."""

    def __init__(self, table: PaperTable) -> None:
        self.table = table
        self.top = table.add(10, 1)
        self.group = Group(self.top, CLAUDE, table)
        self.group.members, self.group.depths = [self.top], [0]
        self.tick = 0
        self.read()

    def read(self, used: float = 0, reaped: float = 0) -> float | None:
        """One tick of one second; percent of one core is then hundredths of a second."""
        self.tick += 1
        self.top.used, self.top.reaped_delta, self.top.tick = used, reaped, self.tick
        return self.group.reading(self.table, Rates(self.tick, 1.0, 1000)).cpu_usage

    def end_child(self, own: float, *, just_read: float = 0) -> None:
        """It ends in the tick that comes, in which `just_read` of its own time was still read."""
        child = self.table.add(50, 10)
        child.own, child.used = own, just_read
        child.tick = self.tick + bool(just_read)
        self.group.owe(child, self.tick + 1)


@pytest.fixture
def agent(table: PaperTable) -> Agent:
    return Agent(table)


def test_the_first_reading_knows_no_cpu_and_an_idle_agent_uses_none(agent: Agent) -> None:
    assert agent.group.cpu is None
    assert agent.read() == 0


def test_children_never_seen_count_with_all_they_used(agent: Agent) -> None:
    assert agent.read(reaped=40) == 40


def test_of_a_child_that_was_seen_only_the_rest_counts(agent: Agent) -> None:
    agent.end_child(own=6000)
    assert agent.read(reaped=6025) == 25
    assert agent.read() == 0


def test_what_was_read_of_a_child_in_the_tick_of_its_end_counts_with_the_rest(agent: Agent) -> None:
    agent.end_child(own=6011, just_read=11)
    assert agent.read(reaped=6025) == 25
    assert agent.read() == 0


def test_a_child_whose_end_is_seen_before_its_parent_has_waited_makes_no_spike(agent: Agent) -> None:
    agent.end_child(own=6000)
    assert agent.read(reaped=0) == 0
    assert agent.read(reaped=6025) == 25
    assert agent.read(reaped=30) == 30


def test_a_child_that_nobody_waited_for_does_not_swallow_what_comes_later(agent: Agent) -> None:
    agent.end_child(own=6000)
    assert agent.read() == 0
    assert agent.read() == 0
    assert agent.read(reaped=30) == 30


def test_one_process_that_denies_makes_the_sums_unknown_and_says_why(agent: Agent) -> None:
    child = agent.table.add(11, 10)
    child.problem = "permission denied"
    agent.group.members.append(child)
    agent.group.depths.append(1)
    reading = agent.group.reading(agent.table, Rates(9, 1.0, 1000))
    assert reading.unknown == "permission denied (pid 11)"
    assert (reading.cpu_usage, reading.memory_usage, reading.memory_percent, reading.thread_count) == (
        None,
    ) * 4
    assert reading.process_count == 2
    infos = agent.group.infos(agent.table, Rates(9, 1.0, 1000))
    assert [info.memory_usage for info in infos] == [0, None]


def test_after_an_unknown_reading_cpu_starts_anew(agent: Agent) -> None:
    agent.top.problem = "file descriptors ran out"
    assert agent.read(used=5) is None
    agent.top.problem = ""
    assert agent.read(used=500) is None, "this is the use of two ticks"
    assert agent.read(used=7) == 7


def test_too_short_an_interval_tells_no_rate(agent: Agent) -> None:
    assert agent.group.reading(agent.table, Rates(9, None, 1000)).cpu_usage is None


def test_a_reading_in_which_only_the_age_is_new_is_the_record_of_before_for_ten_seconds(agent: Agent) -> None:
    def read() -> ProcessGroup:
        agent.table.seconds += 1
        agent.tick += 1
        return agent.group.reading(agent.table, Rates(agent.tick, 1.0, 1000))

    first = read()
    assert [read() is first for _ in range(12)] == [True] * 9 + [False] * 3
    last = read()
    agent.top.memory = 4096
    assert read().memory_usage == 4096
    assert last.memory_usage == 0


def test_a_young_process_shows_its_age(agent: Agent) -> None:
    agent.table.seconds = 5.0
    ages = []
    for _ in range(3):
        agent.table.seconds += 1
        ages.append(agent.group.reading(agent.table, Rates(9, 1.0, 1000)).uptime_seconds)
    assert ages == [6, 7, 8]
