"""What the demo agents share: the board, the progress log, the rag metrics and the memory bank."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.demo import coordination
from monitor.demo.board import Board, task_id
from monitor.demo.cast import cast

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

NOW = 1_800_000_000.0


def a_board(folder: Path, agents: int = 3) -> Board:
    return Board(folder / "task-board.json", cast(agents, 1, int(NOW)), 1, NOW)


def written(board: Board, folder: Path) -> dict[str, Any]:
    board.write()
    parsed: dict[str, Any] = json.loads((folder / "task-board.json").read_text())
    return parsed


def the_task(parsed: dict[str, Any], identity: str) -> dict[str, Any]:
    return next(task for task in parsed["tasks"] if task["id"] == identity)


def test_the_board_has_the_real_shape(tmp_path: Path) -> None:
    parsed = written(a_board(tmp_path), tmp_path)
    assert list(parsed) == [
        "version", "lastUpdated", "updatedBy", "sprint", "tasks", "taskStatuses", "priorities", "agents", "metrics",
    ]  # fmt: skip
    assert set(parsed["sprint"]) == {"id", "name", "status", "startDate", "endDate"}
    assert set(parsed["agents"]["builder"]) == {"id", "name", "activeTasks", "completedTasks"}
    common = {
        "id", "title", "description", "status", "priority", "assignedTo", "createdBy", "createdAt", "updatedAt",
        "dependencies", "tags", "estimatedHours", "actualHours", "completionCriteria", "blockers", "comments",
    }  # fmt: skip
    assert all(common <= set(task) for task in parsed["tasks"])


def test_the_board_has_the_habits_of_a_real_one(tmp_path: Path) -> None:
    parsed = written(a_board(tmp_path), tmp_path)
    tasks = parsed["tasks"]
    statuses = Counter(task["status"] for task in tasks)
    assert statuses["VERIFIED"]
    assert "VERIFIED" not in parsed["taskStatuses"]
    assert {"all", None} <= {task["assignedTo"] for task in tasks}
    assert any("verifiedBy" in task for task in tasks)
    assert any(task["dependencies"] for task in tasks)
    assert parsed["metrics"]["blockedTasks"] != statuses["BLOCKED"]
    assert parsed["metrics"]["completedTasks"] != statuses["DONE"] + statuses["VERIFIED"]


def test_a_blocked_task_says_why_until_it_goes_on(tmp_path: Path) -> None:
    board = a_board(tmp_path)
    task = board.current["validator"]
    board.take("validator", task, NOW)
    board.block("validator", task, "waiting for keys", NOW + 5)
    blocked = the_task(written(board, tmp_path), task_id(2, task))
    assert blocked["status"] == "BLOCKED"
    assert [blocker["reason"] for blocker in blocked["blockers"]] == ["waiting for keys"]
    assert blocked["updatedAt"] > blocked["createdAt"]
    board.unblock("validator", task, NOW + 60)
    going_on = the_task(written(board, tmp_path), task_id(2, task))
    assert (going_on["status"], going_on["blockers"]) == ("IN_PROGRESS", [])
    assert going_on["comments"][-1]["author"] == "human"


def test_a_finished_task_makes_room_for_the_next(tmp_path: Path) -> None:
    board = a_board(tmp_path)
    for _ in range(12):
        task = board.current["builder"]
        board.take("builder", task, NOW)
        assert task_id(1, task) in board.finish("builder", task, NOW + 1)
    mine = [task for task in written(board, tmp_path)["tasks"] if task["assignedTo"] == "builder"]
    finished = [task for task in mine if task["status"] in {"DONE", "VERIFIED"}]
    assert len(finished) == 6
    assert [task["status"] for task in mine if task not in finished] == ["TODO", "TODO"]


def test_most_writes_are_renames_and_some_are_in_place(tmp_path: Path) -> None:
    board = a_board(tmp_path)
    inodes = []
    for _ in range(12):
        written(board, tmp_path)
        inodes.append((tmp_path / "task-board.json").stat().st_ino)
    in_place = sum(before == after for before, after in pairwise(inodes))
    assert in_place == 2


def test_no_two_tasks_of_a_large_fleet_share_an_id() -> None:
    identities = [task_id(number, task) for number in range(1000) for task in range(1, 130)]
    assert len(set(identities)) == len(identities)


@given(
    st.lists(st.tuples(st.sampled_from(["take", "block", "unblock", "comment", "finish"]), st.integers(0, 2)))
)
def test_the_board_always_parses_and_shows_the_last_change(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("board")
    board = a_board(folder)
    expected = {}
    for kind, number in changes:
        agent_id = ("architect", "builder", "validator")[number]
        task = board.current[agent_id]
        board.take(agent_id, task, NOW)
        extra = {"block": ("why \u2028\ud83d\udc22",), "comment": ('a "note"',)}.get(kind, ())
        getattr(board, kind)(agent_id, task, *extra, NOW)
        done = "VERIFIED" if task % 4 == 1 else "DONE"
        expected[task_id(number, task)] = {"block": "BLOCKED", "finish": done}.get(kind, "IN_PROGRESS")
    tasks = {task["id"]: task["status"] for task in written(board, folder)["tasks"]}
    assert {identity: tasks.get(identity, status) for identity, status in expected.items()} == expected


def test_the_progress_log_grows_by_entries_of_the_real_shape(tmp_path: Path) -> None:
    log = coordination.ProgressLog(tmp_path / "progress-log.md", NOW)
    before = (tmp_path / "progress-log.md").read_text()
    log.append("builder", NOW, "Completed", "TASK-201 is done")
    after = (tmp_path / "progress-log.md").read_text()
    assert before.startswith("# Progress Log\n")
    assert "Daily Activity Summary" in before
    assert after == before + "\n\n## 2027-01-15T08:00:00.000Z - builder\n### Completed\n- TASK-201 is done\n"


def test_a_progress_log_that_grew_too_large_starts_again(tmp_path: Path) -> None:
    log = coordination.ProgressLog(tmp_path / "progress-log.md", NOW)
    for _ in range(3):
        log.append("builder", NOW, "Completed", "x" * 1_000_000)
    assert (tmp_path / "progress-log.md").stat().st_size < 2_000_000


def test_the_rag_metrics_move_and_count_the_memory_bank(tmp_path: Path) -> None:
    rag = coordination.Rag(tmp_path, 1)
    seen = []
    for number in range(10):
        rag.remember("builder", NOW + number)
        rag.move(NOW + number)
        seen.append(json.loads((tmp_path / "rag-metrics.json").read_text()))
    assert [metrics["total_patterns"] for metrics in seen] == list(range(1, 11))
    assert len({metrics["total_queries"] for metrics in seen}) > 1
    counts = [pattern["count"] for pattern in seen[-1]["top_patterns"]]
    assert counts == sorted(counts, reverse=True)


def test_a_pattern_is_stored_under_its_agent_and_millisecond(tmp_path: Path) -> None:
    coordination.Rag(tmp_path, 1).remember("builder", NOW)
    stored = json.loads((tmp_path / "memory-bank" / "builder-1800000000000.json").read_text())
    assert set(stored) == {"id", "content", "description", "tags", "agentId", "timestamp"}


def test_the_memory_bank_is_bounded(tmp_path: Path) -> None:
    rag = coordination.Rag(tmp_path, 1)
    for number in range(250):
        rag.remember("builder", NOW + number)
    assert len(list((tmp_path / "memory-bank").iterdir())) == 200
