"""Reading a board again makes only the tasks that changed, and never shows an old one."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.model import BoardReading
from monitor.sources.board import parse_board
from monitor.sources.board.memory import TaskMemory

ROOT = "/project"
PATH = "/project/coordination/task-board.json"
Entry = dict[str, Any]

entries = st.lists(
    st.fixed_dictionaries(
        {"id": st.sampled_from("abc"), "title": st.sampled_from(["one", "two", "\ud800"])},
        optional={
            "status": st.sampled_from(["TODO", "DONE"]),
            "estimatedHours": st.sampled_from([1, 1.0, True, 10**30]),
            "comments": st.lists(st.just("said"), max_size=2),
        },
    ),
    max_size=4,
)


def read(tasks: list[Entry], memory: TaskMemory | None = None, comments: Entry | None = None) -> BoardReading:
    board = {"tasks": tasks, "comments": comments or {}}
    return parse_board(json.dumps(board).encode(), ROOT, PATH, 1, memory)


def task(name: str, **more: Any) -> Entry:
    return {"id": name, "title": name.upper(), "status": "TODO", **more}


def test_a_task_of_which_the_board_says_the_same_is_the_same_record() -> None:
    memory = TaskMemory()
    before = read([task("a"), task("b")], memory)
    after = read([task("a"), task("b", status="DONE"), task("c")], memory)
    assert after.tasks[0] is before.tasks[0]
    assert [(made.id, made.status) for made in after.tasks] == [("a", "TODO"), ("b", "DONE"), ("c", "TODO")]


def test_a_comment_that_stands_elsewhere_in_the_board_counts() -> None:
    memory = TaskMemory()
    read([task("a")], memory)
    assert read([task("a")], memory, {"a": ["well done"]}).tasks[0].comments == 1


def test_a_task_that_left_the_board_is_forgotten() -> None:
    memory = TaskMemory()
    before = read([task("a"), task("b")], memory)
    read([task("b")], memory)
    assert read([task("a"), task("b")], memory).tasks[0] is not before.tasks[0]


@given(st.lists(entries.filter(bool), min_size=1, max_size=4))
def test_a_board_read_with_a_memory_is_the_board_read_without(boards: list[list[Entry]]) -> None:
    memory = TaskMemory()
    for board in boards:
        assert read(board, memory) == read(board)
