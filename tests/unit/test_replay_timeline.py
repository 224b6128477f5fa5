"""Where in a recording there is something to see: its span, its time line, and what a step or a jump leads to."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from history_records import AT, alert, recording, state
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from replay_records import AFTER_GAP, GAP_FROM, LAST, TICK, night, sample, write

from monitor.errors import DatabaseError
from monitor.history.connection import in_one_go, open_reader
from monitor.history.replay.marks import find_mark, read_ticks, step
from monitor.history.replay.span import Span, clip, read_span, within
from monitor.history.replay.timeline import read_recorded, read_timeline, recorded_shares
from monitor.history.writing.rows import TickRows
from monitor.model import Event, MarkKind, SystemHealth

STATUSES = ("active", "idle", "offline", "blocked", "error")
SEVERITIES = ("info", "warning", "error", "critical")
NAMES = ("a", "b", "c")
END = 10_000

moments = st.integers(1, END)
samples = st.lists(st.tuples(st.sampled_from(NAMES), moments), min_size=1, max_size=40, unique=True)
changes = st.lists(
    st.tuples(st.sampled_from(NAMES), moments, st.sampled_from(STATUSES)),
    max_size=30,
    unique_by=lambda change: change[:2],
)
fired = st.lists(
    st.tuples(moments, st.sampled_from(SEVERITIES), st.booleans()), max_size=15, unique_by=lambda one: one[0]
)
given_recordings = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of the newest schema with nothing in it."""
    folder = tmp_path_factory.mktemp("empty")

    async def make() -> None:
        async with recording(state(folder), 0):
            pass

    asyncio.run(make())
    with sqlite3.connect(state(folder).database) as db:
        db.execute("DELETE FROM recorder_intervals")
        db.execute("DELETE FROM recorders")
    db.close()
    return state(folder).database


class Made:
    """A recording made of rows, beside what the same rows tell without SQL."""

    def __init__(self, empty: Path, folder: Path) -> None:
        self.file = folder / "made.db"
        shutil.copy(empty, self.file)
        self._db = sqlite3.connect(self.file)
        self._db.executemany(
            "INSERT INTO agents VALUES (?, ?, 'x', '', 'here', NULL, 'config', 1, ?)",
            [(name, name, END) for name in NAMES],
        )

    def insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            marks = ", ".join("?" * len(row))
            self._db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))

    def done(self) -> Path:
        self._db.commit()
        self._db.close()
        return self.file


def insert_samples(made: Made, rows: list[tuple[str, int]], healths: set[int]) -> None:
    made.insert(
        "agent_metrics",
        [{"agent_id": name, "timestamp": at, "status": "active", "stale": 0} for name, at in rows],
    )
    made.insert("system_health", [{"timestamp": at, "overall_status": "healthy"} for at in healths])


def insert_changes(made: Made, rows: list[tuple[str, int, str]]) -> None:
    made.insert(
        "agent_status_changes",
        [
            {"agent_id": name, "timestamp": at, "since": at, "status": word, "reason": "so", "evidence": "[]"}
            for name, at, word in rows
        ],
    )


def insert_alerts(made: Made, rows: list[tuple[int, str, bool]]) -> None:
    for number, (at, severity, archived) in enumerate(rows):
        row = {
            "alert_id": f"alert-{number}",
            "rule": "r",
            "subject": f"s{number}",
            "type": "agent",
            "severity": severity,
            "title": f"title {number}",
            "message": "",
            "source": "",
            "metadata": "{}",
            "acknowledged": 0,
            "created_at": at,
            "resolved_at": at,
        }
        more = {"archived_at": END} if archived else {"resolved": 1}
        made.insert("alerts_archive" if archived else "alerts", [{**row, **more}])


