"""The recorder's lock and the viewers' presence, within one process; across processes: integration tests."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from history_records import AT, state

from monitor.errors import DatabaseError, RecorderBusyError
from monitor.history.lock import RecorderLock, holder
from monitor.history.presence import Presence, connections

if TYPE_CHECKING:
    from pathlib import Path


def lock(folder: Path) -> RecorderLock:
    return RecorderLock(state(folder), version="1.2", interval_seconds=2.0, now=AT)


def test_everyone_can_ask_who_records(tmp_path: Path) -> None:
    assert holder(state(tmp_path).lock) is None
    with lock(tmp_path):
        who = holder(state(tmp_path).lock)
        assert who is not None
        assert (who.pid, who.host, who.started_at) == (os.getpid(), socket.gethostname(), AT)
        assert (who.version, who.interval_seconds) == ("1.2", 2.0)
        assert who.inbox == str(state(tmp_path).inbox)
    assert holder(state(tmp_path).lock) is None


def test_the_second_recorder_is_told_process_host_and_since_when(tmp_path: Path) -> None:
    told = rf"process {os.getpid()} on {socket.gethostname()} records it since 2025-06-1\d \d\d:\d\d:\d\d: stop that"
    with lock(tmp_path), pytest.raises(RecorderBusyError, match=told):
        lock(tmp_path).acquire()


def test_the_lock_can_be_taken_again_after_it_was_let_go(tmp_path: Path) -> None:
    for _ in range(3):
        with lock(tmp_path):
            pass
    with lock(tmp_path):
        assert holder(state(tmp_path).lock) is not None


def test_asking_does_not_keep_a_recorder_from_starting(tmp_path: Path) -> None:
    with lock(tmp_path):
        pass
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            holder(state(tmp_path).lock)

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    try:
        for _ in range(30):
            with lock(tmp_path):
                pass
    finally:
        stop.set()
        for asker in askers:
            asker.join()


def test_a_holder_that_has_not_written_yet_is_still_one(tmp_path: Path) -> None:
    with lock(tmp_path):
        os.truncate(state(tmp_path).lock, 0)
        who = holder(state(tmp_path).lock)
        assert who is not None
        assert who.pid is None
        with pytest.raises(RecorderBusyError, match="another process records it already"):
            lock(tmp_path).acquire()


def test_a_lock_that_cannot_be_made_says_where(tmp_path: Path) -> None:
    state(tmp_path).lock.mkdir()
    with pytest.raises(DatabaseError, match=r"monitor\.db\.lock: cannot be made"):
        lock(tmp_path).acquire()


def test_viewers_are_counted_while_they_look(tmp_path: Path) -> None:
    paths = state(tmp_path)
    assert connections(paths.presence) == ()
    with Presence(paths, "terminal"), Presence(paths, "browser"):
        found = connections(paths.presence)
        assert sorted(viewer.kind for viewer in found) == ["browser", "terminal"]
        assert {viewer.pid for viewer in found} == {os.getpid()}
    assert connections(paths.presence) == ()
    assert not list(paths.presence.iterdir())


def test_what_dead_viewers_left_is_removed(tmp_path: Path) -> None:
    folder = state(tmp_path).presence
    folder.mkdir()
    (folder / "1-dead.json").write_text('{"pid":1,"kind":"terminal","since":0}')
    (folder / ".2-new.json").write_text("")  # just being made
    old = folder / ".3-old.json"
    old.write_text("")
    os.utime(old, (0, 0))
    assert connections(folder) == ()
    assert [file.name for file in folder.iterdir()] == [".2-new.json"]


def test_a_fifo_among_the_presence_files_holds_nobody_up(tmp_path: Path) -> None:
    folder = state(tmp_path).presence
    folder.mkdir()
    os.mkfifo(folder / "9-trap.json")
    assert connections(folder) == ()
