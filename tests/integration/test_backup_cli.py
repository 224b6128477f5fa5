"""`db backup` and `db restore` as they are typed, and the recovery procedures 2 and 4 of seed 001 (L397, L399)."""

from __future__ import annotations

import io
import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.main import run

BOARD = '{"version": "4", "tasks": [{"id": "TASK-1", "title": "Build it", "status": "TODO"}]}'
SHORT = ("--interval", "0.1", "record", "--duration", "0.5")


class Place:
    """A state folder, a root with a board in git, and a configuration."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.database = self.state / "monitor.db"
        self.backups = self.state / "backups"
        self.root = folder / "project"
        self.board = self.root / "coordination" / "task-board.json"
        self.config = folder / "config" / "agent-monitor.toml"

    def fill(self) -> None:
        self.board.parent.mkdir(parents=True)
        self.board.write_text(BOARD)
        self.config.parent.mkdir()
        self.config.write_text(
            'roots = ["../project"]\ndiscover = false\n[[agents]]\nid = "nightly"\nworktree = "../project"\n'
        )

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run the command line here; a recorder in a process of its own."""
        line = list(map(str, ["--config", self.config, "--state-dir", self.state, *arguments]))
        if "record" in line:
            command = [sys.executable, "-m", "monitor", *line]
            return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        output, errors = io.StringIO(), io.StringIO()
        with redirect_stdout(output), redirect_stderr(errors):
            code = run(line)
        return subprocess.CompletedProcess(line, code, output.getvalue(), errors.getvalue())

    def done(self, *arguments: str | Path) -> str:
        ended = self.run(*arguments)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def json(self, *arguments: str | Path) -> Any:
        value = json.loads(self.done(*arguments, "--json"))
        assert value["schema"] == 1
        return value

    def git(self, *arguments: str) -> None:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", self.root, *who, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place with a short recording, to be copied."""
    folder = tmp_path_factory.mktemp("recorded")
    made = Place(folder)
    made.fill()
    made.done(*SHORT)
    return folder


@pytest.fixture
def place(recorded: Path, tmp_path: Path) -> Place:
    shutil.copytree(recorded, tmp_path, dirs_exist_ok=True)
    return Place(tmp_path)


def samples(file: Path | str) -> int:
    with closing(sqlite3.connect(file)) as db:
        return int(db.execute("SELECT count(*) FROM agent_metrics").fetchone()[0])


def test_a_backup_goes_to_the_backups_folder_and_tells_what_it_holds(place: Place) -> None:
    said = place.done("db", "backup")
    (file,) = place.backups.iterdir()
    assert said.startswith(f"{file}: ")
    assert "verified" in said
    assert samples(file) == samples(place.database) > 0


def test_backup_prints_one_json_object(place: Place) -> None:
    first = place.json("db", "backup", place.state / "mine.db")
    assert (first["kind"], first["file"]) == ("database", str(place.state / "mine.db"))
    assert first["database"]["rows"]["agents"] == 1
    assert first["at"].endswith("Z")
    assert first["database"]["last"].endswith("Z")


def test_keep_and_max_age_remove_older_ones(place: Place) -> None:
    for day in (1, 2, 3):
        place.done("db", "backup", place.backups / f"monitor_backup_2025010{day}-000000.db")
    made = place.json("db", "backup", "--keep", "2")
    assert [Path(file).name[15:23] for file in made["removed"]] == ["20250102", "20250101"]
    made = place.json("db", "backup", place.backups / "monitor_backup_20990101-000000.db", "--max-age", "30")
    assert [Path(file).name[15:23] for file in made["removed"]] == ["20250103"]


def test_the_settings_name_the_folder(place: Place) -> None:
    place.config.write_text(place.config.read_text() + '\n[backup]\nfolder = "copies"\n')
    made = place.json("db", "backup")
    assert Path(made["file"]).parent == place.config.parent / "copies"


