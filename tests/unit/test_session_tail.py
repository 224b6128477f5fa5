"""A growing file of JSON lines: whatever the chunks, each line once; a replaced file from its start."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.sources.files import FileMissingError
from monitor.sources.sessions import tail
from monitor.sources.sessions.tail import JsonLines


class Record(msgspec.Struct):
    n: int
    text: str = ""


DECODER = msgspec.json.Decoder(Record)


def lines_of(file: Path) -> JsonLines[Record]:
    return JsonLines(str(file), DECODER, root=str(file.parent))


def numbers(lines: JsonLines[Record], limit: int = 64) -> list[int]:
    found: list[int] = []
    while True:
        got = lines.read(limit)
        found += [record.n for record in got.records]
        if not got.size:
            return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=80), max_size=30), st.integers(1, 300), st.lists(st.integers(0, 4000)))
def test_every_line_comes_once_whatever_the_chunks(
    tmp_path: Path, texts: list[str], limit: int, cuts: list[int]
) -> None:
    file = tmp_path / "log.jsonl"
    file.unlink(missing_ok=True)
    content = b"".join(msgspec.json.encode(Record(n, text)) + b"\n" for n, text in enumerate(texts))
    lines = lines_of(file)
    found: list[int] = []
    written = 0
    for cut in (*sorted(cut % (len(content) + 1) for cut in cuts), len(content)):
        with file.open("ab") as stream:
            stream.write(content[written:cut])
        written = cut
        found += numbers(lines, limit)
    assert found == list(range(len(texts)))


def test_a_last_line_without_its_end_waits(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes(b'{"n":1}\n{"n":')
    lines = lines_of(file)
    got = lines.read()
    assert ([record.n for record in got.records], got.left) == ([1], 5)
    with file.open("ab") as stream:
        stream.write(b"2}\n")
    assert numbers(lines) == [2]


@pytest.mark.parametrize("content", [b'{"n":7}\n', b'{"n":7}\n' * 50, b'{"n":1}\n{"n":3}\n'])
def test_a_truncated_or_replaced_file_is_read_from_its_start(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes(b'{"n":1}\n{"n":2}\n')
    lines = lines_of(file)
    assert numbers(lines) == [1, 2]
    other = tmp_path / "other"
    other.write_bytes(content)
    os.replace(other, file)
    got = lines.read()
    assert got.restarted
    assert len(got.records) == content.count(b"\n")


def test_a_damaged_line_costs_no_other(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes(b'{"n":1}\nrubbish\n{"n":"no"}\n\xff\xfe\n\n{"n":2}\n')
    got = lines_of(file).read()
    assert [record.n for record in got.records] == [1, 2]
    assert got.bad == 3


def test_a_line_without_end_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "LINE_LIMIT", 1000)
    file = tmp_path / "log.jsonl"
    file.write_bytes(b'{"n":1}\n{"n":2,"text":"' + b"x" * 5000 + b'"}\n{"n":3}\n')
    assert numbers(lines_of(file), 100) == [1, 3]


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileMissingError):
        lines_of(tmp_path / "none.jsonl").read()
