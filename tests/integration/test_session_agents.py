"""What agents' own logs tell becomes their status: real look-alikes of agents, real logs, a real collector."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from claude_logs import TranscriptWriter, register
from codex_logs import RolloutWriter
from process_fixtures import Processes, processes

from monitor.cli import state
from monitor.collector.collector import Collector
from monitor.collector.once import look as look_once
from monitor.collector.sink import HistorySink
from monitor.config import SessionSettings, Settings
from monitor.keystore import Keys, KeyStore
from monitor.model import AgentStatus, Alert, Session
from monitor.paths import state_paths

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


def now() -> int:
    return time.time_ns() // 1_000_000


def start_of(pid: int) -> int:
    """Field 22 of its stat file."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


@pytest.fixture
def agents(tmp_path: Path) -> Iterator[Processes]:
    folder = tmp_path / "work"
    folder.mkdir()
    with processes(folder) as started:
        yield started


class Looking:
    """A collector that looks until something is so."""

    def __init__(self, home: Path, agent_id: str) -> None:
        self.store = KeyStore()
        settings = Settings(sessions=SessionSettings(home=str(home)))
        paths = state_paths(str(home / "state"))
        self.collector = Collector(settings, self.store, HistorySink(), paths, host="here", hold=False)
        self.agent_id = agent_id

    @property
    def status(self) -> AgentStatus:
        found = self.store.get(Keys.status(self.agent_id))
        assert isinstance(found, AgentStatus)
        return found

    @property
    def session(self) -> Session:
        found = self.store.get(Keys.session(self.agent_id))
        assert isinstance(found, Session)
        return found

    async def until(self, condition: Callable[[], bool]) -> None:
        """Tick until it is so."""
        deadline = time.monotonic() + 15
        while True:
            await self.collector.tick()
            self.collector.start_due()
            if self.store.get(Keys.session(self.agent_id)) and condition():
                return
            assert time.monotonic() < deadline, (self.store.get(Keys.session(self.agent_id)), self.status)
            await self.collector.inputs.settle()
            for job in self.collector.inputs.sessions._by_kind.values():
                job.due_at = 0.0
            await asyncio.sleep(0.05)


@asynccontextmanager
async def looking(home: Path, agent_id: str) -> AsyncIterator[Looking]:
    found = Looking(home, agent_id)
    try:
        yield found
    finally:
        await found.collector.close()


async def test_a_permission_that_claude_code_asks_for_blocks_its_agent_until_it_is_given(
    tmp_path: Path, agents: Processes
) -> None:
    process = agents.agent(name="claude")
    home, cwd, began = tmp_path / "home", str(agents.folder), now()
    log = TranscriptWriter(at=began - 5000, cwd=cwd)
    log.prompt()
    log.call(name="Bash", command="git push --force")
    log.write(home / ".claude")
    start = start_of(process.pid)
    asks = {"status": "waiting", "waitingFor": "permission prompt"}
    register(home / ".claude", process.pid, start, cwd=cwd, statusUpdatedAt=began - 2000, **asks)
    async with looking(home, "claude-code:work") as look:
        await look.until(lambda: look.status.status == "blocked")
        assert look.status.status_reason == "waits for permission: Bash git"
        assert look.status.status_since == began - 2000
        assert [seen.kind for seen in look.status.status_evidence][:2] == ["wait", "registry"]
        assert (look.session.pid, look.session.turn_state) == (process.pid, "permission")
        register(home / ".claude", process.pid, start, cwd=cwd, status="busy", statusUpdatedAt=now())
        log.at = now()
        log.result()
        log.write(home / ".claude")
        await look.until(lambda: look.status.status == "active")
        assert look.status.status_reason == "session at work"
        log.at = now()
        log.answer()
        log.write(home / ".claude")
        register(home / ".claude", process.pid, start, cwd=cwd, status="idle", statusUpdatedAt=now())
        await look.until(lambda: look.session.turn_state == "idle")
        texts = [
            entry.text
            for entry in look.store.get(Keys.activity("claude-code:work"))
            if entry.kind == "session"
        ]
        assert texts[0] == "turn ended"
        assert texts[1].startswith("went on after")
        assert texts[1].endswith("waited for permission: Bash git")