def test_a_mistake_is_told_in_one_line(place: Place, tmp_path: Path) -> None:
    place.done("db", "backup", tmp_path / "there.db")
    for arguments, said in (
        (("backup", tmp_path / "there.db"), "--force"),
        (("restore", tmp_path / "nothing.db"), "no such file"),
        (("restore", tmp_path / "there.db", "--what", "config"), "full backups"),
        (("restore", tmp_path / "all.tar.gz", "--what", "coordination"), "--extract"),
        (("backup", place.config / "x.db"), "cannot be written to"),
    ):
        ended = place.run("db", *arguments)
        assert ended.returncode in (1, 2)
        assert said in ended.stderr
        assert "Traceback" not in ended.stderr
        assert ended.stderr.count("\n") == 1


def test_restore_goes_back_and_says_what_it_leaves_behind(place: Place) -> None:
    held = samples(place.database)
    file = place.json("db", "backup")["file"]
    place.done(*SHORT)
    all_of_it = samples(place.database)
    assert all_of_it > held
    said = place.done("db", "restore", file)
    (kept,) = place.state.glob("*before-restore*")
    assert str(kept) in said
    assert f"{all_of_it - held} samples" in said
    assert samples(place.database) == held
    assert place.json("db", "restore", kept)["database"]["kept"] is not None
    assert samples(place.database) == all_of_it
    place.done("db", "check")


def test_restore_is_refused_while_a_recorder_runs(place: Place) -> None:
    file = place.json("db", "backup")["file"]
    line = [sys.executable, "-m", "monitor", "--config", str(place.config), "--state-dir", str(place.state)]
    recorder = subprocess.Popen([*line, "record"], stderr=subprocess.PIPE, text=True)
    try:
        assert recorder.stderr is not None
        assert "recording to" in recorder.stderr.readline()
        refused = place.run("db", "restore", file)
        place.done("db", "backup")
    finally:
        recorder.terminate()
        recorder.communicate(timeout=20)
    assert refused.returncode == 1
    assert f"process {recorder.pid}" in refused.stderr
    assert not list(place.state.glob("*before-restore*"))


def test_a_full_backup_is_unpacked_elsewhere_and_never_into_a_root(place: Place, tmp_path: Path) -> None:
    made = place.json("db", "backup", "--full")
    assert made["kind"] == "full"
    unpacked = place.json(
        "db", "restore", made["file"], "--what", "coordination", "--extract", tmp_path / "out"
    )
    (root,) = unpacked["roots"]
    assert root["path"] == str(place.root)
    copy = tmp_path / "out" / root["folder"] / "coordination" / "task-board.json"
    assert copy.read_text() == BOARD
    refused = place.run("db", "restore", made["file"], "--extract", place.root / "out")
    assert refused.returncode == 1
    assert "watched root" in refused.stderr


# --- procedure 2: the configuration is lost -------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["config", "all"])
def test_a_deleted_configuration_is_restored_and_the_recorder_starts_with_it(place: Place, what: str) -> None:
    archive = place.json("db", "backup", "--full")["file"]
    before = place.config.read_text()
    place.config.unlink()
    assert place.run(*SHORT).returncode == 2
    place.done("db", "restore", archive, "--what", what)
    assert place.config.read_text() == before
    place.done(*SHORT)
    assert [agent["id"] for agent in place.json("status")["agents"]] == ["nightly"]
    assert len(list(place.state.glob("*before-restore*"))) == (what == "all")


def test_a_broken_configuration_is_replaced_and_kept(place: Place) -> None:
    archive = place.json("db", "backup", "--full")["file"]
    place.config.write_text("roots = [")
    place.done("db", "restore", archive, "--what", "config")
    (kept,) = place.config.parent.glob("*before-restore*")
    assert kept.read_text() == "roots = ["
    place.done("config", "show")


