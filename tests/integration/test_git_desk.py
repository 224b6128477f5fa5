"""Which worktree git is asked about, and what becomes of the answer."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from monitor.collector.git_desk import GitDesk
from monitor.collector.sources import SourceBook
from monitor.model import Commit
from monitor.sources.git import GitSchedule

NOW = 1_700_000_000_000


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def repository(folder: Path) -> str:
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "file").write_text("1")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return str(folder)


class Desk:
    """A desk, its book, and the commits that it told."""

    def __init__(self) -> None:
        self.book = SourceBook()
        self.told: list[tuple[str, tuple[Commit, ...]]] = []
        self.desk = GitDesk(GitSchedule(50.0, 60.0, 0.1), self.book, lambda *told: self.told.append(told))

    async def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 15
        while not condition():
            assert time.monotonic() < deadline, "in vain"
            self.desk.start_due(NOW)
            await asyncio.sleep(0.05)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    await made.desk.close()


async def test_one_look_settles_only_when_every_worktree_was_read(tmp_path: Path, desk: Desk) -> None:
    worktrees = [repository(tmp_path / f"w{number}") for number in range(7)]
    desk.desk.set_worktrees(worktrees)
    desk.desk.start_due(NOW)
    await desk.desk.settle()
    assert set(desk.desk.readings) == set(worktrees)
    assert sorted(name for name, *_ in desk.told) == worktrees


async def test_commits_are_read_again_only_when_the_head_moved(tmp_path: Path, desk: Desk) -> None:
    worktree = repository(tmp_path / "w")
    desk.desk.set_worktrees([worktree])
    await desk.until(lambda: len(desk.told) == 1)
    (tmp_path / "w" / "file").write_text("2")
    desk.desk.moved(worktree)
    await desk.until(lambda: desk.desk.readings[worktree].uncommitted_changes == 1)
    assert len(desk.told) == 1
    git(tmp_path / "w", "commit", "-qam", "second")
    desk.desk.moved(worktree, head_moved=True)
    await desk.until(lambda: len(desk.told) == 2)
    assert [commit.message for commit in desk.told[1][1]] == ["second", "first"]


async def test_an_unwatched_worktree_is_noticed_by_its_signature(tmp_path: Path, desk: Desk) -> None:
    worktree = repository(tmp_path / "w")
    desk.desk.set_worktrees([worktree])
    await desk.until(lambda: worktree in desk.desk.readings)
    desk.desk.look([worktree])
    git(tmp_path / "w", "commit", "-qm", "second", "--allow-empty")
    desk.desk.look([worktree])
    await desk.until(lambda: len(desk.told) == 2)


async def test_a_broken_repository_is_a_failing_source_and_a_deleted_folder_is_not(
    tmp_path: Path, desk: Desk
) -> None:
    broken, gone, sound = (repository(tmp_path / name) for name in ("broken", "gone", "sound"))
    Path(broken, ".git", "index").write_bytes(b"not an index")
    shutil.rmtree(gone)
    desk.desk.set_worktrees([broken, gone, sound])
    await desk.until(lambda: len(desk.desk.readings) == 3)
    states = {status.subject: status.state for status in desk.book.statuses()}
    assert states == {broken: "failing", gone: "off", sound: "ok"}
    assert desk.desk.readings[broken].state == "corrupt-index"
    assert desk.desk.readings[broken].uncommitted_changes is None


async def test_a_worktree_that_is_no_longer_wanted_is_forgotten(tmp_path: Path, desk: Desk) -> None:
    worktree = repository(tmp_path / "w")
    desk.desk.set_worktrees([worktree])
    await desk.until(lambda: worktree in desk.desk.readings)
    desk.desk.set_worktrees([])
    assert desk.desk.readings == {}
    assert desk.book.statuses() == ()