async def test_the_logs_are_watched_with_the_worktrees_and_asked_when_they_grow(
    tmp_path: Path, agents: Processes
) -> None:
    process = agents.agent(name="claude")
    home, cwd = tmp_path / "home", str(agents.folder)
    log = TranscriptWriter(at=now(), cwd=cwd)
    log.prompt()
    log.write(home / ".claude")
    register(
        home / ".claude", process.pid, start_of(process.pid), cwd=cwd, status="busy", statusUpdatedAt=now()
    )
    async with looking(home, "claude-code:work") as look:
        inputs = look.collector.inputs
        inputs.start_watching()
        await look.until(lambda: look.session.turn_state == "thinking")
        await look.until(lambda: inputs.watcher.state == "watching 5 folders")
        assert inputs.watcher.needs_polling == frozenset()
        await inputs.settle()
        job = inputs.sessions._by_kind["claude-code"]
        job.due_at = float("inf")  # from here on only the watcher makes it due
        log.at = now()
        log.answer()
        log.write(home / ".claude")
        deadline = time.monotonic() + 10
        while job.due_at == float("inf"):
            assert time.monotonic() < deadline, inputs.watcher.state
            await asyncio.sleep(0.01)


async def test_a_call_of_codex_waits_for_a_person_unless_a_process_runs_for_it(
    tmp_path: Path, agents: Processes
) -> None:
    process = agents.agent(name="codex", then="sys.stdin.readline(); c = subprocess.Popen(['sleep', '60'])")
    home, cwd = tmp_path / "home", str(agents.folder)
    log = RolloutWriter(at=now() - 4_500, cwd=cwd)
    log.turn()
    log.call(cmd="cargo build")
    log.write(home / ".codex")
    async with looking(home, "codex:work") as look:
        await look.until(lambda: look.status.status == "blocked")
        assert look.status.status_reason == "waits for permission: exec_command cargo"
        assert look.session.waiting_since == look.session.tool_since
        before = look.session
        await look.until(lambda: True)
        assert look.session is before
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        await look.until(lambda: look.session.turn_state == "tool")
        assert not look.session.unsure
        assert (look.status.status, look.status.status_reason) == ("active", "session at work")
        log.at = now()
        log.output()
        log.done()
        log.write(home / ".codex")
        await look.until(lambda: look.session.turn_state == "idle")


async def test_what_was_under_way_has_ended_when_the_process_is_gone(
    tmp_path: Path, agents: Processes
) -> None:
    process = agents.agent(name="codex")
    home, cwd = tmp_path / "home", str(agents.folder)
    log = RolloutWriter(at=now() - 4_500, cwd=cwd)
    log.turn()
    log.call(cmd="cargo build")
    log.write(home / ".codex")
    async with looking(home, "codex:work") as look:
        await look.until(lambda: look.status.status == "blocked")
        process.kill()
        process.wait()
        await look.until(lambda: look.session.turn_state == "ended")
        assert look.status.status != "blocked"
        assert look.session.evidence[0].text == "processes: its process is gone"
        assert (look.session.tool, look.session.waiting_for) == ("exec_command", "")
        log.at = now() + 60_000
        log.output()
        log.write(home / ".codex")
        await look.until(lambda: look.session.turn_state == "thinking")


