"""The command line on a real fleet: status, record, alerts, db, config, doctor, and their exit codes."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from monitor.demo.fleet import Fleet
from monitor.rules.alerts import RULES
from monitor.text import width

AGENT_FIELDS = (
    "id name kind role worktree branch status status_since status_reason status_evidence current_task last_activity "
    "uncommitted_changes ahead behind cpu_usage memory_usage memory_percent process_count thread_count pid "
    "uptime_seconds stale"
).split()
COMMIT_FIELDS = (
    "commit_hash short_hash agent_id agent_ids author_name author_email message branch files_changed lines_added "
    "lines_deleted commit_timestamp attribution"
).split()
ALERT_FIELDS = (
    "alert_id type severity title message source metadata acknowledged acknowledged_by acknowledged_at resolved "
    "resolved_at created_at rule subject"
).split()
HEALTH_FIELDS = (
    "status api_latency websocket_connections file_watch_events error_count cpu_usage memory_usage disk_usage "
    "memory_percent disk_percent load services collector"
).split()


class Command:
    """`agent-monitor` with a fleet's configuration and a state folder of its own."""

    def __init__(self, config: Path, state: Path) -> None:
        self.options = ["--config", str(config), "--state-dir", str(state), "--db", str(state / "monitor.db")]
        self.database = state / "monitor.db"

    def line(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "monitor", *self.options, *arguments]

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.line(*arguments),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **environ},
        )

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode in (0, 1, 3), done.stderr
        assert done.stdout.count("\n") == 1
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with Fleet(tmp_path_factory.mktemp("demo") / "fleet", agents=3, seed=3, pace=5.0) as running:
        yield running


@pytest.fixture
def command(fleet: Fleet, tmp_path: Path) -> Command:
    return Command(fleet.config, tmp_path / "state")


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 30.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


def recorder(command: Command, *arguments: str) -> subprocess.Popen[str]:
    line = command.line("--interval", "0.3", "record", *arguments)
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: samples(command) > 0 or process.poll() is not None, "the first sample")
    return process


def more_than(command: Command, enough: int) -> bool:
    return samples(command) > enough


