"""Ribbons: the same from samples and from roll-ups, gaps as gaps, and nothing later than the moment."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maintenance_records import (
    DAY,
    HOUR,
    MINUTE,
    START,
    Sample,
    database,
    put,
    roll_up,
    sampled_every,
    steady,
)

from monitor.history.series.ribbons import read_ribbons
from monitor.history.series.windows import window
from monitor.model import STATUSES, Ribbons, Status

SECOND = 1000
CARRY = 20 * SECOND
"""For how long a sample holds where a recorder ticks every five seconds."""
URGENCY = ("offline", "idle", "active", "blocked", "error")


def ribbons(db: sqlite3.Connection, span: str, at: int, shown: tuple[str, ...] = ()) -> Ribbons:
    return read_ribbons(db, window(span, at), shown)


def statuses(found: Ribbons, agent_id: str = "builder") -> tuple[Status | None, ...]:
    return next((ribbon.statuses for ribbon in found.ribbons if ribbon.agent_id == agent_id), ())


def put_commit(db: sqlite3.Connection, number: int, at: int, **changes: Any) -> None:
    bound = {
        "name": f"{number:040x}",
        "agent_id": "builder",
        "attribution": "reflog",
        "at": at,
        "recorded_at": at,
        "attributed_at": None,
        **changes,
    }
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute(
        "INSERT INTO commit_agents (commit_hash, agent_id, attribution, commit_timestamp, recorded_at, attributed_at)"
        " VALUES (:name, :agent_id, :attribution, :at, :recorded_at, :attributed_at)",
        bound,
    )


def put_alert(db: sqlite3.Connection, name: str, created: int, severities: dict[int, str]) -> None:
    """An alert with what it was from each of some moments on."""
    last = list(severities.values())[-1]
    db.execute(
        "INSERT INTO alerts (alert_id, rule, subject, type, severity, title, message, source, metadata, created_at)"
        " VALUES (?, ?, 'builder', 'agent', ?, 't', 'm', 's', '{}', ?)",
        (name, name, last, created),
    )
    db.executemany(
        "INSERT INTO alert_changes (alert_id, timestamp, severity, title, message, metadata, acknowledged, resolved)"
        " VALUES (?, ?, ?, 't', 'm', '{}', 0, 0)",
        [(name, at, severity) for at, severity in severities.items()],
    )


# --- statuses ------------------------------------------------------------------------------------------------------

stretches = st.lists(
    st.tuples(st.sampled_from(STATUSES), st.integers(1, 12), st.sampled_from((0, 0, 0, 7, 40, 100))),
    min_size=1,
    max_size=30,
)
"""(status, samples five seconds apart, seconds until the next stretch that are not recorded)."""


def recorded(found: list[tuple[Status, int, int]], step: int) -> list[Sample]:
    samples, at = [], START
    for word, count, pause in found:
        for _ in range(count):
            samples.append(Sample(at, status=word))
            at += step
        at += pause * step // 5
    return samples


@settings(deadline=None, max_examples=60)
@given(stretches, st.integers(0, 900))
def test_a_part_shows_the_most_urgent_status_of_all_its_moments(
    told: list[tuple[Status, int, int]], later: int
) -> None:
    db = database()
    sampled_every(db, 5 * SECOND)
    samples = recorded(told, 5 * SECOND)
    put(db, "builder", samples)
    at = START + later * SECOND
    part = window("15m", at)
    expected: list[Status | None] = [None] * part.count
    for moment in range(part.start, at + 1, SECOND):
        before = [sample for sample in samples if moment - CARRY < sample.at <= moment]
        if before:
            number = (moment - part.start) // part.bucket
            known = expected[number]
            word: Any = before[-1].status
            if known is None or URGENCY.index(word) > URGENCY.index(known):
                expected[number] = word
    assert statuses(ribbons(db, "15m", at)) == (tuple(expected) if any(expected) else ())


@pytest.mark.parametrize("span", ["24h", "7d", "30d"])
@settings(deadline=None, max_examples=15)
@given(stretches, st.integers(0, 300))
def test_roll_ups_tell_the_same_as_the_samples_they_were_made_of(
    span: str, told: list[tuple[Status, int, int]], later: int
) -> None:
    db = database()
    sampled_every(db, 25 * SECOND)  # so that a sample holds for a minute
    put(db, "builder", recorded(told, MINUTE))
    at = START + later * MINUTE + 12 * SECOND
    before = ribbons(db, span, at)
    roll_up(db, START + DAY)
    assert ribbons(db, span, at) == before


def test_what_retention_deleted_is_still_told_by_what_was_summed_up() -> None:
    db = database()
    put(db, "builder", steady(START, START + DAY, every=MINUTE, status="blocked"))
    sampled_every(db, 25 * SECOND)
    roll_up(db, START + DAY + HOUR)
    db.execute("DELETE FROM agent_metrics")
    found = statuses(ribbons(db, "7d", START + DAY - 1))
    assert found[-24:] == ("blocked",) * 24
    assert set(found[:-24]) == {None}


def test_a_moment_in_the_past_sees_nothing_of_what_came_later() -> None:
    db = database()
    put(db, "builder", steady(START, START + HOUR, status="idle"))
    put(db, "builder", steady(START + HOUR, START + 2 * HOUR, status="error"))
    roll_up(db, START + DAY)
    for span in ("15m", "1h", "24h", "7d", "30d"):
        assert set(statuses(ribbons(db, span, START + HOUR - 1))) - {None} == {"idle"}


# --- order ---------------------------------------------------------------------------------------------------------


def test_agents_shown_stand_first_in_their_order_and_those_of_the_past_after_them() -> None:
    db = database()
    for name in ("zoe", "adam", "mia", "long-gone"):
        put(
            db,
            name,
            steady(START if name == "long-gone" else START + DAY, START + DAY + MINUTE, every=MINUTE),
        )
    db.execute("DELETE FROM agent_metrics WHERE agent_id = 'long-gone' AND timestamp > ?", (START + HOUR,))
    found = ribbons(db, "1h", START + DAY + MINUTE, ("mia", "unknown", "adam"))
    assert [ribbon.agent_id for ribbon in found.ribbons] == ["mia", "adam", "zoe"]


# --- commits and alerts --------------------------------------------------------------------------------------------


def test_commits_count_where_they_were_made_as_far_as_it_was_known() -> None:
    db = database()
    put(db, "builder", steady(START, START + HOUR))
    put_commit(db, 1, START + 5 * MINUTE)
    put_commit(db, 2, START + 5 * MINUTE + 1)
    put_commit(db, 3, START + 6 * MINUTE, attribution="branch")
    put_commit(db, 4, START + 7 * MINUTE, attributed_at=START + 40 * MINUTE)
    at = START + 30 * MINUTE
    part = window("1h", at)
    found = ribbons(db, "1h", at).ribbons[0].commits
    assert {number: made for number, made in enumerate(found) if made} == {
        (START + 5 * MINUTE - part.start) // part.bucket: 2
    }
    assert sum(ribbons(db, "1h", START + 41 * MINUTE).ribbons[0].commits) == 3


def test_an_alert_stands_where_it_fired_as_grave_as_it_was_at_that_moment() -> None:
    db = database()
    put_alert(db, "first", START, {START: "warning", START + 10 * MINUTE: "critical"})
    put_alert(db, "second", START, {START: "info"})
    for at, severity in ((5 * MINUTE, "warning"), (10 * MINUTE, "critical"), (HOUR, "critical")):
        found = ribbons(db, "1h", START + at)
        shown = {number: word for number, word in enumerate(found.alerts) if word is not None}
        assert shown == {(START - found.start) // found.bucket_ms: severity}