def test_when_the_database_cannot_be_restored_the_configuration_stays(place: Place) -> None:
    archive = place.json("db", "backup", "--full")["file"]
    place.config.write_text(changed := place.config.read_text() + "# changed\n")
    place.database.unlink()
    with closing(sqlite3.connect(place.database)) as db, db:
        db.execute("CREATE TABLE theirs (x)")
    assert place.run("db", "restore", archive, "--what", "all").returncode == 1
    assert place.config.read_text() == changed
    assert os.listdir(place.config.parent) == [place.config.name]


def test_a_hostile_archive_writes_nothing_outside(place: Place, tmp_path: Path) -> None:
    archive = Path(place.json("db", "backup", "--full")["file"])
    manifest = tmp_path / "agent-monitor-backup.json"
    with tarfile.open(archive) as opened:
        part = opened.extractfile(manifest.name)
        assert part is not None
        text = part.read().decode()
    manifest.write_text(text.replace("roots/1-project/coordination/", "roots/../../../"))
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as packed:
        packed.add(manifest, manifest.name)
    ended = place.run("db", "restore", tmp_path / "evil.tar.gz", "--extract", tmp_path / "out" / "deep")
    assert ended.returncode == 1
    assert "outside its folders" in ended.stderr
    assert not (tmp_path / "out").exists()


# --- procedure 4: a coordination file is broken ---------------------------------------------------------------------


def test_a_broken_board_keeps_its_tasks_and_the_last_good_version_is_named_from_git(place: Place) -> None:
    place.git("init", "--quiet")
    place.git("add", ".")
    place.git("commit", "--quiet", "--message", "the board")
    place.board.write_text(BOARD.replace("TODO", "DONE"))
    place.git("commit", "--quiet", "--all", "--message", "done")
    place.done(*SHORT)
    place.board.write_text('{"version": "4", "tasks": [{"id":')
    place.git("commit", "--quiet", "--all", "--message", "broken, and committed too")
    place.done(*SHORT)  # a new process: what it shows of the board comes from the database
    board = place.json("status")["tasks"]
    assert [(task["id"], task["status"]) for task in board["tasks"]] == [("TASK-1", "DONE")]
    assert board["boards"][0]["error"]
    assert board["boards"][0]["last_synced"]

    report = place.run("doctor", "--json")
    assert report.returncode == 1
    (note,) = [note for note in json.loads(report.stdout)["notes"] if note.startswith("board ")]
    assert "(1 tasks)" in note
    command = shlex.split(note[note.index("git -C") :])
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(found)["tasks"][0]["status"] == "DONE"
    assert place.board.read_text() == '{"version": "4", "tasks": [{"id":'  # nothing was written there

    place.board.write_text(found)
    place.done(*SHORT)
    assert not place.json("status")["tasks"]["boards"][0]["error"]


def test_a_broken_board_that_git_does_not_have_is_told_so(place: Place) -> None:
    place.git("init", "--quiet")
    place.board.write_text("{")
    notes = json.loads(place.run("doctor", "--json").stdout)["notes"]
    assert any(note.startswith("board ") and "git" in note for note in notes)


# --- the recorder's own backups --------------------------------------------------------------------------------------


def test_a_recorder_makes_a_backup_that_is_due(place: Place) -> None:
    place.config.write_text(place.config.read_text() + "\n[backup]\nevery_hours = 0.00001\n")
    held = samples(place.database)
    place.done("--interval", "0.1", "record", "--duration", "1.5")
    (file,) = place.backups.iterdir()
    assert held <= samples(file) <= samples(place.database)


def test_a_backup_that_fails_is_a_failing_source(place: Place) -> None:
    place.config.write_text(
        place.config.read_text() + '\n[backup]\nevery_hours = 0.00001\nfolder = "agent-monitor.toml/copies"\n'
    )
    place.done("--interval", "0.1", "record", "--duration", "1.5")
    with closing(sqlite3.connect(place.database)) as db:
        told = [
            json.loads(text) for (text,) in db.execute("SELECT details FROM events WHERE type = 'source'")
        ]
    failed = [source for source in told if source["name"] == "backup"][-1]
    assert failed["state"] == "failing"
    assert "agent-monitor.toml/copies: no backup is made" in failed["error"]
