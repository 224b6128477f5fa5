"""Boards as agents write them: both shapes, and everything that goes wrong in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import SourceError
from monitor.model import BoardAgent, BoardReading, Task, is_done, task_metrics
from monitor.sources.board import parse_board
from monitor.sources.board.shapes import EXTRA_LIMIT, LIST_LIMIT, TASK_LIMIT

ROOT = "/project"
PATH = "/project/coordination/task-board.json"
AT = 1_750_200_000_000

V4: dict[str, Any] = {
    "version": "1.0.0",
    "lastUpdated": "2025-06-16T21:30:00Z",
    "updatedBy": "architect",
    "sprint": {"id": "SPRINT-001", "name": "Dashboard", "status": "ACTIVE", "startDate": "2025-06-16"},
    "tasks": [
        {
            "id": "TASK-101",
            "title": "Architecture",
            "description": "Draw it.",
            "status": "DONE",
            "priority": "HIGH",
            "assignedTo": "architect",
            "createdBy": "system",
            "createdAt": "2025-06-16T21:30:00Z",
            "updatedAt": "2025-06-16T23:45:00+02:00",
            "dependencies": ["TASK-100"],
            "tags": ["design", "planning"],
            "estimatedHours": 0.5,
            "actualHours": 2,
            "completionCriteria": ["drawn", "read"],
            "blockers": [],
            "comments": [
                {"author": "builder", "timestamp": "2025-06-16T21:40:00Z", "message": "Thanks"},
                {"id": "c1", "author": "validator", "content": "Fine", "timestamp": "2025-06-16T21:41:00Z"},
            ],
        },
        {
            "id": "TASK-102",
            "title": "Verified",
            "status": "VERIFIED",
            "verifiedBy": "validator",
            "testResults": {"passed": 7},
        },
        {"id": "TASK-103", "title": "For all", "status": "IN_PROGRESS", "assignedTo": "all"},
        {"id": "TASK-104", "title": "For nobody", "status": "TODO", "assignedTo": None},
    ],
    "taskStatuses": ["TODO", "IN_PROGRESS", "REVIEW", "BLOCKED", "DONE"],
    "agents": {"builder": {"id": "builder", "name": "Full-Stack Builder", "activeTasks": []}},
    "metrics": {"totalTasks": 12, "completedTasks": 4},
}

V3: dict[str, Any] = {
    "metadata": {"lastUpdated": "2025-06-16T13:05:00Z", "version": "1.0.0"},
    "tasks": {
        "pending": [
            {
                "id": "BUILD-001",
                "title": "Build",
                "assignee": "builder",
                "priority": "high",
                "created": "2025-06-16T20:40:00Z",
                "project": "dashboard",
                "blockedBy": ["ARCH-001"],
            }
        ],
        "in_progress": [{"id": "VAL-001", "title": "Test"}],
        "completed": [{"id": "ORCH-001", "title": "Start", "completed": "2025-06-16T13:05:00Z"}],
        "blocked": [{"id": "ARCH-001", "title": "Design"}],
    },
    "comments": {"ARCH-001": [{"author": "orchestrator", "message": "Waiting"}]},
    "metrics": {"totalTasks": 3, "velocity": "1 task/hour"},
}


def read(board: object) -> BoardReading:
    return parse_board(json.dumps(board).encode(), ROOT, PATH, AT)


def read_task(**fields: object) -> Task:
    return read({"tasks": [{"id": "T", "title": "Title", **fields}]}).tasks[0]


def millis(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type, misc] # positional ints


def test_a_list_of_tasks_is_read_with_everything_it_says() -> None:
    reading = read(V4)
    state = reading.state
    assert (state.shape, state.version, state.sprint, state.updated_by) == (
        "v4",
        "1.0.0",
        "Dashboard",
        "architect",
    )
    assert (state.root, state.path, state.last_synced, state.error) == (ROOT, PATH, AT, "")
    assert state.last_updated == millis(2025, 6, 16, 21, 30)
    assert reading.tasks[0] == Task(
        id="TASK-101",
        title="Architecture",
        status="DONE",
        description="Draw it.",
        priority="HIGH",
        assigned_to="architect",
        created_by="system",
        created_at=millis(2025, 6, 16, 21, 30),
        updated_at=millis(2025, 6, 16, 21, 45),
        dependencies=("TASK-100",),
        tags=("design", "planning"),
        estimated_hours=0.5,
        actual_hours=2.0,
        comments=2,
        completion_criteria=2,
        root=ROOT,
    )


def test_a_task_may_be_for_all_or_for_nobody() -> None:
    assert [task.assigned_to for task in read(V4).tasks] == ["architect", None, "all", None]


def test_an_undeclared_status_stays_as_it_is_and_extra_keys_are_kept_as_short_text() -> None:
    task = read(V4).tasks[1]
    assert task.status == "VERIFIED"
    assert task.extra == {"verifiedBy": "validator", "testResults": "passed: 7"}


def test_counts_come_from_the_tasks_and_never_from_the_board() -> None:
    metrics = task_metrics(read(V4).tasks)
    assert (metrics.total, metrics.done, metrics.in_progress, metrics.todo, metrics.other) == (4, 2, 1, 1, 0)
    odd = task_metrics([read_task(status="PARKED"), read_task(status="REVIEW"), read_task(status="BLOCKED")])
    assert (odd.total, odd.other, odd.review, odd.blocked) == (3, 1, 1, 1)


def test_verified_counts_as_done() -> None:
    assert is_done("DONE")
    assert is_done("VERIFIED")
    assert not is_done("REVIEW")


def test_agents_have_the_worktree_named_after_them() -> None:
    assert read(V4).agents == (
        BoardAgent(id="builder", name="Full-Stack Builder", worktree="/project/agents/builder"),
    )


@pytest.mark.parametrize("name", ["../../etc", "a/b", "..", ".", ""])
def test_an_agent_whose_id_is_no_folder_name_has_no_worktree(name: str) -> None:
    agents = read({"tasks": [], "agents": {name: {"name": "X"}}}).agents
    assert [agent.worktree for agent in agents] == [None] * bool(name)


def test_lists_of_tasks_by_status_are_read() -> None:
    reading = read(V3)
    assert reading.state.shape == "v3"
    assert reading.state.version == "1.0.0"
    assert reading.state.last_updated == millis(2025, 6, 16, 13, 5)
    assert {task.id: task.status for task in reading.tasks} == {
        "BUILD-001": "TODO",
        "VAL-001": "IN_PROGRESS",
        "ORCH-001": "DONE",
        "ARCH-001": "BLOCKED",
    }
    build = reading.tasks[0]
    assert (build.assigned_to, build.priority, build.dependencies) == ("builder", "HIGH", ("ARCH-001",))
    assert build.created_at == millis(2025, 6, 16, 20, 40)
    assert build.extra == {"project": "dashboard"}
    assert reading.tasks[2].updated_at == millis(2025, 6, 16, 13, 5)
    assert [task.comments for task in reading.tasks] == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("in_progress", "IN_PROGRESS"),
        ("In Progress", "IN_PROGRESS"),
        ("in-progress", "IN_PROGRESS"),
        ("inProgress", "IN_PROGRESS"),
        ("completed", "COMPLETED"),
        ("Verified", "VERIFIED"),
        ("", "UNKNOWN"),
        (None, "UNKNOWN"),
        (["DONE"], "UNKNOWN"),
    ],
)
def test_a_status_is_upper_case_with_underscores(written: object, status: str) -> None:
    assert read_task(status=written).status == status


def test_blockers_are_objects_or_texts_newest_last() -> None:
    blockers = [
        {"reason": "later", "createdAt": "2025-06-17T00:00:00Z"},
        {"reason": "earlier", "createdAt": "2025-06-16T00:00:00Z", "createdBy": "x"},
    ]
    assert read_task(blockers=blockers).blockers == ("earlier", "later")
    assert read_task(blockers=["no key", {"reason": "no time"}, {}, None]).blockers == ("no key", "no time")


def test_all_text_is_made_safe() -> None:
    task = read_task(
        title="a\x1b]0;evil\x07b",
        assignedTo="x\u202ey",
        tags=["\x1b[31mred"],
        odd="\x9b1m!",
        **{"k\x1b[0m": 1},
    )
    assert (task.title, task.assigned_to, task.tags) == ("ab", "xy", ("red",))
    assert task.extra == {"odd": "!", "k": "1"}


def test_tasks_that_cannot_be_used_are_left_out_and_said() -> None:
    reading = read({"tasks": [7, None, {"id": "A"}, {"title": "B"}, {"id": "C", "title": "Good"}]})
    assert [task.id for task in reading.tasks] == ["C"]
    assert reading.state.error == "4 of 5 tasks left out: no object, or no id or title"
    assert reading.state.last_synced == AT
    assert reading.state.partial


def test_of_tasks_with_one_id_the_last_counts_and_it_is_said() -> None:
    reading = read(
        {"tasks": [{"id": "A", "title": "1"}, {"id": "B", "title": "2"}, {"id": "A", "title": "3"}]}
    )
    assert [(task.id, task.title) for task in reading.tasks] == [("A", "3"), ("B", "2")]
    assert "1 of 3 tasks left out: their id is given again" in reading.state.error


def test_a_board_is_bounded_in_every_direction() -> None:
    many = [f"{number}" for number in range(10_000)]
    tasks = [{"id": number, "title": "x"} for number in range(TASK_LIMIT + 5)]
    reading = read({"tasks": tasks})
    assert len(reading.tasks) == TASK_LIMIT
    assert reading.state.error == "only the first 5,000 of 5,005 tasks are read"
    task = read_task(
        tags=many,
        dependencies=many,
        blockers=many,
        title="x" * 9999,
        extra_text="y" * 9999,
        **dict.fromkeys(many, 1),
    )
    assert len(task.tags) == len(task.dependencies) == len(task.blockers) == LIST_LIMIT
    assert task.blockers[-1] == "9999"
    assert len(task.title) == 200
    assert len(task.extra) == EXTRA_LIMIT
    assert len(task.extra["extra_text"]) <= 100


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "coordination/task-board.json is empty."),
        (b'{"tasks": [', "coordination/task-board.json is not valid JSON"),
        (b"[]", "an object with `tasks` is expected"),
        (b"{}", "`tasks` is neither a list nor lists by status"),
        (b'{"tasks": 7}', "`tasks` is neither a list nor lists by status"),
        (b'{"tasks": {"a": 7}}', "`tasks` is neither a list nor lists by status"),
        (b'{"tasks": [1, 2]}', "holds no usable task: none of 2 has an id and a title."),
        pytest.param(b"[" * 200_000, "nested too deeply", id="nested deeply"),
    ],
)
def test_a_board_of_which_nothing_can_be_shown_is_an_error_that_says_why(data: bytes, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_board(data, ROOT, PATH, AT)
    assert message in str(caught.value)


@pytest.mark.parametrize("tasks", [[], {}, {"pending": []}])
def test_a_board_without_tasks_is_a_good_board(tasks: object) -> None:
    reading = read({"tasks": tasks})
    assert reading.tasks == ()
    assert reading.state.error == ""
    assert reading.state.shape


def test_nan_and_huge_numbers_are_unknown() -> None:
    data = (
        b'{"tasks": [{"id": "A", "title": "T", "estimatedHours": NaN, "actualHours": ' + b"9" * 5000 + b"}]}"
    )
    task = parse_board(data, ROOT, PATH, AT).tasks[0]
    assert task.estimated_hours is None
    assert task.actual_hours is None


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=6,
)
TASK = st.fixed_dictionaries(
    {"id": st.sampled_from(["A", "B", 3]) | ANYTHING, "title": st.just("T") | ANYTHING},
    optional=dict.fromkeys(
        (
            *(
                "status",
                "priority",
                "assignedTo",
                "createdAt",
                "updatedAt",
                "dependencies",
                "tags",
                "blockers",
            ),
            *("comments", "estimatedHours", "completionCriteria", "description", "other"),
        ),
        ANYTHING,
    ),
)
BOARD = st.fixed_dictionaries(
    {
        "tasks": st.lists(TASK | ANYTHING, max_size=4)
        | st.dictionaries(st.text(), st.lists(TASK), max_size=3)
        | ANYTHING
    },
    optional=dict.fromkeys(("version", "sprint", "agents", "metadata", "comments", "lastUpdated"), ANYTHING),
)


@given(BOARD)
def test_wrong_types_anywhere_give_a_board_or_an_error_for_people(board: dict[str, Any]) -> None:
    message = ""
    tasks: tuple[Task, ...] = ()
    try:
        tasks = read(board).tasks
    except SourceError as error:
        message = str(error)
    assert message.isprintable()
    for task in tasks:
        assert task.id
        assert task.title
        texts = (
            task.id,
            task.title,
            task.status,
            task.priority,
            *task.tags,
            *task.blockers,
            *task.extra.values(),
        )
        assert all(text.isprintable() for text in texts)


@given(st.integers(0, len(json.dumps(V4))))
def test_a_board_cut_anywhere_gives_an_error_and_never_half_a_board(end: int) -> None:
    data = json.dumps(V4).encode()[:end]
    if end < len(json.dumps(V4)):
        with pytest.raises(SourceError):
            parse_board(data, ROOT, PATH, AT)
