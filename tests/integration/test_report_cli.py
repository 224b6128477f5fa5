"""`agent-monitor report` and `export` as commands: in a terminal, into a pipe, beside a recorder, and their errors."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from monitor.cli import main
from monitor.history.writing.rows import TickRows
from monitor.history.writing.writer import HistoryWriter
from monitor.model import AgentMetrics, AgentStatus, Commit, ModelUsage, Session, TokenCounts, ToolCall
from monitor.paths import StatePaths

NAMES = (
    "agents",
    "tasks",
    "velocity",
    "commits",
    "alerts",
    "health",
    "timeline",
    "tokens",
    "cost",
    "waits",
    "tools",
)


def line(folder: Path, *arguments: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "monitor",
        "--state-dir",
        str(folder),
        "--db",
        str(folder / "monitor.db"),
        *arguments,
    ]


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


class Command:
    """`agent-monitor` on a database, in a thread of this process: its output is a pipe's."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capture = capture

    async def __call__(self, *arguments: str) -> Done:
        self._capture.readouterr()
        code = await asyncio.to_thread(main.run, line(self.folder, *arguments)[3:])
        return Done(code, *self._capture.readouterr())


def in_terminal(folder: Path, *arguments: str) -> str:
    """What a terminal of 60 columns gets."""
    primary, secondary = pty.openpty()
    environment = {**os.environ, "COLUMNS": "60"}
    with subprocess.Popen(
        line(folder, *arguments), stdin=secondary, stdout=secondary, stderr=2, env=environment
    ) as child:
        os.close(secondary)
        text = b""
        try:
            while part := os.read(primary, 65_536):
                text += part
        except OSError:  # the other end is closed
            pass
        os.close(primary)
        assert child.wait(timeout=30) == 0
    return text.decode()


def tick(at: int, number: int) -> TickRows:
    status = AgentStatus(
        id="claude-code:shop",
        name="shop",
        kind="claude-code",
        role="",
        worktree=None,
        host="here",
        origin="discovered",
        status="blocked" if number % 2 else "active",
        status_since=at,
        status_reason="=cmd: may I?",
    )
    rows = TickRows(at=at, samples=[(status, AgentMetrics(cpu_usage=10.0))])
    rows.commits = [
        Commit(
            commit_hash=f"{number:040x}",
            short_hash=f"{number:07x}",
            agent_id="claude-code:shop",
            agent_ids=("claude-code:shop",),
            author_name="Ada",
            author_email="ada@example.org",
            message=f"=HYPERLINK({number})",
            branch="main",
            files_changed=1,
            lines_added=2,
            lines_deleted=3,
            commit_timestamp=at,
            attribution="reflog",
        )
    ]
    call = ToolCall(call_id="1", name="Bash", started=at)
    rows.sessions = {
        "claude-code:shop": Session(
            kind="claude-code",
            session_id="s",
            turn_state="permission",
            waiting_for="permission: Bash",
            waiting_since=at,
            hours=(ModelUsage(model="opus", tokens=TokenCounts(input=1), hour=at),),
            calls=(call,),
        )
    }
    return rows


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[Path]:
    """A state folder in which somebody records at this moment."""
    now = time.time_ns() // 1_000_000 - 60_000
    paths = StatePaths(tmp_path, tmp_path / "monitor.db")
    writer = await HistoryWriter.open(
        paths, host="here", boot_id="boot", version="1", interval_seconds=2.0, now=now
    )
    try:
        for number in range(10):
            await writer.write(tick(now + number * 2000, number))
        yield tmp_path
    finally:
        await writer.close(now + 20_000)


