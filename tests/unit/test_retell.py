"""What a new database is told again when it takes a damaged one's place."""

from __future__ import annotations

from history_records import AT, alert, task

from monitor.collector.retell import ended_alerts, missed_task_events, recovery_event
from monitor.model import Board, BoardState, Recovery, Task, TaskEvent

NOW = AT + 60_000


def board(*tasks: Task, root: str = "/shop") -> Board:
    return Board(tasks=tasks, boards=(BoardState(root=root, path=f"{root}/board.json"),))


def change(name: str, at: int, status: str | None) -> TaskEvent:
    return TaskEvent(
        task_id=name, event_type="updated", timestamp=at, new_status=status, root="/shop", task=task(name)
    )


def test_an_alert_that_is_open_in_the_backup_and_ended_since_is_ended() -> None:
    still, over = alert("a-1"), alert("a-2", subject="tester", created_at=NOW + 5)
    ended = ended_alerts([still, over], [still], NOW)
    assert [(found.alert_id, found.resolved, found.resolved_at) for found in ended] == [
        ("a-2", True, NOW + 5)
    ]


def test_known_changes_are_told_as_they_were_oldest_first() -> None:
    histories = [
        (change("T-1", AT + 3, "DONE"), change("T-1", AT + 1, "TODO")),
        (change("T-2", AT + 2, "TODO"),),
    ]
    told = missed_task_events(board(), board(task("T-1"), task("T-2")), histories, NOW)
    assert [(event.task_id, event.timestamp) for event in told] == [
        ("T-1", AT + 1),
        ("T-2", AT + 2),
        ("T-1", AT + 3),
    ]


def test_a_task_without_known_changes_becomes_what_the_board_says() -> None:
    known = board(task("T-1"), task("T-2", status="TODO"), task("T-3", root="/elsewhere"))
    now = board(task("T-2", status="DONE"), task("T-4"))
    told = {
        (event.task_id, event.event_type, event.new_status)
        for event in missed_task_events(known, now, [], NOW)
    }
    assert told == {("T-1", "updated", None), ("T-2", "completed", "DONE"), ("T-4", "created", "TODO")}


def test_a_later_reader_is_told_why_there_is_a_gap() -> None:
    event = recovery_event(Recovery(at=NOW, problem="torn", aside="/db.damaged", origin="backup", rows=3))
    assert (event.timestamp, event.type) == (NOW, "recovery")
    assert event.details["aside"] == "/db.damaged"
    assert event.details["rows"] == 3
