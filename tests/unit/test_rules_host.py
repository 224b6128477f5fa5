"""Alerts about the machine, services, boards, sources and the database."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Final

import pytest

from monitor.config import Thresholds
from monitor.model import Board, BoardState, DiskUsage, HostReading, Recovery, ServiceStatus, SourceStatus
from monitor.rules.alerts import RULES, find_all
from monitor.rules.facts import Situation
from monitor.rules.lifecycle import AlertBook

if TYPE_CHECKING:
    from monitor.rules.rule import Finding

NOW: Final = 1_800_000_000_000
MIB: Final = 1_048_576


def found(firing: tuple[str, ...] = (), **known: Any) -> list[Finding]:
    return find_all(Situation(now=NOW, **known), Thresholds(), lambda rule, _subject: rule in firing)


def rules(firing: tuple[str, ...] = (), **known: Any) -> list[str]:
    return [finding.rule for finding in found(firing, **known)]


def host(**known: Any) -> HostReading:
    return HostReading(at=NOW, **known)


def with_value(resource: str, value: float | None) -> HostReading:
    if resource == "cpu":
        return host(cpu_usage=value)
    if resource == "memory":
        return host(memory_percent=value)
    return host(
        disks=(DiskUsage(path="/data", total=100, used=1, percent=value),) if value is not None else ()
    )


def test_the_table_of_rules_says_how_grave_each_is_and_how_long_it_holds_and_clears() -> None:
    """Severities are those of SIB-14 to SIB-23 where they name one; the seconds are ours."""
    table = {rule.id: (rule.type, rule.severity, rule.hold_seconds, rule.clear_seconds) for rule in RULES}
    assert len(table) == len(RULES)
    assert table == {
        "agent-blocked": ("agent", "warning", 0, 10),
        "agent-error": ("agent", "error", 0, 10),
        "agent-lost": ("agent", "error", 30, 10),
        "agent-memory": ("performance", "warning", 10, 30),
        "uncommitted-warning": ("agent", "warning", 30, 10),
        "uncommitted-error": ("agent", "error", 30, 10),
        "no-commits": ("agent", "info", 0, 10),
        "agent-died": ("agent", "error", 5, 10),
        "critical-event": ("system", "critical", 0, 10),
        "order-out-of-retries": ("system", "error", 0, 10),
        "workflow-failed": ("system", "error", 0, 10),
        "order-expired": ("system", "warning", 0, 30),
        "queue-growing": ("performance", "warning", 0, 60),
        "heartbeat-lost": ("agent", "warning", 0, 10),
        "run-overdue": ("system", "warning", 0, 10),
        "too-many-processes": ("performance", "warning", 0, 10),
        "handoff-waiting": ("system", "warning", 0, 10),
        "question-waiting": ("system", "warning", 0, 10),
        "claim-idle": ("task", "warning", 30, 10),
        "agent-waiting": ("agent", "error", 0, 10),
        "agent-loop": ("agent", "warning", 0, 30),
        "agent-stalled": ("agent", "warning", 0, 10),
        "context-full": ("agent", "warning", 10, 30),
        "api-errors": ("agent", "warning", 0, 60),
        "quota-full": ("agent", "warning", 0, 30),
        "budget-agent": ("agent", "warning", 0, 10),
        "budget-day": ("agent", "warning", 0, 10),
        "file-overlap": ("agent", "info", 10, 30),
        "task-blocked-long": ("task", "error", 0, 10),
        "task-stale": ("task", "warning", 0, 10),
        "tasks-blocked-many": ("task", "warning", 0, 10),
        "task-dependency-unfinished": ("task", "error", 0, 10),
        "service-down": ("system", "critical", 20, 10),
        "board-unreadable": ("system", "critical", 15, 10),
        "source-failing": ("system", "warning", 0, 10),
        "database-trouble": ("system", "critical", 5, 10),
        "disk-trouble": ("system", "error", 0, 10),
        "database-damaged": ("system", "error", 0, inf),
        **{
            f"host-{resource}-warning": ("performance", "warning", 0, 30)
            for resource in ("cpu", "memory", "disk")
        },
        **{
            f"host-{resource}-critical": ("performance", "critical", 0, 30)
            for resource in ("cpu", "memory", "disk")
        },
    }


def test_a_warning_yields_to_the_graver_alert_about_the_same() -> None:
    assert {rule.id: rule.yields_to for rule in RULES if rule.yields_to} == {
        "agent-blocked": "agent-waiting",
        "agent-error": "agent-died",
        "agent-lost": "agent-died",
        "api-errors": "agent-error",
        "uncommitted-warning": "uncommitted-error",
        "host-cpu-warning": "host-cpu-critical",
        "host-memory-warning": "host-memory-critical",
        "host-disk-warning": "host-disk-critical",
    }


@pytest.mark.parametrize("resource", ["cpu", "memory", "disk"])
@pytest.mark.parametrize(
    ("value", "open_levels", "levels"),
    [
        (80.0, [], []),
        (80.1, [], ["warning"]),
        (90.0, [], ["warning"]),
        (90.1, [], ["critical", "warning"]),
        (85.5, ["critical"], ["critical", "warning"]),
        (85.4, ["critical"], ["warning"]),
        (76.0, ["warning"], ["warning"]),
        (75.9, ["warning"], []),
        (None, [], []),
    ],
)
def test_the_host_warns_above_80_and_is_critical_above_90_percent(
    resource: str, value: float | None, open_levels: list[str], levels: list[str]
) -> None:
    firing = tuple(f"host-{resource}-{level}" for level in open_levels)
    assert rules(firing, host=with_value(resource, value)) == [f"host-{resource}-{level}" for level in levels]


@pytest.mark.parametrize("reading", [None, HostReading(at=NOW)], ids=["no reading", "empty reading"])
def test_an_unknown_host_raises_nothing_and_ends_nothing(reading: HostReading | None) -> None:
    assert rules(host=reading) == []
    assert rules(("host-cpu-warning",), host=reading) == ["host-cpu-warning"]


def test_each_disk_is_a_subject_of_its_own_and_its_hold_is_a_setting() -> None:
    disks = tuple(DiskUsage(path=path, total=100, used=85, percent=85.0) for path in ("/", "/data"))
    findings = found(host=host(disks=disks))
    assert [finding.subject for finding in findings] == ["/", "/data"]
    assert findings[1].title == "Host disk with /data above 80 %"
    assert {finding.hold_seconds for finding in findings} == {30.0}
    assert findings[0].metadata == {"value": 85.0, "threshold": 80.0}


# --- services --------------------------------------------------------------------------------------------------


def service(state: Any) -> ServiceStatus:
    return ServiceStatus(
        name="mcp", kind="tcp", target="localhost:3001", status=state, since=1, checked_at=2, error="refused"
    )


def test_a_service_that_is_down_is_critical_unless_configured_otherwise() -> None:
    (finding,) = found(services=(service("down"),))
    assert (finding.rule, finding.subject, finding.severity) == ("service-down", "mcp", None)
    assert finding.message.startswith("The tcp check of localhost:3001 fails: refused. ")
    (finding,) = found(services=(service("down"),), service_severity={"mcp": "warning"})
    assert finding.severity == "warning"


def test_a_service_that_is_up_or_unknown_raises_nothing_and_unknown_ends_nothing() -> None:
    assert rules(services=(service("up"), service("unknown"))) == []
    assert rules(("service-down",), services=(service("up"),)) == []
    assert rules(("service-down",), services=(service("unknown"),)) == ["service-down"]


# --- boards and sources ----------------------------------------------------------------------------------------


def board(**known: Any) -> Board:
    return Board(boards=(BoardState(root="/r", path="/r/board.json", **known),))


def test_a_board_that_cannot_be_read_is_told_with_what_is_shown_instead() -> None:
    (finding,) = found(board=board(error="ends early"))
    assert (finding.rule, finding.subject, finding.severity) == ("board-unreadable", "/r", None)
    assert finding.message == "/r/board.json: ends early. No task of it is known. Mend the file."
    (finding,) = found(board=board(error="ends early", last_synced=NOW))
    assert "The last good one is shown." in finding.message


def test_a_board_read_in_part_is_a_warning() -> None:
    (finding,) = found(board=board(error="1 of 9 tasks left out", partial=True, last_synced=NOW))
    assert (finding.severity, finding.title) == ("warning", "Part of the task board of /r cannot be read")


def test_a_good_board_and_a_missing_one_raise_nothing() -> None:
    assert rules(board=board(shape="v4", last_synced=NOW)) == []
    assert rules(board=board()) == []


def source(state: Any, *, name: str = "git", since: int = NOW - 60_000) -> SourceStatus:
    return SourceStatus(name=name, subject="/r", state=state, since=since, error="permission denied")


def test_a_source_that_fails_for_a_minute_is_told() -> None:
    (finding,) = found(sources=(source("failing"),))
    assert (finding.rule, finding.subject, finding.source) == ("source-failing", "git:/r", "git")
    assert finding.title == "git of /r has failed for more than 1 min"


@pytest.mark.parametrize("state", ["ok", "degraded", "off"])
def test_a_source_that_does_not_fail_raises_nothing(state: str) -> None:
    assert rules(sources=(source(state),)) == []


def test_a_source_that_failed_just_now_raises_nothing_yet() -> None:
    assert rules(sources=(source("failing", since=NOW - 59_999),)) == []


def test_one_unreadable_board_is_one_alert_though_its_source_fails_too() -> None:
    assert rules(sources=(source("failing", name="board"),), board=board(error="x")) == ["board-unreadable"]
    assert rules(sources=(source("failing", name="board"),)) == ["source-failing"]


# --- database --------------------------------------------------------------------------------------------------


def test_a_database_that_cannot_be_written_is_told() -> None:
    (finding,) = found(database_problem="monitor.db: disk I/O error")
    assert (finding.rule, finding.subject) == ("database-trouble", "database")
    assert finding.message.startswith("Nothing is recorded: monitor.db: disk I/O error. ")


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (
            {"origin": "backup", "backup": "/b.db", "rows": 1234},
            "1,234 rows were restored from /b.db. `agent-monitor db",
        ),
        (
            {"origin": "salvage", "rows": 12},
            "12 rows were salvaged from it. `agent-monitor db salvage /m.db.damaged`",
        ),
        ({"origin": "salvage", "complete": True}, "That is all that can be read of it."),
        ({"origin": "nothing"}, "no more than memory holds"),
        ({"origin": "log"}, "A copy was put aside as /m.db.damaged, and recording goes on"),
    ],
)
def test_a_database_that_was_replaced_is_told_until_somebody_resolves_it(
    known: dict[str, Any], told: str
) -> None:
    recovery = Recovery(at=NOW, problem="m.db: is damaged", aside="/m.db.damaged", **known)
    findings = found(database_recovery=recovery)
    assert [finding.rule for finding in findings] == ["database-damaged"]
    assert "M.db: is damaged. " in findings[0].message
    assert told in findings[0].message
    book = AlertBook()
    (alert,) = book.update(findings, NOW)
    assert book.update((), NOW + 10**9) == ()
    restarted = AlertBook([alert])
    assert restarted.update((), NOW + 10**10) == restarted.update((), NOW + 10**11) == ()
    assert restarted.resolve(alert.alert_id, "ada", NOW + 10**11) is not None
    assert restarted.active == ()


@pytest.mark.parametrize(
    ("free", "open_already", "fires"),
    [
        (200 * MIB, False, False),
        (200 * MIB - 1, False, True),
        (0, False, True),
        (210 * MIB, True, True),
        (211 * MIB, True, False),
        (None, False, False),
        (None, True, True),
    ],
)
def test_little_space_beside_the_database_is_told_until_there_is_clearly_enough(
    free: int | None, open_already: bool, fires: bool
) -> None:
    firing = ("disk-trouble",) if open_already else ()
    assert rules(firing, database_free_bytes=free) == ["disk-trouble"] * fires


def test_texts_from_outside_are_made_safe_and_bounded() -> None:
    wild = SourceStatus(
        name="s" * 80, subject="\x1b]0;x\x07" + "y" * 300, state="failing", since=0, error="\x1b[2J"
    )
    (finding,) = found(sources=(wild,))
    assert len(finding.title) <= 200
    assert len(finding.source) <= 50
    assert finding.title.isprintable()
    assert finding.message.isprintable()
