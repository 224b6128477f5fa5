"""`agent-monitor hook` as an agent calls it: quick, silent, and well whatever happens."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hook_program import Installed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_disk_full import mounted

from monitor.cli.hooks.entries import hook_command, status_line_command
from monitor.paths import default_state_dir

CALL = {
    "session_id": "s-1",
    "hook_event_name": "PermissionRequest",
    "cwd": "/shop/a",
    "tool_name": "Bash",
    "tool_input": {"command": "git push --force"},
}
WAYS = (0, 1)
SLOWER = 4.0
"""Than a Python that does nothing; 2.1 was measured, 23 ms."""


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed") / "program")


def call(
    command: list[str], data: bytes, folder: Path, prepare: Callable[[], None] | None = None, **environ: str
) -> None:
    """Run it as an agent does; nothing may be seen of it."""
    environ = {"HOME": str(folder), "PATH": "/usr/bin:/bin", **environ}
    done = subprocess.run(
        command,
        input=data,
        capture_output=True,
        env=environ,
        cwd=folder,
        check=False,
        timeout=60,
        preexec_fn=prepare,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def records(folder: Path, session: str = "s-1") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "hooks" / f"{session}.jsonl").read_text().splitlines()]


def state(folder: Path) -> list[str]:
    return ["--state-dir", str(folder / "state")]


@pytest.mark.parametrize("way", WAYS)
def test_a_call_leaves_a_line(installed: Installed, tmp_path: Path, way: int) -> None:
    before = time.time_ns() // 1_000_000
    call([*installed.ways()[way], *state(tmp_path)], json.dumps(CALL).encode(), tmp_path)
    (record,) = records(tmp_path / "state")
    assert before <= record.pop("at") <= time.time_ns() // 1_000_000
    assert record == {
        "agent": "claude-code",
        "event": "PermissionRequest",
        "session_id": "s-1",
        "cwd": "/shop/a",
        "tool_name": "Bash",
        "target": "git",
    }


@pytest.mark.parametrize("way", WAYS)
def test_it_is_quick(installed: Installed, tmp_path: Path, way: int) -> None:
    """Compared with a Python that does nothing, in turns with it: the machine's own haste does not count."""
    ways = [[installed.python, "-c", "pass"], [*installed.ways()[way], *state(tmp_path)]]
    times: list[list[float]] = [[], []]
    for _ in range(15):
        for command, taken in zip(ways, times, strict=True):
            before = time.perf_counter()
            call(command, json.dumps(CALL).encode(), tmp_path)
            taken.append(time.perf_counter() - before)
    assert min(times[1]) < SLOWER * min(times[0])


def test_it_imports_nothing_that_is_slow(installed: Installed, tmp_path: Path) -> None:
    program = (
        "import sys; from monitor.sources.sessions.hook_call import run; run(sys.argv[1:]);"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [installed.python, "-c", program, *state(tmp_path)],
        input=json.dumps(CALL).encode(),
        capture_output=True,
        check=True,
    )
    assert records(tmp_path / "state")
    unwanted = {
        "click",
        "msgspec",
        "asyncio",
        "platformdirs",
        "datetime",
        "pathlib",
        "hashlib",
        "dataclasses",
    }
    assert not unwanted & set(done.stdout.decode().split())


def test_by_hand_it_writes_where_the_monitor_looks(installed: Installed, tmp_path: Path) -> None:
    command = [installed.script, "hook"]
    call(command, json.dumps(CALL).encode(), tmp_path, XDG_STATE_HOME=str(tmp_path / "xdg"))
    call(command, json.dumps(CALL).encode(), tmp_path, AGENT_MONITOR_STATE_DIR=str(tmp_path / "told"))
    call([installed.script, *state(tmp_path), "hook"], json.dumps(CALL).encode(), tmp_path)
    looked = subprocess.run(
        [installed.python, "-c", "from monitor.paths import state_paths; print(state_paths().hooks)"],
        env={"XDG_STATE_HOME": str(tmp_path / "xdg")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert records(Path(looked.stdout.strip()).parent)
    assert records(tmp_path / "told")
    assert records(tmp_path / "state")
    assert default_state_dir().name == "agent-monitor"


def test_the_status_line_is_kept_once_as_long_as_it_says_the_same(
    installed: Installed, tmp_path: Path
) -> None:
    told = {"session_id": "s-1", "cost": {"total_cost_usd": 0.5}, "model": {"id": "m"}}
    command = [*installed.ways()[0], "--statusline", *state(tmp_path)]
    for cost in (0.5, 0.5, 0.75):
        call(command, json.dumps({**told, "cost": {"total_cost_usd": cost}}).encode(), tmp_path)
    assert [record["cost_usd"] for record in records(tmp_path / "state")] == [0.5, 0.75]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200), arguments=st.lists(st.text("-ab= ", max_size=5), max_size=2))
