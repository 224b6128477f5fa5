"""What can be known of a worktree without running git: where it is, whether it moved, what to watch."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest
from git_fixtures import commit, git, repository

from monitor.sources.git import GitSource, worktree_of
from monitor.sources.git import layout as layouts

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.model import WorktreeReading


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    layouts._folders.clear()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


@pytest.fixture
def linked(root: Path, tmp_path: Path) -> Path:
    git(root, "worktree", "add", "--quiet", "-b", "feature", str(tmp_path / "linked"))
    return tmp_path / "linked"


def test_a_folder_belongs_to_the_worktree_around_it(root: Path, linked: Path, tmp_path: Path) -> None:
    (linked / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(linked / "a")
    assert worktree_of(str(linked / "a" / "b")) == str(linked)
    assert worktree_of(str(tmp_path / "link")) == str(linked)
    assert worktree_of(str(root / ".git" / "hooks")) == str(root)
    assert worktree_of(str(root)) == str(root)


def test_a_folder_outside_belongs_to_none(tmp_path: Path) -> None:
    (tmp_path / "empty" / ".git").mkdir(parents=True)
    assert worktree_of(str(tmp_path / "empty")) is None
    assert worktree_of(str(tmp_path / "nowhere" / "at" / "all")) is None
    assert worktree_of("no\0path") is None


def test_a_repository_that_appears_is_found_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "later"
    folder.mkdir()
    assert worktree_of(str(folder)) is None
    repository(folder)
    later = time.monotonic() + 6
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert worktree_of(str(folder)) == str(folder)


@pytest.mark.parametrize("which", ["root", "linked"])
def test_the_signature_changes_with_every_move_and_only_then(root: Path, linked: Path, which: str) -> None:
    folder = {"root": root, "linked": linked}[which]
    source = GitSource()
    seen = [source.signature(str(folder))]
    assert source.signature(str(folder)) == seen[0]
    (folder / "new").write_text("x")
    assert source.signature(str(folder)) == seen[0], "an edit is the watcher's to see"

    def moved() -> bool:
        seen.append(source.signature(str(folder)))
        return seen[-1] != seen[-2] and source.signature(str(folder)) == seen[-1]

    git(folder, "add", "new")
    assert moved()
    git(folder, "commit", "--quiet", "--message", "new")
    assert moved()
    git(folder, "update-ref", f"refs/heads/{git(folder, 'branch', '--show-current').strip()}", "HEAD~1")
    assert moved()
    git(folder, "checkout", "--quiet", "-b", "other")
    assert moved()
    commit(folder, "more")
    assert moved(), "the new branch is followed"
    git(folder, "pack-refs", "--all")
    assert moved()
    git(folder, "bisect", "start")
    assert moved()
    shutil.rmtree(folder)
    assert moved()


def test_the_signature_is_as_cheap_as_its_stats(root: Path) -> None:
    source, folder = GitSource(), str(root)
    source.signature(folder)
    best = min(timed(lambda: source.signature(folder)) for _ in range(300))
    one = min(timed(lambda: os.stat(folder)) for _ in range(300))
    assert best < 30 * one


def timed(call: object) -> float:
    start = time.perf_counter()
    call()  # type: ignore[operator]
    return time.perf_counter() - start


def test_a_watcher_is_told_the_folders_of_the_worktree_and_of_its_repository(
    root: Path, linked: Path
) -> None:
    paths = GitSource().paths(str(linked))
    assert paths is not None
    assert paths.worktree == str(linked)
    assert paths.git_dir == str(root / ".git" / "worktrees" / "linked")
    assert paths.common_dir == str(root / ".git")
    assert paths.common_heads == str(root / ".git" / "refs" / "heads")
    assert paths.common_packed_refs == str(root / ".git" / "packed-refs")
    assert GitSource().paths(str(root.parent)) is None


def test_several_threads_may_read_several_worktrees(root: Path, linked: Path) -> None:
    source = GitSource()
    readings: list[WorktreeReading] = []

    def read(folder: Path) -> None:
        for _ in range(5):
            readings.append(source.read(str(folder), 0))
            source.log(str(folder), "builder")

    threads = [threading.Thread(target=read, args=(folder,)) for folder in (root, linked) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(readings) == 20
    assert {(reading.branch, reading.error) for reading in readings} == {("main", ""), ("feature", "")}


def test_a_reading_costs_little_more_than_git_itself(tmp_path: Path) -> None:
    root = repository(tmp_path / "hundred", files=100)
    source = GitSource()
    folder, now = str(root), 0
    source.read(folder, now)
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    command = ["git", "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all"]
    ours, bare = [], []
    for _ in range(100):  # in turns, so that other load falls on both, until a calm moment has been seen
        ours.append(timed(lambda: source.read(folder, now)))
        bare.append(
            timed(lambda: subprocess.run(command, cwd=root, env=environment, capture_output=True, check=True))
        )
        if len(ours) >= 15 and min(ours) < 2 * min(bare):
            break
    assert min(ours) < 2 * min(bare)
