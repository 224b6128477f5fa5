"""Which agent of ours an attached system's agent is, and which systems name processes of this host."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.collector.roster import Member, Roster
from monitor.collector.system_join import Host, as_agent, is_local, join, own_id
from monitor.model import Agent, ProcessGroup, ProcessKey, SystemAgent

NOON = 1_767_268_800_000
MINUTE = 60_000


def member(
    agent_id: str, worktree: str | None = None, pid: int | None = None, origin: Any = "discovered"
) -> Member:
    process = None
    if pid is not None:
        process = ProcessGroup(key=ProcessKey("boot", pid, 7), kind="codex", name="codex", started=NOON)
    return Member(
        Agent(id=agent_id, name=agent_id.title(), kind="codex", worktree=worktree, origin=origin), process
    )


def told(agent_id: str = "w1", **known: Any) -> SystemAgent:
    return SystemAgent(system="vine", id=agent_id, **known)


def joined(
    agents: list[SystemAgent],
    members: list[Member],
    names: dict[str, str] | None = None,
    *,
    local: bool = True,
) -> dict[str, str]:
    keys = {one.process.key for one in members if one.process}
    homes = [one.agent.worktree for one in members if one.agent.worktree]
    host = Host(
        group_of=lambda pid, _start: next((key for key in keys if key.pid == pid), None),
        started=lambda pid: NOON if any(key.pid == pid for key in keys) else None,
        home=lambda folder: next((home for home in homes if folder.startswith(home)), None),
    )
    return join(agents, members, names or {}, host, is_local=local)


def test_the_settings_decide_before_everything_else() -> None:
    members = [member("builder"), member("tester", "/w/t", 10)]
    agents = [told(name="Alex", pid=10, cwd="/w/t")]
    assert joined(agents, members, {"Alex": "builder"}) == {"w1": "builder"}
    assert joined(agents, members, {"w1": "builder"}) == {"w1": "builder"}
    assert joined(agents, members, {"w1": "nobody"}) == {"w1": "tester"}


def test_its_process_decides_before_its_folder() -> None:
    members = [member("builder", "/w/b"), member("tester", "/w/t", 10)]
    assert joined([told(pid=10, cwd="/w/b")], members) == {"w1": "tester"}


def test_a_later_process_of_the_same_number_is_another_one() -> None:
    members = [member("tester", "/w/t", 10)]
    assert joined([told(pid=10, started_at=NOON - 2 * MINUTE)], members) == {}
    assert joined([told(pid=10, started_at=NOON)], members) == {"w1": "tester"}


def test_the_folder_that_it_works_in_decides_where_no_process_does() -> None:
    members = [member("builder", "/w/b"), member("tester", "/w/t")]
    assert joined([told(cwd="/w/t/src"), told("w2", cwd="/elsewhere")], members) == {"w1": "tester"}


def test_two_of_one_folder_are_two_agents_and_none_is_taken_twice() -> None:
    members = [member("one", "/w"), member("two", "/w")]
    agents = [told("w1", cwd="/w"), told("w2", cwd="/w"), told("w3", cwd="/w")]
    assert joined(agents, members) == {"w1": "one", "w2": "two"}


@pytest.mark.parametrize("known", [{"agent_id": "builder"}, {"name": "BUILDER"}])
def test_a_configured_name_decides_last_and_that_of_a_found_agent_never(known: dict[str, Any]) -> None:
    agents = [told(**known)]
    assert joined(agents, [member("builder", origin="config")]) == {agents[0].id: "builder"}
    assert joined(agents, [member("builder")]) == {}


def test_processes_and_folders_of_another_host_are_nobodys_here() -> None:
    members = [member("builder", "/w/b", 10)]
    assert joined([told(pid=10, cwd="/w/b")], members, local=False) == {}


@pytest.mark.parametrize(
    ("engine", "url", "local"),
    [
        ("sqlite", "/shop/a.db", True),
        ("files", "/shop", True),
        ("postgres", "postgresql:///x", True),
        ("postgres", "postgresql://me@localhost/x", True),
        ("postgres", "postgresql://me:secret@127.0.0.1:5432/x", True),
        ("postgres", "postgresql://db.example/x", False),
        ("mongo", "mongodb://[::1]/x", True),
        ("mongo", "mongodb://10.0.0.1,10.0.0.2/x", False),
    ],
)
def test_a_file_or_a_server_here_names_processes_of_this_host(engine: str, url: str, local: bool) -> None:
    assert is_local(engine, url) is local


# --- agents that only a system knows ----------------------------------------------------------------------------


def roster() -> Roster:
    return Roster((), host="here", worktree_of=lambda folder: folder)


def test_an_agent_that_only_a_system_knows_is_listed_until_it_is_gone() -> None:
    known = roster()
    agent = told(name="Alex", role="review")
    listed = as_agent(agent, own_id(agent), "here")
    assert listed.id == "vine:Alex"
    assert known.apply_system("system:vine", [listed]) == []
    assert [one.agent for one in known.members] == [listed]
    version = known.version
    assert known.apply_system("system:vine", [listed]) == []
    assert known.version == version, "nothing is new"
    assert known.apply_system("system:vine", []) == ["vine:Alex"]
    assert list(known.members) == []


def test_one_system_removes_no_agent_of_another_one() -> None:
    known = roster()
    known.apply_system("system:vine", [as_agent(told(name="Alex"), "vine:Alex", "here")])
    known.apply_system("system:dash", [])
    assert known.is_others("vine:Alex", "system:dash")
    assert not known.is_others("vine:Alex", "system:vine")
