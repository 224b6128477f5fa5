"""The ring of ticks that wait for the database: bounded, in order, and honest about what it lost."""

from __future__ import annotations

import tracemalloc

import pytest
from history_records import AT, alert, commit, status, tick
from hypothesis import given
from hypothesis import strategies as st

from monitor.collector import ring as rings
from monitor.collector.ring import Ring, weight
from monitor.history.writing.rows import TickRows
from monitor.model import AgentMetrics, Event


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Ring:
    """A ring of ten samples."""
    monkeypatch.setattr(rings, "MAX_WAITING_SAMPLES", 10)
    return Ring()


def measured(number: int, samples: int = 2) -> TickRows:
    return tick(AT + 1000 * number, *(f"agent-{agent}" for agent in range(samples)))


def taken(ring: Ring) -> list[TickRows]:
    """Everything, as it would be written."""
    found = []
    while ring:
        rows = ring.oldest()
        found.append(ring.with_gap(rows))
        ring.written(rows)
    return found


def gaps(rows: list[TickRows]) -> list[dict[str, object]]:
    return [event.details for found in rows for event in found.events if event.type == "gap"]


def test_what_fits_comes_out_as_it_went_in(small: Ring) -> None:
    ticks = [measured(number) for number in range(5)]
    for rows in ticks:
        small.append(rows)
    assert small.samples == 10
    assert taken(small) == ticks
    assert (small.samples, len(small)) == (0, 0)


def test_the_oldest_measurements_are_lost_first_and_told_as_one_gap(small: Ring) -> None:
    for number in range(8):
        small.append(measured(number))
    written = taken(small)
    assert [rows.at for rows in written] == [AT + 1000 * number for number in range(3, 8)]
    assert gaps(written) == [
        {"since": AT, "until": AT + 2000, "samples": 6, "records": 0, "reason": "not written"}
    ]


def test_what_happened_stays_under_its_own_time_when_what_was_measured_is_lost(small: Ring) -> None:
    for number in range(8):
        rows = measured(number)
        rows.alerts.append(alert(f"a-{number}"))
        rows.commits.append(commit(number))
        small.append(rows)
    written = taken(small)
    assert [(rows.at, [found.alert_id for found in rows.alerts]) for rows in written] == [
        (AT + 1000 * number, [f"a-{number}"]) for number in range(8)
    ]
    assert [len(rows.samples) for rows in written] == [0, 0, 0, 2, 2, 2, 2, 2]
    assert [found["samples"] for found in gaps(written)] == [6]


def test_a_gap_is_told_again_until_it_is_written(small: Ring) -> None:
    for number in range(6):
        small.append(measured(number))
    first = small.with_gap(small.oldest())
    small.append(measured(6))
    second = small.with_gap(small.oldest())
    assert [found["samples"] for found in gaps([first, second])] == [2, 4]
    small.written(small.oldest())
    assert gaps(taken(small)) == []


def test_a_tick_that_grows_the_ring_while_an_older_one_is_written_does_no_harm(small: Ring) -> None:
    for number in range(5):
        small.append(measured(number))
    writing = small.oldest()
    small.append(measured(5))
    small.written(writing)
    assert [rows.at for rows in taken(small)] == [AT + 1000 * number for number in range(1, 6)]


def test_long_texts_fill_the_ring_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rings, "MAX_WAITING_BYTES", 1 << 20)
    ring = Ring()
    for number in range(200):
        ring.append(tick(AT + number, events=[Event(timestamp=AT, type="x", details={"t": "é" * 50_000})]))
    written = taken(ring)
    assert 0 < len(written) < 25
    assert gaps(written)[0]["records"] == 200 - len(written)


def test_the_memory_that_is_really_taken_stays_near_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 1 << 20
    monkeypatch.setattr(rings, "MAX_WAITING_BYTES", limit)
    ring = Ring()
    tracemalloc.start()
    try:
        for number in range(400):
            samples = [
                (
                    status(f"agent-{agent}", status_reason=f"reason {number} {agent} " * 5),
                    AgentMetrics(pid=1000 + number, cpu_usage=number / 7, memory_usage=10**9 + number),
                )
                for agent in range(10)
            ]
            ring.append(TickRows(at=AT + number, samples=samples))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert ring.samples < 4_000, "the limit was reached"
    assert limit / 3 < held < 1.5 * limit


def test_a_record_that_goes_on_counts_once() -> None:
    steady = status(status_reason="x" * 2000)
    ring = Ring()
    for number in range(100):
        ring.append(TickRows(at=AT + number, samples=[(steady, AgentMetrics(pid=number))]))
    assert ring._bytes < 100 * weight(steady) / 2


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.booleans()), max_size=60))
def test_whatever_comes_and_goes_the_bounds_hold_and_order_and_counts_are_kept(
    steps: list[tuple[int, int, bool]],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rings, "MAX_WAITING_SAMPLES", 10)
        ring, written, put = Ring(), [], 0
        for number, (samples, happened, writes) in enumerate(steps):
            rows = measured(number, samples)
            rows.events.extend(Event(timestamp=rows.at, type="x", subject=f"{n}") for n in range(happened))
            put += samples
            ring.append(rows)
            assert ring.samples <= 10
            if writes:
                oldest = ring.oldest()
                written.append(ring.with_gap(oldest))
                ring.written(oldest)
        written += taken(ring)
    assert [rows.at for rows in written] == sorted({rows.at for rows in written})
    lost = sum(int(str(found["samples"])) for found in gaps(written))
    assert sum(len(rows.samples) for rows in written) + lost == put
    assert sum(event.type == "x" for rows in written for event in rows.events) == sum(
        happened for _, happened, _ in steps
    )
