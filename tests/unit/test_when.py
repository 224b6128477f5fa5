"""Moments as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.when import ALLOWED, ALLOWED_LENGTHS, format_when, parse_duration, parse_when

if not available_timezones():
    pytest.skip("this machine knows no time zones", allow_module_level=True)

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    UTC,
    BERLIN,
    ZoneInfo("America/New_York"),
    ZoneInfo("America/Havana"),  # clocks are set forward at midnight: a day without its first hour
    ZoneInfo("Pacific/Apia"),  # left out a whole day, 2011-12-30
    ZoneInfo("Australia/Lord_Howe"),  # by half an hour
    ZoneInfo("Asia/Kathmandu"),
]
zones = st.sampled_from(ZONES)
moments = st.integers(1_000_000_000_000, 2_000_000_000_000) | st.builds(
    lambda change, minutes: change + minutes * 60_000,
    # Clocks set forward and back in Berlin, New York and Havana; Apia's left-out day.
    st.sampled_from(
        [1_774_746_000_000, 1_792_890_000_000, 1_772_953_200_000, 1_772_946_000_000, 1_325_239_200_000]
    ),
    st.integers(-3000, 3000),
)


def at(text: str, zone: ZoneInfo = BERLIN) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


NOW = at("2026-11-22T10:30:15.250")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("now", "2026-11-22T10:30:15.250"),
        ("today", "2026-11-22T00:00:00"),
        ("yesterday", "2026-11-21T00:00:00"),
        ("Yesterday  23:00", "2026-11-21T23:00:00"),
        ("today 7:05", "2026-11-22T07:05:00"),
        ("-2h", "2026-11-22T08:30:15.250"),
        ("-90m", "2026-11-22T09:00:15.250"),
        ("-1d12h", "2026-11-20T22:30:15.250"),
        ("-1w1d1h1m1s", "2026-11-14T09:29:14.250"),
        ("10:30", "2026-11-22T10:30:00"),
        ("9:05", "2026-11-22T09:05:00"),
        ("14:05", "2026-11-21T14:05:00"),
        ("14:05:30", "2026-11-21T14:05:30"),
        ("10:30:15.250", "2026-11-22T10:30:15.250"),
        ("10:30:15.251", "2026-11-21T10:30:15.251"),
        ("2026-11-20", "2026-11-20T00:00:00"),
        ("2026-11-20 14:05", "2026-11-20T14:05:00"),
        ("2026-11-20T14:05:30,5", "2026-11-20T14:05:30.500"),
        ("2026-11-20T13:05Z", "2026-11-20T14:05:00"),
        ("2026-11-20 13:05 +0000", "2026-11-20T14:05:00"),
        ("2026-11-20t18:35:00+05:30", "2026-11-20T14:05:00"),
        ("2026-11-20 08:05-05", "2026-11-20T14:05:00"),
        ("2027-01-01", "2027-01-01T00:00:00"),
    ],
)
def test_what_a_person_writes_is_the_moment_that_was_meant(text: str, meant: str) -> None:
    assert parse_when(text, NOW, tz=BERLIN) == at(meant)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "5",
        "-5",
        "2h",
        "-2x",
        "-h",
        "25:00",
        "12:60",
        "12",
        "tomorrow",
        "2026-13-01",
        "2026-02-30",
        "2026-11-22 +01:00",
        "2026-11-22x14:05",
        "1970-01-01T00:00-99:00",
        "0001-01-01",
        "1969-12-31T00:00Z",
        "9999-12-31",
        "-999999d",
        "yesterday yesterday",
        "-\u0661h",
        "now\x1b[31m",
    ],
)
def test_what_is_no_time_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_when(text, NOW, tz=BERLIN)
    assert ALLOWED in str(error.value)
    assert "\x1b" not in str(error.value)


def test_a_time_that_clocks_showed_twice_is_the_first_when_a_day_is_named_and_the_last_when_not() -> None:
    later = at("2026-10-25T04:00")
    first = datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=2))).timestamp() * 1000
    second = datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=1))).timestamp() * 1000
    assert parse_when("2026-10-25 02:30", later, tz=BERLIN) == first
    assert parse_when("02:30", later, tz=BERLIN) == second
    assert parse_when("02:30", round(second) - 1, tz=BERLIN) == first


def test_a_time_that_clocks_left_out_is_told_after_the_change_when_a_day_is_named_and_skipped_when_not() -> (
    None
):
    later = at("2026-03-29T12:00")
    assert parse_when("today 02:30", later, tz=BERLIN) == at("2026-03-29T03:30")
    assert parse_when("02:30", later, tz=BERLIN) == at("2026-03-28T02:30")
    havana = ZoneInfo("America/Havana")
    assert parse_when("2026-03-08", later, tz=havana) == at("2026-03-08T01:00", havana)


def test_a_day_ago_is_24_hours_over_a_change_of_clocks_too() -> None:
    assert parse_when("-1d", at("2026-03-29T12:00"), tz=BERLIN) == at("2026-03-28T11:00")


def test_without_a_zone_the_machine_s_own_counts() -> None:
    now = round(datetime(2026, 11, 22, 10, 30).astimezone().timestamp()) * 1000
    assert parse_when("10:30", now) == now
    assert parse_when(format_when(now), now + 1) == now


@given(moments, zones, st.times())
def test_a_time_of_day_is_the_last_moment_at_which_clocks_showed_it(
    now: int, zone: ZoneInfo, clock: datetime
) -> None:
    text = f"{clock:%H:%M:%S}"
    found = parse_when(text, now, tz=zone)
    assert found <= now
    assert format_when(found, tz=zone).endswith(text)
    # The same wall clock time, not seen again since: hour by hour, for changes are of parts of an hour too.
    since = range(found + 1_800_000, now + 1, 1_800_000)
    assert not [moment for moment in since if format_when(moment, tz=zone).endswith(text)]


@given(moments, zones)
def test_a_moment_as_it_is_written_is_read_again(at: int, zone: ZoneInfo) -> None:
    text = format_when(at, tz=zone)
    found = parse_when(text, at, tz=zone)
    assert format_when(found, tz=zone) == text
    assert at // 1000 * 1000 - found in {0, 1_800_000, 3_600_000}  # later, where clocks show it twice


@given(moments, st.integers(0, 400), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_so_long_ago_is_so_long_ago(now: int, days: int, hours: int, minutes: int, seconds: int) -> None:
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    found = parse_when(f"-{days}d{hours}h{minutes}m{seconds}s", now)
    assert timedelta(milliseconds=now - found) == span


@given(st.text(max_size=40) | st.from_regex(r"-?[0-9tz:+\-. ]{1,30}"), moments, zones)
def test_any_text_is_a_moment_or_refused(text: str, now: int, zone: ZoneInfo) -> None:
    try:
        found = parse_when(text, now, tz=zone)
    except ConfigError:
        return
    assert format_when(found, tz=zone)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30m", 1800), ("1h", 3600), ("24H", 86_400), (" 1d 12h ", 129_600), ("1w1s", 604_801), ("90s", 90)],
)
def test_a_duration_is_read_as_people_write_it(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds * 1000


@pytest.mark.parametrize(
    "text", ["", "0h", "h", "1", "-1h", "1h30", "1.5h", "tomorrow", "1m1h", "٣h", "9" * 40 + "h"]
)
def test_what_is_no_duration_names_what_is_allowed(text: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(ALLOWED_LENGTHS)):
        parse_duration(text)
