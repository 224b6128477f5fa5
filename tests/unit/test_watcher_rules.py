"""What is followed, what an event means, and when a refused watch is tried again."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.sources.watcher.back_off import LONGEST_RETRY, BackOff
from monitor.sources.watcher.limits import MOST_FOLDERS, explain, folder_budget
from monitor.sources.watcher.targets import Plan, Target, git_folder, is_followed, meaning, plan

if TYPE_CHECKING:
    from monitor.sources.watcher import targets


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A linked worktree's git folder in the shared one, as git lays them out; agents/one is checked out."""
    common = tmp_path / "main" / ".git"
    folder = common / "worktrees" / "one"
    for name in (folder / "logs", common / "refs" / "heads", common / "refs" / "remotes"):
        name.mkdir(parents=True)
    (common / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "HEAD").write_text("ref: refs/heads/agents/one\n")
    (folder / "commondir").write_text("../..\n")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / ".git").write_text(f"gitdir: {folder}\n")
    return folder


def git_meaning(folder: Path, path: str) -> bool | None:
    target = Target("git", "one", str(folder))
    planned = plan(target)
    at = Path(planned.common_folder, path)
    return meaning(target, planned, str(at.parent), at.name)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("worktrees/one/HEAD", True),
        ("worktrees/one/logs/HEAD", True),
        ("worktrees/one/ORIG_HEAD", True),
        ("worktrees/one/MERGE_HEAD", True),
        ("worktrees/one/CHERRY_PICK_HEAD", True),
        ("worktrees/one/rebase-merge", True),
        ("worktrees/one/rebase-apply", True),
        ("worktrees/one/index", False),
        ("worktrees/one/FETCH_HEAD", False),
        ("worktrees/one/index.lock", None),
        ("worktrees/one/HEAD.lock", None),
        ("worktrees/one/COMMIT_EDITMSG", None),
        ("packed-refs", False),
        ("HEAD", None),
        ("index", None),
        ("refs/heads/agents/one", True),
        ("refs/heads/main", None),
        ("refs/heads/agents/one.lock", None),
        ("refs/remotes/origin/agents/one", False),
        ("refs/remotes/origin/main", None),
        ("refs/stash", None),
    ],
)
def test_each_file_of_a_git_folder_has_its_meaning(linked: Path, path: str, expected: bool | None) -> None:
    assert git_meaning(linked, path) is expected


def test_with_a_detached_head_no_branch_concerns_the_worktree(linked: Path) -> None:
    (linked / "HEAD").write_text("0" * 40)
    assert git_meaning(linked, "refs/heads/agents/one") is None


def test_a_git_folder_is_found_from_a_worktree(linked: Path, tmp_path: Path) -> None:
    assert git_folder(str(tmp_path / "one")) == str(linked)
    assert git_folder(str(tmp_path / "main")) == str(tmp_path / "main" / ".git")
    assert git_folder(str(linked)) == str(linked)
    assert git_folder(str(tmp_path)) is None


def test_objects_are_not_followed(linked: Path) -> None:
    (linked.parents[1] / "objects" / "aa").mkdir(parents=True)
    common = linked.parents[1]
    followed = {str(Path(root).relative_to(common)) for root in plan(Target("git", "one", str(linked))).roots}
    assert followed == {"worktrees/one", "worktrees/one/logs", ".", "refs", "refs/heads", "refs/remotes"}


@pytest.mark.parametrize(
    "name", ["node_modules", "dist", "build", "target", "__pycache__", ".git", ".venv", ".cache"]
)
def test_folders_that_tools_fill_are_not_followed(name: str) -> None:
    assert not is_followed(name)


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("worktree", "main.py", False),
        ("worktree", ".gitignore", False),
        ("worktree", ".git", None),
        ("worktree", "node_modules", None),
        ("worktree", "main.py~", None),
        ("worktree", ".main.py.swp", None),
        ("coordination", "task-board.json", False),
        ("coordination", "progress-log.md", False),
        ("coordination", ".task-board.json.x7d", None),
        ("coordination", "task-board.json.tmp", None),
    ],
)
def test_editor_and_temporary_files_mean_nothing(
    kind: targets.TargetKind, name: str, expected: bool | None
) -> None:
    assert meaning(Target(kind, "k", "/w"), Plan(trees=("/w",)), "/w", name) is expected


def test_a_git_file_that_is_a_folder_or_nonsense_is_no_git_folder(tmp_path: Path) -> None:
    (tmp_path / ".git").write_bytes(b"gitdir: \0\xff nowhere")
    with pytest.raises(ValueError, match="null"):
        Path("\0").stat()
    assert git_folder(str(tmp_path)) is None


@pytest.mark.parametrize(("number", "what"), [(errno.ENOSPC, "watches"), (errno.EMFILE, "instances")])
def test_a_limit_is_explained_with_what_to_raise(number: int, what: str) -> None:
    assert f"{what} is reached" in explain(OSError(number, "text"))


def test_another_error_is_told_in_the_systems_words() -> None:
    assert explain(OSError(errno.ENOSYS, "Function not implemented")) == (
        "the system cannot follow files (Function not implemented)"
    )


def test_half_of_the_users_watches_are_left_to_others() -> None:
    assert 0 < folder_budget() <= MOST_FOLDERS


def test_tries_come_after_twice_as_long_each_time_and_start_again_after_success() -> None:
    back_off = BackOff()
    waits = []
    for _ in range(10):
        wait = back_off.wait(True)
        assert wait is not None
        waits.append(round(wait))
        back_off.retried()
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, LONGEST_RETRY, LONGEST_RETRY]
    assert back_off.wait(False) is None
    assert round(back_off.wait(True) or 0) == 2


def test_being_asked_more_often_does_not_put_the_next_try_off() -> None:
    back_off = BackOff()
    first = back_off.wait(True)
    second = back_off.wait(True)
    assert first is not None
    assert second is not None
    assert second <= first
