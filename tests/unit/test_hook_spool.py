"""The spool stays small, private and whole."""

from __future__ import annotations

import fcntl
import os
import stat
import threading
from pathlib import Path

import pytest

from monitor.sources.sessions import hook_spool
from monitor.sources.sessions.hook_spool import FILE_LIMIT, FILES_LIMIT, HARD_LIMIT, append, newest


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def test_lines_stand_one_below_the_other_in_a_private_place(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "hooks"
    for line in (b"one", b"two"):
        append(str(folder), "s.jsonl", line)
    assert (folder / "s.jsonl").read_bytes() == b"one\ntwo\n"
    assert stat.S_IMODE((folder / "s.jsonl").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_of_a_file_that_is_too_large_the_newest_lines_stay(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    count = FILE_LIMIT // 100 + 10
    for number in range(count):
        append(str(tmp_path), "s.jsonl", b"%099d" % number)
    kept = lines(path)
    assert path.stat().st_size <= FILE_LIMIT
    assert [int(line) for line in kept] == list(range(count - len(kept), count))
    assert len(kept) > count // 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["s.jsonl"]


def test_a_file_grows_no_further_when_somebody_keeps_it_from_being_shortened(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"x" * HARD_LIMIT + b"\n")
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        append(str(tmp_path), "s.jsonl", b"lost")
        assert path.stat().st_size == HARD_LIMIT + 1
    append(str(tmp_path), "s.jsonl", b"lost as well")
    append(str(tmp_path), "s.jsonl", b"kept")
    assert lines(path)[-1] == b"kept"
    assert path.stat().st_size < FILE_LIMIT


def test_a_lock_that_is_held_is_not_waited_for_long(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.touch()
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        append(str(tmp_path), "s.jsonl", b"one")
    assert lines(path) == [b"one"]


def test_no_line_is_lost_while_others_shorten_the_file(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_bytes(b"old\n" * (FILE_LIMIT // 4 - 200))

    def write(who: int) -> None:
        for number in range(200):
            append(str(tmp_path), "s.jsonl", b"%d %d" % (who, number))

    writers = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    kept = [line for line in lines(tmp_path / "s.jsonl") if line != b"old"]
    assert sorted(kept) == sorted(b"%d %d" % (who, number) for who in range(4) for number in range(200))


def test_a_line_goes_into_the_file_that_took_the_place_of_the_one_that_was_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, newer = tmp_path / "s.jsonl", tmp_path / "newer"
    path.write_bytes(b"old\n")
    newer.write_bytes(b"new\n")
    lock = hook_spool._lock

    def late(descriptor: int, kind: int) -> bool:
        if newer.exists():
            newer.replace(path)
        return lock(descriptor, kind)

    monkeypatch.setattr(hook_spool, "_lock", late)
    append(str(tmp_path), "s.jsonl", b"one")
    assert lines(path) == [b"new", b"one"]


def test_of_too_many_files_the_oldest_goes(tmp_path: Path) -> None:
    for number in range(FILES_LIMIT):
        path = tmp_path / f"{number}.jsonl"
        path.touch()
        os.utime(path, (number + 1, number + 1))
    append(str(tmp_path), "1.jsonl", b"it is there already")
    assert len(os.listdir(tmp_path)) == FILES_LIMIT
    append(str(tmp_path), "new.jsonl", b"one")
    names = os.listdir(tmp_path)
    assert len(names) == FILES_LIMIT
    assert "0.jsonl" not in names
    assert {"1.jsonl", "new.jsonl"} <= set(names)
    assert newest(str(tmp_path)) == str(tmp_path / "new.jsonl")


def test_a_folder_in_the_spool_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.utime(tmp_path / "folder", (1, 1))
    for number in range(FILES_LIMIT):
        append(str(tmp_path), f"{number}.jsonl", b"one")
    append(str(tmp_path), "s.jsonl", b"one")
    assert lines(tmp_path / "s.jsonl") == [b"one"]
    assert (tmp_path / "folder").is_dir()


def test_a_line_that_was_cut_short_spoils_no_other(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_bytes(b'{"at":')
    append(str(tmp_path), "s.jsonl", b"{}")
    assert lines(tmp_path / "s.jsonl") == [b'{"at":', b"{}"]


def test_the_same_once_more_is_not_written(tmp_path: Path) -> None:
    for line in (b"1 same", b"2 same", b"3 other", b"4 same"):
        append(str(tmp_path), "s.jsonl", line, but_not_after=line[1:])
    assert lines(tmp_path / "s.jsonl") == [b"1 same", b"3 other", b"4 same"]


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file_is_not_written_to(tmp_path: Path, kind: str) -> None:
    path, elsewhere = tmp_path / "s.jsonl", tmp_path / "elsewhere"
    if kind == "link":
        elsewhere.touch()
        path.symlink_to(elsewhere)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(OSError, match=r"s\.jsonl"):
        append(str(tmp_path), "s.jsonl", b"one")
    assert not elsewhere.exists() or not elsewhere.stat().st_size


def test_an_empty_spool_has_no_newest_file(tmp_path: Path) -> None:
    assert newest(str(tmp_path)) == newest(str(tmp_path / "none")) == ""
