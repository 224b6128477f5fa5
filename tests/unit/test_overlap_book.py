"""What the overlap book takes for a worktree's changes, and when it compares them again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
import pytest
from history_records import commit

from monitor.collector.commits import CommitBook
from monitor.collector.overlaps import OverlapBook
from monitor.collector.roster import Roster
from monitor.config import AgentSettings, Thresholds
from monitor.model import Alert, Commit, FileChange, GitState, WorktreeReading
from monitor.rules.alerts import find_all
from monitor.rules.facts import Situation
from monitor.rules.lifecycle import AlertBook
from monitor.rules.overlaps import OverlapIndex

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.collector.git_desk import GitDesk

NOW: Final = 1_800_000_000_000
MINUTE: Final = 60_000


class World:
    """Two agents in worktrees of one repository, and what git told of them."""

    def __init__(self, folder: Path, thresholds: Thresholds | None = None) -> None:
        self.folders = {name: str(folder / name) for name in ("builder", "parser")}
        self.agents = [
            AgentSettings(id=name, kind="custom", worktree=path) for name, path in self.folders.items()
        ]
        self.desk = SimpleNamespace(readings={}, version=0)
        self.commits = CommitBook()
        self.roster = Roster(self.agents, host="h", worktree_of=lambda _: None)
        self.limits = thresholds or Thresholds()
        self.book = self.again()

    def again(self) -> OverlapBook:
        return OverlapBook(self.roster, cast("GitDesk", self.desk), self.commits, self.limits)

    def read(self, name: str, *files: str, state: GitState = "branch") -> None:
        path = self.folders[name]
        readable = state == "branch"
        self.desk.version += 1
        self.desk.readings[path] = WorktreeReading(
            path=path, at=NOW, state=state, repository="/shop/.git" if readable else None, changed_files=files
        )

    def log(self, name: str, *commits: Commit, reached: tuple[str, ...] = ()) -> None:
        self.commits.apply([name], commits, reached)

    def files(self, now: int = NOW) -> list[tuple[str, ...]]:
        return [overlap.files for overlap in self.book.look(now)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def made(number: int, file: str = "a", at: int = NOW, **known: Any) -> Commit:
    return commit(number, commit_timestamp=at, files=(FileChange(file, 1, 0),), **known)


def test_uncommitted_files_of_two_worktrees_overlap_once_git_has_told_of_both(world: World) -> None:
    assert world.files() == []
    world.read("builder", "a", "b")
    assert world.files() == []
    world.read("parser", "b")
    assert world.files() == [("b",)]
    world.read("parser")
    assert world.files() == []


def test_a_commit_counts_for_an_hour(world: World) -> None:
    world.read("builder")
    world.read("parser", "a")
    world.log("builder", made(1))
    assert world.files() == [("a",)]
    assert world.files(NOW + 60 * MINUTE - 1) == [("a",)]
    assert world.files(NOW + 60 * MINUTE) == []
    assert world.files(NOW + 59 * MINUTE) == [("a",)], "the clock was set back"


def test_of_no_minutes_only_what_is_not_committed_counts(tmp_path: Path) -> None:
    world = World(tmp_path, Thresholds(overlap_minutes=0))
    world.read("builder", "b")
    world.read("parser", "a", "b")
    world.log("builder", made(1, at=NOW - 1))
    assert world.files() == [("b",)]


def test_a_commit_that_was_pulled_is_shared_also_when_newer_ones_hide_it(world: World) -> None:
    world.read("builder")
    world.read("parser", "a")
    ours = made(1)
    world.log("builder", ours)
    assert world.files() == [("a",)]
    world.log("parser", made(2, "p"), reached=(ours.commit_hash,))
    assert world.files() == []


@pytest.mark.parametrize("known", [{"attribution": "branch"}, {"parents": 2}])
def test_what_others_made_is_not_an_agents_change(world: World, known: dict[str, Any]) -> None:
    world.read("builder")
    world.read("parser", "a")
    world.log("builder", made(1, **known))
    assert world.files() == []


def test_a_worktree_that_cannot_be_read_changes_what_it_did_and_one_that_is_gone_nothing(
    world: World,
) -> None:
    world.read("builder", "a")
    world.read("parser", "a")
    assert world.files() == [("a",)]
    world.read("parser", state="timeout")
    assert world.files() == [("a",)]
    world.read("parser", state="deleted")
    assert world.files() == []


def test_agents_of_one_worktree_do_not_overlap_with_each_other(tmp_path: Path) -> None:
    world = World(tmp_path)
    shared = msgspec.structs.replace(world.agents[1], worktree=world.folders["builder"])
    world.roster = Roster([world.agents[0], shared], host="h", worktree_of=lambda _: None)
    world.book = world.again()
    world.read("builder", "a")
    world.log("builder", made(1))
    assert world.files() == []


def test_nothing_is_compared_again_while_nothing_is_new(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.read("builder", "a")
    world.read("parser", "a")
    first = world.book.look(NOW)
    monkeypatch.setattr(OverlapIndex, "find", lambda _: pytest.fail("compared again"))
    assert world.book.look(NOW + 2000) is first


def left_open(world: World) -> Alert:
    world.read("builder", "a")
    world.read("parser", "a")
    book = AlertBook()
    look = Situation(now=NOW, overlaps=world.book.look(NOW))
    (alert,) = book.update(find_all(look, world.limits, book.is_firing), NOW, hold=False)
    return alert


def test_an_alert_left_open_holds_over_a_restart_until_git_has_told_of_both(world: World) -> None:
    alert = left_open(world)
    world.desk.readings.clear()
    world.book = world.again()
    world.book.restore([alert])
    book = AlertBook([alert])
    look = Situation(now=NOW, overlaps=world.book.look(NOW))
    assert book.update(find_all(look, world.limits, book.is_firing), NOW) == (), "and is not written again"
    world.read("builder")
    assert world.files() == [("a",)]
    world.read("parser", "a")
    assert world.files() == []


def test_an_alert_left_open_about_an_agent_that_is_gone_does_not_hold(world: World) -> None:
    alert = left_open(world)
    world.desk.readings.clear()
    world.roster = Roster(world.agents[:1], host="h", worktree_of=lambda _: None)
    world.book = world.again()
    world.book.restore([alert])
    assert world.files() == []


@pytest.mark.parametrize(
    "metadata", [{}, {"agents": "x", "files": [], "count": 1}, {"agents": [], "files": []}]
)
def test_an_alert_that_does_not_tell_what_it_was_about_is_left_to_resolve(
    world: World, metadata: dict[str, Any]
) -> None:
    alert = left_open(world)
    world.desk.readings.clear()
    world.book = world.again()
    world.book.restore([msgspec.structs.replace(alert, metadata=metadata)])
    assert world.files() == []
