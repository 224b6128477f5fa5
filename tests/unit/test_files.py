"""Reading foreign files: only regular ones, only inside the root, only so much."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from monitor.errors import SourceError
from monitor.sources.files import FileMissingError, list_files, opened, read_file, signature

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 1000
as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "coordination").mkdir(parents=True)
    return tmp_path / "root"


def test_a_file_is_read_whole_with_its_time_and_signature(root: Path) -> None:
    file = root / "coordination" / "board.json"
    file.write_bytes(b"{}")
    os.utime(file, ns=(0, 1_750_000_000_123_456_789))
    content = read_file(str(file), root=str(root), limit=LIMIT)
    assert content.data == b"{}"
    assert content.mtime == 1_750_000_000_123
    assert content.signature == (1_750_000_000_123_456_789, 2, file.stat().st_ino) == signature(str(file))


def test_a_path_may_be_relative_to_the_root(root: Path) -> None:
    (root / "coordination" / "a").write_bytes(b"x")
    assert read_file("coordination/a", root=str(root), limit=LIMIT).data == b"x"


def test_a_file_as_large_as_the_limit_is_read(root: Path) -> None:
    (root / "a").write_bytes(b"x" * LIMIT)
    assert len(read_file("a", root=str(root), limit=LIMIT).data) == LIMIT


@pytest.mark.parametrize(
    ("size", "limit", "message"),
    [
        (96_000_000, 16_000_000, "coordination/b.json is 96 MB; at most 16 MB are read."),
        (16_000_001, 16_000_000, "coordination/b.json is 16.1 MB; at most 16 MB are read."),
        (1001, 1000, "coordination/b.json is 1.1 kB; at most 1 kB are read."),
        (6, 5, "coordination/b.json is 6 bytes; at most 5 bytes are read."),
    ],
)
def test_a_file_that_is_too_large_says_how_large(root: Path, size: int, limit: int, message: str) -> None:
    with (root / "coordination" / "b.json").open("wb") as stream:
        stream.truncate(size)
    with pytest.raises(SourceError) as caught:
        read_file("coordination/b.json", root=str(root), limit=limit)
    assert str(caught.value) == message


def test_a_missing_file_is_told_apart_from_other_faults(root: Path) -> None:
    for path in ("coordination/none", "none/none", "none"):
        with pytest.raises(FileMissingError, match="does not exist"):
            read_file(path, root=str(root), limit=LIMIT)
    with pytest.raises(FileMissingError):
        read_file("a", root=str(root / "gone"), limit=LIMIT)
    assert signature(str(root / "none")) is None


def test_a_file_below_a_file_is_missing(root: Path) -> None:
    (root / "file").write_bytes(b"")
    with pytest.raises(FileMissingError):
        read_file("file/board.json", root=str(root), limit=LIMIT)


def test_a_fifo_is_refused_without_waiting_for_a_writer(root: Path) -> None:
    os.mkfifo(root / "fifo")
    with pytest.raises(SourceError, match="fifo is a FIFO, not a regular file"):
        read_file("fifo", root=str(root), limit=LIMIT)


def test_a_folder_and_a_socket_are_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match="coordination is a folder"):
        read_file("coordination", root=str(root), limit=LIMIT)
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        with pytest.raises(SourceError, match="is a socket"):
            read_file("socket", root=str(root), limit=LIMIT)


def test_a_device_is_refused() -> None:
    with pytest.raises(SourceError, match="null is a device"):
        read_file("null", root="/dev", limit=LIMIT)


def test_links_in_a_circle_are_refused(root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    with pytest.raises(SourceError, match="in a circle"):
        read_file("a", root=str(root), limit=LIMIT)


def test_a_link_out_of_the_root_is_not_followed(root: Path) -> None:
    (root.parent / "secret").write_text("secret")
    (root / "link").symlink_to(root.parent / "secret")
    with pytest.raises(SourceError, match="leads out of"):
        read_file("link", root=str(root), limit=LIMIT)


def test_a_linked_parent_folder_out_of_the_root_is_not_followed(root: Path) -> None:
    (root.parent / "other").mkdir()
    (root.parent / "other" / "board.json").write_text("secret")
    (root / "linked").symlink_to(root.parent / "other")
    for path in ("linked/board.json", "../other/board.json", str(root.parent / "other" / "board.json")):
        with pytest.raises(SourceError, match="leads out of"):
            read_file(path, root=str(root), limit=LIMIT)
    with pytest.raises(SourceError, match="leads out of"):
        list_files("linked", root=str(root), limit=LIMIT)


def test_a_sibling_whose_name_begins_like_the_root_is_outside(root: Path) -> None:
    (root.parent / "root2").mkdir()
    (root.parent / "root2" / "a").write_text("secret")
    (root / "a").symlink_to(root.parent / "root2" / "a")
    with pytest.raises(SourceError, match="leads out of"):
        read_file("a", root=str(root), limit=LIMIT)


def test_links_that_stay_inside_the_root_are_followed(root: Path) -> None:
    (root / "coordination" / "a").write_bytes(b"x")
    (root / "shared").symlink_to("coordination")
    (root / "b").symlink_to("shared/a")
    assert read_file("b", root=str(root), limit=LIMIT).data == b"x"
    (root.parent / "alias").symlink_to(root)
    assert read_file("b", root=str(root.parent / "alias"), limit=LIMIT).data == b"x"


@as_root
def test_an_unreadable_file_says_so(root: Path) -> None:
    (root / "a").write_bytes(b"x")
    (root / "a").chmod(0)
    with pytest.raises(SourceError, match="a cannot be read: permission denied"):
        read_file("a", root=str(root), limit=LIMIT)


def test_a_name_with_a_zero_byte_is_an_error_for_people(root: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        read_file("a\x00b", root=str(root), limit=LIMIT)


def test_a_hostile_name_is_cleaned_in_the_message(root: Path) -> None:
    with pytest.raises(FileMissingError) as caught:
        read_file("a\x1b]0;title\x07b", root=str(root), limit=LIMIT)
    assert str(caught.value) == "ab does not exist."


def test_a_file_that_grows_while_it_is_read_shows_as_changed_next_time(root: Path) -> None:
    file = root / "a"
    file.write_bytes(b"x")
    with opened("a", root=str(root)) as (descriptor, status):
        with file.open("ab") as stream:
            stream.write(b"y")
        assert os.read(descriptor, 10) == b"xy"
    assert signature(str(file)) != (status.st_mtime_ns, status.st_size, status.st_ino)


def test_reading_takes_no_descriptor_away(root: Path) -> None:
    os.mkfifo(root / "fifo")
    (root / "a").write_bytes(b"x")
    lowest = os.dup(0)
    os.close(lowest)
    for path in ("a", "fifo", "none", "coordination"):
        try:
            read_file(path, root=str(root), limit=LIMIT)
        except SourceError:
            continue
    list_files(".", root=str(root), limit=LIMIT)
    again = os.dup(0)
    os.close(again)
    assert again == lowest


def test_a_folder_lists_its_regular_files_only(root: Path) -> None:
    folder = root / "coordination"
    (folder / "a").write_bytes(b"x")
    (folder / "below").mkdir()
    (folder / "link").symlink_to("a")
    os.mkfifo(folder / "fifo")
    assert list_files("coordination", root=str(root), limit=LIMIT) == {"a": signature(str(folder / "a"))}
    (folder / "b").write_bytes(b"x")
    assert len(list_files("coordination", root=str(root), limit=1)) == 1
    with pytest.raises(FileMissingError):
        list_files("none", root=str(root), limit=LIMIT)