def really_changed(rows: list[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    """The rows whose status differs from the one before it."""
    found, known = [], dict.fromkeys(NAMES, "")
    for name, at, word in sorted(rows, key=lambda row: row[1]):
        if known[name] != word:
            found.append((name, at, word))
        known[name] = word
    return found


# --- ticks ---------------------------------------------------------------------------------------------------------


@given(samples, st.sets(moments, max_size=10), st.integers(0, END + 1), st.integers(1, 12))
@given_recordings
async def test_a_step_goes_to_the_next_tick_that_wrote_anything_sampled(
    empty: Path, tmp_path: Path, rows: list[tuple[str, int]], healths: set[int], at: int, count: int
) -> None:
    made = Made(empty, tmp_path)
    insert_samples(made, rows, healths)
    ticks = sorted({tick for _, tick in rows} | healths)
    later, earlier = [tick for tick in ticks if tick > at], [tick for tick in ticks if tick < at][::-1]
    async with open_reader(made.done()) as db:
        assert await step(db, at, count) == (later[:count] or [at])[-1]
        assert await step(db, at, -count) == (earlier[:count] or [at])[-1]
        around = await in_one_go(db, lambda connection: read_ticks(connection, at))
    assert around.before == max((tick for tick in ticks if tick <= at), default=None)
    assert around.after == min(later, default=None)


# --- marks ---------------------------------------------------------------------------------------------------------


@given(changes, st.integers(0, END + 1))
@given_recordings
async def test_a_jump_goes_to_the_next_change_of_a_status_not_to_one_that_was_noted_again(
    empty: Path, tmp_path: Path, rows: list[tuple[str, int, str]], at: int
) -> None:
    made = Made(empty, tmp_path)
    insert_changes(made, rows)
    times = [tick for _, tick, _ in really_changed(rows)]
    async with open_reader(made.done()) as db:
        after, before = await find_mark(db, at, "status", 1), await find_mark(db, at, "status", -1)
    assert (after and after.at) == min((tick for tick in times if tick > at), default=None)
    assert (before and before.at) == max((tick for tick in times if tick < at), default=None)
    for mark in filter(None, (after, before)):
        words = [word for _, tick, word in really_changed(rows) if tick == mark.at]
        assert mark.word == max(words, key=STATUSES.index)
        assert (mark.subject, mark.at, mark.word) in really_changed(rows)
        assert mark.text == f"{mark.word}: so"


@given(fired, st.integers(0, END + 1))
@given_recordings
async def test_a_jump_goes_to_the_next_alert_that_fired_archived_ones_too(
    empty: Path, tmp_path: Path, rows: list[tuple[int, str, bool]], at: int
) -> None:
    made = Made(empty, tmp_path)
    insert_alerts(made, rows)
    async with open_reader(made.done()) as db:
        after, before = await find_mark(db, at, "alert", 1), await find_mark(db, at, "alert", -1)
    assert (after and after.at) == min((tick for tick, _, _ in rows if tick > at), default=None)
    assert (before and before.at) == max((tick for tick, _, _ in rows if tick < at), default=None)
    for mark in filter(None, (after, before)):
        number = next(number for number, row in enumerate(rows) if row[0] == mark.at)
        assert (mark.word, mark.subject, mark.text) == (rows[number][1], f"s{number}", f"title {number}")


async def test_of_alerts_that_fired_at_one_time_the_gravest_is_told(tmp_path: Path) -> None:
    rows = sample(AT, "builder")
    rows.alerts = [
        alert(f"alert-{word}", rule=word, severity=word, title=word)
        for word in ("info", "critical", "warning")
    ]
    async with open_reader(await write(tmp_path, [rows])) as db:
        for at, direction in ((AT - 1, 1), (AT + 1, -1)):
            mark = await find_mark(db, at, "alert", direction)
            assert mark is not None
            assert mark.word == "critical"


async def test_an_alert_is_told_as_it_was_when_it_fired(tmp_path: Path) -> None:
    then, later = sample(AT, "builder"), sample(AT + TICK, "builder")
    then.alerts = [alert(severity="warning", title="disk 90 % full")]
    later.alerts = [alert(severity="critical", title="disk 99 % full")]
    async with open_reader(await write(tmp_path, [then, later])) as db:
        mark = await find_mark(db, AT - 1, "alert", 1)
    assert mark is not None
    assert (mark.at, mark.word, mark.text) == (AT, "warning", "disk 90 % full")


async def test_foreign_text_in_a_mark_is_clean(tmp_path: Path) -> None:
    kinds: tuple[MarkKind, ...] = ("alert", "status")
    rows = sample(AT, "builder", doing="idle")
    told, numbers = rows.samples[0]
    rows.samples[0] = (
        msgspec.structs.replace(told, status_reason="\x1b]0;title\x07idle\x1b[31m"),
        numbers,
    )
    rows.alerts = [alert(title="\x1b[31mred", subject="\u202eevil")]
    async with open_reader(await write(tmp_path, [rows])) as db:
        for kind in kinds:
            mark = await find_mark(db, AT - 1, kind, 1)
            assert mark is not None
            assert (mark.text + mark.subject).isprintable()


# --- the time line -------------------------------------------------------------------------------------------------


@given(changes, fired, st.integers(0, END), st.integers(1, END), st.integers(1, 30))
@given_recordings
async def test_each_part_of_a_time_line_tells_what_happened_in_it(
    empty: Path,
    tmp_path: Path,
    told: list[tuple[str, int, str]],
    alerts: list[tuple[int, str, bool]],
    first: int,
    length: int,
    slices: int,
) -> None:
    made = Made(empty, tmp_path)
    insert_changes(made, told)
    insert_alerts(made, alerts)
    span = Span(first, first + length - 1)
    async with open_reader(made.done()) as db:
        timeline = await read_timeline(db, span, slices)
    assert (timeline.first, timeline.last, len(timeline.slices)) == (span.first, span.last, slices)
    inside = [row for row in really_changed(told) if span.first <= row[1] <= span.last]
    firing = [row for row in alerts if span.first <= row[0] <= span.last]
    for number, part in enumerate(timeline.slices):
        words = [word for _, at, word in inside if (at - first) * slices // length == number]
        grave = [word for at, word, _ in firing if (at - first) * slices // length == number]
        assert (part.changes, part.alerts, part.recorded) == (len(words), len(grave), 0.0)
        assert part.status == max(words, key=STATUSES.index, default=None)
        assert part.severity == max(grave, key=SEVERITIES.index, default=None)


@given(
    st.lists(st.tuples(moments, moments), max_size=6),
    st.lists(st.tuples(moments, moments), max_size=6),
    st.integers(0, 100),
    st.integers(1, 300),
    st.integers(1, 20),
)
@given_recordings
async def test_recorded_is_where_a_recorder_ran_and_no_gap_was_noted(
    empty: Path,
    tmp_path: Path,
    recorders: list[tuple[int, int]],
    gaps: list[tuple[int, int]],
    first: int,
    length: int,
    slices: int,
) -> None:
    made = Made(empty, tmp_path)
    for number, (start, stop) in enumerate(recorders):
        row = {"host": "here", "boot_id": "", "pid": number, "version": "1", "interval_ms": 1}
        made.insert(
            "recorders",
            [{**row, "started_at": start % 400, "last_tick_at": stop % 400, "stopped_at": stop % 400}],
        )
    for since, until in {(since % 400, until % 400) for since, until in gaps}:
        details = json.dumps({"since": since, "until": until})
        made.insert(
            "events", [{"timestamp": until, "type": "gap", "agent_id": "", "subject": "", "details": details}]
        )
    span = Span(first, first + length - 1)
    async with open_reader(made.done()) as db:
        recorded = await read_recorded(db, span)
    assert all(begin <= end for begin, end in recorded)
    assert all(one[1] <= other[0] for one, other in pairwise(recorded))
    for at in range(span.first, span.last + 1):
        ran = any(start % 400 < at < stop % 400 for start, stop in recorders)
        fell_out = any(since % 400 < at < until % 400 for since, until in gaps)
        if ran and not any(at in (since % 400, until % 400) for since, until in gaps):
            assert any(begin <= at <= end for begin, end in recorded) == (not fell_out)
    shares = recorded_shares(recorded, span, slices)
    assert len(shares) == slices
    assert all(0.0 <= share <= 1.0 for share in shares)
    covered = sum(
        max(0, min(end, span.last) + 1 - max(begin, span.first)) for begin, end in recorded
    )  # a stretch counts its last millisecond too
    assert sum(shares) * length / slices <= covered + 0.001
    assert sum(shares) * length / slices >= covered - len(recorded) - 0.001


async def test_the_hour_that_nobody_recorded_is_empty_on_the_time_line(tmp_path: Path) -> None:
    file = await night(tmp_path)
    async with open_reader(file) as db:
        span = await read_span(db, file)
        timeline = await read_timeline(db, span, 100)
    assert span == Span(AT, LAST)
    recorded = [part.recorded for part in timeline.slices]
    assert recorded[0] > 0.9
    assert recorded[-1] > 0.9
    assert recorded[2:-2] == [0.0] * 96
    assert sum(part.alerts for part in timeline.slices) == 2
    assert sum(part.changes for part in timeline.slices) == 4  # builder's three, and scout's first


async def test_a_recorder_that_was_killed_recorded_until_its_last_sample(tmp_path: Path) -> None:
    ticks = [sample(AT + number * TICK, "builder", cpu=float(number)) for number in range(4)]
    await write(tmp_path, ticks, killed=True)
    file = await write(tmp_path, [sample(AFTER_GAP, "builder")])
    async with open_reader(file) as db:
        assert await read_recorded(db, Span(AT, AFTER_GAP)) == [
            (AT, AT + 3 * TICK),
            (AFTER_GAP, AFTER_GAP),
        ]


async def test_what_fell_out_while_a_recorder_ran_is_a_gap(tmp_path: Path) -> None:
    ticks = [sample(AT + number * TICK, "builder", cpu=float(number)) for number in range(10)]
    ticks[6].events = [
        Event(timestamp=AT + 5 * TICK, type="gap", details={"since": AT + 2 * TICK, "until": AT + 5 * TICK}),
        Event(timestamp=AT + 5 * TICK, type="gap", subject="nonsense", details={"since": "x"}),
    ]
    file = await write(tmp_path, ticks)
    async with open_reader(file) as db:
        assert await read_recorded(db, Span(AT, AT + 9 * TICK)) == [
            (AT, AT + 2 * TICK),
            (AT + 5 * TICK, AT + 9 * TICK),
        ]


# --- the span ------------------------------------------------------------------------------------------------------


async def test_a_recording_goes_from_its_first_row_to_its_last(tmp_path: Path) -> None:
    file = await write(
        tmp_path,
        [
            sample(AT + 500, "builder"),
            TickRows(at=AT + TICK, health=SystemHealth(status="healthy", last_check=AT + TICK)),
        ],
    )
    async with open_reader(file) as db:
        assert await read_span(db, file) == Span(AT + 500, AT + TICK)


async def test_what_retention_took_from_the_front_is_no_moment_to_go_to(tmp_path: Path) -> None:
    file = await night(tmp_path)
    with sqlite3.connect(file) as db:
        db.execute("DELETE FROM agent_metrics WHERE timestamp < ?", (GAP_FROM,))
    db.close()
    async with open_reader(file) as reader:
        assert await read_span(reader, file) == Span(GAP_FROM, LAST)


async def test_a_recording_without_a_sample_says_so(empty: Path) -> None:
    async with open_reader(empty) as db:
        with pytest.raises(DatabaseError, match="nothing is recorded in it yet"):
            await read_span(db, empty)


def test_a_moment_outside_is_refused_with_the_span() -> None:
    span = Span(1_750_000_000_500, 1_750_000_060_000)
    file = Path("night.db")
    assert within(span, file, 1_750_000_000_000) == span.first  # as its first second is written
    assert within(span, file, span.last) == span.last
    for at in (1_749_999_999_999, span.last + 1):
        with pytest.raises(
            DatabaseError, match=r"night\.db: nothing was recorded at .*: it goes from .* to "
        ):
            within(span, file, at)


def test_an_interval_is_cut_to_what_was_recorded() -> None:
    span, file = Span(100, 200), Path("night.db")
    assert clip(span, file, None, None) == span
    assert clip(span, file, 150, 300) == Span(150, 200)
    assert clip(span, file, 0, 150) == Span(100, 150)
    for start, end in ((201, None), (None, 99), (180, 120)):
        with pytest.raises(DatabaseError, match="nothing was recorded then: it goes from"):
            clip(span, file, start, end)
