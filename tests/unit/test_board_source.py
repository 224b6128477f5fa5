"""A board that is polled while agents write it as they do."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from monitor.sources.board import BoardSource
from monitor.sources.board.source import FRESH_MS, RETRIES, RETRY_MS

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.model import BoardReading

GOOD = json.dumps({"tasks": [{"id": "A", "title": "First"}]})
BETTER = json.dumps({"tasks": [{"id": "A", "title": "First"}, {"id": "B", "title": "Second"}]})


class Board:
    """A board's file, its source, and a clock that stands beyond the file's own times unless told."""

    def __init__(self, root: Path) -> None:
        self.file = root / "coordination" / "task-board.json"
        self.file.parent.mkdir(parents=True)
        self.source = BoardSource(str(root))
        self.now = int(time.time() * 1000) + 10 * FRESH_MS

    def poll(self, seconds: float = 2) -> BoardReading | None:
        self.now += int(seconds * 1000)
        return self.source.poll(self.now)

    def read(self) -> BoardReading:
        reading = self.poll()
        assert reading is not None
        return reading


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path)


def ids(reading: BoardReading) -> list[str]:
    return [task.id for task in reading.tasks]


def test_a_root_without_a_board_is_no_error(board: Board) -> None:
    state = board.read().state
    assert (state.shape, state.error, state.last_synced) == ("", "", None)
    assert board.poll() is None


def test_a_board_is_told_once_until_it_changes(board: Board) -> None:
    board.file.write_text(GOOD)
    reading = board.read()
    assert ids(reading) == ["A"]
    assert reading.state.last_synced == board.now
    assert reading.state.path == str(board.file) == board.source.path
    assert board.poll() is None
    board.file.write_text(BETTER)
    assert ids(board.read()) == ["A", "B"]
    assert board.poll() is None


def test_a_board_that_appears_later_is_found(board: Board) -> None:
    board.poll()
    board.file.write_text(GOOD)
    assert ids(board.read()) == ["A"]


def test_a_half_written_board_leaves_the_last_good_one_with_its_age(board: Board) -> None:
    board.file.write_text(GOOD)
    good = board.read()
    board.file.write_text(BETTER[:30])
    reading = board.read()
    assert ids(reading) == ["A"]
    assert reading.state.error.startswith("coordination/task-board.json is not valid JSON")
    assert reading.state.last_synced == good.state.last_synced
    assert board.poll() is None
    board.file.write_text(BETTER)
    reading = board.read()
    assert ids(reading) == ["A", "B"]
    assert reading.state.error == ""


def test_a_board_that_was_never_good_says_only_what_is_wrong(board: Board) -> None:
    board.file.write_text("{")
    state = board.read().state
    assert (state.shape, state.last_synced) == ("", None)
    assert "is not valid JSON" in state.error


def test_a_half_written_board_is_read_again_though_it_looks_the_same(board: Board) -> None:
    board.file.write_text(GOOD[:-1] + " ")
    status = board.file.stat()
    assert board.read().state.error
    with board.file.open("r+") as stream:
        stream.write(GOOD)
    os.utime(board.file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert board.source._seen == (status.st_mtime_ns, status.st_size, status.st_ino)
    assert ids(board.read()) == ["A"]


def test_reading_a_bad_board_again_and_again_is_bounded(board: Board) -> None:
    board.file.write_text(GOOD[:-1] + " ")
    status = board.file.stat()
    board.read()
    for _ in range(RETRIES):
        assert board.poll(seconds=0.5) is None
    with board.file.open("r+") as stream:
        stream.write(GOOD)
    os.utime(board.file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert board.poll(seconds=0.5) is None
    reading = board.poll(seconds=RETRY_MS / 1000)
    assert reading is not None
    assert ids(reading) == ["A"]


def test_a_change_within_one_step_of_the_file_s_clock_is_not_missed(board: Board) -> None:
    board.file.write_text(GOOD)
    status = board.file.stat()
    board.now = status.st_mtime_ns // 1_000_000
    assert board.poll(0.1) is not None
    with board.file.open("r+") as stream:
        stream.write(GOOD.replace("First", "Later"))
    os.utime(board.file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert [task.title for task in board.read().tasks] == ["Later"]


def test_a_vanished_board_leaves_the_last_good_one(board: Board) -> None:
    board.file.write_text(GOOD)
    board.poll()
    board.file.unlink()
    reading = board.read()
    assert ids(reading) == ["A"]
    assert reading.state.error == "coordination/task-board.json does not exist."
    assert board.poll() is None
    board.file.write_text(GOOD)
    assert board.read().state.error == ""


def test_a_board_that_is_too_large_leaves_the_last_good_one(board: Board) -> None:
    board.file.write_text(GOOD)
    board.poll()
    with board.file.open("r+b") as stream:
        stream.truncate(96_000_000)
    reading = board.read()
    assert ids(reading) == ["A"]
    assert reading.state.error == "coordination/task-board.json is 96 MB; at most 16 MB are read."


def test_a_fifo_or_a_link_out_of_the_root_is_never_read(
    board: Board, tmp_path_factory: pytest.TempPathFactory
) -> None:
    os.mkfifo(board.file)
    assert "is a FIFO" in board.read().state.error
    board.file.unlink()
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.json"
    secret.write_text(GOOD)
    board.file.symlink_to(secret)
    reading = board.read()
    assert "leads out of" in reading.state.error
    assert reading.tasks == ()


def test_a_board_with_one_bad_task_shows_the_rest_and_says_so(board: Board) -> None:
    board.file.write_text(json.dumps({"tasks": [{"id": "A", "title": "Good"}, 7]}))
    reading = board.read()
    assert ids(reading) == ["A"]
    assert reading.state.error == "1 of 2 tasks left out: no object, or no id or title"
    assert reading.state.last_synced == board.now


def test_a_board_replaced_by_rename_is_read(board: Board) -> None:
    board.file.write_text(GOOD)
    board.poll()
    fresh = board.file.with_suffix(".new")
    fresh.write_text(GOOD.replace("First", "Other"))
    status = board.file.stat()
    os.utime(fresh, ns=(status.st_atime_ns, status.st_mtime_ns))
    fresh.replace(board.file)
    assert [task.title for task in board.read().tasks] == ["Other"]