async def test_who_dies_in_the_middle_of_a_tool_call_leaves_a_post_mortem(
    tmp_path: Path, agents: Processes
) -> None:
    process = agents.agent(name="claude")
    home, cwd = tmp_path / "home", str(agents.folder)
    log = TranscriptWriter(at=now() - 2000, cwd=cwd)
    log.prompt()
    log.call(name="Bash", command="pytest -x")
    log.write(home / ".claude")
    start = start_of(process.pid)
    register(home / ".claude", process.pid, start, cwd=cwd, status="busy", statusUpdatedAt=now())
    async with looking(home, "claude-code:work") as look:
        await look.until(lambda: look.session.turn_state == "tool")
        process.kill()
        process.wait()

        def died() -> list[Alert]:
            return [alert for alert in look.store.get(Keys.ALERTS, ()) if alert.rule == "agent-died"]

        await look.until(lambda: bool(died()))
        (alert,) = died()
    assert alert.subject == "claude-code:work"
    assert "Bash pytest" in f"{alert.title} {alert.message}"


async def test_one_look_without_a_recorder_reads_the_logs_as_well(tmp_path: Path, agents: Processes) -> None:
    agents.agent(name="claude")
    home = tmp_path / "home"
    log = TranscriptWriter(at=now(), cwd=str(agents.folder))
    log.prompt()
    log.answer()
    log.write(home / ".claude")
    store = KeyStore()
    configured = Settings(sessions=SessionSettings(home=str(home)))
    await look_once(configured, state_paths(str(home / "state")), store, None)
    told = state.agent_json(store, "claude-code:work")["session"]
    assert (told["turn_state"], told["model"]) == ("idle", "claude-sonnet-4-5")
    assert told["tokens"] == {
        "input": 10,
        "output": 50,
        "cache_read": 3000,
        "cache_write": 200,
        "reasoning": 0,
    }
    assert told["cost_usd"] > 0
    wanted = (
        "session_id model turn_state tool tool_since waiting_for waiting_since tokens cost_usd context_used"
    )
    assert {*wanted.split(), "context_size", "subagents", "errors"} <= told.keys()
    assert not state.SESSION_LISTS & told.keys()
    store.delete(Keys.session("claude-code:work"))
    assert state.agent_json(store, "claude-code:work")["session"] is None


async def test_an_agent_whose_log_ends_in_an_error_has_failed(tmp_path: Path, agents: Processes) -> None:
    agents.agent(name="claude")
    home = tmp_path / "home"
    log = TranscriptWriter(at=now(), cwd=str(agents.folder))
    log.prompt()
    log.failed()
    log.write(home / ".claude")
    async with looking(home, "claude-code:work") as look:
        await look.until(lambda: look.status.status == "error")
        assert look.status.status_reason.startswith("log ends in an error: ")


async def test_a_log_that_cannot_be_read_is_a_source_that_fails_and_stops_no_other(
    tmp_path: Path, agents: Processes
) -> None:
    agents.agent(name="claude")
    home = tmp_path / "home"
    log = TranscriptWriter(at=now(), cwd=str(agents.folder))
    log.prompt()
    log.write(home / ".claude")
    broken = home / ".local" / "share" / "opencode" / "opencode.db"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no database at all" * 100)
    async with looking(home, "claude-code:work") as look:
        await look.until(lambda: look.session.turn_state == "thinking")
        await look.collector.tick()
        states = {
            source.subject: source for source in look.store.get(Keys.SOURCES) if source.name == "session log"
        }
    assert states["opencode"].state == "degraded"
    assert "opencode.db" in states["opencode"].error
    assert states["claude-code"].state == "ok"
    assert states["gemini"].state == "off"


async def test_nothing_new_in_the_logs_makes_no_new_record(tmp_path: Path, agents: Processes) -> None:
    agents.agent(name="claude")
    home = tmp_path / "home"
    log = TranscriptWriter(at=now(), cwd=str(agents.folder))
    log.prompt()
    log.write(home / ".claude")
    async with looking(home, "claude-code:work") as look:
        await look.until(lambda: look.session.turn_state == "thinking")
        session, version = look.session, look.collector.inputs.sessions.version
        told: list[frozenset[str]] = []
        look.store.subscribe(Keys.session("*"), told.append)
        for _ in range(3):
            await look.until(lambda: True)
        assert look.session is session
        assert look.collector.inputs.sessions.version == version
        assert told == []
