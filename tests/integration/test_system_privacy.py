"""No secret, prompt, payload, result or output of an attached system is recorded, printed or logged."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
import test_system_agentvine as agentvine
import test_system_beads as beads
import test_system_dashboard as dashboard
import test_system_openclaw as openclaw
import test_system_tempolite as tempolite
import test_system_workflow as workflow

from monitor.paths import sql_folder

CANARY = re.compile(rb"canary-[\w-]+")
PASSWORD = "canary-password"
DEADLINE = 30


def attach_all(folder: Path) -> dict[str, str]:
    """A database of each system with canaries in all that must not be read; name to place."""
    shop = folder / "dashboard.db"
    with closing(sqlite3.connect(shop, isolation_level=None)) as db:
        db.executescript((sql_folder() / "systems/multi-agent-dashboard/schema.sqlite.sql").read_text())
        db.executescript(dashboard.ROWS)
    vine, claw = folder / "vine.db", folder / "claw.db"
    agentvine._sqlite(vine, "schema.sqlite.sql", agentvine._rows("'[\"api\"]'"))
    openclaw._sqlite(claw, "schema.sqlite.sql", openclaw._rows())
    issues = folder / "issues"
    issues.mkdir()
    return {
        "dashboard": str(shop),
        "vine": str(vine),
        "claw": str(claw),
        "coordination": str(workflow.made(folder, "schema.sqlite.sql", workflow.ROWS)),
        "engine": str(tempolite.made(folder, "schema.sqlite.sql", tempolite.V1)),
        "bd": str(beads.database(folder, "schema.sqlite.sql")),
        "lines": str(beads.lines(issues)),
        "down": f"postgresql://me:{PASSWORD}@127.0.0.1:1/x",
    }


STATES = "SELECT DISTINCT name FROM system_states WHERE kind <> '' OR state = 'failing'"
LINES = "SELECT text FROM system_logs"


def recorded(database: Path, query: str) -> list[str]:
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as db:
            return [name for (name,) in db.execute(query)]
    except sqlite3.OperationalError:  # it is not there yet
        return []


def until(database: Path, query: str, count: int) -> None:
    deadline = time.monotonic() + DEADLINE
    while len(recorded(database, query)) < count:
        assert time.monotonic() < deadline, recorded(database, query)
        time.sleep(0.1)


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    places = attach_all(tmp_path)
    lines = ["discover = false"]
    for name, url in places.items():
        lines += ["[[systems]]", f'name = "{name}"', f'url = "{url}"', "interval = 0.5"]
    (tmp_path / "config.toml").write_text("\n".join(lines))
    options = [
        "--config",
        str(tmp_path / "config.toml"),
        "--state-dir",
        str(tmp_path / "state"),
        "--interval",
        "0.5",
    ]
    return [sys.executable, "-m", "monitor", *options]


def test_nothing_private_is_in_the_recording_its_logs_or_what_commands_print(
    tmp_path: Path, command: list[str]
) -> None:
    state = tmp_path / "state"
    told = b""
    recorder = subprocess.Popen([*command, "record"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        until(state / "monitor.db", STATES, 8)
        with closing(sqlite3.connect(tmp_path / "dashboard.db", isolation_level=None)) as db:
            db.execute(
                "INSERT INTO process_logs (process_id, log_level, message, metadata) "
                "VALUES ('p2', 'INFO', 'a line of today', 'canary-metadata')"
            )
        until(state / "monitor.db", LINES, 1)
        for arguments in (["status", "--json"], ["status"], ["doctor", "--json"], ["config", "show"]):
            told += subprocess.run([*command, *arguments], capture_output=True, check=False).stdout
    finally:
        recorder.terminate()
        told += recorder.communicate()[0]
    assert b"coordination" in told
    for file in state.rglob("*"):
        if file.is_file():
            told += file.read_bytes()
    assert b"a line of today" in told
    assert CANARY.findall(told) == []
