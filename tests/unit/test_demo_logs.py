"""The logs that the demo's agents write, read by the real readers: they tell what the script says."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
import pytest

from monitor.demo.logs.catalogue import open_log
from monitor.demo.logs.journal import TASKS_PER_SESSION, Journal
from monitor.demo.logs.shapes import NOTHING_SAID, Clock, Log, Setting
from monitor.model import Session
from monitor.paths import sql_folder
from monitor.sources.sessions.aider import AiderReader
from monitor.sources.sessions.claude_code import ClaudeCodeReader
from monitor.sources.sessions.codex import CodexReader
from monitor.sources.sessions.gemini import GeminiReader
from monitor.sources.sessions.goose import GooseReader
from monitor.sources.sessions.opencode import OpencodeReader
from monitor.sources.sessions.reader import ReaderOptions, SessionReader

if TYPE_CHECKING:
    from _typeshed import SupportsLenAndGetItem

T = TypeVar("T")
READERS: dict[str, Callable[[ReaderOptions], SessionReader]] = {
    "claude-code": ClaudeCodeReader,
    "codex": CodexReader,
    "gemini": GeminiReader,
    "opencode": OpencodeReader,
    "goose": GooseReader,
    "aider": AiderReader,
}
FILES = ("src/orders/models.py", "src/orders/service.py", "tests/test_orders.py")
HOURS = 3 * 3_600
NO_ERRORS = 0.99
"""What chance has to say so that neither an error nor a sub-agent nor a question comes."""


class Chance(random.Random):
    """Chance as the test wants it, as far as it decides between two."""

    def __init__(self, says: float) -> None:
        super().__init__(7)
        self.says = says

    def random(self) -> float:
        return self.says

    def choice(self, seq: SupportsLenAndGetItem[T]) -> T:
        return seq[0]

    def getrandbits(self, k: int, /) -> int:
        return int.from_bytes(os.urandom((k + 7) // 8), "big") >> (-k % 8)


class World:
    """An agent of one kind, its journal, and what a reader finds whenever the agent sleeps."""

    def __init__(self, home: Path, kind: str, *, says: float = NO_ERRORS) -> None:
        self.kind = kind
        self.worktree = home / "agents" / "builder"
        self.worktree.mkdir(parents=True)
        self.chance = Chance(says)
        self.clock = Clock(self.sleep)
        with open("/proc/self/stat", "rb") as file:
            tick = int(file.read().rpartition(b")")[2].split()[19])
        setting = Setting(home, self.worktree, sql_folder(), os.getpid(), tick, 0)
        self.log: Log = open_log(kind, setting, self.clock)
        self.clock.go_back(HOURS)
        self.journal = Journal(self.log, self.clock, self.chance, fullness=0.5)
        self.clock.come_back()
        self.log.live()
        self.reader = READERS[kind](ReaderOptions(home=str(home), worktrees=(str(self.worktree),)))
        self.seen: list[Session] = []

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seen.append(self.session())

    def session(self) -> Session:
        """The session that it is in, as a reader sees it."""
        sessions = self.reader.poll(time.time_ns() // 1_000_000, 1 << 30)
        assert self.reader.problems == ()
        number = self.journal._sessions[-1]
        return next((one for one in sessions if one.session_id == number), sessions[0])

    def states(self, *steps: Callable[[], object]) -> list[tuple[str, str, str]]:
        """Turn, tool and target at each sleep of these steps."""
        self.seen.clear()
        for step in steps:
            step()
        return [(one.turn_state, one.tool, one.tool_target) for one in self.seen]


@pytest.fixture(params=READERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(tmp_path: Path, kind: str) -> World:
    return World(tmp_path, kind)


THINKS = ("thinking", "", "")
TESTS = {
    "claude-code": ("tool", "Bash", "pytest"),
    "codex": ("tool", "exec_command", "pytest"),
    "gemini": ("tool", "", ""),
    "opencode": ("tool", "bash", "pytest"),
    "goose": ("tool", "developer__shell", "pytest"),
    "aider": ("thinking", "", ""),
}
WAITS = {
    "claude-code": "permission: Bash psql",
    "codex": "permission: exec_command psql",
    "gemini": "",  # its log does not tell
    "opencode": "",
    "goose": "permission: developer__shell",
    "aider": "",
}


def test_it_reads_thinks_edits_and_tests(world: World) -> None:
    def edit() -> None:
        with world.journal.edit(FILES[1]):
            world.clock.sleep(5)

    def test() -> None:
        with world.journal.run("pytest -q"):
            world.clock.sleep(5)

    world.journal.take("Merge the basket")
    assert world.session().turn_state == "thinking"
    # Where a log cannot tell that a call waits for a person, one that takes no process is over at once.
    seen = (
        [("tool", "Read", FILES[0]), ("tool", "Edit", FILES[1])]
        if world.kind == "claude-code"
        else [THINKS] * 2
    )
    looks, thinks = world.states(lambda: world.journal.think(30, FILES))
    assert thinks == THINKS
    assert [looks, *world.states(edit, test)] == [*seen, TESTS[world.kind]]
    world.journal.finish()
    done = world.session()
    assert (done.turn_state, done.tool) == ("idle", "")
    assert (done.kind, done.cwd) == (world.kind, str(world.worktree))
    assert done.edits == (FILES[1],)
    assert done.edit_count == 1


def test_it_tells_tokens_and_a_context_that_grows(world: World) -> None:
    world.journal.take("Merge the basket")
    for _ in range(3):
        world.journal.think(30, FILES)
    world.journal.finish()
    session = world.session()
    assert session.model
    assert session.tokens.total > 100_000
    if world.kind == "aider":
        assert session.cost_usd
        return
    used = session.context_used or 0
    assert used > world.log.window // 2
    if world.kind != "opencode":  # which tells of no window
        assert session.context_size == world.log.window
    world.journal.take("And once more")
    world.journal.think(30, FILES)
    world.journal.finish()
    assert (world.session().context_used or 0) > used


def test_a_blocked_agent_waits_for_a_permission(world: World) -> None:
    world.journal.take("Merge the basket")
    world.states(lambda: world.journal.block(60))
    (waiting,) = world.seen
    assert waiting.waiting_for == WAITS[world.kind]
    sure = {"claude-code": "permission", "goose": "permission", "aider": "thinking"}
    assert waiting.turn_state == sure.get(world.kind, "tool")
    assert world.session().turn_state == "thinking"


@pytest.mark.parametrize("kind", ["claude-code", "codex", "opencode"])
def test_a_blocked_agent_may_have_asked_a_question(world: World) -> None:
    world.chance.says = 0.0
    world.journal.take("Merge the basket")
    world.states(lambda: world.journal.block(60))
    (waiting,) = world.seen
    assert (waiting.turn_state, waiting.waiting_for) == ("input", "an answer")


@pytest.mark.parametrize("kind", ["claude-code", "codex", "gemini", "opencode"])
def test_a_sub_agent_works_while_its_call_runs(world: World) -> None:
    world.journal.take("Merge the basket")
    world.chance.says = 0.2
    world.states(lambda: world.journal.think(30, FILES))
    works, done = (session.subagents[0] for session in world.seen)
    assert works.tokens.total > 0
    assert (done.turn_state, works.turn_state != "idle") == ("idle", True)
    assert world.seen[0].turn_state == "tool"


@pytest.mark.parametrize("kind", ["claude-code", "codex", "gemini", "opencode", "aider"])
def test_an_error_of_the_api_ends_the_turn_for_a_while(world: World) -> None:
    world.journal.take("Merge the basket")
    world.chance.says = 0.0
    states = world.states(lambda: world.journal.think(30, FILES))
    assert [state for state, _, _ in states][:1] == ["error"]
    assert states[-1][0] == "thinking"
    assert world.seen[0].error
    assert world.session().errors == 1


@pytest.mark.parametrize("kind", ["claude-code", "codex"])
def test_a_limit_tells_until_when_it_holds(world: World) -> None:
    world.chance.says = 0.0
    before = time.time()
    world.states(lambda: world.journal.rest(600))
    (limited,) = world.seen
    assert limited.turn_state == "limited"
    assert abs((limited.limited_until or 0) / 1000 - before - 600) < 5


def test_codex_tells_how_full_the_windows_of_its_account_are(tmp_path: Path) -> None:
    world = World(tmp_path, "codex")
    world.journal.take("Merge the basket")
    world.journal.think(30, FILES)
    primary, secondary = world.session().quotas
    assert 35 <= primary.used_percent <= 95
    assert (primary.window_minutes, secondary.window_minutes) == (300, 10_080)
    assert (primary.resets_at or 0) > time.time() * 1000


def test_a_process_that_fails_ends_in_the_middle_of_a_call(tmp_path: Path) -> None:
    world = World(tmp_path, "claude-code")
    world.journal.take("Merge the basket")
    world.journal.fail()
    (file,) = (tmp_path / ".claude" / "sessions").iterdir()
    file.write_text(file.read_text().replace('"procStart": "', '"procStart": "9'))
    ended = world.session()
    assert (ended.turn_state, ended.tool, ended.tool_target) == ("ended", "Bash", "make")


def test_the_registry_names_the_process(tmp_path: Path) -> None:
    world = World(tmp_path, "claude-code")
    world.journal.take("Merge the basket")
    session = world.session()
    assert (session.pid, session.turn_state) == (os.getpid(), "thinking")
    assert {one.kind for one in session.evidence} == {"registry", "log"}


@pytest.mark.parametrize("kind", sorted(READERS.keys() - {"aider"}))  # which does not tell of its context
def test_a_full_context_is_summed_up(world: World) -> None:
    world.journal._context = round(0.96 * world.log.window)
    world.journal.take("Merge the basket")
    world.journal.think(30, FILES)
    world.journal.finish()
    assert (world.session().context_used or 0) < 0.3 * world.log.window


def test_a_past_is_told_with_its_times(tmp_path: Path, kind: str) -> None:
    world = World(tmp_path, kind)
    world.clock.go_back(HOURS)
    world.journal.recall(FILES)
    world.clock.come_back()
    session = world.session()
    assert session.turn_state == "idle"
    now = time.time() * 1000
    assert now - (session.started or 0) > 2 * 3_600_000
    assert session.edit_count >= 12
    assert len({usage.hour for usage in session.hours}) >= (1 if kind in {"goose", "aider"} else 2)
    assert not world.seen, "nobody sleeps in the past"


def test_after_some_tasks_a_new_session_begins_and_an_old_one_is_removed(tmp_path: Path, kind: str) -> None:
    world = World(tmp_path, kind)
    ids: list[str] = []
    for _ in range(3 * TASKS_PER_SESSION):
        world.journal.take("Merge the basket")
        world.journal.finish()
        ids.append(world.session().session_id)
    if kind != "aider":  # which has one file for all
        assert len(set(ids)) == 3
    world.reader.close()
    fresh = READERS[kind](ReaderOptions(home=str(tmp_path), worktrees=(str(world.worktree),)))
    assert len(fresh.poll(time.time_ns() // 1_000_000, 1 << 30)) <= 2


def test_the_first_session_of_a_program_is_seen_at_the_next_look(tmp_path: Path, kind: str) -> None:
    worktree = str(tmp_path / "agents" / "builder")
    reader = READERS[kind](ReaderOptions(home=str(tmp_path), worktrees=(worktree,)))
    assert reader.poll(time.time_ns() // 1_000_000, 1 << 30) == ()
    World(tmp_path, kind).journal.take("Merge the basket")
    (session,) = reader.poll(time.time_ns() // 1_000_000, 1 << 30)
    assert session.turn_state == "thinking"


def test_nothing_that_was_said_is_read(world: World) -> None:
    world.journal.take(NOTHING_SAID)
    world.chance.says = 0.2
    world.journal.think(30, FILES)
    world.journal.block(60)
    world.journal.finish()
    assert NOTHING_SAID[5:20] not in msgspec.json.encode(world.session()).decode()


def test_an_agent_of_another_kind_keeps_no_log(tmp_path: Path) -> None:
    setting = Setting(tmp_path, tmp_path, sql_folder(), 1, None, 0)
    slept: list[float] = []
    clock = Clock(slept.append)
    journal = Journal(open_log("cursor-agent", setting, clock), clock, Chance(0.0), fullness=0.5)
    journal.take("Merge the basket")
    journal.think(30, FILES)
    journal.block(60)
    journal.rest(9)
    journal.finish()
    journal.fail()
    assert sum(slept) == pytest.approx(99)
    assert not list(tmp_path.iterdir())
