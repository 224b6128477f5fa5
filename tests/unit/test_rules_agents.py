"""Alerts about agents: when they fire, when not, when they clear, and that the unknown fires nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from monitor.config import Thresholds
from monitor.model import (
    Agent,
    AgentMetrics,
    AgentStatus,
    GitState,
    ProcessExit,
    ProcessGroup,
    ProcessKey,
    Status,
    Task,
)
from monitor.rules.alerts import find_all
from monitor.rules.facts import AgentFacts, Situation

if TYPE_CHECKING:
    from monitor.rules.rule import Finding

NOW: Final = 1_800_000_000_000
MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
LIMITS: Final = Thresholds()
KEY: Final = ProcessKey(boot_id="boot", pid=42, start=7)
AGENT: Final = Agent(id="builder", name="Builder", kind="claude-code", worktree="/w/b")
TASK: Final = Task(id="T-4", title="Payments", status="IN_PROGRESS", updated_at=NOW)
PROCESS: Final = ProcessGroup(key=KEY, kind="claude-code", name="claude", started=NOW - 24 * HOUR)


def status(word: Status = "active", **known: Any) -> AgentStatus:
    base: dict[str, Any] = {
        "id": "builder",
        "name": "Builder",
        "kind": "claude-code",
        "role": "",
        "worktree": "/w/b",
        "host": "h",
        "origin": "config",
        "status_since": NOW,
        "status_reason": "files changed",
        "git_state": "branch",
    }
    return AgentStatus(status=word, **(base | known))


def situation(*statuses: AgentStatus, facts: AgentFacts | None = None, **known: Any) -> Situation:
    base: dict[str, Any] = {"watching_since": NOW - MINUTE}
    if facts is not None:
        base["facts"] = {"builder": facts}
    return Situation(now=NOW, statuses=statuses, **(base | known))


def found(look: Situation, *firing: str) -> list[Finding]:
    """Everything that all rules find; `firing` names rules whose alert is open for every subject."""
    return find_all(look, LIMITS, lambda rule, _subject: rule in firing)


def rules(look: Situation, *firing: str) -> list[str]:
    return [finding.rule for finding in found(look, *firing)]


def test_a_quiet_host_without_agents_has_no_alert() -> None:
    assert rules(Situation(now=NOW)) == []
    assert rules(situation(status())) == []


# --- blocked, error --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "rule"), [("blocked", "agent-blocked"), ("error", "agent-error")])
def test_a_blocked_and_a_failed_agent_raise_an_alert_that_says_why_and_where(word: Status, rule: str) -> None:
    (finding,) = found(situation(status(word, status_reason="waits for an answer", current_task="T-4")))
    assert (finding.rule, finding.subject) == (rule, "builder")
    assert finding.message.startswith("Waits for an answer, in /w/b. ")
    assert finding.metadata == {"reason": "waits for an answer", "task": "T-4"}


@pytest.mark.parametrize("word", ["active", "idle", "offline"])
def test_the_other_statuses_raise_none(word: Status) -> None:
    assert rules(situation(status(word))) == []


@pytest.mark.parametrize(("word", "rule"), [("blocked", "agent-blocked"), ("error", "agent-error")])
def test_a_stale_status_raises_no_alert_and_ends_none(word: Status, rule: str) -> None:
    look = situation(status(word, stale=True))
    assert rules(look) == []
    assert rules(look, rule) == [rule]


# --- lost ------------------------------------------------------------------------------------------------------

END: Final = ProcessExit(key=KEY, kind="claude-code", name="claude", at=NOW - MINUTE)


def facts(**known: Any) -> AgentFacts:
    base: dict[str, Any] = {"process_seen": True, "exited": END, "task": TASK}
    return AgentFacts(agent=AGENT, **(base | known))


@pytest.mark.parametrize(
    ("known", "word"),
    [
        (facts(), "idle"),
        (facts(files_changed_at=END.at - 1, log_at=END.at + 4_000), "active"),
        (facts(exited=None), "offline"),
    ],
    ids=["its end was seen", "what it did last arrives after its end", "it ended while nobody looked"],
)
def test_an_agent_whose_process_is_gone_with_a_task_in_progress_is_lost(
    known: AgentFacts, word: Status
) -> None:
    (finding,) = found(situation(status(word, current_task="T-4"), facts=known))
    assert (finding.rule, finding.subject, finding.metadata["task"]) == ("agent-lost", "builder", "T-4")


@pytest.mark.parametrize(
    ("known", "word"),
    [
        (facts(process=PROCESS, exited=None), "active"),
        (facts(process_seen=False, exited=None), "offline"),
        (facts(task=None), "offline"),
        (facts(task=Task(id="T", title="t", status="REVIEW")), "offline"),
        (facts(exited=None), "idle"),
        (facts(files_changed_at=NOW), "active"),
        (facts(last_commit_at=NOW), "active"),
        (facts(failed_probes=("processes: denied",)), "offline"),
    ],
    ids=[
        *("a process runs", "never had one", "no task", "task in review", "may be at work elsewhere"),
        *("files still change", "commits still come", "processes cannot be read"),
    ],
)
def test_an_agent_is_not_lost_while(known: AgentFacts, word: Status) -> None:
    task = known.task.id if known.task else None
    assert rules(situation(status(word, current_task=task), facts=known)) == []


def test_a_lost_agent_stays_lost_while_its_processes_cannot_be_read() -> None:
    look = situation(status("offline", current_task="T-4"), facts=facts(failed_probes=("processes: denied",)))
    assert rules(look, "agent-lost") == ["agent-lost"]


# --- memory ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "open_already", "fires"),
    [
        (80.1, False, True),
        (80.0, False, False),
        (76.0, True, True),
        (75.9, True, False),
        (None, False, False),
        (None, True, True),
        (0.0, False, False),
    ],
)
def test_memory_fires_above_80_percent_and_clears_below_76(
    value: float | None, open_already: bool, fires: bool
) -> None:
    look = situation(status(), metrics={"builder": AgentMetrics(pid=42, memory_percent=value)})
    assert rules(look, *["agent-memory"] * open_already) == ["agent-memory"] * fires


def test_memory_of_a_process_that_is_gone_clears() -> None:
    assert rules(situation(status(), metrics={"builder": AgentMetrics()}), "agent-memory") == []
    assert rules(situation(status()), "agent-memory") == []


# --- uncommitted changes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "firing", "expected"),
    [
        (10, [], []),
        (11, [], ["uncommitted-warning"]),
        (20, [], ["uncommitted-warning"]),
        (21, [], ["uncommitted-error", "uncommitted-warning"]),
        (19, ["uncommitted-error"], ["uncommitted-error", "uncommitted-warning"]),
        (18, ["uncommitted-error"], ["uncommitted-warning"]),
        (10, ["uncommitted-warning"], ["uncommitted-warning"]),
        (9, ["uncommitted-warning"], []),
        (None, [], []),
        (None, ["uncommitted-warning"], ["uncommitted-warning"]),
    ],
)
def test_uncommitted_changes_warn_above_10_and_are_an_error_above_20(
    count: int | None, firing: list[str], expected: list[str]
) -> None:
    """SIB-21's own second step could never be reached; here it is."""
    assert rules(situation(status(uncommitted_changes=count)), *firing) == expected


