"""Commits belong to the agent in whose worktree they were made (DESIGN.md §4; checklist X1-07, 001-033 to 040)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from git_fixtures import commit, count_commands, git, loose_object, repository

from monitor.errors import SourceError
from monitor.model import COMMIT_FILES_LIMIT, FileChange
from monitor.sources.git import GitSource
from monitor.text import PATH_LIMIT, REPLACEMENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Commit


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


def messages(commits: Sequence[Commit], attribution: str) -> list[str]:
    return [commit.message for commit in commits if commit.attribution == attribution]


def test_a_commit_carries_what_git_says_of_it(root: Path) -> None:
    (root / "data").write_bytes(b"\0\1\2")
    (root / "text").write_text("1\n2\n3\n")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Add things\n\nA body that is not shown.")
    newest, oldest = GitSource().log(str(root), "builder").commits
    assert newest.commit_hash == git(root, "rev-parse", "HEAD").strip()
    assert newest.short_hash == newest.commit_hash[:7]
    assert (newest.agent_id, newest.agent_ids) == ("builder", ("builder",))
    assert (newest.author_name, newest.author_email) == ("Ada", "ada@example.org")
    assert (newest.message, newest.branch) == ("Add things", "main")
    assert (newest.files_changed, newest.lines_added, newest.lines_deleted) == (2, 3, 0)
    assert newest.commit_timestamp == 1000 * int(git(root, "log", "-1", "--format=%ct"))
    assert newest.repository == str(root / ".git")
    assert (oldest.files_changed, oldest.lines_added) == (1, 1)
    assert newest.files == (FileChange("data", None, None), FileChange("text", 3, 0))
    assert (newest.parents, oldest.parents) == (1, 0)


def test_of_a_huge_commit_the_first_files_are_named(root: Path) -> None:
    for number in range(COMMIT_FILES_LIMIT + 20):
        (root / f"f{number:03d}").write_text("1\n")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "huge")
    newest = GitSource().log(str(root), "builder").commits[0]
    assert (newest.files_changed, newest.lines_added) == (COMMIT_FILES_LIMIT + 20,) * 2
    assert newest.files == tuple(FileChange(f"f{number:03d}", 1, 0) for number in range(COMMIT_FILES_LIMIT))


def test_names_of_files_are_safe_and_bounded(root: Path) -> None:
    deep = Path("x" * 200, "y" * 200, "z" * 200)
    (root / deep).mkdir(parents=True)
    names = ["\x01", "a\x1b]0;evil\x07b", "日本", "new\nline", f"{deep}/end"]
    for name in names:
        (root / name).write_text("1\n")
    read = GitSource().read(str(root), 0)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "odd names")
    files = GitSource().log(str(root), "builder").commits[0].files
    assert files is not None
    shown = sorted(change.path for change in files)
    cut = f"{deep}"[: PATH_LIMIT - 1] + "…"
    assert shown == sorted(read.changed_files) == sorted([REPLACEMENT, "ab", "日本", "new line", cut])
    assert read.uncommitted_changes == len(names)


def test_a_log_tells_which_older_commits_it_reaches(root: Path) -> None:
    for number in range(12):
        commit(root, f"f{number}")
    log = GitSource().log(str(root), "builder", 2)
    assert [one.message for one in log.commits] == ["add f11", "add f10"]
    assert list(log.reached) == git(root, "rev-list", "HEAD").split()


def test_the_last_ten_are_given_newest_first(root: Path) -> None:
    for number in range(12):
        commit(root, f"f{number}")
    commits = GitSource().log(str(root), "builder").commits
    assert [found.message for found in commits] == [f"add f{number}" for number in range(11, 1, -1)]
    assert len(GitSource().log(str(root), "builder", limit=3).commits) == 3


def test_a_commit_is_read_once_for_all_worktrees(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = GitSource()
    source.log(str(root), "builder")
    git(root, "worktree", "add", "--quiet", "-b", "feature", str(tmp_path / "linked"))
    asked = count_commands(source, monkeypatch)
    assert len(source.log(str(tmp_path / "linked"), "validator").commits) == 1
    assert asked == ["config", "rev-list"]


def test_what_an_agent_did_in_its_worktree_is_its_own(root: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(root, "worktree", "add", "--quiet", "-b", "feature", str(linked))
    commit(linked, "mine")
    commit(root, "theirs")
    git(linked, "merge", "--quiet", "--no-edit", "main")
    commits = GitSource().log(str(linked), "builder").commits
    assert messages(commits, "reflog") == ["Merge branch 'main' into feature", "add mine"]
    assert messages(commits, "branch") == ["add theirs", "commit 0"]
    assert {found.branch for found in commits} == {"feature"}
    theirs = GitSource().log(str(root), "developer").commits
    assert messages(theirs, "reflog") == ["add theirs", "commit 0"]


def test_a_fast_forward_is_no_work_of_ones_own(root: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(root, "worktree", "add", "--quiet", "-b", "feature", str(linked))
    commit(root, "theirs")
    git(linked, "merge", "--quiet", "--ff-only", "main")
    git(linked, "reset", "--quiet", "--hard", "HEAD~1")
    git(linked, "cherry-pick", "--ff", "main")
    assert messages(GitSource().log(str(linked), "builder").commits, "reflog") == []


def test_pulled_commits_are_not_ones_own(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(root), "clone")
    commit(root, "theirs")
    git(tmp_path / "clone", "pull", "--quiet", "--ff-only")
    commits = GitSource().log(str(tmp_path / "clone"), "builder").commits
    assert messages(commits, "branch") == ["add theirs", "commit 0"]


def test_picked_reverted_amended_and_rebased_commits_are_ones_own(root: Path) -> None:
    git(root, "checkout", "--quiet", "-b", "feature")
    commit(root, "one")
    git(root, "commit", "--quiet", "--amend", "--message", "one, amended")
    git(root, "revert", "--no-edit", "HEAD")
    git(root, "checkout", "--quiet", "main")
    commit(root, "base")
    git(root, "cherry-pick", "feature~1")
    git(root, "checkout", "--quiet", "feature")
    commit(root, "two")
    git(root, "rebase", "--quiet", "main~1")
    source = GitSource()
    # The rebase made these anew; what was amended away is out of reach.
    assert messages(source.log(str(root), "builder", 3).commits, "reflog") == [
        "add two",
        'Revert "one, amended"',
        "one, amended",
    ]
    git(root, "checkout", "--quiet", "main")
    assert messages(source.log(str(root), "builder").commits, "reflog") == [
        "one, amended",
        "add base",
        "commit 0",
    ]


def test_applied_patches_are_ones_own(root: Path, tmp_path: Path) -> None:
    commit(root, "patched")
    (tmp_path / "x.patch").write_text(git(root, "format-patch", "-1", "--stdout"))
    git(root, "reset", "--quiet", "--hard", "HEAD~1")
    git(root, "am", "--quiet", "--committer-date-is-author-date", str(tmp_path / "x.patch"))
    assert messages(GitSource().log(str(root), "builder").commits, "reflog") == ["add patched", "commit 0"]


def test_new_entries_of_the_reflog_are_followed(root: Path) -> None:
    source = GitSource()
    source.log(str(root), "builder")
    commit(root, "later")
    assert messages(source.log(str(root), "builder").commits, "reflog") == ["add later", "commit 0"]
    git(root, "reflog", "expire", "--expire=now", "--all")
    assert messages(source.log(str(root), "builder").commits, "branch") == ["add later", "commit 0"]


def test_without_a_reflog_everything_is_attributed_by_the_branch(root: Path) -> None:
    (root / ".git" / "logs" / "HEAD").unlink()
    assert messages(GitSource().log(str(root), "builder").commits, "branch") == ["commit 0"]


def test_a_merge_counts_what_it_brought_to_its_first_parent(root: Path) -> None:
    git(root, "config", "log.diffMerges", "combined")
    git(root, "checkout", "--quiet", "-b", "feature")
    commit(root, "a", "1\n2\n")
    commit(root, "b", "1\n")
    git(root, "checkout", "--quiet", "main")
    commit(root, "c", "1\n")
    git(root, "merge", "--quiet", "--no-edit", "feature")
    merge = GitSource().log(str(root), "builder").commits[0]
    assert (merge.files_changed, merge.lines_added, merge.lines_deleted) == (2, 3, 0)
    assert merge.files == (FileChange("a", 2, 0), FileChange("b", 1, 0))
    assert merge.parents == 2


def test_a_renamed_file_is_one_file_with_the_lines_that_changed(root: Path) -> None:
    commit(root, "old", "".join(f"{number}\n" for number in range(50)))
    git(root, "mv", "old", "1\t1\tnew")
    git(root, "commit", "--quiet", "--message", "rename")
    commit(root, "after")
    after, rename = GitSource().log(str(root), "builder", 2).commits
    assert (rename.message, rename.files_changed, rename.lines_added) == ("rename", 1, 0)
    assert (after.message, after.files_changed) == ("add after", 1)
    assert rename.files == (FileChange("1 1 new", 0, 0),)
    assert after.files == (FileChange("after", 1, 0),)


def test_an_empty_commit_and_an_empty_message_keep_the_others_right(root: Path) -> None:
    git(root, "commit", "--quiet", "--allow-empty", "--message", "empty")
    git(root, "commit", "--quiet", "--allow-empty", "--allow-empty-message", "--message", "")
    commit(root, "last", "1\n")
    found = [(one.message, one.files_changed) for one in GitSource().log(str(root), "builder").commits]
    assert found == [("add last", 1), ("", 0), ("empty", 0), ("commit 0", 1)]
    assert GitSource().log(str(root), "builder").commits[1].files == ()


def test_what_a_commit_says_cannot_reach_the_terminal(root: Path) -> None:
    git(
        root,
        "-c",
        "user.name=A\u202eda",
        "commit",
        "--quiet",
        "--allow-empty",
        "--message",
        "\x1b]52;c;eA==\x07evil\u202e",
    )
    assert GitSource().log(str(root), "builder").commits[0].message == "evil"


def test_an_unborn_branch_has_no_commits(root: Path) -> None:
    git(root, "checkout", "--quiet", "--orphan", "fresh")
    assert GitSource().log(str(root), "builder").commits == ()


def test_a_shallow_clone_does_not_invent_a_huge_commit(root: Path, tmp_path: Path) -> None:
    commit(root, "more")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{root}", "shallow")
    shallow = tmp_path / "shallow"
    source = GitSource()
    (only,) = source.log(str(shallow), "builder").commits
    assert (only.message, only.files_changed, only.lines_added) == ("add more", 0, 0)
    assert (only.parents, only.files) == (None, None)
    git(shallow, "fetch", "--quiet", "--unshallow")
    assert [(one.message, one.files_changed) for one in source.log(str(shallow), "builder").commits] == [
        ("add more", 1),
        ("commit 0", 1),
    ]


def test_commits_whose_content_is_missing_keep_their_files_and_the_others_their_lines(
    root: Path, tmp_path: Path
) -> None:
    commit(root, "gone", "1\n2\n")
    loose_object(root, git(root, "rev-parse", "HEAD:gone").strip()).unlink()
    (root / "more").write_text("1\n")
    git(root, "add", "more")
    git(root, "rm", "--quiet", "--cached", "gone")
    git(root, "commit", "--quiet", "--message", "more")
    commit(root, "last", "1\n")
    found = [
        (one.message, one.files_changed, one.lines_added)
        for one in GitSource().log(str(root), "builder").commits
    ]
    assert found == [("add last", 1, 1), ("more", 2, 0), ("add gone", 1, 0), ("commit 0", 1, 1)]
    more = GitSource().log(str(root), "builder").commits[1]
    assert more.files == (FileChange("gone"), FileChange("more"))


def test_a_history_that_is_broken_far_back_is_told_as_far_as_it_is_asked_for(root: Path) -> None:
    oldest = git(root, "rev-parse", "HEAD").strip()
    for number in range(12):
        commit(root, f"f{number}")
    loose_object(root, oldest).unlink()
    log = GitSource().log(str(root), "builder")
    assert len(log.commits) == len(log.reached) == 10


def test_a_repository_that_cannot_be_read_says_why(root: Path) -> None:
    loose_object(root, git(root, "rev-parse", "HEAD").strip()).unlink()
    with pytest.raises(SourceError, match="objects are missing"):
        GitSource().log(str(root), "builder")


def test_costs_are_counted(root: Path) -> None:
    source = GitSource()
    assert source.last_cost_ms(str(root)) is None
    source.read(str(root), 0)
    reading = source.last_cost_ms(str(root))
    assert reading is not None
    assert 0 < reading < 1000
    source.log(str(root), "builder")
    assert source.last_cost_ms(str(root)) == pytest.approx(source.spent_ms)
    assert source.spent_ms > reading
