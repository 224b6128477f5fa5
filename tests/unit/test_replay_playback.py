"""The clock of a replay, and how long each picture lasts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.history.replay.marks import Ticks
from monitor.history.replay.pace import FRAME_SECONDS, GAP_SHOWN_SECONDS, Pace
from monitor.history.replay.playback import Playback
from monitor.history.replay.span import Span

SPAN = Span(0, 10_000_000)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def playing(at: int = 0, speed: float = 1.0) -> tuple[Playback, Clock]:
    clock = Clock()
    return Playback(at, playing=True, speed=speed, clock=clock), clock


# --- the clock -----------------------------------------------------------------------------------------------------


def test_while_playing_the_moment_moves_by_the_speed() -> None:
    playback, clock = playing(5000, speed=60.0)
    clock.now += 2.5
    assert playback.at == 5000 + 150_000


def test_while_standing_still_it_does_not_move() -> None:
    playback, clock = playing()
    clock.now += 1
    playback.play(playing=False)
    clock.now += 100
    assert playback.at == 1000
    playback.play(playing=True)
    clock.now += 1
    assert playback.at == 2000


def test_a_new_speed_counts_from_now_on() -> None:
    playback, clock = playing()
    clock.now += 2
    playback.set_speed(10.0)
    clock.now += 3
    assert playback.at == 2000 + 30_000


def test_going_somewhere_goes_on_from_there() -> None:
    playback, clock = playing()
    clock.now += 7
    playback.go(50_000)
    assert playback.at == 50_000
    clock.now += 1
    assert playback.at == 51_000


def test_a_speed_beyond_what_there_is_is_the_nearest_that_there_is() -> None:
    playback, _ = playing(speed=1e9)
    assert playback.speed == 3600.0
    playback.set_speed(0.0)
    assert playback.speed == 1.0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["play", "stop", "speed"]),
            st.floats(0, 100),
            st.sampled_from([1.0, 60.0, 3600.0]),
        ),
        max_size=20,
    )
)
def test_whatever_is_pressed_the_moment_never_jumps(presses: list[tuple[str, float, float]]) -> None:
    playback, clock = playing()
    for press, seconds, speed in presses:
        before = playback.at
        if press == "speed":
            playback.set_speed(speed)
        else:
            playback.play(press == "play")
        assert abs(playback.at - before) <= 1
        clock.now += seconds
        assert playback.at >= before


def test_how_long_it_takes_to_a_moment_is_in_real_seconds() -> None:
    playback, _ = playing(1000, speed=10.0)
    assert playback.seconds_to(21_000) == 2.0
    assert playback.seconds_to(500) == 0.0


# --- the pace ------------------------------------------------------------------------------------------------------


def test_at_real_time_a_picture_lasts_until_the_next_sample() -> None:
    playback, clock = playing(2000)
    pace = Pace(clock)
    pace.stand(2000, Ticks(2000, 4000), 16_000, SPAN)
    assert pace.seconds(playback, 2000, SPAN.last) == 2.0


def test_played_fast_there_are_at_most_eight_pictures_a_second() -> None:
    playback, clock = playing(2000, speed=3600.0)
    pace = Pace(clock)
    pace.stand(2000, Ticks(2000, 4000), 16_000, SPAN)
    assert pace.seconds(playback, 2000, SPAN.last) == FRAME_SECONDS == 1 / 8


def test_a_picture_lasts_no_longer_than_its_numbers_are_known() -> None:
    playback, clock = playing(2000)
    pace = Pace(clock)
    pace.stand(2000, Ticks(2000, 5_000_000), 16_000, SPAN)
    assert pace.gap is None
    assert pace.seconds(playback, 2000, SPAN.last) == 14.001


def test_a_gap_is_where_the_numbers_are_unknown_and_goes_from_sample_to_sample() -> None:
    pace = Pace(Clock())
    for at, gap in ((16_000, None), (16_001, (2000, 5_000_000)), (4_999_999, (2000, 5_000_000))):
        pace.stand(at, Ticks(2000, 5_000_000), 16_000, SPAN)
        assert pace.gap == gap
    pace.stand(9_999_999, Ticks(9_000_000, None), 9_014_000, SPAN)
    assert pace.gap == (9_000_000, SPAN.last)
    pace.stand(10, Ticks(None, 3000), None, SPAN)
    assert pace.gap == (0, 3000)


def test_a_gap_that_takes_less_than_ten_seconds_to_play_is_played() -> None:
    playback, clock = playing(100_000, speed=3600.0)
    pace = Pace(clock)
    pace.stand(100_000, Ticks(2000, 5_000_000), 16_000, SPAN)
    assert pace.seconds(playback, 100_000, SPAN.last) == GAP_SHOWN_SECONDS
    clock.now += 1
    pace.leap(playback)
    assert playback.at == 3_700_000


def test_a_longer_gap_is_left_out_after_a_second() -> None:
    playback, clock = playing(100_000, speed=10.0)
    pace = Pace(clock)
    pace.stand(100_000, Ticks(2000, 5_000_000), 16_000, SPAN)
    assert pace.seconds(playback, 100_000, SPAN.last) == GAP_SHOWN_SECONDS
    clock.now += 0.5
    pace.leap(playback)
    assert playback.at == 105_000
    assert pace.seconds(playback, 105_000, SPAN.last) == 0.5
    clock.now += 0.5
    pace.leap(playback)
    assert playback.at == 5_000_000


def test_standing_still_in_a_gap_starts_its_second_again() -> None:
    playback, clock = playing(100_000)
    pace = Pace(clock)
    pace.stand(100_000, Ticks(2000, 5_000_000), 16_000, SPAN)
    pace.seconds(playback, 100_000, SPAN.last)
    playback.play(playing=False)
    pace.leap(playback)
    playback.play(playing=True)
    clock.now += 5
    pace.leap(playback)
    assert playback.at == 105_000


def test_another_gap_has_a_second_of_its_own() -> None:
    playback, clock = playing(100_000)
    pace = Pace(clock)
    pace.stand(100_000, Ticks(2000, 5_000_000), 16_000, SPAN)
    pace.seconds(playback, 100_000, SPAN.last)
    clock.now += 5
    pace.stand(8_000_000, Ticks(7_000_000, 9_000_000), 7_014_000, SPAN)
    playback.go(8_000_000)
    pace.leap(playback)
    assert playback.at == 8_000_000