def test_garbage_is_taken_in_silence(
    installed: Installed, tmp_path: Path, data: bytes, arguments: list[str]
) -> None:
    arguments = [word for word in arguments if word != "-h"]
    call([*installed.ways()[0], *state(tmp_path), *arguments], data, tmp_path)
    assert not (tmp_path / "state").exists()


def test_a_large_input_is_read_to_its_end(installed: Installed, tmp_path: Path) -> None:
    data = json.dumps({**CALL, "tool_response": "x" * (20 << 20)}).encode()
    call([*installed.ways()[0], *state(tmp_path)], data, tmp_path)
    assert records(tmp_path / "state")[0]["target"] == "git"


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_closed_stream_is_no_trouble(installed: Installed, tmp_path: Path, closed: int) -> None:
    for way in installed.ways():
        call([*way, *state(tmp_path)], b"{}", tmp_path, lambda: os.close(closed))


def test_an_input_that_never_ends_is_left(installed: Installed, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*installed.ways()[0], *state(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=tmp_path,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(CALL).encode())
    process.stdin.flush()
    assert process.wait(timeout=30) == 0
    assert process.stdout.read() == b""
    process.stdin.close()
    process.stdout.close()
    assert records(tmp_path / "state")


def test_a_place_that_cannot_be_written_is_no_trouble(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in ("/proc/nothing", "/dev/full", str(tmp_path / "file")):
        call([*installed.ways()[0], "--state-dir", place], json.dumps(CALL).encode(), tmp_path)


def test_a_full_disk_is_no_trouble_and_spoils_no_line(installed: Installed, tmp_path: Path) -> None:
    command = [*installed.ways()[0], "--state-dir", str(tmp_path / "disk")]
    data = json.dumps(CALL).encode()
    with mounted(tmp_path / "disk", 1) as disk:
        call(command, data, tmp_path)
        with (disk / "ballast").open("wb") as ballast:
            while True:
                try:
                    os.write(ballast.fileno(), b"x" * 4096)
                except OSError:
                    break
        for _ in range(40):
            call(command, data, tmp_path)
        (disk / "ballast").unlink()
        call(command, data, tmp_path)
        lines = (disk / "hooks" / "s-1.jsonl").read_bytes().splitlines()
        assert json.loads(lines[0])["event"] == json.loads(lines[-1])["event"] == "PermissionRequest"


def test_a_line_that_a_limit_cuts_short_spoils_no_other(installed: Installed, tmp_path: Path) -> None:
    command = [*installed.ways()[0], *state(tmp_path)]
    data = json.dumps(CALL).encode()
    call(command, data, tmp_path, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50)))
    assert (tmp_path / "state" / "hooks" / "s-1.jsonl").stat().st_size == 50
    call(command, data, tmp_path)
    torn, whole = (tmp_path / "state" / "hooks" / "s-1.jsonl").read_bytes().splitlines()
    assert (len(torn), json.loads(whole)["target"]) == (50, "git")


def test_twenty_at_the_same_time_leave_whole_lines(installed: Installed, tmp_path: Path) -> None:
    command = [*installed.ways()[0], *state(tmp_path)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, cwd=tmp_path, env={"HOME": str(tmp_path)})
        for _ in range(20)
    ]
    for number, process in enumerate(processes):
        assert process.stdin is not None
        process.stdin.write(
            json.dumps({**CALL, "tool_use_id": f"t{number}", "cwd": "/" + "x" * 4000}).encode()
        )
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    assert [process.wait(timeout=60) for process in processes] == [0] * 20
    assert {record["tool_use_id"] for record in records(tmp_path / "state")} == {f"t{n}" for n in range(20)}


def test_the_installed_command_runs_nothing_of_the_folder_that_the_agent_works_in(
    installed: Installed, tmp_path: Path
) -> None:
    folder = tmp_path / "a project"
    (folder / "monitor").mkdir(parents=True)
    for name in ("json", "re", "select", "monitor/__init__", "monitor/__main__"):
        (folder / f"{name}.py").write_text("open('was run', 'w'); raise SystemExit(3)")
    for command in (
        hook_command(installed.python, str(tmp_path / "a state")),
        status_line_command(hook_command(installed.python, str(tmp_path / "a state"), targets=False)),
    ):
        call(["sh", "-c", command], json.dumps(CALL).encode(), folder, PYTHONPATH=":/elsewhere")
    assert not (folder / "was run").exists()
    assert [record["event"] for record in records(tmp_path / "a state")] == [
        "PermissionRequest",
        "StatusLine",
    ]


def test_help_is_for_people(installed: Installed, tmp_path: Path) -> None:
    done = subprocess.run([installed.script, "hook", "--help"], capture_output=True, text=True, check=True)
    assert "always ends with exit code 0" in done.stdout
    assert sys.version_info >= (3, 11), "which -P needs"
