"""Where a system is found in a folder that somebody names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.errors import SourceError
from monitor.sources.systems.places import place_in


def made(folder: Path, *names: str) -> None:
    """Empty files, and folders where a name ends in a stroke."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        else:
            path.touch()


@pytest.mark.parametrize(
    "name",
    ["backend/data/openclaw-pm.db", "backend/agentvine.db", "data/coordination.db", "db/tempolite.db"],
)
def test_the_usual_file_of_each_system_is_found(tmp_path: Path, name: str) -> None:
    made(tmp_path, name)
    assert place_in(str(tmp_path)) == str(tmp_path / name)


def test_json_files_are_found_by_their_folder(tmp_path: Path) -> None:
    made(tmp_path, "processes.json")
    assert place_in(str(tmp_path)) == str(tmp_path)
    made(tmp_path, "app/dashboard/backend/data/processes.json")
    assert place_in(str(tmp_path / "app")) == str(tmp_path / "app/dashboard/backend/data")


def test_a_folder_without_a_system_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"holds no system that is known.*openclaw-pm\.db"):
        place_in(str(tmp_path))


@pytest.mark.parametrize(
    ("metadata", "there", "wanted"),
    [
        pytest.param(None, ["beads.db", "issues.jsonl"], "beads.db", id="SQLite without metadata"),
        pytest.param(
            {"database": "beads.db", "jsonl_export": "issues.jsonl"},
            ["beads.db", "issues.jsonl"],
            "beads.db",
            id="SQLite by its older metadata",
        ),
        pytest.param(
            {"database": "work.db"}, ["beads.db", "work.db"], "work.db", id="a database of another name"
        ),
        pytest.param({"database": "gone.db"}, ["beads.db"], "beads.db", id="one that is named and not there"),
        pytest.param({"database": "../x.db"}, ["beads.db"], "beads.db", id="one outside of the folder"),
        pytest.param({"database": "/etc/x.db"}, ["beads.db"], "beads.db", id="an absolute one"),
        pytest.param("no object", ["beads.db"], "beads.db", id="metadata of another form"),
        pytest.param({}, ["issues.jsonl"], "issues.jsonl", id="lines alone"),
        pytest.param(
            {"jsonl_export": "beads.jsonl"}, ["beads.jsonl"], "beads.jsonl", id="lines of another name"
        ),
        pytest.param(
            {"database": "dolt", "backend": "dolt", "jsonl_export": "beads.jsonl"},
            ["beads.jsonl", "issues.jsonl", "dolt/"],
            "beads.jsonl",
            id="the lines that Dolt's metadata names",
        ),
        pytest.param({"jsonl_export": "../../x.jsonl"}, ["issues.jsonl"], "issues.jsonl", id="lines outside"),
        pytest.param(
            {"dolt_mode": "server", "dolt_database": "beads"},
            ["beads.db", "issues.jsonl"],
            "issues.jsonl",
            id="Dolt by its server, with a SQLite file from before",
        ),
        pytest.param(
            {"backend": "dolt"}, ["beads.db", "issues.jsonl"], "issues.jsonl", id="Dolt by its backend"
        ),
        pytest.param(
            {"database": "dolt"}, ["beads.db", "issues.jsonl"], "issues.jsonl", id="Dolt by its database"
        ),
        pytest.param(
            None, ["embeddeddolt/", "issues.jsonl"], "issues.jsonl", id="embedded Dolt without metadata"
        ),
        pytest.param(None, ["dolt/", "issues.jsonl"], "issues.jsonl", id="a Dolt server without metadata"),
        pytest.param(
            {"dolt_mode": "embedded", "project_id": "p", "last_bd_version": "1.0.3"},
            ["embeddeddolt/", "issues.jsonl"],
            "issues.jsonl",
            id="embedded Dolt as bd 1.0 writes it",
        ),
        pytest.param(
            {"database": "beads.db", "backend": "sqlite"},
            ["beads.db", "dolt/", "issues.jsonl"],
            "beads.db",
            id="SQLite that says so beside a Dolt folder",
        ),
    ],
)
def test_the_metadata_of_beads_tell_where_its_issues_are(
    tmp_path: Path, metadata: object, there: list[str], wanted: str
) -> None:
    beads = tmp_path / ".beads"
    beads.mkdir()
    made(beads, *there)
    if metadata is not None:
        (beads / "metadata.json").write_text(json.dumps(metadata))
    assert place_in(str(tmp_path)) == str(beads / wanted)
    assert place_in(str(beads)) == str(beads / wanted)


def test_half_written_metadata_are_as_good_as_none(tmp_path: Path) -> None:
    made(tmp_path, ".beads/beads.db")
    (tmp_path / ".beads/metadata.json").write_text('{"database": "wo')
    assert place_in(str(tmp_path)) == str(tmp_path / ".beads/beads.db")


def test_issues_in_dolt_alone_are_told_with_what_helps(tmp_path: Path) -> None:
    made(tmp_path, ".beads/embeddeddolt/")
    with pytest.raises(SourceError, match=r"in Dolt, which is not read.*export\.auto true"):
        place_in(str(tmp_path))


def test_a_folder_of_beads_that_holds_nothing_says_so(tmp_path: Path) -> None:
    made(tmp_path, ".beads/")
    with pytest.raises(SourceError, match=r"neither beads\.db nor issues\.jsonl"):
        place_in(str(tmp_path))
