"""Whose session is whose: by pid and start time, else by worktree, kind and time."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.collector.roster import Member
from monitor.collector.session_join import join
from monitor.model import Agent, ProcessGroup, ProcessKey, Session

NOON = 1_767_268_800_000
MINUTE = 60_000


def member(
    agent_id: str, worktree: str = "/w", kind: str = "codex", process: ProcessGroup | None = None
) -> Member:
    return Member(Agent(id=agent_id, name=agent_id, kind=kind, worktree=worktree), process)


def process(pid: int, started: int, start: int = 7, kind: str = "codex") -> ProcessGroup:
    return ProcessGroup(key=ProcessKey("boot", pid, start), kind=kind, name=kind, started=started)


def session(number: str, cwd: str | None = "/w", kind: str = "codex", **known: Any) -> Session:
    return Session(kind=kind, session_id=number, cwd=cwd, **known)


def joined(members: list[Member], *sessions: Session) -> dict[str, tuple[str | None, list[str]]]:
    """By agent: the id of the session that it is at, and of the others."""
    by_kind: dict[str, tuple[Session, ...]] = {}
    for one in sessions:
        by_kind[one.kind] = (*by_kind.get(one.kind, ()), one)
    keys = {member.process.key for member in members if member.process}

    def group_of(pid: int, start: int | None) -> ProcessKey | None:
        return next((key for key in keys if key.pid == pid and start in (None, key.start)), None)

    def home(folder: str) -> str | None:
        return next(
            (one.agent.worktree for one in members if folder.startswith(one.agent.worktree or "-")), None
        )

    found = join(members, by_kind, home, group_of)
    return {
        agent_id: (own.current.session_id if own.current else None, [one.session_id for one in own.others])
        for agent_id, own in found.items()
    }


def test_a_pid_decides_wherever_the_session_works() -> None:
    members = [member("a", process=process(10, NOON)), member("b", "/v", process=process(11, NOON))]
    assert joined(members, session("s", "/w", pid=11, process_start=7)) == {"b": ("s", [])}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell a process's start otherwise")
def test_a_reused_pid_is_another_process() -> None:
    members = [member("a", process=process(10, NOON, start=8))]
    told = session("s", "/elsewhere", pid=10, process_start=7)
    assert joined(members, told) == {}


def test_of_two_that_name_the_same_process_the_newer_counts() -> None:
    members = [member("a", process=process(10, NOON))]
    old, new = (session(name, pid=10, updated=NOON + at) for name, at in (("old", 1), ("new", 2)))
    assert joined(members, old, new) == {"a": ("new", ["old"])}


def test_without_a_pid_the_worktree_and_the_kind_decide() -> None:
    members = [member("a"), member("b", kind="gemini"), member("c", "/v")]
    sessions = [
        session("s", "/w/src"),
        session("t", "/v", kind="gemini"),
        session("u", "/v/deep"),
        session("x", None),
    ]
    assert joined(members, *sessions) == {"a": ("s", []), "c": ("u", [])}


def test_an_agent_of_a_board_may_be_of_any_kind() -> None:
    told = [session("s", kind="codex", updated=NOON), session("t", kind="gemini", updated=NOON + 1)]
    assert joined([member("a", kind="custom")], *told) == {"a": ("t", ["s"])}


def test_each_of_two_processes_has_what_began_after_it() -> None:
    members = [member("a", process=process(10, NOON)), member("a#2", process=process(11, NOON + 10 * MINUTE))]
    first = session("first", started=NOON + 1000, updated=NOON + 30 * MINUTE)
    cleared = session("cleared", started=NOON + 20 * MINUTE, updated=NOON + 40 * MINUTE)
    second = session("second", started=NOON + 10 * MINUTE + 900, updated=NOON + 15 * MINUTE)
    assert joined(members, first, cleared, second) == {"a": ("first", []), "a#2": ("cleared", ["second"])}


def test_a_session_taken_up_again_belongs_to_the_process_that_has_none() -> None:
    members = [member("a", process=process(10, NOON)), member("a#2", process=process(11, NOON + 10 * MINUTE))]
    own = session("own", started=NOON + 11 * MINUTE, updated=NOON + 12 * MINUTE)
    resumed = session("resumed", started=NOON - 600 * MINUTE, updated=NOON + 13 * MINUTE)
    assert joined(members, own, resumed) == {"a#2": ("own", []), "a": ("resumed", [])}


def test_a_new_process_is_not_at_the_session_of_the_one_before_it() -> None:
    members = [member("a", process=process(10, NOON))]
    before = session("before", started=NOON - 60 * MINUTE, updated=NOON - MINUTE)
    assert joined(members, before) == {"a": (None, ["before"])}


def test_a_session_whose_process_is_gone_is_none_of_one_that_lives() -> None:
    members = [member("a", process=process(10, NOON))]
    told = session("gone", pid=9, turn_state="ended", started=NOON + MINUTE, updated=NOON + 2 * MINUTE)
    assert joined(members, told) == {"a": (None, ["gone"])}


def test_an_agent_without_a_process_is_at_its_newest_session() -> None:
    told = [session("old", updated=NOON), session("new", updated=NOON + 1, pid=9, turn_state="ended")]
    assert joined([member("a")], *told) == {"a": ("new", ["old"])}


TIME = st.integers(0, 20).map(lambda minutes: NOON + minutes * MINUTE)
MEMBERS = st.lists(st.tuples(st.sampled_from(["/w", "/v"]), st.none() | TIME), max_size=4).map(
    lambda drawn: [
        member(f"a{number}", worktree, process=None if at is None else process(10 + number, at))
        for number, (worktree, at) in enumerate(drawn)
    ]
)
SESSIONS = st.lists(
    st.builds(
        lambda cwd, pid, started, length, state: session(
            "s", cwd, pid=pid, started=started, updated=started + length, turn_state=state
        ),
        st.sampled_from(["/w", "/w/src", "/v", "/elsewhere", None]),
        st.none() | st.integers(10, 14),
        TIME,
        st.integers(0, 600_000),
        st.sampled_from(["idle", "tool", "ended"]),
    ),
    max_size=6,
).map(lambda told: [Session(kind="codex", session_id=f"s{n}", **_rest(one)) for n, one in enumerate(told)])


def _rest(one: Session) -> dict[str, Any]:
    return {
        "cwd": one.cwd,
        "pid": one.pid,
        "started": one.started,
        "updated": one.updated,
        "turn_state": one.turn_state,
    }


@given(MEMBERS, SESSIONS)
def test_no_session_is_told_of_two_agents_and_none_of_a_known_worktree_is_lost(
    members: list[Member], sessions: list[Session]
) -> None:
    found = joined(members, *sessions)
    given_out = [number for current, others in found.values() for number in (current, *others) if number]
    assert len(given_out) == len(set(given_out))
    homes = tuple({one.agent.worktree or "" for one in members})
    expected = {one.session_id for one in sessions if one.cwd and homes and one.cwd.startswith(homes)}
    assert expected <= set(given_out)


@given(MEMBERS, SESSIONS)
def test_the_order_in_which_logs_are_read_makes_no_difference(
    members: list[Member], sessions: list[Session]
) -> None:
    distinct = {one.updated: one for one in sessions}
    told = list(distinct.values())
    assert joined(members, *told) == joined(members, *reversed(told))
