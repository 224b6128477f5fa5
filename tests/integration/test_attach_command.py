"""`agent-monitor attach` and the setting `systems`: what a person sees of another system."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from monitor.cli.main import run
from monitor.paths import sql_folder

SECRET = "canary-9c1d"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript((sql_folder() / "systems/multi-agent-dashboard/schema.sqlite.sql").read_text())
        db.execute(
            "INSERT INTO employees (id, name, role, department, level, status, skills, system_prompt_template) "
            "VALUES ('e1', 'Alex', 'PM', 'Executive', 'Senior', 'active', '[]', ?)",
            (SECRET,),
        )
    return path


def employ(file: Path, process: str, **columns: Any) -> None:
    names = {
        "id": process,
        "name": process,
        "employee_id": "e1",
        "status": "running",
        "system_prompt": SECRET,
    }
    row = names | {"working_directory": "/w"} | columns
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        marks = ", ".join(f":{name}" for name in row)
        db.execute(f"INSERT INTO processes ({', '.join(row)}) VALUES ({marks})", row)


@pytest.fixture
def agent_monitor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def call(*arguments: str) -> tuple[int, str, str]:
        config = tmp_path / "config.toml"
        if not config.exists():
            config.write_text("discover = false\n")
        code = run(["--config", str(config), "--state-dir", str(tmp_path / "state"), *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_a_system_is_tried_without_being_configured(agent_monitor: Any, file: Path) -> None:
    code, out, _ = agent_monitor("attach", str(file))
    assert code == 0
    assert out.startswith(f"multi-agent-dashboard, sqlite: {file}\n")
    assert "agents         1     1 active" in out
    assert f'[[systems]]\nname = "shop"\nurl = "{file}"' in out
    assert SECRET not in out


def test_what_was_read_is_printed_as_json(agent_monitor: Any, file: Path) -> None:
    code, out, _ = agent_monitor("attach", "--json", str(file))
    told = json.loads(out)
    assert (code, told["schema"], told["state"]["kind"]) == (0, 1, "multi-agent-dashboard")
    assert told["agents"][0]["name"] == "Alex"
    assert SECRET not in out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["redis://x"], 1, "is of no kind that can be read"),
        (["/nowhere/at/all.db"], 1, "/nowhere/at/all.db is not there"),
        (
            ["postgresql://me:canary-9c1d@127.0.0.1:1/x"],
            1,
            r"postgresql://***@127.0.0.1:1/x cannot be reached",
        ),
        (["--kind", "shop", "/nowhere"], 2, "--kind shop: expected "),
        (["--live", "--json", "/nowhere"], 2, "--live opens the screen"),
    ],
)
def test_what_cannot_be_read_is_told_without_its_password(
    agent_monitor: Any, arguments: list[str], code: int, words: str
) -> None:
    given, out, err = agent_monitor("attach", *arguments)
    assert (given, out) == (code, "")
    assert words in err
    assert SECRET not in err


def test_a_file_of_another_program_is_told_by_its_tables(agent_monitor: Any, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as db:
        db.execute("CREATE TABLE goods (name)")
    _, _, err = agent_monitor("attach", str(tmp_path / "other.db"))
    assert "its tables are no known system's (goods): name its kind." in err


def attached(tmp_path: Path, file: Path, more: str = "") -> None:
    (tmp_path / "config.toml").write_text(
        f'discover = false\n[[systems]]\nname = "dash"\nurl = "{file.name}"\n'
        f'[[systems]]\nname = "down"\nurl = "postgresql://me:{SECRET}@127.0.0.1:1/x"\n{more}'
    )


def test_configured_systems_stand_in_the_status_beside_one_that_is_down(
    agent_monitor: Any, tmp_path: Path, file: Path
) -> None:
    employ(file, "p1", pid=psutil.Process().pid)
    attached(tmp_path, file)
    code, out, _ = agent_monitor("status", "--json")
    told = json.loads(out)
    assert code == 0
    assert SECRET not in out
    dash, down = told["systems"]
    assert (dash["name"], dash["state"], dash["engine"]) == ("dash", "ok", "sqlite")
    assert dash["counts"]["agents"] == 1
    assert dash["lag_ms"] >= 0
    assert (down["state"], down["url"]) == ("failing", "postgresql://***@127.0.0.1:1/x")
    assert down["lag_ms"] is None
    (agent,) = told["agents"]
    assert (agent["id"], agent["status"], agent["system"], agent["system_status"]) == (
        "dash:Alex",
        "active",
        "dash",
        "running",
    )
    assert told["executions"][0]["system"] == "dash"


def test_a_stored_process_that_is_dead_is_shown_as_the_contradiction_it_is(
    agent_monitor: Any, tmp_path: Path, file: Path
) -> None:
    gone = psutil.Popen(["true"])
    gone.wait()
    employ(file, "p1", pid=gone.pid)
    attached(tmp_path, file)
    _, out, _ = agent_monitor("status", "--json")
    (agent,) = json.loads(out)["agents"]
    assert agent["status"] == "error"
    assert agent["status_reason"] == f"dash says running, but process {gone.pid} is not there"


def test_a_systems_agent_is_the_configured_one_whose_worktree_it_works_in(
    agent_monitor: Any, tmp_path: Path, file: Path
) -> None:
    employ(file, "p1", working_directory=str(tmp_path))
    attached(tmp_path, file, f'[[agents]]\nid = "builder"\nworktree = "{tmp_path}"\n')
    _, out, _ = agent_monitor("status", "--json")
    told = [(agent["id"], agent["system"], agent["system_status"]) for agent in json.loads(out)["agents"]]
    assert told == [("builder", "dash", "running")]


def test_the_settings_say_which_agent_it_is_and_are_shown_without_passwords(
    agent_monitor: Any, tmp_path: Path, file: Path
) -> None:
    attached(tmp_path, file, '[[agents]]\nid = "builder"\n')
    config = (
        (tmp_path / "config.toml")
        .read_text()
        .replace(f'url = "{file.name}"', f'url = "{file}"\nagents = {{ Alex = "builder" }}')
    )
    (tmp_path / "config.toml").write_text(config)
    _, out, _ = agent_monitor("status", "--json")
    assert [(agent["id"], agent["system"]) for agent in json.loads(out)["agents"]] == [("builder", "dash")]
    _, shown, _ = agent_monitor("config", "show")
    assert "postgresql://***@127.0.0.1:1/x" in shown
    assert SECRET not in shown


def test_two_systems_of_one_name_are_refused(agent_monitor: Any, tmp_path: Path, file: Path) -> None:
    attached(tmp_path, file, f'[[systems]]\nname = "dash"\nurl = "{file}"\n')
    code, _, err = agent_monitor("status")
    assert code == 2
    assert 'systems[2].name = "dash": is given twice' in err
