"""JSON files as tables: whatever somebody has written into them."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import SourceError
from monitor.sources.systems import json_files
from monitor.sources.systems.json_files import JsonFiles

ASKED = {
    "tasks": frozenset({"id", "status", "labels", "meta.owner"}),
    "processes": frozenset({"id"}),
    "Runs": frozenset({"ID", "key"}),
    "runs": frozenset({"id", "ID"}),
}
NAMES = st.sampled_from(
    ["tasks", "processes", "Runs", "runs", "id", "ID", "status", "labels", "meta", "owner"]
)
ODD_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES | st.text(), below, max_size=4),
    max_leaves=20,
)


def tables(place: Path) -> dict[str, list[dict[str, Any]]]:
    with JsonFiles(str(place), ASKED).look() as look:
        return {
            name: [dict(row) for row in look.rows(f'SELECT * FROM "{name}"', {})] for name in look.tables()
        }


def test_a_list_of_objects_is_a_table_with_the_columns_that_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_text(
        '[{"id": 1, "prompt": "secret"}, 5, {"id": 2, "labels": ["a", "b"]}]'
    )
    assert tables(tmp_path) == {
        "tasks": [{"id": 1, "labels": None}, {"id": 2, "labels": '["a","b"]'}],
    }


def test_each_list_and_map_in_an_object_is_a_table_and_a_map_tells_its_keys(tmp_path: Path) -> None:
    file = tmp_path / "dump.json"
    file.write_text('{"tasks": [{"id": "t"}], "Runs": {"7": {"ID": 7}, "8": "no object", "9": null}}')
    assert tables(file) == {"tasks": [{"id": "t"}], "Runs": [{"ID": 7, "key": "7"}]}


def test_a_dotted_column_leads_into_an_object(tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_text('[{"meta": {"owner": "ann"}}, {"meta": 5}, {"meta.owner": "bob"}]')
    assert tables(tmp_path)["tasks"] == [{"meta.owner": "ann"}, {"meta.owner": None}, {"meta.owner": "bob"}]


def test_a_list_under_the_files_own_name_is_what_the_file_is_about(tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_text('{"status": "saved", "tasks": [{"id": "t1"}]}')
    assert tables(tmp_path) == {"tasks": [{"id": "t1"}]}


def test_tables_and_columns_that_differ_in_capitals_alone_are_one(tmp_path: Path) -> None:
    file = tmp_path / "dump.json"
    file.write_text('{"runs": [{"id": 1, "ID": 2}], "Runs": {"3": {"ID": 3}}}')
    assert len(tables(file)) == 1


def test_of_equal_keys_the_last_counts(tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_text('[{"id": 1, "id": 2}]')
    assert tables(tmp_path) == {"tasks": [{"id": 2}]}


def test_numbers_beyond_64_bits_are_unknown_and_half_pairs_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_text(
        '[{"id": "a\\ud800", "status": 1e400, "labels": ["\\ud800"]}, {"id": 99999999999999999999}]'
    )
    first, second = tables(tmp_path)["tasks"]
    assert (first["id"], first["labels"].count("?")) == ("a?", 1)
    assert second["id"] is None


@pytest.mark.parametrize("broken", ['[{"id": "t1"}, {"id"', "", "\0\0", "[" * 100_000], ids=str.__len__)
def test_a_file_that_is_half_written_leaves_the_other_files_tables(tmp_path: Path, broken: str) -> None:
    (tmp_path / "tasks.json").write_text(broken)
    (tmp_path / "processes.json").write_text('[{"id": "p1"}]')
    assert tables(tmp_path) == {"processes": [{"id": "p1"}]}


def test_when_no_file_can_be_read_it_says_which_and_why(tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_text('[{"id"')
    with pytest.raises(SourceError, match=r"tasks\.json is not valid JSON"):
        tables(tmp_path)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_files, "FILE_LIMIT", 20)
    (tmp_path / "tasks.json").write_text(json.dumps([{"id": "a" * 50}]))
    with pytest.raises(SourceError, match="at most 20 bytes"):
        tables(tmp_path)


def test_of_a_folder_so_many_files_are_read_and_of_a_file_so_many_objects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_files, "FILES_LIMIT", 1)
    monkeypatch.setattr(json_files, "ROW_LIMIT", 2)
    (tmp_path / "processes.json").write_text('[{"id": 1}, {"id": 2}, {"id": 3}]')
    (tmp_path / "tasks.json").write_text('[{"id": 1}]')
    assert tables(tmp_path) == {"processes": [{"id": 1}, {"id": 2}]}


def test_a_line_that_is_still_being_written_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text('{"id": 1}\n\n[2]\nnonsense\n{"id": 3}\n{"id"')
    assert tables(file) == {"tasks": [{"id": 1}, {"id": 3}]}


def test_a_fifo_is_no_file_and_blocks_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tasks.json")
    (tmp_path / "processes.json").write_text('[{"id": "p1"}]')
    assert tables(tmp_path) == {"processes": [{"id": "p1"}]}


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no JSON file"):
        JsonFiles(str(tmp_path), ASKED).stamp()


@given(document=ODD_JSON)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
def test_whatever_json_stands_in_a_file_its_tables_can_be_read(tmp_path: Path, document: Any) -> None:
    file = tmp_path / "tasks.json"
    file.write_text(json.dumps(document))
    for name, rows in tables(file).items():
        assert name in ASKED
        assert all(set(row) <= ASKED[name] for row in rows)


@given(data=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
def test_whatever_bytes_stand_in_a_file_it_is_read_or_refused(tmp_path: Path, data: bytes) -> None:
    for name in ("tasks.json", "tasks.jsonl"):
        file = tmp_path / name
        file.write_bytes(data)
        with suppress(SourceError):
            tables(file)
        file.unlink()
