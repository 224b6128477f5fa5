"""The file watcher on real files, real repositories and real limits."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.sources.watcher import Change, Target, Watcher
from monitor.sources.watcher.limits import make_notifier
from monitor.sources.watcher.portable import Portable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from monitor.sources.watcher.notifier import Event, Notifier

linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
both = pytest.mark.parametrize("notifier", [make_notifier, Portable], ids=["native", "portable"])
PROMISED = 0.2
"""Seconds from the event to the callback, on a machine with nothing else to do."""


class Watching:
    """A running watcher and what it told."""

    def __init__(self, notifier: Callable[[], Notifier] = make_notifier) -> None:
        self.batches: list[tuple[Change, ...]] = []
        self.pause = 0.4 if notifier is Portable else 0.12  # a system's own service begins a little later
        self.watcher = Watcher(self.batches.append, notifier=notifier)

    @property
    def changes(self) -> list[Change]:
        return [change for batch in self.batches for change in batch]

    async def until(self, condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{what}; told: {self.changes}; state: {self.watcher.state}"
            await asyncio.sleep(0.01)

    async def follow(self, *targets: Target) -> None:
        self.watcher.set_targets(targets)
        await self.settled()

    async def settled(self) -> None:
        """Everything wanted is followed, and what happened so far has been told."""
        watcher = self.watcher

        def quiet() -> bool:
            busy = watcher._to_plan or watcher._grown or watcher._looking or watcher._batch
            return watcher._coverage is not None and not busy and watcher._flush_timer is None

        await self.until(quiet, "it did not settle")
        await asyncio.sleep(self.pause)
        await self.until(quiet, "it did not settle")
        self.batches.clear()

    async def told(self, key: str, kind: str = "worktree", *, head_moved: bool | None = None) -> Change:
        def found() -> list[Change]:
            return [
                change
                for change in self.changes
                if (change.key, change.kind) == (key, kind) and head_moved in {None, change.head_moved}
            ]

        await self.until(found, f"nothing was told of the {kind} {key}")
        return found()[0]


@asynccontextmanager
async def watching(notifier: Callable[[], Notifier] = make_notifier) -> AsyncIterator[Watching]:
    watching = Watching(notifier)
    task = asyncio.create_task(watching.watcher.run())
    try:
        yield watching
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path, name: str = "file") -> None:
    (folder / name).write_text(f"{time.monotonic_ns()}")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "a change")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with two linked worktrees, `one` and `two`."""
    main = tmp_path / "main"
    main.mkdir()
    git(main, "init")
    commit(main)
    git(main, "worktree", "add", "-b", "agents/one", "../one")
    git(main, "worktree", "add", "-b", "two", "../two")
    return tmp_path


def watch_count() -> int:
    """Kernel watches that this process holds."""
    count = 0
    for number in os.listdir("/proc/self/fdinfo"):
        try:
            count += Path("/proc/self/fdinfo", number).read_text().count("inotify wd:")
        except OSError:
            continue
    return count


@both
async def test_a_changed_file_is_told_of_its_worktree(
    tmp_path: Path, notifier: Callable[[], Notifier]
) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    async with watching(notifier) as seen:
        await seen.follow(Target("worktree", "w", str(tmp_path)))
        before = time.time_ns() // 1_000_000
        (tmp_path / "deep" / "er" / "file").write_text("x")
        change = await seen.told("w")
        assert change.paths == ("deep/er/file",)
        assert not change.head_moved
        assert before - 1 <= change.at <= time.time_ns() // 1_000_000
        assert seen.watcher.events_seen > 0
        assert seen.watcher.needs_polling == frozenset()


@both
async def test_a_log_that_grows_in_a_folder_of_sessions_is_told(
    tmp_path: Path, notifier: Callable[[], Notifier]
) -> None:
    (tmp_path / "projects" / "-shop").mkdir(parents=True)
    async with watching(notifier) as seen:
        await seen.follow(Target("sessions", "claude-code", str(tmp_path / "projects")))
        assert seen.watcher.needs_polling == frozenset()
        (tmp_path / "projects" / "-shop" / "s-1.jsonl").write_text("{}\n")
        await seen.told("claude-code", "sessions")


