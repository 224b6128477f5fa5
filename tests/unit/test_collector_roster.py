"""Who the agents are (DESIGN.md §4)."""

from __future__ import annotations

from pathlib import Path

from monitor.collector.roster import FORGET_AFTER_MS, Roster
from monitor.config import AgentSettings
from monitor.model import Agent, BoardAgent, BoardReading, BoardState, ProcessGroup, ProcessKey

NOW = 1_000_000_000_000


def roster(*agents: AgentSettings) -> Roster:
    return Roster(agents, host="here", worktree_of=lambda folder: folder.removesuffix("/src"))


def group(
    cwd: str | None,
    *,
    pid: int = 10,
    start: int = 1,
    kind: str = "claude-code",
    configured: str | None = None,
) -> ProcessGroup:
    return ProcessGroup(
        key=ProcessKey("boot", pid, start), kind=kind, name="claude", cwd=cwd, configured=configured
    )


def board(*agents: BoardAgent) -> BoardReading:
    return BoardReading(state=BoardState(root="/r", path="/r/coordination/task-board.json"), agents=agents)


def ids(known: Roster) -> list[str]:
    return [member.agent.id for member in known.members]


def test_a_running_agent_is_named_after_its_program_and_worktree() -> None:
    known = roster()
    known.apply_processes((group("/w/shop/src"),), NOW)
    (member,) = known.members
    assert member.agent.id == "claude-code:shop"
    assert member.agent.name == "shop"
    assert member.agent.worktree == "/w/shop"
    assert member.agent.origin == "discovered"


def test_a_second_agent_of_that_kind_in_the_worktree_gets_a_number() -> None:
    known = roster()
    known.apply_processes((group("/w/shop"), group("/w/shop", pid=11, start=2)), NOW)
    assert ids(known) == ["claude-code:shop", "claude-code:shop#2"]
    assert known.in_worktree("/w/shop") == ["claude-code:shop", "claude-code:shop#2"]


def test_another_worktree_of_the_same_name_is_told_by_its_parent() -> None:
    known = roster()
    known.apply_processes((group("/a/shop"), group("/b/shop", pid=11, start=2)), NOW)
    assert ids(known) == ["claude-code:shop", "claude-code:b/shop"]


def test_a_process_in_a_configured_worktree_is_that_agent(tmp_path: Path) -> None:
    known = roster(AgentSettings(id="builder", worktree=str(tmp_path)))
    known.apply_processes((group(str(tmp_path)),), NOW)
    (member,) = known.members
    assert member.agent.id == "builder"
    assert member.agent.kind == "claude-code"
    assert member.process is not None


def test_a_configured_match_wins_over_the_older_process_in_its_worktree(tmp_path: Path) -> None:
    known = roster(AgentSettings(id="builder", worktree=str(tmp_path), match="bot"))
    mine = group("/elsewhere", pid=20, start=9, configured="builder")
    known.apply_processes((group(str(tmp_path), pid=10, start=1), mine), NOW)
    member = known.get("builder")
    assert member is not None
    assert member.process == mine
    assert ids(known) == ["builder", f"claude-code:{tmp_path.name}"]


def test_a_board_agent_is_the_configured_one_of_its_id_or_worktree(tmp_path: Path) -> None:
    known = roster(AgentSettings(id="b1", worktree=str(tmp_path)))
    known.apply_board(board(BoardAgent(id="builder", name="Builder", worktree=str(tmp_path))))
    known.apply_board(board(BoardAgent(id="b1", name="Other")))
    assert ids(known) == ["b1"]
    known.apply_board(board(BoardAgent(id="validator", name="Quality Validator")))
    assert ids(known) == ["b1", "validator"]


def test_an_id_survives_the_process_and_a_restart(tmp_path: Path) -> None:
    known = roster()
    known.apply_processes((group(str(tmp_path)),), NOW)
    known.apply_processes((), NOW + 1)
    known.apply_processes((group(str(tmp_path), pid=77, start=8),), NOW + 2)
    assert ids(known) == [f"claude-code:{tmp_path.name}"]
    again = roster()
    again.restore([(Agent(id="old-id", name="x", kind="claude-code", worktree=str(tmp_path)), NOW)])
    again.apply_processes((group(str(tmp_path)),), NOW)
    assert ids(again) == ["old-id"]


def test_without_discovery_only_listed_agents_get_a_process(tmp_path: Path) -> None:
    settings = AgentSettings(id="builder", worktree=str(tmp_path))
    known = Roster([settings], host="here", worktree_of=lambda folder: folder, discover=False)
    known.apply_processes((group("/elsewhere"), group(str(tmp_path), pid=11, start=2)), NOW)
    assert ids(known) == ["builder"]
    member = known.get("builder")
    assert member is not None
    assert member.process is not None


def test_agents_are_found_by_the_names_that_people_write() -> None:
    known = roster(AgentSettings(id="builder", name="Full-Stack Builder"))
    assert known.named("BUILDER") == known.named("full-stack builder") == "builder"
    assert known.named("nobody") is None


def test_an_agent_that_ended_stays_in_sight_for_a_day(tmp_path: Path) -> None:
    known = roster()
    known.apply_processes((group(str(tmp_path)),), NOW)
    known.apply_processes((), NOW + 1000)
    assert known.expire(NOW + FORGET_AFTER_MS - 1) == []
    assert known.expire(NOW + FORGET_AFTER_MS + 1) == [f"claude-code:{tmp_path.name}"]
    assert ids(known) == []
    assert known.worktrees() == []


def test_the_version_grows_only_when_somebody_came_changed_or_went(tmp_path: Path) -> None:
    known = roster()
    known.apply_processes((group(str(tmp_path)),), NOW)
    version = known.version
    known.apply_processes((group(str(tmp_path)),), NOW + 1)
    assert known.version == version
