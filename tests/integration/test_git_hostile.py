"""DESIGN.md §6: reading a repository runs nothing of it, takes no lock and writes nothing."""

from __future__ import annotations

import subprocess
import threading
from typing import TYPE_CHECKING

import pytest
from git_fixtures import git, git_environment, repository
from hostile_repository import HostileRepository

from monitor.errors import SourceError
from monitor.sources.git import GitSource, worktree_of

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000_000


@pytest.fixture
def hostile(tmp_path: Path) -> HostileRepository:
    return HostileRepository(tmp_path)


def read_everything(source: GitSource, folder: Path) -> None:
    """Call every public function on a folder."""
    worktree_of(str(folder))
    source.signature(str(folder))
    source.paths(str(folder))
    source.read(str(folder), NOW)
    try:
        source.log(str(folder), "builder")
    except SourceError as error:
        assert "bare" in str(error)  # noqa: PT017 - the embedded one has no worktree to read


def test_nothing_of_a_hostile_repository_runs(hostile: HostileRepository) -> None:
    source = GitSource()
    hostile.reset()
    for _ in range(2):
        for folder in hostile.worktrees:
            hostile.make_stale()
            read_everything(source, folder)
    assert hostile.fired() == set()
    for folder in (hostile.root, hostile.linked, hostile.root / "sub"):
        assert source.read(str(folder), NOW).uncommitted_changes is not None
    assert len(source.log(str(hostile.partial), "builder").commits) == 3


PLAIN = (
    ("root", "status", {"fsmonitor", "clean", "included-clean", "branch-clean", "worktree-clean"}),
    ("root", "status", {"hook-post-index-change", "submodule-fsmonitor", "submodule-clean"}),
    ("root", "log -p --ext-diff -- file.command", {"diff-command"}),
    ("root", "log -p -- file.textconv", {"textconv"}),
    ("root", "log --max-count=10", {"gpg"}),
    ("root", "update-ref refs/heads/new HEAD", {"hook-reference-transaction"}),
    ("root", "fetch ssh://nowhere.invalid/x", {"ssh"}),
    ("linked", "status", {"worktree-clean", "clean", "fsmonitor", "process"}),
    ("embedded", "status", {"embedded-fsmonitor"}),
    ("partial", "log -p --max-count=1", {"promisor"}),
)


def test_the_plain_commands_do_run_all_that(hostile: HostileRepository) -> None:
    for where, command, canaries in PLAIN:
        hostile.make_stale()
        hostile.reset()
        git(getattr(hostile, where), *command.split(), check=False)
        assert canaries <= hostile.fired(), command


def test_a_filter_configured_after_the_first_reading_does_not_run(hostile: HostileRepository) -> None:
    source = GitSource()
    source.read(str(hostile.root), NOW)
    git(hostile.root, "config", "filter.late.clean", hostile.program("late"))
    (hostile.root / ".gitattributes").write_text("*.clean filter=late\n")
    hostile.make_stale()
    hostile.reset()
    source.read(str(hostile.root), NOW)
    assert hostile.fired() == set()
    git(hostile.root, "status")
    assert "late" in hostile.fired()


def test_a_file_that_an_include_was_waiting_for_is_noticed(
    hostile: HostileRepository, tmp_path: Path
) -> None:
    later = tmp_path / "later"
    git(hostile.root, "config", "--add", "include.path", str(later))
    source = GitSource()
    source.read(str(hostile.root), NOW)
    later.write_text(f'[filter "late"]\n\tclean = {hostile.program("late")}\n')
    (hostile.root / ".gitattributes").write_text("*.clean filter=late\n")
    hostile.make_stale()
    hostile.reset()
    source.read(str(hostile.root), NOW)
    assert hostile.fired() == set()
    git(hostile.root, "status")
    assert "late" in hostile.fired()


def test_an_include_that_follows_the_branch_is_noticed(hostile: HostileRepository) -> None:
    source = GitSource()
    git(hostile.root, "branch", "elsewhere")
    git(hostile.root, "symbolic-ref", "HEAD", "refs/heads/elsewhere")
    source.read(str(hostile.root), NOW)
    git(hostile.root, "symbolic-ref", "HEAD", "refs/heads/main")
    hostile.make_stale()
    hostile.reset()
    source.read(str(hostile.root), NOW)
    assert hostile.fired() == set()
    git(hostile.root, "status")
    assert "branch-clean" in hostile.fired()


def test_inherited_git_variables_do_not_lead_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = repository(tmp_path / "here"), repository(tmp_path / "elsewhere", commits=2)
    git(elsewhere, "checkout", "--quiet", "-b", "other")
    for name, value in (
        ("GIT_DIR", str(elsewhere / ".git")),
        ("GIT_WORK_TREE", str(elsewhere)),
        ("GIT_INDEX_FILE", str(elsewhere / ".git" / "index")),
        ("GIT_CONFIG_PARAMETERS", "'core.fsmonitor=false'"),
        ("GIT_TRACE", str(tmp_path / "trace")),
    ):
        monkeypatch.setenv(name, value)
    reading = GitSource().read(str(here), NOW)
    assert (reading.branch, reading.uncommitted_changes) == ("main", 0)
    assert not (tmp_path / "trace").exists()


def test_a_worktree_setting_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    here, elsewhere = repository(tmp_path / "here"), tmp_path / "elsewhere"
    elsewhere.mkdir()
    git(here, "config", "core.worktree", str(elsewhere))
    reading = GitSource().read(str(here), NOW)
    assert reading.state == "failed"
    assert "core.worktree" in reading.error
    assert reading.uncommitted_changes is None


def test_an_agent_that_commits_meanwhile_never_fails(tmp_path: Path) -> None:
    root = repository(tmp_path / "busy", files=200)
    source = GitSource()
    stop, readings = threading.Event(), []

    def read_on() -> None:
        while not stop.is_set():
            readings.append(source.read(str(root), NOW))
            source.log(str(root), "builder")

    threads = [threading.Thread(target=read_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        failures = [
            done.stderr for number in range(40) for done in add_and_commit(root, number) if done.returncode
        ]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert len(readings) > 20
    assert not (root / ".git" / "index.lock").exists()
    assert len(source.log(str(root), "builder", 100).commits) == 41


def add_and_commit(root: Path, number: int) -> list[subprocess.CompletedProcess[str]]:
    """What an agent does all day."""
    (root / f"new{number}.txt").write_text(str(number))
    return [
        subprocess.run(
            ["git", *words], cwd=root, env=git_environment(), capture_output=True, text=True, check=False
        )
        for words in (("add", "--all"), ("commit", "--quiet", "--message", f"{number}"))
    ]


def test_a_reading_never_refreshes_the_index(tmp_path: Path) -> None:
    root = repository(tmp_path / "still", files=20)
    for path in root.glob("*.txt"):
        path.write_text(path.read_text())
    index = root / ".git" / "index"
    before = (index.read_bytes(), index.stat().st_mtime_ns, sorted((root / ".git").rglob("*")))
    source = GitSource()
    assert source.read(str(root), NOW).uncommitted_changes == 0
    source.log(str(root), "builder")
    assert (index.read_bytes(), index.stat().st_mtime_ns, sorted((root / ".git").rglob("*"))) == before
