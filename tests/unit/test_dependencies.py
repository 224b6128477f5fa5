"""What tasks wait for, and what goes in a circle."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Dependencies, Task, Wait


def task(task_id: str, *dependencies: str, status: str = "TODO", root: str = "/shop") -> Task:
    return Task(id=task_id, title=task_id, status=status, dependencies=dependencies, root=root)


def states(dependencies: Dependencies, one: Task) -> list[str]:
    return [wait.state for wait in dependencies.waits(one)]


def test_a_dependency_is_done_open_unsure_or_missing() -> None:
    waiting = task("W", "A", "B", "C", "D", "E", "A")
    others = (
        task("A", status="DONE"),
        task("B", status="VERIFIED"),
        task("C", status="IN_PROGRESS"),
        task("D", status="QUARANTINE"),
    )
    assert Dependencies((waiting, *others)).waits(waiting) == (
        Wait("A", "done", "DONE"),
        Wait("B", "done", "VERIFIED"),
        Wait("C", "open", "IN_PROGRESS"),
        Wait("D", "unsure", "QUARANTINE"),
        Wait("E", "missing"),
    )


def test_a_dependency_names_a_task_of_its_own_board() -> None:
    here, there = task("W", "A"), task("A", root="/other")
    assert states(Dependencies((here, there)), here) == ["missing"]


def test_the_other_way_round_a_task_knows_who_waits_for_it() -> None:
    first, second, third = task("A"), task("B", "A"), task("C", "A", "B")
    dependencies = Dependencies((first, second, third))
    assert dependencies.needed_by(first) == (second, third)
    assert dependencies.needed_by(third) == ()


def test_a_circle_is_named_all_round() -> None:
    one, two, three = task("A", "B"), task("B", "C"), task("C", "A", "D")
    outside = task("D", status="IN_PROGRESS")
    before = task("E", "A")
    dependencies = Dependencies((one, two, three, outside, before))
    assert states(dependencies, three) == ["circle", "open"]
    assert states(dependencies, before) == ["open"]
    assert dependencies.circle(one) == ("A", "B", "C", "A")
    assert dependencies.circle(three) == ("C", "A", "B", "C")
    assert dependencies.circle(before) == ()


def test_a_task_that_waits_for_itself_is_a_circle() -> None:
    one = task("A", "A")
    dependencies = Dependencies((one,))
    assert states(dependencies, one) == ["circle"]
    assert dependencies.circle(one) == ("A", "A")


def test_what_is_done_holds_nobody_up_and_waits_for_nobody() -> None:
    one, two = task("A", "B"), task("B", "A", status="DONE")
    dependencies = Dependencies((one, two))
    assert states(dependencies, one) == ["done"]
    assert dependencies.circle(one) == ()


def test_a_chain_of_a_whole_board_is_no_recursion() -> None:
    chain = [task(str(number), str(number + 1)) for number in range(5000)]
    dependencies = Dependencies((*chain, task("5000", "0")))
    assert len(dependencies.circle(chain[0])) == 5002


GRAPHS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 9)), max_size=30)


@given(GRAPHS, st.sets(st.integers(0, 7)))
def test_exactly_the_tasks_that_come_back_to_themselves_are_in_a_circle(
    edges: list[tuple[int, int]], done: set[int]
) -> None:
    tasks = [
        task(
            str(number),
            *(str(end) for start, end in edges if start == number),
            status="DONE" if number in done else "TODO",
        )
        for number in range(8)
    ]
    reach = {start: {end for begin, end in edges if begin == start and end < 8} - done for start in range(8)}
    for _ in range(8):
        for start in range(8):
            if start not in done:
                reach[start] |= set().union(*(reach[end] for end in reach[start]))
    dependencies = Dependencies(tasks)
    for number, one in enumerate(tasks):
        comes_back = number not in done and number in reach[number]
        way = dependencies.circle(one)
        assert bool(way) == comes_back
        assert all((int(a), int(b)) in edges for a, b in pairwise(way))
        for wait in dependencies.waits(one):
            known = int(wait.task_id) < 8
            mutual = known and number not in done and number in reach[int(wait.task_id)]
            if wait.state == "circle":
                assert mutual
            elif wait.state in ("open", "unsure"):
                assert known
                assert not mutual