def samples(command: Command) -> int:
    if not command.database.is_file():
        return 0
    try:
        with sqlite3.connect(f"file:{command.database}?mode=ro", uri=True) as connection:
            return int(connection.execute("SELECT count(*) FROM agent_metrics").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_status_looks_by_itself_and_sees_the_fleet_and_nobody_else(fleet: Fleet, command: Command) -> None:
    begin = time.monotonic()
    state = command.json("status")
    assert time.monotonic() - begin < 5, "two quick readings"
    assert state["schema"] == 1
    assert state["origin"] == "look"
    assert sorted(agent["id"] for agent in state["agents"]) == ["architect", "builder", "validator"]
    for agent in state["agents"]:
        assert set(AGENT_FIELDS) <= agent.keys()
        assert agent["branch"]
        assert agent["worktree"].startswith(str(fleet.root))
        assert agent["status"] in {"active", "idle", "blocked", "error", "offline"}
    alive = [agent for agent in state["agents"] if agent["pid"] is not None]
    assert alive
    assert all(agent["pid"] in fleet.pids and agent["process_count"] >= 2 for agent in alive)
    assert all(agent["cpu_usage"] is not None for agent in alive)
    assert not command.database.exists(), "a look writes nothing"


def test_status_shows_board_commits_health_and_sources(command: Command) -> None:
    state = command.json("status")
    assert state["tasks"]["metrics"]["total"] == len(state["tasks"]["tasks"]) > 0
    assert set(COMMIT_FIELDS) <= state["commits"][0].keys()
    assert state["commits"][0]["commit_timestamp"].endswith("Z")
    assert {commit["attribution"] for commit in state["commits"]} <= {"reflog", "branch"}
    assert "reflog" in {commit["attribution"] for commit in state["commits"]}
    assert set(HEALTH_FIELDS) <= state["health"].keys()
    assert {"processes", "git", "board", "host"} <= {source["name"] for source in state["sources"]}
    assert all(set(ALERT_FIELDS) <= alert.keys() for alert in state["alerts"])


def test_status_in_words_fits_a_pipe(command: Command) -> None:
    done = command.run("status")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    for word in ("architect", "Tasks:", "Host:"):
        assert word.casefold() in done.stdout.casefold()


def test_status_under_watch_is_as_wide_as_its_terminal(command: Command) -> None:
    lines = command.run("status", "--once", COLUMNS="40").stdout.splitlines()
    assert max(map(width, lines)) == 40
    assert sum(line.endswith("…") for line in lines) > 3
    assert command.run("status", COLUMNS="no number").stdout.splitlines()[0].endswith("REASON")


def test_a_recorder_records_and_status_reads_it(command: Command) -> None:
    process = recorder(command)
    try:
        wait_for(lambda: samples(command) > 6, "some samples")
        state = command.json("status")
        assert state["origin"] == "recorder"
        assert len(state["agents"]) == 3
        assert any(agent["cpu_usage"] is not None for agent in state["agents"])
        second = command.run("record", "--duration", "1")
        assert second.returncode == 1
        assert str(process.pid) in second.stderr
        refused = command.run("db", "migrate")
        assert (refused.returncode, str(process.pid) in refused.stderr) == (1, True)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
    assert command.run("db", "check").returncode == 0


def test_killed_at_any_moment_it_starts_again_and_the_database_is_clean(command: Command) -> None:
    for pause in (0.4, 0.9, 0.6):
        process = recorder(command)
        before = samples(command)
        wait_for(partial(more_than, command, before + 2), "more samples")
        time.sleep(pause / 3)  # not in step with the ticks
        process.kill()
        process.wait()
    done = command.run("db", "check")
    assert (done.returncode, done.stderr) == (0, "")
    assert command.run("record", "--duration", "1").returncode == 0


def test_an_alert_is_raised_once_acknowledged_by_the_recorder_and_kept(
    fleet: Fleet, command: Command
) -> None:
    config = fleet.folder / "strict.toml"
    config.write_text(
        fleet.config.read_text() + "\n[thresholds]\nuncommitted_warning = 0\nhost_warning_percent = 0\n"
    )
    strict = Command(config, command.database.parent)
    process = recorder(strict)
    try:
        alert = wait_for(lambda: next(iter(strict.json("alerts", "list")["alerts"]), None), "an alert", 20)
        done = strict.run("alerts", "ack", alert["alert_id"], "--note", "seen")
        assert done.returncode == 0, done.stderr

        def acknowledged() -> bool:
            found = strict.json("alerts", "list", "--all")["alerts"]
            return any(a["alert_id"] == alert["alert_id"] and a["acknowledged"] for a in found)

        wait_for(acknowledged, "the acknowledgement")
    finally:
        process.terminate()
        assert process.wait(10) == 143
    again = recorder(strict)
    try:
        found = [
            a for a in strict.json("alerts", "list", "--all")["alerts"] if a["alert_id"] == alert["alert_id"]
        ]
        assert len(found) == 1
    finally:
        again.terminate()
        again.wait(10)


def test_without_a_recorder_an_alert_is_resolved_by_the_command_itself(command: Command) -> None:
    assert command.run("record", "--duration", "1").returncode == 0
    with sqlite3.connect(command.database) as connection:
        connection.execute(
            "INSERT INTO alerts"
            " (alert_id, rule, subject, type, severity, title, message, source, metadata, created_at) VALUES"
            " ('made-1', 'service-down', 'db', 'system', 'critical', 'db is down', '', 'services', '{}', 1)"
        )
    assert command.run("status", "--check").returncode == 3
    assert command.run("alerts", "resolve", "made-1").returncode == 0
    (alert,) = [a for a in command.json("alerts", "list", "--all")["alerts"] if a["alert_id"] == "made-1"]
    assert alert["resolved"]
    assert command.run("alerts", "resolve", "made-1").returncode == 1
    assert command.run("alerts", "ack", "no-such").returncode == 1


def test_a_newer_database_is_refused_with_4(command: Command) -> None:
    assert command.run("record", "--duration", "1").returncode == 0
    with sqlite3.connect(command.database) as connection:
        connection.execute("UPDATE schema_version SET version = 9999 WHERE version = 1")
    for arguments in (("record", "--duration", "1"), ("db", "migrate")):
        done = command.run(*arguments)
        assert done.returncode == 4, done.stderr
        assert "newer" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--no-such-option"], "no-such-option"),
        (["--root", "/no/such/folder", "status"], "/no/such/folder"),
        (["--config", "/no/such/file.toml", "status"], "/no/such/file.toml"),
        (["--interval", "0", "status"], "interval"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_a_mistake_is_told_without_a_traceback_and_exits_with_2(arguments: list[str], told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "monitor", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_names_file_key_value_and_what_is_allowed(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("[intervals]\ntick = 0\n")
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "--config", str(file), "status"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    for part in (str(file), "intervals.tick", "0", ">= 0.1"):
        assert part in done.stderr


def test_config_init_writes_a_file_that_is_read_back_as_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.toml"
    options = [sys.executable, "-m", "monitor", "--config", str(file), "config"]
    assert subprocess.run([*options, "init"], check=False, capture_output=True).returncode == 0
    assert subprocess.run([*options, "init"], check=False, capture_output=True).returncode == 2
    shown = subprocess.run([*options, "show", "--json"], check=True, capture_output=True).stdout
    assert json.loads(shown)["intervals"]["tick"] == 2.0
    path = subprocess.run([*options, "path"], check=True, capture_output=True, text=True).stdout
    assert path.strip() == str(file)


def test_config_show_prints_settings_that_can_be_read_again(
    command: Command, fleet: Fleet, tmp_path: Path
) -> None:
    config = fleet.folder / "keys.toml"
    more = '\n[screen.keys]\n"view.zoom" = "Z"\n[prices."glm-9.1"]\ninput = 1\noutput = 2\n'
    config.write_text(fleet.config.read_text() + more)
    command = Command(config, command.database.parent)
    shown = command.run("config", "show")
    again = tmp_path / "again.toml"
    again.write_text(shown.stdout)
    first = json.loads(command.run("config", "show", "--json").stdout)
    second = subprocess.run(
        [sys.executable, "-m", "monitor", "--config", str(again), "config", "show", "--json"],
        capture_output=True,
        check=True,
    )
    assert json.loads(second.stdout) == first
    assert first["screen"]["keys"] == {"view.zoom": "Z"}
    assert first["prices"]["glm-9.1"]["output"] == 2


def test_doctor_tells_versions_paths_limits_and_agents(command: Command) -> None:
    report = command.json("doctor")
    assert {"versions", "paths", "limits", "agents", "sources", "problems", "notes"} <= report.keys()
    assert report["paths"]["database"] == str(command.database)
    assert len(report["agents"]) == 3
    assert report["versions"]["git"][0].isdigit()
    assert command.run("doctor").stdout.count("architect") >= 1


def test_demo_headless_says_that_it_is_ready_and_leaves_nothing(tmp_path: Path) -> None:
    line = [
        sys.executable,
        "-m",
        "monitor",
        "demo",
        "--headless",
        "--agents",
        "2",
        "--dir",
        str(tmp_path / "d"),
    ]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["ready"] is True
        assert len(ready["pids"]) == 2
        state = Command(Path(ready["config"]), tmp_path / "state").json("status")
        assert {agent["pid"] for agent in state["agents"]} <= {*ready["pids"], None}
        process.terminate()
        assert process.wait(15) == 143
    assert not any(_lives(pid) for pid in ready["pids"])


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_completions_and_version_are_printed() -> None:
    run = [sys.executable, "-m", "monitor"]
    assert (
        "agent-monitor"
        in subprocess.run([*run, "--version"], capture_output=True, text=True, check=True).stdout
    )
    script = subprocess.run([*run, "completions", "bash"], capture_output=True, text=True, check=True).stdout
    assert "_AGENT_MONITOR_COMPLETE" in script


def test_without_a_terminal_the_live_view_says_what_to_use() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "monitor"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 2
    assert "agent-monitor status" in done.stderr


GRAVE = sorted(rule.id for rule in RULES if rule.severity in ("error", "critical"))


def test_alerts_are_muted_by_the_recorder_counted_no_more_and_heard_again(
    fleet: Fleet, command: Command
) -> None:
    config = fleet.folder / "loud.toml"
    config.write_text(
        fleet.config.read_text()
        + "\n[thresholds]\nhost_warning_percent = 0\nhost_critical_percent = 0\nhost_hold_seconds = 0\n"
    )
    loud = Command(config, command.database.parent)
    process = recorder(loud)

    def muted() -> set[str]:
        """Ids of the alerts that are quiet."""
        return {alert["alert_id"] for alert in loud.json("status")["alerts"] if alert["muted"]}

    try:
        alert = wait_for(
            lambda: next(
                (a for a in loud.json("alerts", "list")["alerts"] if a["rule"].startswith("host-memory")),
                None,
            ),
            "an alert",
            20,
        )
        assert not alert["muted"]
        assert loud.run("status", "--check").returncode == 3
        for rule in GRAVE:
            done = loud.run("alerts", "mute", "--rule", rule, "--for", "1h", "--note", "load test")
            assert done.returncode == 0, done.stderr
            assert done.stdout.startswith(f"rule {rule}: muted until ")
        wait_for(lambda: alert["alert_id"] in muted(), "the mute")
        state = loud.json("status")
        assert {one["rule"] for one in state["mutes"]} >= {"host-memory-critical"}
        assert state["mutes"][0]["until"].endswith("Z")
        wait_for(lambda: loud.run("status", "--check").returncode == 0, "nothing that counts")
        assert "Muted alerts: " in loud.run("status").stdout
        done = loud.run("alerts", "unmute", alert["alert_id"])
        assert done.returncode == 1
        assert "is the mute of rule host-memory-critical: name that" in done.stderr
        assert loud.run("alerts", "unmute", "--rule", "host-memory-critical").returncode == 0
        wait_for(lambda: alert["alert_id"] not in muted(), "the end of the mute")
        assert loud.run("status", "--check").returncode == 3
    finally:
        process.terminate()
        assert process.wait(10) == 143
    rules = [one["rule"] for one in loud.json("alerts", "mutes")["mutes"]]
    assert rules == [rule for rule in GRAVE if rule != "host-memory-critical"], (
        "they hold without a recorder too"
    )


def test_without_a_recorder_mutes_are_made_listed_and_ended_by_the_command_itself(command: Command) -> None:
    assert command.run("record", "--duration", "1").returncode == 0
    with sqlite3.connect(command.database) as connection:
        connection.execute(
            "INSERT INTO alerts"
            " (alert_id, rule, subject, type, severity, title, message, source, metadata, created_at) VALUES"
            " ('made-2', 'service-down', 'db', 'system', 'critical', 'db is down', '', 'services', '{}', 1)"
        )
    assert command.run("alerts", "mutes").stdout == "Nothing is muted.\n"
    assert command.run("alerts", "mute", "made-2", "--for", "2h").returncode == 0
    (mute,) = command.json("alerts", "mutes")["mutes"]
    assert (mute["rule"], mute["subject"], mute["note"]) == ("service-down", "db", "")
    assert "firing, muted" in command.run("alerts", "list").stdout
    assert next(a for a in command.json("alerts", "list")["alerts"] if a["id"] == "made-2")["muted"]
    listed = command.run("alerts", "mutes").stdout.splitlines()
    assert listed[0].split() == ["RULE", "SUBJECT", "LEFT", "BY", "NOTE"]
    assert listed[1].split()[:2] == ["service-down", "db"]
    assert command.run("alerts", "unmute", "made-2").returncode == 0
    assert command.json("alerts", "mutes")["mutes"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["mute", "--for", "1h"], 2, "name an alert by its id, or a rule"),
        (["mute", "x", "--rule", "y", "--for", "1h"], 2, "name an alert by its id, or a rule"),
        (["mute", "--rule", "disk-trouble"], 2, "--for"),
        (["mute", "--rule", "disk-trouble", "--for", "soon"], 2, "write a duration as 30m"),
        (["mute", "--rule", "disk-trouble", "--for", "31d"], 2, "more than 30 days"),
        (
            ["mute", "--rule", "disk-truble", "--for", "1h"],
            1,
            "there is no such rule; there are agent-blocked,",
        ),
        (["mute", "no-such", "--for", "1h"], 1, "there is no such alert"),
        (["unmute", "--subject", "builder"], 1, "`agent-monitor alerts mutes` shows what is"),
    ],
)
def test_a_mute_that_cannot_be_says_why(command: Command, arguments: list[str], code: int, told: str) -> None:
    done = command.run("alerts", *arguments)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
