"""The clock of the ticks: set back, set forward, asleep, stopped; labels only ever name one tick."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.collector.clock import LEAP_MS, Look, TickClock

NOW = 1_750_000_000_000
HOUR = 3_600_000


class Clocks:
    """Three clocks that a test moves by hand."""

    def __init__(self) -> None:
        self.wall, self.boot, self.awake = NOW, 50_000, 40_000
        self.ticks = TickClock(lambda: self.wall, lambda: self.boot, lambda: self.awake)
        self.ticks.look(2.0)

    def after(self, passed: int, *, leapt: int = 0, asleep: int = 0) -> Look:
        """A look after so many milliseconds, some of them asleep, the wall clock set meanwhile."""
        self.wall += passed + leapt
        self.boot += passed
        self.awake += passed - asleep
        return self.ticks.look(2.0)


def told(look: Look) -> list[tuple[str, object]]:
    return [(event.type, event.details.get("reason", event.details.get("seconds"))) for event in look.events]


def test_an_even_pace_tells_nothing() -> None:
    clocks = Clocks()
    assert clocks.after(2000) == Look(now=NOW + 2000)
    assert clocks.after(2500) == Look(now=NOW + 4500)


def test_a_clock_set_back_is_told_and_the_label_goes_back_with_it() -> None:
    look = Clocks().after(2000, leapt=-HOUR)
    assert look.now == NOW + 2000 - HOUR
    assert look.leap is not None
    assert (look.leap.by, look.leap.unwatched) == (-HOUR, 0)
    (event,) = look.events
    assert (event.type, event.timestamp) == ("clock", look.now)
    assert event.details == {"seconds": -3600.0, "from": NOW + 2000, "to": NOW + 2000 - HOUR}


def test_a_clock_set_forward_is_no_gap() -> None:
    look = Clocks().after(2000, leapt=HOUR)
    assert told(look) == [("clock", 3600.0)]
    assert look.now == NOW + 2000 + HOUR


def test_a_step_of_its_discipline_holds_the_label_until_the_clock_has_caught_up() -> None:
    clocks = Clocks()
    assert clocks.after(100, leapt=-1500) == Look(now=NOW + 1)
    assert clocks.after(100) == Look(now=NOW + 2)
    assert clocks.after(2000) == Look(now=NOW + 700)


def test_many_small_steps_back_are_a_clock_set_back_in_the_end() -> None:
    clocks = Clocks()
    looks = [clocks.after(100, leapt=-900) for _ in range(3)]
    assert [told(look) for look in looks] == [[], [], [("clock", -2.5)]]
    assert looks[-1].now == clocks.wall


def test_sleep_is_a_gap_that_the_wall_clock_went_along_with() -> None:
    look = Clocks().after(60_000, asleep=59_000)
    assert told(look) == [("gap", "suspended")]
    assert look.events[0].details["since"] == NOW
    assert look.leap is not None
    assert (look.leap.by, look.leap.unwatched) == (0, 60_000)


def test_a_process_that_was_stopped_has_a_gap_too() -> None:
    assert told(Clocks().after(60_000)) == [("gap", "stopped")]


def test_a_tick_some_intervals_late_is_no_gap() -> None:
    assert told(Clocks().after(9_000)) == []


def test_asleep_and_set_back_at_once_are_both_told_and_the_gap_does_not_end_before_it_begins() -> None:
    look = Clocks().after(60_000, leapt=-HOUR, asleep=60_000)
    assert told(look) == [("clock", -3600.0), ("gap", "suspended")]
    gap = look.events[1].details
    assert gap["until"] - gap["since"] == 60_000


@given(
    st.lists(
        st.tuples(st.integers(0, 120_000), st.integers(-2 * HOUR, 2 * HOUR) | st.integers(-5000, 5000)),
        max_size=30,
    )
)
def test_labels_ascend_but_where_a_clock_was_set_back_and_stay_near_the_wall_clock(
    steps: list[tuple[int, int]],
) -> None:
    clocks, label = Clocks(), NOW
    for passed, leapt in steps:
        look = clocks.after(passed, leapt=leapt)
        back = look.leap is not None and look.leap.by < 0
        assert look.now > label or back
        assert 0 <= look.now - clocks.wall <= LEAP_MS + 1
        assert all(event.details["seconds"] > 0 for event in look.events if event.type == "gap")
        label = look.now