@linux
async def test_a_change_is_told_promptly(tmp_path: Path) -> None:
    async with watching() as seen:
        await seen.follow(Target("worktree", "w", str(tmp_path)))
        times = []
        for number in range(5):
            seen.batches.clear()
            begin = time.monotonic()
            (tmp_path / f"file{number}").touch()
            await seen.told("w")
            times.append(time.monotonic() - begin)
        assert min(times) <= PROMISED


async def test_a_commit_in_a_linked_worktree_moves_its_head_and_no_other(repository: Path) -> None:
    async with watching() as seen:
        await seen.follow(*(Target("git", name, str(repository / name)) for name in ("main", "one", "two")))
        commit(repository / "one")
        change = await seen.told("one", "git", head_moved=True)
        assert "refs/heads/agents/one" in change.paths or "worktrees/one/logs/HEAD" in change.paths
        await seen.settled()
        commit(repository / "main")
        await seen.told("main", "git", head_moved=True)
        assert {change.key for change in seen.changes} == {"main"}


async def test_a_staged_file_changes_the_index_and_moves_no_head(repository: Path) -> None:
    async with watching() as seen:
        await seen.follow(Target("git", "one", str(repository / "one")))
        (repository / "one" / "new").write_text("x")
        git(repository / "one", "add", ".")
        assert not (await seen.told("one", "git")).head_moved


async def test_a_lock_on_the_index_is_no_change(repository: Path) -> None:
    folder = repository / "main" / ".git"
    async with watching() as seen:
        await seen.follow(Target("git", "main", str(folder)))
        (folder / "index.lock").touch()
        (folder / "index.lock").unlink()
        (folder / "index").touch()
        assert (await seen.told("main", "git")).paths == ("index",)


async def test_a_push_concerns_the_worktree_of_that_branch(repository: Path) -> None:
    git(repository, "init", "--bare", "remote")
    git(repository / "main", "remote", "add", "origin", "../remote")
    async with watching() as seen:
        await seen.follow(*(Target("git", name, str(repository / name)) for name in ("main", "one", "two")))
        for _ in range(2):  # the first makes the folder of that remote
            git(repository / "one", "commit", "--allow-empty", "-m", "more")
            await seen.settled()
            git(repository / "one", "push", "origin", "agents/one")
            await asyncio.sleep(0)
        change = await seen.told("one", "git")
        assert change.paths == ("refs/remotes/origin/agents/one",)
        assert {change.key for change in seen.changes} == {"one"}


async def test_a_checkout_and_a_rebase_move_the_head(repository: Path) -> None:
    async with watching() as seen:
        await seen.follow(Target("git", "one", str(repository / "one")))
        git(repository / "one", "checkout", "-b", "other")
        await seen.told("one", "git", head_moved=True)
        await seen.settled()
        commit(repository / "one", "mine")
        commit(repository / "main", "theirs")
        git(repository / "one", "rebase", "main")
        await seen.told("one", "git", head_moved=True)


async def test_after_a_checkout_the_new_branch_is_the_one_that_counts(repository: Path) -> None:
    async with watching() as seen:
        await seen.follow(Target("git", "one", str(repository / "one")))
        git(repository / "one", "checkout", "-b", "other")
        await seen.told("one", "git", head_moved=True)
        await seen.settled()
        commit(repository / "main", "theirs")
        git(repository / "main", "update-ref", "refs/heads/agents/one", "main")
        git(repository / "main", "update-ref", "refs/heads/other", "main")
        change = await seen.told("one", "git", head_moved=True)
        assert change.paths == ("refs/heads/other",)


@both
async def test_what_happens_in_a_new_folder_is_seen(tmp_path: Path, notifier: Callable[[], Notifier]) -> None:
    async with watching(notifier) as seen:
        await seen.follow(Target("worktree", "w", str(tmp_path)))
        (tmp_path / "a" / "b" / "c").mkdir(parents=True)
        await seen.told("w")
        await seen.settled()
        (tmp_path / "a" / "b" / "c" / "file").write_text("x")
        assert (await seen.told("w")).paths == ("a/b/c/file",)


@linux
async def test_a_renamed_folder_is_followed_under_its_new_name(tmp_path: Path) -> None:
    (tmp_path / "old" / "deep").mkdir(parents=True)
    async with watching() as seen:
        await seen.follow(Target("worktree", "w", str(tmp_path)))
        count = watch_count()
        (tmp_path / "old").rename(tmp_path / "new")
        await seen.told("w")
        await seen.settled()
        assert watch_count() == count
        (tmp_path / "new" / "deep" / "file").write_text("x")
        assert (await seen.told("w")).paths == ("new/deep/file",)


