"""What the processes of an agent tell of a call without an end."""

from __future__ import annotations

import pytest

from monitor.model import Session, Subagent, TurnState
from monitor.sources.sessions.refine import SETTLE_MS, refine

CALLED = 1_000_000
LATER = CALLED + SETTLE_MS


def calling(tool: str, *subagents: Subagent) -> Session:
    return Session(
        kind="opencode",
        session_id="s-1",
        turn_state="tool",
        unsure=True,
        tool=tool,
        tool_since=CALLED,
        subagents=subagents,
    )


@pytest.mark.parametrize(
    "tool", ["exec_command", "Bash", "bash", "developer__shell", "run_shell_command", ""]
)
def test_a_command_that_has_a_process_runs(tool: str) -> None:
    runs = refine(calling(tool), 1, LATER)
    assert (runs.turn_state, runs.unsure, runs.waiting_for) == ("tool", False, "")
    assert refine(calling(tool), 0, LATER).turn_state == "permission"


def test_a_call_of_an_unnamed_tool_waits_for_a_permission() -> None:
    assert refine(calling(""), 0, LATER).waiting_for == "permission"


def test_an_edit_has_no_process_so_that_one_that_does_not_end_waits() -> None:
    waits = refine(calling("edit"), 1, LATER)
    assert (waits.turn_state, waits.waiting_for) == ("permission", "permission: edit")


@pytest.mark.parametrize(
    ("state", "started", "found"),
    [
        ("thinking", CALLED, "tool"),
        ("tool", CALLED + 500, "tool"),
        ("idle", CALLED, "permission"),
        ("thinking", CALLED - 1, "permission"),  # one that was left in mid-turn long before
    ],
)
def test_a_sub_agent_at_work_tells_that_its_call_runs(state: TurnState, started: int, found: str) -> None:
    subagent = Subagent(session_id="s-2", turn_state=state, started=started)
    refined = refine(calling("task", subagent), 0, LATER)
    assert refined.turn_state == found
    assert not refined.unsure
