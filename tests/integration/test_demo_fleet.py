"""The demo fleet as a whole: real processes, real worktrees, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from monitor import config
from monitor.demo import agent, gitenv, repository
from monitor.demo.cast import cast
from monitor.demo.fleet import _LAUNCH, Fleet
from monitor.errors import ConfigError, MonitorError
from monitor.rules.overlaps import OverlapIndex, Work
from monitor.sources.git import GitSource
from monitor.sources.sessions.aider import AiderReader
from monitor.sources.sessions.claude_code import ClaudeCodeReader
from monitor.sources.sessions.codex import CodexReader
from monitor.sources.sessions.gemini import GeminiReader
from monitor.sources.sessions.goose import GooseReader
from monitor.sources.sessions.opencode import OpencodeReader
from monitor.sources.sessions.reader import ReaderOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from monitor.model import Session

READERS = (ClaudeCodeReader, CodexReader, GeminiReader, OpencodeReader, GooseReader, AiderReader)
FAST = 30.0
RUN = (
    "import json, sys, time\n"
    "from monitor.demo import fleet as module\n"
    "module._LAUNCH = sys.argv[1]\n"
    "fleet = module.Fleet(None, 3, 1, pace=30)\n"
    "fleet.start()\n"
    "print(json.dumps({'folder': str(fleet.folder), 'pids': fleet.pids}), flush=True)\n"
    "time.sleep(60)\n"
)
LAUNCHES = {
    "with the kernel's help": _LAUNCH,
    "by pipes alone": _LAUNCH.replace("main()", "import monitor.demo.lifeline as l; l._prctl = None; main()"),
}
"""How the supervisor is started: as on Linux, and as on a system that has no prctl(2)."""


def wait_for(condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.02)


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env=gitenv.environment() | {"GIT_OPTIONAL_LOCKS": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout + done.stderr


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def everyone(pid: int) -> list[psutil.Process]:
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]


def assert_all_gone(processes: Iterable[psutil.Process], seconds: float = 30.0) -> None:
    wait_for(lambda: not any(map(lives, processes)), "the end of every process", seconds)


def log_of(fleet: Fleet) -> str:
    return (fleet.root / "coordination" / "progress-log.md").read_text()


def board_of(fleet: Fleet) -> str:
    return (fleet.root / "coordination" / "task-board.json").read_text()


def pid_of(fleet: Fleet, agent_id: str) -> int:
    return int((fleet.folder / "run" / f"{agent_id}.pid").read_text())


@pytest.fixture(scope="module")
def quiet() -> Iterator[Fleet]:
    """Three agents that exist and do nothing."""
    with Fleet(None, 3, 1, pace=0) as fleet:
        yield fleet


@pytest.fixture(scope="module")
def busy() -> Iterator[Fleet]:
    """Three agents at thirty times their pace."""
    with Fleet(None, 3, 1, pace=FAST) as fleet:
        yield fleet


def test_each_agent_is_a_tree_of_eight_processes_in_its_worktree(quiet: Fleet) -> None:
    assert len(quiet.pids) == 3
    for pid, agent_id in zip(quiet.pids, ("architect", "builder", "validator"), strict=True):
        wait_for(lambda pid=pid: len(everyone(pid)) == 1 + agent.CHILDREN, "the last of its processes")  # type: ignore[misc]
        tree = everyone(pid)
        assert len(tree) == 8
        assert Path(tree[0].cwd()) == quiet.root / "agents" / agent_id
        assert pid == pid_of(quiet, agent_id)


def test_a_quiet_fleet_changes_nothing(quiet: Fleet) -> None:
    assert all(
        git(quiet.root / "agents" / name, "status", "--short") == "" for name in ("architect", "builder")
    )
    assert git(quiet.root, "status", "--short") == ""


def test_the_worktrees_are_ones_that_git_accepts(quiet: Fleet) -> None:
    listed = git(quiet.root, "worktree", "list", "--porcelain")
    assert listed.count("worktree ") == 4
    assert "prunable" not in listed
    assert git(quiet.root, "fsck", "--strict", "--full", "--no-dangling") == ""
    ahead = git(quiet.root / "agents" / "builder", "status", "--short", "--branch")
    assert "...main [ahead " in ahead


def test_history_has_commits_of_different_ages_by_one_author_in_each_reflog(quiet: Fleet) -> None:
    for agent_id in ("architect", "builder", "validator"):
        worktree = quiet.root / "agents" / agent_id
        reflog = git(worktree, "log", "--walk-reflogs", "--format=%H %gs").splitlines()
        made = [line.split()[0] for line in reflog if line.split()[1].startswith("commit")]
        assert made == git(worktree, "log", "--format=%H", "main..HEAD").split()
    ages = {int(line) for line in git(quiet.root, "log", "--branches", "--format=%ct").splitlines()}
    assert len(ages) > 10
    assert max(ages) > time.time() - 600
    assert git(quiet.root, "log", "--branches", "--format=%an").split("\n")[:-1].count(gitenv.AUTHOR) >= 11


def test_the_configuration_names_this_fleet_and_no_other_agent(quiet: Fleet) -> None:
    settings = config.load(quiet.config, {}).settings
    assert settings.discover is False
    assert settings.roots == (str(quiet.root),)
    assert Path(settings.rag.file).is_file()
    assert [entry.id for entry in settings.agents] == ["architect", "builder", "validator"]
    assert len({entry.kind for entry in settings.agents}) > 1
    for entry, pid in zip(settings.agents, quiet.pids, strict=True):
        assert (Path(entry.worktree) / ".git").is_file()
        assert int(Path(entry.pid_file).read_text()) == pid


def test_a_killed_agent_takes_its_children_along(quiet: Fleet) -> None:
    tree = everyone(quiet.pids[0])
    os.kill(quiet.pids[0], signal.SIGKILL)
    assert_all_gone(tree)
    wait_for(lambda: "signal 9" in log_of(quiet), "the log's word on it")


def test_agents_edit_and_commit_in_their_worktrees(busy: Fleet) -> None:
    reflog = busy.root / ".git" / "worktrees" / "architect" / "logs" / "HEAD"
    before = reflog.read_text()
    wait_for(lambda: reflog.read_text() != before, "a commit")
    assert reflog.read_text().startswith(before)
    newest = reflog.read_text().splitlines()[-1]
    assert "\tcommit: " in newest
    assert (
        git(busy.root / "agents" / "architect", "log", "-1", "--format=%an", newest.split()[1])
        == f"{gitenv.AUTHOR}\n"
    )


def test_an_agent_fails_and_comes_back(busy: Fleet) -> None:
    wait_for(lambda: "- builder\n### Blockers\n- Process ended with exit code 1" in log_of(busy), "a failure")
    wait_for(
        lambda: psutil.pid_exists(pid := pid_of(busy, "builder")) and lives(psutil.Process(pid)), "a comeback"
    )


def test_the_board_moves_and_a_task_becomes_blocked(busy: Fleet) -> None:
    first = board_of(busy)
    wait_for(lambda: board_of(busy) not in {"", first}, "another board")
    wait_for(lambda: "- validator\n### Blockers\n- " in log_of(busy), "a blocked task")


def test_a_failed_agent_stays_readable_for_a_while(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("other systems cannot look at a child's end without reaping it")
    with Fleet(tmp_path / "fleet", 1, 1, pace=1) as fleet:
        process = psutil.Process(fleet.pids[0])
        process.terminate()
        wait_for(lambda: process.status() == psutil.STATUS_ZOMBIE, "its remains")
        wait_for(lambda: "Process ended with signal 15" in log_of(fleet), "the log's word on it")
        assert process.status() == psutil.STATUS_ZOMBIE


def test_every_agent_whose_logs_are_read_tells_of_itself() -> None:
    with Fleet(None, 8, 1, pace=1) as fleet:
        settings = config.load(fleet.config, {}).settings
        worktrees = {
            entry.worktree: (entry.kind, int(Path(entry.pid_file).read_text())) for entry in settings.agents
        }
        options = ReaderOptions(home=settings.sessions.home, worktrees=tuple(worktrees))
        readers = [make(options) for make in READERS]

        def told() -> dict[str, Session]:
            polled = [one for reader in readers for one in reader.poll(time.time_ns() // 1_000_000, 1 << 30)]
            return {session.cwd or "": session for session in polled}

        def tells(worktree: str, session: Session) -> bool:
            """The transcript is there a moment before the registry is."""
            kind, pid = worktrees[worktree]
            own = pid if kind == "claude-code" else None
            return session.kind == kind and session.tokens.total > 0 and session.pid == own

        wait_for(
            lambda: (found := told()).keys() == worktrees.keys() and all(map(tells, found, found.values())),
            "a session of each agent",
        )
        assert {kind for kind, _ in worktrees.values()} == {reader.kind for reader in readers}
        validator = str(fleet.root / "agents" / "validator")
        wait_for(lambda: told()[validator].waiting_for != "", "the agent that waits for a person")
        assert all(reader.problems == () for reader in readers)


def test_a_quiet_fleet_keeps_no_logs(quiet: Fleet) -> None:
    assert not list((quiet.folder / "home").iterdir())


def test_stop_leaves_no_process_and_no_folder() -> None:
    fleet = Fleet(None, 3, 1, pace=FAST)
    fleet.start()
    assert fleet._process is not None
    everything, folder = everyone(fleet._process.pid), fleet.folder
    fleet.stop()
    assert len(everything) > 16
    assert not any(map(lives, everything))
    assert not any(process.is_running() for process in everything[:1])
    assert not folder.exists()
    fleet.stop()
    with pytest.raises(MonitorError, match="start it first"):
        _ = fleet.root


def test_a_named_folder_is_removed_when_it_is_not_to_be_kept(tmp_path: Path) -> None:
    with Fleet(tmp_path / "fleet", 1, 1, pace=0, keep=False) as fleet:
        assert fleet.config.is_file()
    assert not any(tmp_path.iterdir())


def test_a_named_folder_is_kept(tmp_path: Path) -> None:
    with Fleet(tmp_path / "new" / "fleet", 1, 1, pace=0) as fleet:
        config_file = fleet.config
    assert config_file.is_file()
    assert not any(tmp_path.joinpath("new", "fleet", "project", "agents").rglob("*.lock"))


@pytest.mark.parametrize("launch", LAUNCHES.values(), ids=LAUNCHES)
def test_sigkill_of_the_demo_leaves_nothing(tmp_path: Path, launch: str) -> None:
    everything, _ = a_killed_demo(tmp_path, launch, lambda pids: None)
    assert_all_gone(everything)
    wait_for(lambda: not any(tmp_path.iterdir()), "the end of the folder", 3)


def test_sigkill_of_the_demo_reaches_a_stopped_agent(tmp_path: Path) -> None:
    everything, pids = a_killed_demo(tmp_path, _LAUNCH, lambda pids: os.kill(pids[0], signal.SIGSTOP))
    assert pids[0] in {process.pid for process in everything}
    assert_all_gone(everything)


def a_killed_demo(
    folder: Path, launch: str, before: Callable[[list[int]], None]
) -> tuple[list[psutil.Process], list[int]]:
    """Every process that a demo had when it was killed, and the topmost of its agents."""
    environment = os.environ | {"TMPDIR": str(folder)}
    command = [sys.executable, "-c", RUN, launch]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as demo:
        assert demo.stdout is not None
        pids = json.loads(demo.stdout.readline())["pids"]
        everything = everyone(demo.pid)[1:]
        before(pids)
        demo.kill()
    assert len(everything) > 16
    return everything, pids


@pytest.mark.parametrize("launch", LAUNCHES.values(), ids=LAUNCHES)
def test_agents_do_not_outlive_their_supervisor(launch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.demo.fleet._LAUNCH", launch)
    with Fleet(None, 2, 1, pace=FAST) as fleet:
        assert fleet._process is not None
        everything = everyone(fleet._process.pid)
        fleet._process.kill()
        assert_all_gone(everything)


def test_two_agents_of_the_usual_fleet_change_the_same_files_and_most_do_not() -> None:
    git_source, index = GitSource(), OverlapIndex()
    with Fleet(None, 6, 1, pace=0) as fleet:
        now = time.time_ns() // 1_000_000
        for folder in (fleet.root / "agents").iterdir():
            own = [
                made
                for made in git_source.log(str(folder), folder.name).commits
                if made.attribution == "reflog"
            ]
            lately = tuple(made for made in own if now - made.commit_timestamp < 3_600_000)
            index.put(str(folder), Work(repository="shop", agents=(folder.name,), commits=lately))
    (overlap,) = index.find()
    assert sorted(overlap.pair) == ["builder", "tester"]
    assert all("shipping" in file for file in overlap.files)


def test_the_same_seed_and_moment_give_the_same_history(tmp_path: Path) -> None:
    now = 1_800_000_000
    tips = []
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        repository.build(tmp_path / name, cast(3, seed, now), seed, now)
        tips.append(git(tmp_path / name / "agents" / "architect", "rev-parse", "HEAD"))
    assert tips[0] == tips[1] != tips[2]


def test_an_occupied_folder_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(ConfigError, match="is not empty"):
        Fleet(tmp_path, 3, 1, keep=False)
    with pytest.raises(ConfigError, match="name a new or empty folder"):
        Fleet(tmp_path / "mine", 3, 1)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["precious"]


def test_a_folder_that_filled_up_in_the_meantime_is_refused_and_left_alone(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, 1, 1, keep=False)
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(ConfigError, match="is not empty"):
        fleet.start()
    assert [file.read_text() for file in tmp_path.iterdir()] == ["precious"]


def test_an_agent_carries_nothing_of_the_monitor_but_the_demo() -> None:
    listing = (
        "import monitor.demo.supervisor, sys; print(*(n for n in sys.modules if n.startswith('monitor.')))"
    )
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    assert all(name.startswith("monitor.demo") for name in done.stdout.split())


@pytest.mark.parametrize("pace", [-1.0, float("nan"), 1e9])
def test_an_impossible_pace_is_refused(pace: float) -> None:
    with pytest.raises(ConfigError, match="expected 0 to"):
        Fleet(None, 1, 1, pace=pace)


@pytest.mark.parametrize("agents", [0, -1, 1001])
def test_a_fleet_has_one_to_a_thousand_agents(agents: int) -> None:
    with pytest.raises(ConfigError, match="expected 1 to 1000"):
        Fleet(None, agents, 1)


def test_a_missing_git_is_said_and_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    fleet = Fleet(None, 1, 1)
    with pytest.raises(MonitorError, match="git: not found on PATH"):
        fleet.start()
    assert not any(tmp_path.iterdir())
