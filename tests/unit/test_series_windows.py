"""Spans of the past: they end at the moment, and their parts lie still while it moves on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.history.series.windows import BUCKETS, refresh_after, window
from monitor.model import SPANS

moments = st.integers(1_600_000_000_000, 1_900_000_000_000)
spans = st.sampled_from(tuple(SPANS))


@given(spans, moments)
def test_the_moment_lies_in_the_last_part_and_the_whole_span_before_it(span: str, at: int) -> None:
    part = window(span, at)
    assert part.end == at + 1
    assert part.start + (part.count - 1) * part.bucket <= at < part.start + part.count * part.bucket
    assert at - part.start >= SPANS[span]


@given(spans, moments, st.integers(0, 40_000_000))
def test_two_moments_share_their_parts(span: str, at: int, later: int) -> None:
    one, other = window(span, at), window(span, at + later)
    assert (other.start - one.start) % one.bucket == 0
    assert one.start % one.bucket == 0


def test_every_span_is_told_in_enough_parts_for_a_wide_screen_and_not_many_more() -> None:
    assert BUCKETS.keys() == SPANS.keys()
    for span in SPANS:
        assert 140 <= window(span, 1_750_000_000_000).count <= 200


def test_long_spans_are_read_again_less_often_than_short_ones() -> None:
    refreshes = [refresh_after(span) for span in SPANS]
    assert refreshes == sorted(refreshes)
    assert (refreshes[0], refreshes[-1]) == (5_000, 300_000)


def test_an_unknown_span_is_an_error() -> None:
    with pytest.raises(KeyError):
        window("2h", 1_750_000_000_000)
