"""Every odd repository has a named state, a sentence that says why, and no invented number (faults: odd states)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from git_fixtures import commit, count_commands, git, git_environment, loose_object, repository

from monitor.sources.git import UNREADABLE, GitSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.model import WorktreeReading

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="giving a folder to another user needs root")
as_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


def now() -> int:
    return int(time.time() * 1000)


def read(folder: Path) -> WorktreeReading:
    return GitSource().read(str(folder), now())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", files=3)


def test_a_clean_branch_is_counted_with_zeros(root: Path) -> None:
    reading = read(root)
    assert (reading.state, reading.flags, reading.branch) == ("branch", ("branch",), "main")
    assert reading.head == git(root, "rev-parse", "HEAD").strip()
    assert reading.repository == str(root / ".git")
    assert (reading.modified, reading.staged, reading.untracked, reading.conflicted) == (0, 0, 0, 0)
    assert (reading.uncommitted_changes, reading.stash_count, reading.error) == (0, 0, "")
    assert (reading.ahead, reading.behind, reading.upstream) == (None, None, None)


def test_uncommitted_changes_are_files_and_each_counts_once(root: Path) -> None:
    for name in ("file0.txt", "file1.txt"):
        (root / name).write_text("changed\n")
    git(root, "add", "file1.txt")
    (root / "file1.txt").write_text("changed again\n")
    (root / "new").mkdir()
    for name in ("a", "b\n\x1b[31m", "ü"):
        (root / "new" / name).write_text("x")
    (root / "file2.txt").unlink()
    reading = read(root)
    assert (reading.modified, reading.staged, reading.untracked) == (3, 1, 3)
    assert reading.uncommitted_changes == 6


def test_ignored_files_do_not_count(root: Path) -> None:
    (root / ".git" / "info" / "exclude").write_text("build/\n")
    (root / "build").mkdir()
    (root / "build" / "x").write_text("x")
    assert read(root).uncommitted_changes == 0


def test_a_folder_that_nobody_ignored_is_counted_in_full(root: Path) -> None:
    folder = root / "node_modules"
    folder.mkdir()
    for number in range(3000):
        (folder / f"{'long' * 12}{number}").touch()
    assert read(root).untracked == 3000


def test_the_newest_change_is_that_of_the_newest_changed_file(root: Path) -> None:
    (root / "fresh").write_text("x")
    os.utime(root / "fresh", (2_000_000_000, 2_000_000_000))
    assert read(root).last_change == 2_000_000_000_000


def test_distance_is_measured_from_the_upstream(tmp_path: Path, root: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(root), "clone")
    clone = tmp_path / "clone"
    commit(clone, "mine")
    for name in ("theirs", "theirs2"):
        commit(root, name)
    git(clone, "fetch", "--quiet")
    reading = read(clone)
    assert (reading.upstream, reading.ahead, reading.behind) == ("origin/main", 1, 2)


def test_distance_is_measured_from_the_default_branch_without_an_upstream(root: Path) -> None:
    git(root, "checkout", "--quiet", "-b", "feature")
    commit(root, "mine")
    git(root, "checkout", "--quiet", "main")
    for name in ("theirs", "theirs2"):
        commit(root, name)
    git(root, "checkout", "--quiet", "feature")
    assert (read(root).ahead, read(root).behind) == (1, 2)
    git(root, "pack-refs", "--all")
    assert (read(root).ahead, read(root).behind) == (1, 2)


def test_distance_is_counted_once_for_two_commits(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(root, "checkout", "--quiet", "-b", "feature")
    commit(root, "mine")
    source = GitSource()
    asked = count_commands(source, monkeypatch)
    readings = [source.read(str(root), now()) for _ in range(3)]
    assert asked == ["config", "status", "rev-list", "status", "status"]
    assert {(reading.ahead, reading.behind) for reading in readings} == {(1, 0)}


def test_stashes_are_counted(root: Path) -> None:
    for number in range(2):
        (root / "file0.txt").write_text(f"stash {number}\n")
        git(root, "stash", "push", "--quiet")
    assert read(root).stash_count == 2


def test_worktrees_of_a_repository_share_its_name(root: Path, tmp_path: Path) -> None:
    git(root, "worktree", "add", "--quiet", "-b", "feature", str(tmp_path / "linked"))
    reading = read(tmp_path / "linked")
    assert (reading.state, reading.branch, reading.repository) == ("branch", "feature", str(root / ".git"))


def test_a_worktree_of_a_bare_repository_is_read(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(root), "bare.git")
    git(tmp_path / "bare.git", "worktree", "add", "--quiet", "-b", "work", str(tmp_path / "work"))
    reading = read(tmp_path / "work")
    assert (reading.state, reading.branch, reading.uncommitted_changes) == ("branch", "work", 0)


def test_a_branch_name_cannot_reach_the_terminal(root: Path) -> None:
    git(root, "checkout", "--quiet", "-b", "evil\u202egnp.exe\u009b31m")
    assert read(root).branch == "evilgnp.exe"


# --- states in which git still tells everything ----------------------------------------------------------------


def conflict(root: Path) -> None:
    """Two branches that change the same line; main is checked out."""
    git(root, "checkout", "--quiet", "-b", "feature")
    commit(root, "file0.txt", "feature\n")
    git(root, "checkout", "--quiet", "main")
    commit(root, "file0.txt", "main\n")


def detached(root: Path) -> None:
    git(root, "checkout", "--quiet", "--detach")


def unborn(root: Path) -> None:
    git(root, "checkout", "--quiet", "--orphan", "fresh")
    git(root, "rm", "--quiet", "-rf", ".")


def merging(root: Path) -> None:
    conflict(root)
    git(root, "merge", "feature", check=False)


def picking(root: Path) -> None:
    conflict(root)
    git(root, "cherry-pick", "feature", check=False)


def reverting(root: Path) -> None:
    commit(root, "file0.txt", "one\n")
    commit(root, "file0.txt", "two\n")
    git(root, "revert", "--no-edit", "HEAD~1", check=False)


def rebasing(root: Path) -> None:
    conflict(root)
    git(root, "checkout", "--quiet", "feature")
    git(root, "rebase", "main", check=False)


def rebasing_by_patches(root: Path) -> None:
    conflict(root)
    git(root, "checkout", "--quiet", "feature")
    git(root, "rebase", "--apply", "main", check=False)


def bisecting(root: Path) -> None:
    for name in ("a", "b", "c"):
        commit(root, name)
    git(root, "bisect", "start", "HEAD", "HEAD~3")


@pytest.mark.parametrize(
    ("make", "flags", "branch", "conflicted"),
    [
        (detached, ("detached",), None, 0),
        (unborn, ("unborn",), "fresh", 0),
        (merging, ("merge", "branch"), "main", 1),
        (picking, ("cherry-pick", "branch"), "main", 1),
        (reverting, ("revert", "branch"), "main", 1),
        (rebasing, ("rebase", "detached"), "feature", 1),
        (rebasing_by_patches, ("rebase", "detached"), "feature", 1),
        (bisecting, ("bisect", "detached"), "main", 0),
    ],
)
def test_a_state_is_named_with_the_branch_being_worked_on(
    root: Path, make: Callable[[Path], None], flags: tuple[str, ...], branch: str | None, conflicted: int
) -> None:
    make(root)
    reading = read(root)
    assert (reading.state, reading.flags, reading.branch) == (flags[0], flags, branch)
    assert (reading.conflicted, reading.error) == (conflicted, "")
    assert reading.uncommitted_changes == conflicted
    assert (reading.head is None) == (make is unborn)


def test_a_shallow_clone_is_named_and_its_distance_is_not_guessed(root: Path, tmp_path: Path) -> None:
    commit(root, "more")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{root}", "shallow")
    git(tmp_path / "shallow", "checkout", "--quiet", "-b", "mine")
    reading = read(tmp_path / "shallow")
    assert (reading.flags, reading.ahead, reading.behind) == (("shallow", "branch"), None, None)


def test_an_old_lock_is_named_with_its_age(root: Path) -> None:
    lock = root / ".git" / "index.lock"
    lock.touch()
    source = GitSource()
    assert source.read(str(root), now()).state == "branch", "a young one is a command at work"
    young = source.signature(str(root))
    os.utime(lock, (time.time() - 90, time.time() - 90))
    reading = source.read(str(root), now())
    assert reading.flags == ("index-locked", "branch")
    assert "90 s" in reading.error
    assert "index.lock" in reading.error
    assert reading.uncommitted_changes == 0
    assert source.signature(str(root)) != young


# --- states in which git tells nothing -------------------------------------------------------------------------


def bare(root: Path) -> Path:
    git(root.parent, "clone", "--quiet", "--bare", str(root), "bare.git")
    return root.parent / "bare.git"


def bare_by_setting(root: Path) -> Path:
    git(root, "config", "core.bare", "true")
    return root


def broken_index(root: Path) -> Path:
    (root / ".git" / "index").write_bytes(b"this is no index, and long enough to be one\n" * 3)
    return root


def cut_index(root: Path) -> Path:
    index = root / ".git" / "index"
    index.write_bytes(index.read_bytes()[:20])
    return root


def broken_head(root: Path) -> Path:
    (root / ".git" / "HEAD").write_bytes(b"\x00\x01 nothing\n")
    return root


def empty_head(root: Path) -> Path:
    (root / ".git" / "HEAD").write_bytes(b"")
    return root


def no_head(root: Path) -> Path:
    (root / ".git" / "HEAD").unlink()
    return root


def missing_tree(root: Path) -> Path:
    loose_object(root, git(root, "rev-parse", "HEAD^{tree}").strip()).unlink()
    return root


def missing_commit(root: Path) -> Path:
    loose_object(root, git(root, "rev-parse", "HEAD").strip()).unlink()
    return root


def damaged_commit(root: Path) -> Path:
    path = loose_object(root, git(root, "rev-parse", "HEAD").strip())
    path.chmod(0o644)
    path.write_bytes(b"garbage")
    return root


def pruned(root: Path) -> Path:
    linked = root.parent / "linked"
    git(root, "worktree", "add", "--quiet", str(linked))
    shutil.rmtree(root / ".git" / "worktrees" / "linked")
    return linked


def moved_away(root: Path) -> Path:
    linked = root.parent / "linked"
    git(root, "worktree", "add", "--quiet", str(linked))
    root.rename(root.parent / "elsewhere")
    return linked


def deleted(root: Path) -> Path:
    shutil.rmtree(root)
    return root


def no_repository(root: Path) -> Path:
    inner = root / "inner"
    inner.mkdir()
    return inner


def empty_git_folder(root: Path) -> Path:
    inner = root / "inner"
    (inner / ".git").mkdir(parents=True)
    return inner


def no_gitfile(root: Path) -> Path:
    inner = root / "inner"
    inner.mkdir()
    (inner / ".git").write_text("nothing of git\n")
    return inner


def broken_configuration(root: Path) -> Path:
    (root / ".git" / "config").write_text("[core\n")
    return root


def pipe_for_a_head(root: Path) -> Path:
    (root / ".git" / "HEAD").unlink()
    os.mkfifo(root / ".git" / "HEAD")
    return root


@pytest.mark.parametrize(
    ("make", "state"),
    [
        (bare, "bare"),
        (bare_by_setting, "bare"),
        (broken_index, "corrupt-index"),
        (cut_index, "corrupt-index"),
        (broken_head, "corrupt-head"),
        (empty_head, "corrupt-head"),
        (no_head, "corrupt-head"),
        (pipe_for_a_head, "corrupt-head"),
        (missing_tree, "missing-objects"),
        (missing_commit, "missing-objects"),
        (damaged_commit, "missing-objects"),
        (pruned, "pruned-worktree"),
        (moved_away, "pruned-worktree"),
        (deleted, "deleted"),
        (no_repository, "not-a-repository"),
        (empty_git_folder, "not-a-repository"),
        (no_gitfile, "not-a-repository"),
        (broken_configuration, "failed"),
    ],
)
def test_what_cannot_be_read_is_named_and_its_numbers_are_unknown(
    root: Path, make: Callable[[Path], Path], state: str
) -> None:
    folder = make(root)
    reading = read(folder)
    assert reading.state == state, reading.error
    assert reading.flags == (state,)
    assert state in UNREADABLE
    assert folder.name in reading.error
    assert_unknown(reading)


def assert_unknown(reading: WorktreeReading) -> None:
    numbers = (
        reading.uncommitted_changes,
        reading.modified,
        reading.staged,
        reading.untracked,
        reading.conflicted,
    )
    assert numbers == (None,) * 5
    assert (reading.ahead, reading.behind, reading.stash_count, reading.head) == (None,) * 4


@as_root
def test_a_repository_of_another_user_is_named_and_not_trusted(root: Path) -> None:
    for path in (root, root / ".git"):
        os.chown(path, 12345, 12345)
    reading = read(root)
    assert reading.state == "foreign-owner"
    assert "safe.directory" in reading.error
    assert_unknown(reading)


@as_user
def test_a_folder_that_may_not_be_read_says_permission_denied(root: Path) -> None:
    (root / ".git").chmod(0o000)
    try:
        reading = read(root)
    finally:
        (root / ".git").chmod(0o755)
    assert reading.state == "failed"
    assert "permission denied" in reading.error
    assert_unknown(reading)


def test_a_lost_worktree_does_not_answer_for_the_repository_above_it(root: Path) -> None:
    inner = repository(root / "inner")
    source = GitSource()
    assert source.read(str(inner), now()).state == "branch"
    shutil.rmtree(inner / ".git" / "refs")
    assert source.read(str(inner), now()).state == "not-a-repository", "git alone would look further up"
    shutil.rmtree(inner / ".git" / "objects")
    assert source.read(str(inner), now()).state == "not-a-repository"
    shutil.rmtree(inner / ".git")
    assert source.read(str(inner), now()).state == "not-a-repository"


def test_a_command_that_takes_too_long_is_stopped_and_leaves_no_process(root: Path) -> None:
    os.mkfifo(root / "fifo")
    git(root, "config", "core.excludesFile", str(root / "fifo"))  # git waits for a writer for ever
    source = GitSource(timeout=0.3)
    before = time.monotonic()
    reading = source.read(str(root), now())
    assert time.monotonic() - before < 3
    assert (reading.state, reading.branch) == ("timeout", "main")
    assert "0.3 s" in reading.error
    assert_unknown(reading)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_host_without_git_says_so(root: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    program = (
        "import sys; from monitor.sources.git import GitSource; r = GitSource().read(sys.argv[1], 0); "
        "print(r.state, r.error)"
    )
    (tmp_path / "empty" / "env").symlink_to(shutil.which("env") or "/usr/bin/env")
    for extra in (
        {},
        {"GIT_TRACE": "0"},
    ):  # an inherited variable is taken away by `env`, which then looks for git
        done = subprocess.run(
            [sys.executable, "-c", program, str(root)],
            env={**git_environment(), **extra, "PATH": str(tmp_path / "empty")},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert done.stdout.startswith("failed git is not installed"), done.stderr