@pytest.fixture
def command(folder: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(folder, capsys)


@pytest.mark.parametrize("name", NAMES)
async def test_every_report_prints_csv_into_a_pipe_beside_a_recorder(command: Command, name: str) -> None:
    done = await command("report", name)
    assert done.returncode == 0, done.stderr
    header, *rows = csv.reader(io.StringIO(done.stdout))
    assert all(len(row) == len(header) for row in rows)
    assert bool(rows) == (name not in {"tasks", "alerts", "health"})
    assert bool(done.stderr) == (not rows)
    assert "\x1b" not in done.stdout


async def test_a_terminal_gets_a_table_cut_to_its_width_and_csv_when_it_is_told(command: Command) -> None:
    table = in_terminal(command.folder, "report", "commits").splitlines()
    assert table[0].startswith("commits, ")
    assert table[1].split()[:3] == ["TIME", "COMMIT", "AGENT"]
    assert len(table) == 2 + 10
    assert max(map(len, table)) <= 60
    assert "\x1b" not in "".join(table)
    assert in_terminal(command.folder, "report", "commits", "--format", "csv").startswith(
        "time,commit,agent,"
    )


async def test_a_table_into_a_pipe_is_whole_and_formulas_are_made_harmless_in_csv(command: Command) -> None:
    table = await command("report", "commits", "--format", "table")
    assert " =HYPERLINK(9)" in table.stdout
    rows = list(csv.DictReader(io.StringIO((await command("report", "commits")).stdout)))
    assert rows[0]["message"] == "'=HYPERLINK(9)"


async def test_json_is_one_object_and_json_lines_one_a_row(command: Command) -> None:
    value: Any = json.loads((await command("report", "agents", "--since", "-1h", "--format", "json")).stdout)
    (row,) = value["rows"]
    assert (value["schema"], value["report"]) == (1, "agents")
    assert row["commits"] == 10
    assert row["active_seconds"] > 0
    assert row["longest_wait_seconds"] > 0
    lines = (await command("report", "timeline", "--format", "jsonl")).stdout.splitlines()
    assert {json.loads(line)["schema"] for line in lines} == {1}


async def test_one_agent_is_asked_for_by_id_or_name_and_an_unknown_one_names_the_known(
    command: Command,
) -> None:
    assert (await command("report", "agents", "--agent", "Shop")).stdout.count("\n") == 2
    done = await command("report", "agents", "--agent", "nobody")
    assert (done.returncode, done.stdout) == (1, "")
    assert "claude-code:shop" in done.stderr
    assert "Traceback" not in done.stderr


async def test_an_empty_report_says_so_and_is_no_error(command: Command) -> None:
    done = await command("report", "commits", "--since", "-3h", "--until", "-2h", "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["rows"] == []
    assert "No commits" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("report", "agents", "--since", "-1h", "--until", "-2h"), 2, "is not before"),
        (("report", "agents", "--since", "soonish"), 2, "is no time"),
        (("report", "weather"), 2, "weather"),
        (("--db", "/nowhere/monitor.db", "report", "agents"), 1, "there is no such database"),
        (("export", "--from", "now", "--to", "-1h", "x.db"), 2, "is not before"),
        (("export", "--from", "-3h", "--to", "-2h", "x.db"), 1, "it goes from"),
        (("export", "x.db"), 2, "--from"),
    ],
)
async def test_a_mistake_is_told_with_its_exit_code_and_without_a_traceback(
    command: Command, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = await command(*arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path("x.db").exists()


async def test_an_exported_interval_is_a_recording_that_reports_read_and_its_owner_alone(
    command: Command,
) -> None:
    target = command.folder / "part.db"
    done = await command("export", "--from", "-1h", str(target), "--agent", "shop", "--json")
    assert done.returncode == 0, done.stderr
    value = json.loads(done.stdout)
    assert (value["schema"], value["file"], value["agents"]) == (1, str(target), ["claude-code:shop"])
    assert value["rows"]["agent_metrics"] == 10
    assert value["bytes"] == target.stat().st_size
    assert target.stat().st_mode & 0o777 == 0o600
    assert (await command("--db", str(target), "report", "commits")).stdout.count("\n") == 11
    again = await command("export", "--from", "-1h", str(target))
    assert again.returncode == 1
    assert "--force" in again.stderr
    assert "1 agent, 10 samples" in (await command("export", "--from", "-1h", str(target), "--force")).stdout
    assert not [path for path in command.folder.iterdir() if path.name.endswith(".part")]


async def test_an_older_recording_is_reported_and_left_as_it_is(command: Command, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    target = old / "monitor.db"
    assert (await command("export", "--from", "-1h", str(target))).returncode == 0
    assert (await command("--db", str(target), "db", "migrate", "--to", "2")).returncode == 0
    before = target.read_bytes()
    assert (await command("--db", str(target), "report", "commits")).stdout.count("\n") == 11
    assert target.read_bytes() == before
