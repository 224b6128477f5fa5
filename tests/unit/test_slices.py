"""Slices: as much as fits into some milliseconds, whatever the machine."""

from __future__ import annotations

import sqlite3

import pytest

from monitor.history.upkeep.slices import FIRST_SIZE, Pace

TARGET = 0.01


class Machine:
    """A clock that moves as work is done."""

    def __init__(self, seconds_a_unit: float) -> None:
        self.seconds_a_unit = seconds_a_unit
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def work(self, pace: Pace, units: int) -> int:
        """One slice of work in pieces of a quarter; returns how many units it was."""
        with pace.slice(database(), "work") as part:
            while part.left and part.used < units:
                piece = min(part.left, 1 + part.size // 4, units - part.used)
                self.now += piece * self.seconds_a_unit
                part.used += piece
        return part.used


def database() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


@pytest.mark.parametrize("rate", [1e-6, 1e-5, 1e-4, 1e-3])
def test_slices_grow_or_shrink_to_the_time_they_may_take(rate: float) -> None:
    machine = Machine(rate)
    pace = Pace(TARGET, machine)
    for _ in range(30):
        machine.work(pace, 10**9)
    assert 0.5 * TARGET < pace.last_seconds < 1.5 * TARGET
    assert pace.size("work") == pytest.approx(TARGET / rate, rel=0.5)


def test_a_slow_stretch_is_noticed_within_the_slice() -> None:
    machine = Machine(1e-6)
    pace = Pace(TARGET, machine)
    for _ in range(30):
        machine.work(pace, 10**9)
    machine.seconds_a_unit = 1e-5  # ten times slower from here on
    machine.work(pace, 10**9)
    assert pace.last_seconds < 4 * TARGET  # not ten times the target
    machine.work(pace, 10**9)
    assert pace.last_seconds < 2 * TARGET


def test_a_slice_that_found_little_to_do_does_not_make_the_next_one_smaller() -> None:
    machine = Machine(1e-5)
    pace = Pace(TARGET, machine)
    for _ in range(30):
        machine.work(pace, 10**9)
    size = pace.size("work")
    machine.work(pace, 3)
    machine.work(pace, 0)
    assert pace.size("work") == size


def test_a_slice_does_at_least_one_unit_however_slow() -> None:
    machine = Machine(1.0)
    pace = Pace(TARGET, machine)
    machine.work(pace, 10**9)
    assert pace.size("work") == 1
    assert machine.work(pace, 10**9) == 1


def test_kinds_of_work_have_sizes_of_their_own() -> None:
    machine = Machine(1e-6)
    pace = Pace(TARGET, machine)
    machine.work(pace, 10**9)
    assert pace.size("work") > FIRST_SIZE
    assert pace.size("other") == FIRST_SIZE


def test_a_slice_is_one_transaction_all_of_it_or_nothing() -> None:
    db = database()
    db.execute("CREATE TABLE t (x)")
    pace = Pace()
    with pytest.raises(sqlite3.OperationalError), pace.slice(db, "work"):
        db.executemany("INSERT INTO t VALUES (abs(?))", [(1,), (-(2**63),)])  # the second one overflows
    assert db.execute("SELECT count(*) FROM t").fetchone() == (0,)
    with pace.slice(db, "work") as part:
        db.execute("INSERT INTO t VALUES (1)")
        part.used = 1
    assert not db.in_transaction
    assert db.execute("SELECT count(*) FROM t").fetchone() == (1,)
