"""Which worktree git is asked about next, within its budget (DESIGN.md §6)."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.git.schedule import FIRST_WEIGHT, GitSchedule, fair_share

BUDGET = 1800.0  # milliseconds a minute: 3 % of one core


def run(
    schedule: GitSchedule, seconds: float, cost: dict[str, float], busy: tuple[str, ...] = ()
) -> dict[str, list[float]]:
    """Read whatever is due, four times a second, while some worktrees move all the time; give the times of reading."""
    read: dict[str, list[float]] = {name: [] for name in cost}
    for tick in range(int(seconds * 4)):
        now = tick / 4
        for name in busy:
            schedule.moved(name, now)
        for name in schedule.due(now, 4):
            read[name].append(now)
            schedule.finished(name, cost[name], now)
    return read


def scheduled(*names: str) -> GitSchedule:
    schedule = GitSchedule()
    for name in names:
        schedule.add(name, 0.0)
    return schedule


def test_every_worktree_is_read_at_once_when_it_is_new() -> None:
    names = [f"w{number}" for number in range(20)]
    assert sorted(scheduled(*names).due(0.0, 100)) == sorted(names)


def test_two_hundred_worktrees_are_read_within_some_seconds() -> None:
    read = run(
        scheduled(*(f"w{number}" for number in range(200))), 15, {f"w{number}": 6.0 for number in range(200)}
    )
    assert all(times for times in read.values())


def test_a_worktree_being_read_is_not_given_again() -> None:
    schedule = scheduled("a")
    assert schedule.due(0.0, 4) == ["a"]
    schedule.moved("a", 1.0, head_moved=True)
    assert schedule.due(30.0, 4) == []
    schedule.finished("a", 5.0, 30.0)
    assert schedule.due(1000.0, 4) == ["a"]


def test_a_quiet_worktree_is_read_at_the_quiet_interval() -> None:
    times = run(scheduled("a"), 600, {"a": 5.0})["a"]
    gaps = [later - earlier for earlier, later in pairwise(times[1:])]
    assert gaps == [120.0] * len(gaps)
    assert len(gaps) >= 3


def test_quiet_worktrees_read_together_at_first_spread_out() -> None:
    names = [f"w{number}" for number in range(20)]
    read = run(scheduled(*names), 300, dict.fromkeys(names, 5.0))
    second = sorted(times[1] for times in read.values())
    assert max(later - earlier for earlier, later in pairwise(second)) < 8
    assert second[-1] <= 120


def test_a_worktree_that_moves_all_the_time_is_read_at_the_busy_interval() -> None:
    times = run(scheduled("a", "b"), 200, {"a": 5.0, "b": 5.0}, busy=("a",))["a"]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert set(gaps) == {20.0}


def test_a_move_of_head_is_read_at_once_but_not_more_often_than_every_two_seconds() -> None:
    schedule = scheduled("a")
    schedule.due(0.0, 1)
    schedule.finished("a", 5.0, 0.0)
    schedule.moved("a", 10.0, head_moved=True)
    assert schedule.due(10.0, 1) == ["a"]
    schedule.finished("a", 5.0, 10.0)
    schedule.moved("a", 10.5, head_moved=True)
    assert schedule.due(11.9, 1) == []
    assert schedule.due(12.0, 1) == ["a"]


def test_a_move_during_a_reading_is_not_lost() -> None:
    schedule = scheduled("a")
    schedule.due(0.0, 1)
    schedule.moved("a", 0.0)
    schedule.finished("a", 5.0, 0.1)
    assert schedule.due(20.0, 1) == ["a"]


def test_the_one_that_waited_longest_goes_first() -> None:
    schedule = scheduled("a", "b", "c")
    for name in schedule.due(0.0, 3):
        schedule.finished(name, 5.0, 0.0)
    for at, name in ((31.0, "c"), (32.0, "a"), (33.0, "b")):
        schedule.moved(name, at)
    assert [schedule.due(40.0, 1) for _ in range(3)] == [["c"], ["a"], ["b"]]


def test_when_the_budget_is_short_costly_worktrees_are_asked_less_often_than_cheap_ones() -> None:
    cost = {f"cheap{number}": 5.0 for number in range(10)} | {f"costly{number}": 300.0 for number in range(4)}
    read = run(scheduled(*cost), 900, cost, busy=tuple(cost))
    cheap = [len(times) for name, times in read.items() if name.startswith("cheap")]
    costly = [len(times) for name, times in read.items() if name.startswith("costly")]
    assert min(cheap) > 40, "the cheap ones keep their interval of 20 s"
    assert 10 < min(costly) <= max(costly) < 30
    assert max(costly) - min(costly) <= 2, "and the costly ones share alike"


def test_a_reading_that_hangs_without_cost_does_not_hold_a_thread_all_the_time() -> None:
    schedule = scheduled("a")
    schedule.due(0.0, 1)
    schedule.finished("a", 0.1, 10.0)
    schedule.moved("a", 11.0, head_moved=True)
    assert schedule.due(100.0, 1) == []
    assert schedule.due(130.0, 1) == ["a"]


def test_the_share_of_the_budget_that_was_used_is_told() -> None:
    schedule = scheduled("a")
    assert schedule.used_percent(0.0) == 0.0
    schedule.due(0.0, 1)
    schedule.finished("a", 0.0, 1.0)
    schedule.moved("a", 2.0, head_moved=True)
    schedule.due(3.0, 1)
    schedule.finished("a", 450.0, 3.0)
    assert schedule.used_percent(4.0) == pytest.approx(25.0)
    assert schedule.used_percent(63.0) == 0.0


def test_a_commit_is_read_at_once_also_while_a_large_fleet_is_new() -> None:
    names = [f"w{number}" for number in range(200)]
    schedule = scheduled(*names)
    run(schedule, 20, dict.fromkeys(names, 9.0))
    schedule.moved("w7", 21.0, head_moved=True)
    assert "w7" in schedule.due(23.0, 4)


def test_commits_are_read_within_seconds_also_when_the_budget_is_short() -> None:
    names = [f"w{number}" for number in range(200)]
    schedule, cost = scheduled(*names), dict.fromkeys(names, 9.0)
    run(schedule, 30, cost, busy=tuple(names))
    committed: dict[str, float] = {}
    waited = []
    for tick in range(4 * 120):
        now = 30 + tick / 4
        for name in names:
            schedule.moved(name, now)
        if tick % 8 == 0:  # a commit every two seconds, each in another worktree
            committed[names[tick // 8]] = now
            schedule.moved(names[tick // 8], now, head_moved=True)
        for name in schedule.due(now, 2):
            schedule.finished(name, cost[name], now)
            if name in committed:
                waited.append(now - committed.pop(name))
    assert len(waited) > 50
    assert max(waited) <= 3.0


def test_a_worktree_that_was_removed_is_not_read_again() -> None:
    schedule = scheduled("a")
    schedule.due(0.0, 1)
    schedule.remove("a")
    schedule.finished("a", 5.0, 1.0)
    assert schedule.used_percent(2.0) > 0, "what it cost is spent"
    assert schedule.due(1000.0, 4) == []
    assert schedule.worktrees == ()


steps = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"),
        st.floats(0.0, 30.0),
        st.booleans(),
        st.floats(0.0, 900.0),
        st.booleans(),
    ),
    max_size=200,
)


@given(steps)
def test_no_minute_costs_more_than_the_budget_and_one_reading_of_which_first_ones_count_less(
    moves: list[tuple[str, float, bool, float, bool]],
) -> None:
    schedule = GitSchedule()
    now, spent, known = 0.0, [], set()
    for name, pause, head_moved, cost, _ in moves:
        now += pause
        schedule.moved(name, now, head_moved=head_moved)
        for chosen in schedule.due(now, 1):
            schedule.finished(chosen, cost, now)
            spent.append((now, cost if chosen in known else FIRST_WEIGHT * cost))
            known.add(chosen)
    for end, _ in spent:
        minute = [cost for at, cost in spent if end - 60 < at <= end]
        assert sum(minute) <= BUDGET + max(minute)


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0.1, 1500.0), min_size=2),
    st.sets(st.sampled_from("abcdefgh")),
)
def test_nobody_starves(cost: dict[str, float], busy: set[str]) -> None:
    schedule = scheduled(*cost)
    last = dict.fromkeys(cost, 0.0)
    # What all readings together need at the budget's rate, and the longest interval that anybody asked for.
    longest = (
        2 * sum(cost.values()) / (BUDGET / 60) + 120 + 60 + len(cost) * max(cost.values()) / (BUDGET / 60)
    )
    for now in range(0, 1500, 2):
        for name in busy & cost.keys():
            schedule.moved(name, float(now), head_moved=True)
        for name in schedule.due(float(now), 1):
            schedule.finished(name, cost[name], float(now))
            last[name] = now
        assert all(now - at <= longest for at in last.values())


@given(st.lists(st.floats(0.0, 1000.0), max_size=30), st.floats(0.1, 1000.0))
def test_a_fair_share_keeps_the_capacity_and_cuts_only_the_greedy(
    demands: list[float], capacity: float
) -> None:
    level = fair_share(demands, capacity)
    granted = sum(min(demand, level) for demand in demands)
    assert granted <= capacity * 1.000001
    if math.isinf(level):
        assert sum(demands) <= capacity * 1.000001
    else:
        assert granted == pytest.approx(capacity)
        assert max(demands) > level
