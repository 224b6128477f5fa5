"""The last version of a board in git that can be read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from monitor.errors import SourceError
from monitor.sources.board.last_good import last_good

GOOD = '{"tasks": [{"id": "T-1", "title": "Build", "status": "TODO"}]}'


class Project:
    """A root, which may be a folder inside of its worktree, and its history."""

    def __init__(self, worktree: Path, below: str = "") -> None:
        self.worktree = worktree
        self.root = worktree / below
        self.board = self.root / "coordination" / "task-board.json"
        self.board.parent.mkdir(parents=True)
        self.git("init", "--quiet")

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        command = ["git", "-C", str(self.worktree), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, board: str | None) -> str:
        if board is None:
            self.board.unlink()
        else:
            self.board.write_text(board)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "work")
        return self.git("rev-parse", "HEAD")


@pytest.mark.parametrize("below", ["", "a [b]*/deep"])
def test_the_newest_readable_version_is_found_past_broken_and_deleted_ones(
    tmp_path: Path, below: str
) -> None:
    project = Project(tmp_path / "work", below)
    project.commit('{"tasks": []}')
    good = project.commit(GOOD)
    project.commit("{ broken")
    project.commit(None)
    project.commit(
        '{"tasks": [{"id": "T-1", "title": "Build"}, {"no": "id"}]}'
    )  # partly readable is not good
    found = last_good(str(project.root))
    assert found is not None
    assert (found.commit_hash, found.tasks) == (good, 1)
    shown = project.git("show", f"{found.commit_hash}:{found.path}")
    assert shown == GOOD


def test_there_is_none_where_git_has_none(tmp_path: Path) -> None:
    project = Project(tmp_path / "work")
    project.commit("{ broken")
    assert last_good(str(project.root)) is None
    (tmp_path / "plain" / "coordination").mkdir(parents=True)
    assert last_good(str(tmp_path / "plain")) is None


def test_a_repository_that_git_cannot_read_is_told(tmp_path: Path) -> None:
    project = Project(tmp_path / "work")
    project.commit(GOOD)
    (project.worktree / ".git" / "HEAD").write_text("nonsense")
    with pytest.raises(SourceError, match="HEAD"):
        last_good(str(project.root))


def test_nothing_of_the_repository_is_run_and_nothing_is_written(tmp_path: Path) -> None:
    project = Project(tmp_path / "work")
    (project.worktree / ".gitattributes").write_text("*.json filter=evil diff=evil\n")
    project.commit(GOOD)
    canary = tmp_path / "canary"
    for key in ("core.fsmonitor", "filter.evil.smudge", "diff.evil.textconv", "core.sshCommand"):
        project.git("config", key, f"touch {canary}; cat")
    before = {path: path.stat().st_mtime_ns for path in project.worktree.rglob("*")}
    assert last_good(str(project.root)) is not None
    assert not canary.exists()
    assert {path: path.stat().st_mtime_ns for path in project.worktree.rglob("*")} == before