@linux
async def test_a_folder_that_moves_to_another_worktree_is_followed_there(tmp_path: Path) -> None:
    for name in ("a/thing", "b"):
        (tmp_path / name).mkdir(parents=True)
    async with watching() as seen:
        await seen.follow(*(Target("worktree", name, str(tmp_path / name)) for name in ("a", "b")))
        (tmp_path / "a" / "thing").rename(tmp_path / "b" / "thing")
        await seen.told("b")
        await seen.settled()
        (tmp_path / "b" / "thing" / "file").write_text("x")
        await seen.told("b")
        assert {change.key for change in seen.changes} == {"b"}


@linux
async def test_folders_that_tools_fill_cost_no_watch(tmp_path: Path) -> None:
    for name in (
        "src",
        "node_modules/x/y",
        ".venv/lib",
        "build/a",
        "target/b",
        "src/__pycache__",
        ".git/objects/aa",
    ):
        (tmp_path / name).mkdir(parents=True)
    async with watching() as seen:
        await seen.follow(Target("worktree", "w", str(tmp_path)))
        assert watch_count() == 2
        assert seen.watcher.state == "watching 2 folders"
        (tmp_path / "src" / "node_modules" / "z").mkdir(parents=True)
        (tmp_path / "node_modules" / "x" / "file").touch()
        (tmp_path / "src" / "file").touch()
        assert (await seen.told("w")).paths == ("src/file",)
        assert watch_count() == 2


@both
async def test_tool_folders_are_told_by_neither(tmp_path: Path, notifier: Callable[[], Notifier]) -> None:
    (tmp_path / "node_modules" / "x").mkdir(parents=True)
    async with watching(notifier) as seen:
        await seen.follow(Target("worktree", "w", str(tmp_path)))
        (tmp_path / "node_modules" / "x" / "file").touch()
        (tmp_path / "file").touch()
        assert (await seen.told("w")).paths == ("file",)


@linux
async def test_links_are_not_followed_out_of_a_worktree(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "outside" / "deep").mkdir(parents=True)
    (tmp_path / "work" / "link").symlink_to(tmp_path / "outside")
    async with watching() as seen:
        await seen.follow(Target("worktree", "w", str(tmp_path / "work")))
        (tmp_path / "work" / "later").symlink_to("/")
        await seen.told("w")
        await seen.settled()
        assert watch_count() == 1


@linux
async def test_a_burst_is_told_as_few_changes(tmp_path: Path) -> None:
    async with watching() as seen:
        await seen.follow(Target("worktree", "w", str(tmp_path)))
        await asyncio.to_thread(lambda: [(tmp_path / f"f{number}").write_text("x") for number in range(5000)])
        await seen.until(lambda: seen.watcher.events_seen >= 5000, "events are missing")
        await seen.told("w")
        assert len(seen.changes) < 50
        assert all(len(change.paths) <= 5 for change in seen.changes)