def test_agents_that_share_a_worktree_share_one_alert_for_it() -> None:
    two = (status(uncommitted_changes=11), status(id="builder#2", uncommitted_changes=11))
    assert [finding.subject for finding in found(situation(*two))] == ["builder"]


# --- no commits ------------------------------------------------------------------------------------------------


def quiet(*statuses: AgentStatus, **known: Any) -> Situation:
    return situation(*(statuses or (status(),)), **({"last_commit_at": NOW - 2 * HOUR - 1} | known))


def test_no_commit_for_2_hours_is_told_once_for_all_agents() -> None:
    (finding,) = found(quiet(status(), status("idle", id="two", worktree="/w/2")))
    assert (finding.rule, finding.subject) == ("no-commits", "agents")
    assert finding.metadata["last_commit_at"] == NOW - 2 * HOUR - 1


def test_without_any_commit_in_history_the_time_watched_counts() -> None:
    assert rules(quiet(last_commit_at=None)) == []
    assert rules(quiet(last_commit_at=None, watching_since=NOW - 2 * HOUR - 1)) == ["no-commits"]


YOUNG: Final = AgentFacts(agent=AGENT, process=ProcessGroup(key=KEY, kind="c", name="c", started=NOW - HOUR))


@pytest.mark.parametrize(
    "look",
    [
        quiet(last_commit_at=NOW - 2 * HOUR),
        quiet(last_commit_at=NOW + HOUR),
        Situation(now=NOW, last_commit_at=NOW - 9 * HOUR),
        quiet(status("offline")),
        quiet(status(stale=True)),
        quiet(status(git_state=None)),
        quiet(status(git_state=None, worktree=None)),
        quiet(status(git_state="not-a-repository")),
        quiet(status(), status(id="two", git_state="timeout")),
        quiet(facts=YOUNG),
    ],
    ids=[
        *(
            "exactly 2 hours",
            "a commit from the future",
            "no agents",
            "nobody at work",
            "stale",
            "not read yet",
        ),
        *("no worktree", "no repository", "one worktree cannot be read", "started an hour ago"),
    ],
)
def test_no_commits_is_not_told(look: Situation) -> None:
    assert rules(look) == []


@pytest.mark.parametrize("state", ["timeout", "failed", None])
def test_no_commits_stays_while_git_cannot_be_read(state: GitState | None) -> None:
    assert rules(quiet(status(git_state=state, stale=True)), "no-commits") == ["no-commits"]
