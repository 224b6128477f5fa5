"""`db prune` and `db vacuum` as a user calls them."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from monitor.history.lock import RecorderLock
from monitor.paths import StatePaths

DAY = 86_400_000
EVERY = 600_000


def monitor(folder: Path, *arguments: str, succeeds: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "--state-dir", str(folder), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode == 0) == succeeds, done.stderr
    assert "Traceback" not in done.stderr
    return done


def paths(folder: Path) -> StatePaths:
    return StatePaths(folder, folder / "monitor.db")


def ask(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(paths(folder).database) as db:
        found = db.execute(query).fetchall()
    db.close()
    return found


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A recording with forty days of samples, one in ten minutes of one agent."""
    monitor(tmp_path, "db", "migrate", succeeds=True)
    now = time.time_ns() // 1_000_000
    with sqlite3.connect(paths(tmp_path).database) as db:
        db.execute(
            "INSERT INTO agents VALUES ('builder', 'Builder', 'codex', '', 'here', NULL, 'config', ?, ?)",
            (now - 40 * DAY, now),
        )
        db.executemany(
            "INSERT INTO agent_metrics (agent_id, timestamp, status, cpu_usage, current_task, branch, stale)"
            " VALUES ('builder', ?, 'active', 1.5, '', 'main', 0)",
            [(at,) for at in range(now - 40 * DAY, now, EVERY)],
        )
    db.close()
    return tmp_path


def test_prune_tells_what_it_would_do_does_it_and_has_nothing_left_to_do(old: Path) -> None:
    told = json.loads(monitor(old, "db", "prune", "--dry-run", "--json").stdout)
    assert (told["schema"], told["dry_run"]) == (1, True)
    due = told["rows"]["agent_metrics"]
    assert 9 * 144 <= due <= 11 * 144
    assert ask(old, "SELECT count(*) FROM agent_metrics") == [(40 * 144,)]
    done = monitor(old, "db", "prune").stdout
    assert f"agent_metrics  {due}" in done
    assert ask(old, "SELECT count(*) FROM agent_metrics") == [(40 * 144 - due,)]
    assert ask(old, "SELECT count(*) FROM agent_metrics_daily")[0][0] in (40, 41)
    assert "nothing is past its time" in monitor(old, "db", "prune").stdout


def test_prune_obeys_the_settings(old: Path) -> None:
    config = old / "config.toml"
    config.write_text("[retention]\nagent_metrics_days = 5\n")
    monitor(old, "--config", str(config), "db", "prune")
    kept = ask(old, "SELECT count(*) FROM agent_metrics")[0][0]
    assert 5 * 144 <= kept <= 6 * 144


@pytest.mark.parametrize("command", ["prune", "vacuum"])
def test_both_are_refused_while_somebody_records(old: Path, command: str) -> None:
    with RecorderLock(paths(old), version="1", interval_seconds=2.0, now=time.time_ns() // 1_000_000):
        refused = monitor(old, "db", command, succeeds=False)
        assert "records it since" in refused.stderr
        assert "does this by itself" in refused.stderr
        monitor(old, "db", "prune", "--dry-run")


@pytest.mark.parametrize("command", ["prune", "vacuum"])
def test_both_say_so_where_there_is_no_database(tmp_path: Path, command: str) -> None:
    assert "is not there" in monitor(tmp_path, "db", command, succeeds=False).stderr
    assert not paths(tmp_path).database.exists()


def test_vacuum_gives_free_pages_back(old: Path) -> None:
    with sqlite3.connect(paths(old).database) as db:
        db.execute("DELETE FROM agent_metrics")
    db.close()
    done = json.loads(monitor(old, "db", "vacuum", "--json").stdout)
    assert not done["rewritten"]
    assert done["bytes_after"] < 0.6 * done["bytes_before"]
    assert done["bytes_after"] == paths(old).database.stat().st_size
    assert ask(old, "PRAGMA integrity_check") == [("ok",)]


def test_vacuum_makes_a_file_anew_that_could_not_be_shortened(old: Path) -> None:
    file = paths(old).database
    with sqlite3.connect(file, isolation_level=None) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA auto_vacuum = NONE")
        db.execute("VACUUM")
        db.execute("DELETE FROM agent_metrics")
    db.close()
    done = monitor(old, "db", "vacuum").stdout
    assert "written anew" in done
    assert ask(old, "PRAGMA auto_vacuum") == [(2,)]
    assert ask(old, "PRAGMA freelist_count") == [(0,)]
