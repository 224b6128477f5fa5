"""The inbox: commands for the one writer, and everything else that may lie there."""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor import inbox as inbox_module
from monitor.errors import MonitorError
from monitor.inbox import MAX_AGE_SECONDS, MAX_BYTES, drop, take
from monitor.model import Command

if TYPE_CHECKING:
    from pathlib import Path


def command(**changes: Any) -> Command:
    base: dict[str, Any] = {
        "kind": "acknowledge",
        "alert_id": "x",
        "by": "ana",
        "at": int(time.time() * 1000),
    }
    return Command(**(base | changes))


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return tmp_path / "state" / "inbox"


def test_what_was_dropped_is_taken_once_oldest_first(box: Path) -> None:
    commands = [command(alert_id=str(number)) for number in range(5)]
    for each in commands:
        drop(box, each)
    assert take(box) == commands
    assert take(box) == []
    assert list(box.iterdir()) == []


def test_an_inbox_that_is_not_there_is_empty(box: Path) -> None:
    assert take(box) == []


def test_the_inbox_belongs_to_its_user_alone(box: Path) -> None:
    drop(box, command())
    assert stat.S_IMODE(box.stat().st_mode) == 0o700


def test_a_command_that_is_too_long_is_refused(box: Path) -> None:
    with pytest.raises(MonitorError, match="too long"):
        drop(box, command(note="x" * MAX_BYTES))
    assert take(box) == []


def test_a_full_inbox_takes_no_more_and_says_what_to_look_at(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "MAX_FILES", 3)
    for _ in range(3):
        drop(box, command())
    with pytest.raises(MonitorError, match="is the recorder running"):
        drop(box, command())
    assert len(take(box)) == 3


def test_an_inbox_that_cannot_be_written_is_told(box: Path) -> None:
    box.parent.mkdir()
    box.write_text("a file")
    with pytest.raises(MonitorError, match="cannot be written"):
        drop(box, command())


GOOD = msgspec.json.encode(command())
FOREIGN = {
    "empty.json": b"",
    "text.json": b"hello",
    "other.json": b'{"kind":"shutdown"}',
    "bytes.json": GOOD.replace(b"ana", b"\xff\xfe"),
    "deep.json": GOOD[:-1] + b',"x":' + b"[" * 7000 + b"]" * 7000 + b"}",
    "large.json": GOOD + b" " * MAX_BYTES,
    "number.json": GOOD.replace(b'"at":', b'"at":1000'),
    "before-time.json": GOOD.replace(b'"at":', b'"at":-'),
    "not-a-command.txt": GOOD,
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_foreign_is_removed_and_the_rest_arrives(box: Path, name: str) -> None:
    drop(box, command())
    (box / name).write_bytes(FOREIGN[name])
    assert len(take(box)) == 1
    assert list(box.iterdir()) == []


def test_pipes_and_links_are_removed_unread(box: Path, tmp_path: Path) -> None:
    drop(box, command())
    outside = tmp_path / "outside.json"
    outside.write_bytes(GOOD)
    os.mkfifo(box / "pipe.json")
    (box / "link.json").symlink_to(outside)
    (box / "dangling.json").symlink_to(tmp_path / "nowhere")
    assert len(take(box)) == 1
    assert list(box.iterdir()) == []
    assert outside.exists()


def test_a_folder_in_the_inbox_is_left_alone(box: Path) -> None:
    drop(box, command())
    (box / "folder.json").mkdir()
    assert len(take(box)) == 1


def test_what_lies_there_for_a_day_is_removed_and_what_is_being_written_is_not(box: Path) -> None:
    drop(box, command())
    (box / ".half").write_bytes(b"{")
    (box / ".forgotten").write_bytes(b"{")
    (late,) = box.glob("*.json")
    for file in (late, box / ".forgotten"):
        os.utime(file, (1, time.time() - MAX_AGE_SECONDS - 1))
    assert take(box) == []
    assert [file.name for file in box.iterdir()] == [".half"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_no_content_stops_the_collector(box: Path, data: bytes) -> None:
    box.mkdir(parents=True, exist_ok=True)
    (box / "x.json").write_bytes(data)
    assert take(box) == []
    assert list(box.iterdir()) == []
