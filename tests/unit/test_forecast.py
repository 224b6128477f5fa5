"""Where sessions are heading: the rate of the last hour, when window and quota will be full."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_facts import HOUR, MINUTE, NOW, SECOND, session, usage

from monitor.model import Forecast, Leap, Quota, Session
from monitor.rules.forecast import ForecastBook, Trend, burn_rate

FULL_HOUR = NOW - NOW % HOUR
"""The hour in which now lies began here."""


# --- rate ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minute", "before", "current", "rate"),
    [
        (0, 600, 0, 600),
        (15, 600, 100, 550),
        (30, 600, 100, 400),
        (59, 600, 1_000, 1_010),
    ],
)
def test_the_rate_is_of_the_last_sixty_minutes(minute: int, before: int, current: int, rate: int) -> None:
    now = FULL_HOUR + minute * MINUTE
    hours = (
        usage(FULL_HOUR - 2 * HOUR, 99.0, 10**9),
        usage(FULL_HOUR - HOUR, before / 100, before),
        usage(FULL_HOUR, current / 100, current),
    )
    tokens, dollars = burn_rate(session(hours=hours), now)
    assert tokens == rate
    assert dollars == pytest.approx(rate / 100)


def test_models_of_one_hour_add_up_and_those_without_a_price_are_not_in_the_dollars() -> None:
    hours = (usage(FULL_HOUR, 1.0, 10), usage(FULL_HOUR, None, 20))
    assert burn_rate(session(hours=hours), FULL_HOUR + MINUTE) == (30, 1.0)
    assert burn_rate(session(hours=hours[1:]), FULL_HOUR + MINUTE) == (20, None)


def test_nothing_of_late_is_nothing_and_no_hours_are_unknown() -> None:
    assert burn_rate(session(hours=(usage(FULL_HOUR, 1.0),)), FULL_HOUR + 3 * HOUR) == (0, 0.0)
    assert burn_rate(session(hours=(usage(FULL_HOUR + HOUR, 1.0),)), FULL_HOUR) == (0, 0.0)
    assert burn_rate(session(), NOW) == (None, None)


@given(
    st.lists(st.tuples(st.integers(-50, 5), st.integers(0, 10**9), st.floats(0, 1e4)), max_size=48),
    st.integers(0, HOUR),
)
def test_a_rate_is_never_negative_and_never_more_than_everything(
    spent: list[tuple[int, int, float]], past: int
) -> None:
    hours = tuple(usage(FULL_HOUR + hour * HOUR, dollars, count) for hour, count, dollars in spent)
    tokens, dollars = burn_rate(session(hours=hours), FULL_HOUR + past)
    assert 0 <= (tokens or 0) <= sum(count for _, count, _ in spent)
    assert 0 <= (dollars or 0) <= sum(cost for _, _, cost in spent) + 1e-3


# --- trend -----------------------------------------------------------------------------------------------------


def trend(*values: float, step: int = MINUTE, window: int = HOUR) -> Trend:
    made = Trend(window)
    for number, value in enumerate(values):
        made.note(NOW + number * step, value)
    return made


def test_what_grows_evenly_is_full_when_a_ruler_says() -> None:
    assert trend(10, 20, 30, step=10 * MINUTE).reaches(100, NOW + 20 * MINUTE) == NOW + 90 * MINUTE


@pytest.mark.parametrize(
    "made",
    [
        *(trend(), trend(50), trend(50, 50, 50, step=10 * MINUTE), trend(50, 49, step=10 * MINUTE)),
        trend(10, 20, step=30 * SECOND),
    ],
    ids=["no reading", "one reading", "no growth", "it shrinks a little", "too short"],
)
def test_without_growth_nothing_is_foretold(made: Trend) -> None:
    assert made.reaches(100, NOW + 30 * SECOND) is None


def test_after_a_fall_it_begins_anew() -> None:
    made = trend(10, 90, 20, 30, step=10 * MINUTE)
    assert made.reaches(100, NOW + 30 * MINUTE) == NOW + 100 * MINUTE


def test_growth_long_ago_is_forgotten() -> None:
    made = trend(10, 50, *[50.0] * 12, step=10 * MINUTE)
    assert made.reaches(100, NOW + 130 * MINUTE) is None


def test_what_is_full_is_full_now() -> None:
    assert trend(100).reaches(100, NOW + MINUTE) == NOW + MINUTE


def test_a_trend_keeps_few_readings() -> None:
    made = trend(*range(5_000), step=SECOND)
    assert len(made._readings) <= 14


# --- book ------------------------------------------------------------------------------------------------------


def growing(book: ForecastBook, *values: int, step: int = MINUTE, **known: Any) -> Forecast:
    forecast = None
    for number, value in enumerate(values):
        known_now = session(context_used=value, context_size=200_000, **known)
        forecast = book.note("builder", known_now, NOW + number * step)
    assert forecast is not None
    return forecast


def test_a_window_that_fills_up_has_a_time_when_it_is_full() -> None:
    forecast = growing(ForecastBook(), 100_000, 110_000, 120_000)
    assert forecast == Forecast(context_full_at=NOW + 10 * MINUTE)


def test_a_window_of_unknown_size_and_one_that_fills_up_in_days_have_none() -> None:
    assert growing(ForecastBook(), 1_000, 1_001, 1_002).context_full_at is None
    book = ForecastBook()
    for number in range(3):
        known = session(context_used=number * 1_000)
        assert book.note("builder", known, NOW + number * MINUTE) == Forecast()


def quotas(book: ForecastBook, *readings: tuple[Quota, ...]) -> Forecast:
    forecast = None
    for number, told in enumerate(readings):
        forecast = book.note("builder", session(quotas=told), NOW + number * 10 * MINUTE)
    assert forecast is not None
    return forecast


def told(percent: float, name: str = "five_hour", resets_at: int | None = None) -> Quota:
    return Quota(name=name, used_percent=percent, resets_at=resets_at)


def test_the_quota_that_is_used_up_first_is_named() -> None:
    forecast = quotas(ForecastBook(), (told(10), told(50, "seven_day")), (told(30), told(51, "seven_day")))
    assert (forecast.quota_name, forecast.quota_full_at) == ("five_hour", NOW + 45 * MINUTE)


def test_a_quota_that_is_given_anew_before_it_is_used_up_needs_no_time() -> None:
    at = NOW + 40 * MINUTE
    assert quotas(ForecastBook(), (told(10, resets_at=at),), (told(30, resets_at=at),)) == Forecast()
    over = NOW - 1
    assert quotas(ForecastBook(), (told(10, resets_at=over),), (told(99, resets_at=over),)) == Forecast()


def test_names_of_quotas_without_end_take_no_memory_without_end() -> None:
    book = ForecastBook()
    quotas(book, *((told(50, f"window-{number}"),) for number in range(50)))
    assert len(book._known["builder"].quotas) <= 8


def test_the_very_record_of_before_stands_while_it_says_the_same() -> None:
    book = ForecastBook()
    known = session(context_used=5, context_size=10)
    first = book.note("builder", known, NOW)
    assert book.note("builder", known, NOW + 20 * SECOND) is first
    assert book.note("builder", known, NOW + 40 * SECOND) is first
    assert book.note("builder", session(context_used=5, context_size=10), NOW + 41 * SECOND) is first


def test_a_session_of_which_nothing_is_new_is_looked_at_now_and_then() -> None:
    book = ForecastBook()
    known = session(hours=(usage(FULL_HOUR, 6.0, 600),))
    first = book.note("builder", known, FULL_HOUR + HOUR)
    assert book.note("builder", known, FULL_HOUR + HOUR + 29 * SECOND) is first
    later = book.note("builder", known, FULL_HOUR + 90 * MINUTE)
    assert later is not None
    assert (later.tokens_per_hour, later.usd_per_hour) == (300, 3.0)


def test_another_session_a_leap_and_a_farewell_begin_anew() -> None:
    book = ForecastBook()
    growing(book, 100_000, 110_000)
    other = Session(kind="codex", session_id="s2", context_used=120_000, context_size=200_000)
    assert book.note("builder", other, NOW + 2 * MINUTE) == Forecast()
    growing(book, 100_000, 110_000)
    book.leap(Leap(now=NOW, unwatched=HOUR))
    assert (
        book.note("builder", session(context_used=120_000, context_size=200_000), NOW + 2 * MINUTE)
        == Forecast()
    )
    assert book.note("builder", None, NOW) is None
    assert book._known == {}


def test_a_clock_that_is_set_back_does_no_harm() -> None:
    book = ForecastBook()
    growing(book, 100_000, 110_000)
    assert book.note("builder", session(context_used=120_000, context_size=200_000), NOW - HOUR) == Forecast()
