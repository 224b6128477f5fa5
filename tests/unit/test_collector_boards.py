"""The tasks of all roots, and what becomes an event."""

from __future__ import annotations

import msgspec

from monitor.collector.boards import BoardBook
from monitor.history.moments.state import Snapshot
from monitor.model import Board, BoardReading, BoardState, Task

NOW = 1_700_000_000_000


def reading(
    root: str, *tasks: Task, error: str = "", partial: bool = False, synced: int | None = NOW
) -> BoardReading:
    path = f"{root}/coordination/task-board.json"
    shape = "v4" if tasks else ""
    state = BoardState(
        root=root, path=path, shape=shape, last_synced=synced, error=error, partial=partial, version="1"
    )
    return BoardReading(state=state, tasks=tasks)


def task(name: str, root: str = "/r", status: str = "TODO") -> Task:
    return Task(id=name, title=f"Task {name}", status=status, root=root)


def test_two_roots_make_one_board() -> None:
    book = BoardBook()
    book.apply({"/r": reading("/r", task("A")), "/s": reading("/s", task("A", "/s", "DONE"))}, NOW)
    assert [(entry.root, entry.id) for entry in book.board.tasks] == [("/r", "A"), ("/s", "A")]
    assert (book.board.metrics.total, book.board.metrics.done) == (2, 1)
    assert len(book.board.boards) == 2


def test_the_same_reading_again_is_nothing_new() -> None:
    book, first = BoardBook(), {"/r": reading("/r", task("A"))}
    book.apply(first, NOW)
    version = book.version
    assert book.apply(first, NOW + 1) == ([], [], [])
    assert book.version == version


def test_a_board_that_cannot_be_read_changes_no_task() -> None:
    book = BoardBook()
    book.apply({"/r": reading("/r", task("A"))}, NOW)
    broken = reading("/r", error="is not valid JSON", synced=None)
    _, events, states = book.apply({"/r": broken}, NOW + 1)
    assert events == []
    assert [entry.id for entry in book.board.tasks] == ["A"]
    assert states[0].error == "is not valid JSON"
    assert book.board.boards[0].last_synced == NOW, "its age is that of the last good reading"


def test_a_board_of_which_a_part_is_left_out_still_moves() -> None:
    book = BoardBook()
    book.apply({"/r": reading("/r", task("A"))}, NOW)
    partial = reading("/r", task("A", status="DONE"), error="1 of 2 tasks left out", partial=True)
    _, events, _ = book.apply({"/r": partial}, NOW + 1)
    assert [event.event_type for event in events] == ["completed"]


def test_after_a_restart_only_what_changed_meanwhile_is_an_event() -> None:
    known = reading("/r", task("A"), task("B"))
    snapshot = Snapshot(at=NOW, board=Board(tasks=known.tasks, boards=(known.state,)))
    book = BoardBook()
    book.restore(snapshot, ["/r"])
    moved = msgspec.structs.replace(known, tasks=(task("A"), task("B", status="BLOCKED")))
    _, events, _ = book.apply({"/r": moved}, NOW + 1)
    assert [(event.task_id, event.event_type) for event in events] == [("B", "blocked")]