def queue_limit() -> int:
    """Events that the kernel keeps for a reader."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 40_000:
        pytest.skip("the kernel's queue is too long to be filled in a test")
    return limit


@linux
async def test_when_the_kernel_drops_events_everything_counts_as_changed(repository: Path) -> None:
    async with watching() as seen:
        await seen.follow(
            Target("worktree", "one", str(repository / "one")), Target("git", "two", str(repository / "two"))
        )
        limit = queue_limit()
        for number in range(limit // 2 + 500):  # the event loop does not turn meanwhile
            os.close(os.open(repository / "one" / f"f{number % 500}", os.O_CREAT | os.O_WRONLY))
            os.unlink(repository / "one" / f"f{number % 500}")
        assert (await seen.told("two", "git")).head_moved
        await seen.told("one")


@both
async def test_a_deleted_worktree_is_told_and_followed_again_when_it_is_back(
    tmp_path: Path, notifier: Callable[[], Notifier]
) -> None:
    work = tmp_path / "work"
    (work / "deep").mkdir(parents=True)
    async with watching(notifier) as seen:
        await seen.follow(Target("worktree", "w", str(work)))
        shutil.rmtree(work)
        await seen.told("w")
        await seen.settled()
        (work / "new").mkdir(parents=True)
        await seen.told("w")
        await seen.settled()
        (work / "new" / "file").touch()
        await seen.told("w")
        assert seen.watcher.needs_polling == frozenset()


async def test_a_folder_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    async with watching() as seen:
        await seen.follow(Target("coordination", "root", str(tmp_path / "coordination")))
        assert seen.watcher.needs_polling == frozenset()
        (tmp_path / "unrelated").touch()
        (tmp_path / "coordination").mkdir()
        assert (await seen.told("root", "coordination")).paths == ("coordination",)
        await seen.settled()
        (tmp_path / "coordination" / "task-board.json").write_text("{}")
        assert (await seen.told("root", "coordination")).paths == ("task-board.json",)


async def test_a_target_in_a_folder_that_is_not_there_is_polled(tmp_path: Path) -> None:
    async with watching() as seen:
        await seen.follow(Target("coordination", "root", str(tmp_path / "gone" / "coordination")))
        assert seen.watcher.needs_polling == {"root"}
        assert seen.watcher.state.endswith("polling 1: not there")


async def test_a_file_that_is_replaced_is_seen_each_time(tmp_path: Path) -> None:
    board = tmp_path / "board.json"
    board.write_text("1")
    async with watching() as seen:
        await seen.follow(Target("coordination", "b", str(board)))
        for number in range(2):
            (tmp_path / "other").write_text("x")
            (tmp_path / "temporary").write_text(str(number))
            (tmp_path / "temporary").replace(board)
            assert (await seen.told("b", "coordination")).paths == ("board.json",)
            await seen.settled()


@linux
async def test_what_is_no_longer_wanted_is_no_longer_watched(tmp_path: Path) -> None:
    for name in ("a/x", "b/y"):
        (tmp_path / name).mkdir(parents=True)
    async with watching() as seen:
        await seen.follow(*(Target("worktree", name, str(tmp_path / name)) for name in ("a", "b")))
        assert watch_count() == 4
        await seen.follow(Target("worktree", "b", str(tmp_path / "b")))
        await seen.until(lambda: watch_count() == 2, "the watches were kept")
        (tmp_path / "a" / "file").touch()
        (tmp_path / "b" / "file").touch()
        await seen.told("b")
        assert {change.key for change in seen.changes} == {"b"}


async def test_hostile_names_are_cleaned(tmp_path: Path) -> None:
    async with watching() as seen:
        await seen.follow(Target("worktree", "w", str(tmp_path)))
        try:
            (tmp_path / os.fsdecode(b"\xff\x1b]0;title\x07x")).touch()
        except OSError:
            pytest.skip("this file system takes no such names")
        (path,) = (await seen.told("w")).paths
        assert path.isprintable()
        path.encode()


@both
async def test_stopping_leaves_nothing_behind(tmp_path: Path, notifier: Callable[[], Notifier]) -> None:
    threads, files = set(threading.enumerate()), len(os.listdir("/dev/fd"))
    async with watching(notifier) as seen:
        await seen.follow(Target("worktree", "w", str(tmp_path)))
        begin = time.monotonic()
    assert time.monotonic() - begin < 1
    left = [t for t in set(threading.enumerate()) - threads if not t.name.startswith("asyncio")]
    assert not left
    await seen.until(lambda: len(os.listdir("/dev/fd")) == files, "files were left open")
    assert seen.watcher.needs_polling == {"w"}


# --- limits ---------------------------------------------------------------------------------------------------

LIMITED = """
import asyncio, sys, time
from pathlib import Path
from monitor.sources.watcher import Target, Watcher

async def main():
    changes = []
    watcher = Watcher(changes.extend)
    task = asyncio.create_task(watcher.run())
    root = Path(sys.argv[1])
    watcher.set_targets([Target("worktree", "big", str(root / "big")), Target("coordination", "c", str(root / "c"))])
    deadline = time.monotonic() + 10
    while not watcher._refused and ("polling" not in watcher.state or watcher._to_plan or watcher._looking):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    print(watcher.state)
    print(sorted(watcher.needs_polling))
    (root / "c" / "board").write_text("x")
    await asyncio.sleep(0.4)
    print([change.key for change in changes])
    if len(sys.argv) > 3:
        Path(sys.argv[2]).write_text(sys.argv[3])
        while watcher.state != "watching 52 folders":
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        print("recovered:", watcher.needs_polling)
    task.cancel()

