"""Beads: the SQLite files of bd and br, the issues that later versions write out, and what is ready and what waits."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import SourceError
from monitor.model import SystemReading, Task
from monitor.paths import sql_folder
from monitor.sources.systems.places import place_in
from monitor.sources.systems.reader import SystemReader

NOW = 1_750_000_000_000
CANARY = "canary-b3ad"
AT = "2025-06-15T15:06:40.000000001Z"
ISSUES: tuple[dict[str, Any], ...] = (
    {"id": "bd-1", "title": "Epic", "issue_type": "epic", "priority": 0},
    {"id": "bd-2", "title": "First", "status": "in_progress", "assignee": "ann"},
    {"id": "bd-3", "title": "Waits for the first", "priority": 4},
    {"id": "bd-4", "title": "Below what waits"},
    {"id": "bd-5", "title": "Done", "status": "closed", "closed_at": AT, "close_reason": "merged"},
    {"id": "bd-6", "title": "Waits for what is done"},
    {"id": "bd-7", "title": "Waits for what is not there"},
    {"id": "bd-8", "title": "Later", "defer_until": "2999-01-01T00:00:00Z"},
    {"id": "bd-9", "title": "Passing", "ephemeral": 1},
    {"id": "bd-10", "title": "Waits for what is pinned"},
    {"id": "bd-11", "title": "Pinned", "status": "pinned"},
    {"id": "bd-12", "title": "Gone", "status": "tombstone"},
)
DEPENDENCIES = (
    ("bd-3", "bd-2", "blocks"),
    ("bd-4", "bd-3", "parent-child"),
    ("bd-6", "bd-5", "blocks"),
    ("bd-7", "bd-404", "blocks"),
    ("bd-10", "bd-11", "blocks"),
    ("bd-2", "bd-1", "parent-child"),
    ("bd-6", "bd-2", "related"),
)


def insert(db: sqlite3.Connection, table: str, **row: Any) -> None:
    marks = ", ".join(f":{name}" for name in row)
    db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", row)


def database(folder: Path, schema: str) -> Path:
    file = folder / "beads.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.executescript((sql_folder() / "systems/beads" / schema).read_text())
        for issue in ISSUES:
            insert(db, "issues", **{"description": CANARY, "updated_at": AT, "created_at": AT} | issue)
        for issue_id, on, kind in DEPENDENCIES:
            insert(db, "dependencies", issue_id=issue_id, depends_on_id=on, type=kind)
        insert(db, "labels", issue_id="bd-2", label="api")
        insert(db, "labels", issue_id="bd-2", label="urgent")
    return file


def lines(folder: Path) -> Path:
    """As bd writes them: empty fields are left out, and what belongs to an issue stands in it."""
    file = folder / "issues.jsonl"
    told = []
    for issue in ISSUES:
        depends = [
            {"issue_id": issue["id"], "depends_on_id": on, "type": kind, "created_at": AT}
            for issue_id, on, kind in DEPENDENCIES
            if issue_id == issue["id"]
        ]
        known = {
            "status": "open",
            "priority": 2,
            "issue_type": "task",
            "updated_at": AT,
            "description": CANARY,
        }
        more = {"labels": ["api", "urgent"], "comments": [{"text": CANARY}]} if issue["id"] == "bd-2" else {}
        told.append(json.dumps(known | issue | more | ({"dependencies": depends} if depends else {})))
    file.write_text("\n".join(told) + '\n{"id": "bd-99", "tit')
    return file


def read(place: Path) -> SystemReading:
    reader = SystemReader("beads", str(place))
    told = reader.poll(NOW)
    reader.close()
    assert told is not None
    assert (told.state.kind, reader.report()) == ("beads", ("ok", ""))
    assert CANARY not in repr(told), "descriptions and comments are never read"
    return told


@pytest.fixture(params=["bd", "br", "lines"])
def told(request: pytest.FixtureRequest, tmp_path: Path) -> SystemReading:
    if request.param == "lines":
        return read(lines(tmp_path))
    return read(database(tmp_path, "schema.sqlite.sql" if request.param == "bd" else "schema.br.sqlite.sql"))


@pytest.fixture
def tasks(told: SystemReading) -> dict[str, Task]:
    return {task.id: task for task in told.tasks}


def test_every_issue_but_a_removed_one_is_a_task_with_its_own_word_beside_ours(
    tasks: dict[str, Task],
) -> None:
    assert tasks.keys() == {issue["id"] for issue in ISSUES} - {"bd-12"}
    assert (tasks["bd-2"].status, tasks["bd-2"].system_status) == ("IN_PROGRESS", "in_progress")
    assert (tasks["bd-2"].assigned_to, set(tasks["bd-2"].tags)) == ("ann", {"api", "urgent"})
    assert (tasks["bd-5"].status, tasks["bd-5"].extra["closed because"]) == ("DONE", "merged")
    assert tasks["bd-2"].updated_at == NOW


def test_nought_is_critical_and_four_is_the_lowest(tasks: dict[str, Task]) -> None:
    """XX-04."""
    assert {name: tasks[name].priority for name in ("bd-1", "bd-2", "bd-3")} == {
        "bd-1": "CRITICAL",
        "bd-2": "MEDIUM",
        "bd-3": "LOWEST",
    }


def test_an_open_issue_waits_for_what_blocks_it_and_so_does_what_stands_below_it(
    tasks: dict[str, Task],
) -> None:
    assert (tasks["bd-3"].status, tasks["bd-3"].system_status) == ("BLOCKED", "open")
    assert tasks["bd-3"].extra["blocked by"] == "bd-2"
    assert (tasks["bd-4"].status, tasks["bd-4"].extra["parent"]) == ("BLOCKED", "bd-3")
    assert tasks["bd-3"].dependencies == ("bd-2",)


def test_what_is_closed_or_pinned_blocks_nothing(tasks: dict[str, Task]) -> None:
    assert (tasks["bd-6"].status, tasks["bd-10"].status) == ("TODO", "TODO")


def test_ready_is_what_is_open_and_neither_waits_nor_is_put_off_nor_passes(tasks: dict[str, Task]) -> None:
    ready = {name for name, task in tasks.items() if task.extra.get("ready") == "yes"}
    assert ready == {"bd-1", "bd-6", "bd-7", "bd-10"}


def test_a_dependency_on_what_is_not_there_is_told_and_blocks_nothing(tasks: dict[str, Task]) -> None:
    assert tasks["bd-7"].status == "TODO"
    assert tasks["bd-7"].extra["depends on what is not there"] == "bd-404"


def test_what_only_relates_two_issues_is_told_beside_what_blocks(tasks: dict[str, Task]) -> None:
    assert tasks["bd-6"].dependencies == ("bd-5",)
    assert tasks["bd-6"].extra["related"] == "related bd-2"


def test_agent_beads_are_agents_and_events_tell_what_was_done(tmp_path: Path) -> None:
    file = database(tmp_path, "schema.sqlite.sql")
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        agent = {"agent_state": "stuck", "hook_bead": "bd-2", "last_activity": AT, "role_type": "polecat"}
        insert(db, "issues", id="bd-a", title="Toast", issue_type="agent", **agent)
        insert(
            db,
            "events",
            issue_id="bd-5",
            event_type="status_changed",
            actor="ann",
            comment=CANARY,
            created_at=AT,
        )
    told = read(file)
    (toast,) = told.agents
    assert (toast.name, toast.status, toast.system_status, toast.current_task) == (
        "Toast",
        "blocked",
        "stuck",
        "bd-2",
    )
    assert toast.heartbeat_at == NOW
    assert "bd-a" not in {task.id for task in told.tasks}
    assert [event.text for event in told.events] == ["bd-5 status changed by ann"]


def test_lines_leave_out_what_is_empty_and_may_tell_of_more_than_issues(tmp_path: Path) -> None:
    (tmp_path / "issues.jsonl").write_text(
        '{"id": "bd-1", "title": "Plain", "priority": 1}\n'
        '{"_type": "issue", "id": "bd-2", "title": "Exported", "issue_type": "bug", "dependencies": [null, {}, 7]}\n'
        '{"_type": "memory", "id": "m-1", "title": "no issue", "issue_type": null}\n'
        '{"id": "bd-3", "title": "Twice"}\n{"id": "bd-3", "title": "Twice", "status": "closed"}\n'
        '{"id": null, "title": "nobody\'s"}\n{"title": null}\n{}\n'
    )
    told = read(tmp_path / "issues.jsonl")
    tasks = {task.id: (task.title, task.status, task.extra["type"]) for task in told.tasks if task.id}
    assert tasks["bd-1"] == ("Plain", "TODO", "task")
    assert tasks["bd-2"] == ("Exported", "TODO", "bug")
    assert set(tasks) == {"bd-1", "bd-2", "bd-3"}


def test_lines_of_another_name_are_issues_as_well(tmp_path: Path) -> None:
    beads = tmp_path / ".beads"
    beads.mkdir()
    lines(beads).rename(beads / "beads.jsonl")
    metadata(beads, database="dolt", jsonl_export="beads.jsonl")
    assert len(read(tmp_path).tasks) == len(ISSUES) - 1


def test_parents_in_a_circle_end(tmp_path: Path) -> None:
    file = database(tmp_path, "schema.sqlite.sql")
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        insert(db, "dependencies", issue_id="bd-3", depends_on_id="bd-4", type="parent-child")
        insert(db, "dependencies", issue_id="bd-2", depends_on_id="bd-3", type="blocks")
    tasks = {task.id: task.status for task in read(file).tasks}
    assert (tasks["bd-3"], tasks["bd-4"], tasks["bd-2"]) == ("BLOCKED", "BLOCKED", "IN_PROGRESS")


def test_an_older_file_lacks_columns_and_is_read_all_the_same(tmp_path: Path) -> None:
    file = database(tmp_path, "schema.sqlite.sql")
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        for column in ("defer_until", "due_at", "close_reason", "pinned", "is_template"):
            db.execute(f"ALTER TABLE issues DROP COLUMN {column}")
    told = read(file)
    assert len(told.tasks) == len(ISSUES) - 1


def test_seed_004s_issues_are_not_those_of_beads(tmp_path: Path) -> None:
    file = tmp_path / "data.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute(
            "CREATE TABLE issues (id, title, description, type, priority, status, assignee, labels, parent_id)"
        )
        db.execute("CREATE TABLE dependencies (id, parent_id, child_id, dep_type)")
    with pytest.raises(SourceError, match="no known system's"):
        SystemReader("x", str(file)).poll(NOW)


# --- where it is ------------------------------------------------------------------------------------------------


def metadata(beads: Path, **told: Any) -> None:
    (beads / "metadata.json").write_text(json.dumps(told))


def test_the_folder_tells_which_file_holds_the_issues(tmp_path: Path) -> None:
    beads = tmp_path / ".beads"
    beads.mkdir()
    with pytest.raises(SourceError, match="neither beads"):
        place_in(str(tmp_path))
    lines(beads)
    assert place_in(str(tmp_path)) == str(beads / "issues.jsonl")
    database(beads, "schema.br.sqlite.sql")
    assert place_in(str(beads)) == str(beads / "beads.db")
    metadata(beads, database="beads.db", jsonl_export="issues.jsonl")
    assert place_in(str(tmp_path)) == str(beads / "beads.db")
    metadata(beads, database="dolt", backend="dolt", dolt_mode="embedded")
    assert place_in(str(tmp_path)) == str(beads / "issues.jsonl"), "a SQLite file from before Dolt is stale"


def test_issues_in_dolt_alone_are_told_with_what_helps(tmp_path: Path) -> None:
    (tmp_path / ".beads/embeddeddolt").mkdir(parents=True)
    metadata(tmp_path / ".beads", backend="dolt")
    with pytest.raises(SourceError, match=r"keeps its issues in Dolt.*export\.auto true"):
        place_in(str(tmp_path))