asyncio.run(main())
"""


def run_limited(folder: Path, limit: str, value: int, *later: str) -> list[str]:
    """Run `LIMITED` in a user namespace with this limit; its lines."""
    file = f"/proc/sys/user/{limit}"
    script = f'echo {value} > {file} && exec "$@"'
    arguments = [sys.executable, "-c", LIMITED, str(folder), file, *later]
    command = ["unshare", "-Ur", "sh", "-c", script, "sh", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if "unshare" in answer.stderr or "Permission denied" in answer.stderr:
        pytest.skip(f"no user namespace here: {answer.stderr.strip()}")
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.splitlines()


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    (tmp_path / "c").mkdir()
    for number in range(50):
        (tmp_path / "big" / str(number)).mkdir(parents=True)
    tmp_path.chmod(0o755)
    return tmp_path


@linux
def test_at_the_limit_of_watches_the_largest_is_polled_and_the_rest_followed(folders: Path) -> None:
    state, polled, told = run_limited(folders, "max_inotify_watches", 20)
    assert state == "watching 1 folders; polling 1: more than 10 folders in all"
    assert polled == "['big']"
    assert told == "['c']"


@linux
def test_at_the_limit_of_instances_everything_is_polled_until_it_is_raised(folders: Path) -> None:
    state, polled, told, recovered = run_limited(folders, "max_inotify_instances", 0, "10")
    assert state == "polling: the inotify limit of 0 instances is reached; raise user.max_inotify_instances"
    assert polled == "['big', 'c']"
    assert told == "[]"
    assert recovered == "recovered: frozenset()"


class Refusing:
    """The notifier of this system, with a kernel that gives out only some watches."""

    def __init__(self, watches: int) -> None:
        self._real = make_notifier()
        self.recursive = self._real.recursive
        self.left = watches
        self.start, self.pause, self.read = self._real.start, self._real.pause, self._real.read
        self.remove, self.close = self._real.remove, self._real.close

    def add(self, folder: str) -> None:
        if self.left == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.left -= 1
        self._real.add(folder)


@linux
async def test_a_refused_watch_leads_to_polling_and_back(folders: Path) -> None:
    refusing: list[Refusing] = []

    def make() -> Notifier:
        refusing.append(Refusing(10))
        return refusing[0]

    async with watching(make) as seen:
        await seen.follow(
            Target("worktree", "big", str(folders / "big")), Target("coordination", "c", str(folders / "c"))
        )
        assert seen.watcher.needs_polling == {"big"}
        assert "watches is reached; raise" in seen.watcher.state
        assert watch_count() == 1
        refusing[0].left = 1000
        await seen.until(lambda: seen.watcher.state == "watching 52 folders", "it was not tried again", 5)
        assert seen.watcher.needs_polling == frozenset()


class Faulty:
    """The notifier of this system, one of whose calls fails."""

    def __init__(self, call: str) -> None:
        real = make_notifier()
        self.recursive = real.recursive
        self.start, self.pause, self.read = real.start, real.pause, real.read
        self.add, self.remove, self.close = real.add, real.remove, real.close
        setattr(self, call, self._fail)

    def _fail(self, *_: object) -> list[Event]:
        raise ValueError("nobody thought of it")


@linux
@pytest.mark.parametrize("call", ["add", "read"])
async def test_after_a_fault_of_its_own_everything_is_polled_until_it_works_again(
    folders: Path, call: str
) -> None:
    made: list[Notifier] = []

    def make() -> Notifier:
        made.append(make_notifier() if made else Faulty(call))
        return made[-1]

    async with watching(make) as seen:
        seen.watcher.set_targets([Target("coordination", "c", str(folders / "c"))])
        await seen.until(lambda: call == "add" or watch_count(), "it does not watch")
        (folders / "c" / "before").write_text("x")
        await seen.until(
            lambda: (
                seen.watcher.state == "polling: a fault of the monitor (ValueError: nobody thought of it)"
            ),
            "it does not say why",
        )
        assert seen.watcher.needs_polling == {"c"}
        assert watch_count() == 0
        await seen.until(lambda: seen.watcher.state.startswith("watching"), "it was not tried again", 5)
        await seen.settled()
        (folders / "c" / "after").write_text("x")
        await seen.told("c", "coordination")
