"""Prices: the package's table, the names under which it is found, and what sessions cost by it."""

from __future__ import annotations

from datetime import date
from math import fsum, isclose
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import ModelUsage, Session, TokenCounts
from monitor.prices.price import Price
from monitor.prices.pricing import Pricer, priced
from monitor.prices.table import Prices, packaged

PRICES: Final = Prices()
MILLION: Final = 1_000_000
OWN: Final = Price(input=1, output=2, cache_read=0.1, cache_write=1.5, context_size=50_000)


def tokens(count: int = MILLION, **more: int) -> TokenCounts:
    return TokenCounts(input=count, **more)


# --- the table -------------------------------------------------------------------------------------------------


def test_the_table_says_where_its_prices_come_from_and_when_they_were_looked_up() -> None:
    assert {"anthropic", "openai", "google"} <= packaged().keys()
    for vendor in packaged().values():
        assert vendor.page.startswith("https://")
        assert date(2026, 1, 1) <= vendor.checked <= PRICES.as_of
        assert vendor.models


def test_the_documentation_tells_the_same_dates() -> None:
    page = Path(__file__).parents[2] / "docs" / "explanation" / "cost.md"
    text = page.read_text(encoding="utf-8")
    for vendor in packaged().values():
        assert str(vendor.checked) in text
        assert vendor.page in text


def test_no_price_is_free_by_mistake_and_what_is_cached_is_cheaper() -> None:
    for vendor in packaged().values():
        for model, price in vendor.models.items():
            assert 0 < price.input < price.output, model
            assert price.cache_read is None or price.cache_read < price.input, model


def test_every_model_of_the_table_is_found_under_its_own_name() -> None:
    for vendor in packaged().values():
        for model, price in vendor.models.items():
            assert PRICES.find(model) == price


# --- names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "model"),
    [
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("claude-sonnet-4@20250514", "claude-sonnet-4"),
        ("Claude-Opus-4-8 ", "claude-opus-4-8"),
        ("claude-opus-4-6[1m]", "claude-opus-4-6"),
        ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"),
        ("openrouter/anthropic/claude-opus-4.8", "claude-opus-4-8"),
        ("anthropic.claude-opus-4-1-20250805-v1:0", "claude-opus-4-1"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("gpt-5-2025-08-07", "gpt-5"),
        ("openai/gpt-5.1-codex-max", "gpt-5.1-codex-max"),
        ("gpt-5-codex-high", "gpt-5-codex"),
        ("models/gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash"),
        ("gemini-3.1-pro-preview-customtools", "gemini-3.1-pro"),
    ],
)
def test_dates_providers_and_variants_lead_to_the_model(written: str, model: str) -> None:
    price = PRICES.find(model)
    assert price is not None
    assert PRICES.find(written) is price


@pytest.mark.parametrize(
    "written",
    [
        *("", "<synthetic>", "my-own-model", "gpt-6-sol-fast", "gpt-5.2-codex-max", "qwen3-coder-plus:free"),
        *("ollama/qwen3-coder-plus", "lmstudio/deepseek-v4-flash", "claude", "/", "[1m]", "-20250101"),
    ],
)
def test_what_may_cost_something_else_has_no_price(written: str) -> None:
    assert PRICES.find(written) is None
    assert PRICES.cost(written, tokens()) is None
    assert PRICES.context_size(written) is None


def test_the_large_window_is_told_by_the_name() -> None:
    assert PRICES.context_size("claude-sonnet-4-5-20250929") == 200_000
    assert PRICES.context_size("claude-sonnet-4-5-20250929[1m]") == MILLION


@given(st.text(max_size=300))
def test_any_name_is_taken(written: str) -> None:
    PRICES.find(written)


def test_names_without_end_take_no_memory_without_end() -> None:
    prices = Prices()
    for number in range(2_000):
        prices.find(f"model-{number}")
    assert len(prices._found) <= 500


# --- own prices ------------------------------------------------------------------------------------------------


def test_an_own_price_replaces_that_of_the_package_under_every_name_of_the_model() -> None:
    prices = Prices({"claude-sonnet-4.5": OWN})
    assert prices.find("anthropic/claude-sonnet-4-5-20250929") is OWN
    assert prices.context_size("claude-sonnet-4-5") == 50_000


def test_an_own_price_adds_a_model_also_one_that_runs_here() -> None:
    prices = Prices({"ollama/qwen3-coder-plus": OWN})
    assert prices.find("ollama/qwen3-coder-plus") is OWN
    assert prices.find("qwen3-coder-plus") == PRICES.find("qwen3-coder-plus")


def test_an_own_price_for_a_provider_is_for_it_alone() -> None:
    prices = Prices({"openrouter/anthropic/claude-opus-4.8": OWN})
    assert prices.find("openrouter/anthropic/claude-opus-4.8") is OWN
    assert prices.find("claude-opus-4-8") == PRICES.find("claude-opus-4-8")


# --- cost ------------------------------------------------------------------------------------------------------


def test_each_kind_of_token_has_its_price() -> None:
    every = TokenCounts(
        input=MILLION, output=MILLION, cache_read=MILLION, cache_write=MILLION, reasoning=MILLION
    )
    assert OWN.cost(every) == 4.6
    assert PRICES.cost("claude-opus-4-8", every) == 5 + 25 + 0.5 + 6.25


def test_a_cache_without_a_price_costs_as_what_is_read_anew() -> None:
    bare = Price(input=3, output=9)
    assert bare.cost(TokenCounts(cache_read=MILLION, cache_write=MILLION)) == 6


COUNTS: Final = st.builds(
    TokenCounts,
    input=st.integers(-10, 10**12),
    output=st.integers(-10, 10**12),
    cache_read=st.integers(-10, 10**12),
    cache_write=st.integers(-10, 10**12),
)
MODELS: Final = st.sampled_from(["claude-opus-4-8", "gpt-6.2-sol", "gemini-2.5-pro", "unknown", ""])
USAGE: Final = st.lists(st.builds(ModelUsage, model=MODELS, tokens=COUNTS), max_size=6).map(tuple)


@given(st.sampled_from(["claude-opus-4-8", "gpt-5.5"]), COUNTS)
def test_a_cost_is_never_negative(model: str, counts: TokenCounts) -> None:
    cost = PRICES.cost(model, counts)
    assert cost is not None
    assert cost >= 0


@given(USAGE, USAGE)
def test_what_the_models_cost_is_what_the_session_costs(
    usage: tuple[ModelUsage, ...], hours: tuple[ModelUsage, ...]
) -> None:
    session = priced(Session(kind="codex", session_id="1", usage=usage, hours=hours), PRICES)
    costs = [used.cost_usd for used in session.usage if used.cost_usd is not None]
    if costs:
        assert session.cost_usd is not None
        assert isclose(session.cost_usd, fsum(costs), abs_tol=1e-9)
        assert min(costs) >= 0
    else:
        assert session.cost_usd is None
    assert [used.tokens for used in session.usage] == [used.tokens for used in usage]


@given(USAGE.filter(bool), st.floats(0, 1e6))
def test_what_the_agent_itself_says_stands(usage: tuple[ModelUsage, ...], said: float) -> None:
    session = priced(Session(kind="goose", session_id="1", usage=usage, cost_usd=said), PRICES)
    assert session.cost_usd == said
    assert all(used.cost_usd is None or used.cost_usd >= 0 for used in session.usage)


# --- sessions --------------------------------------------------------------------------------------------------


def session(**known: Any) -> Session:
    return Session(kind="claude-code", session_id="1", **known)


def test_a_session_is_given_costs_and_the_size_of_its_window() -> None:
    used = ModelUsage(model="claude-opus-4-8", tokens=tokens())
    other = ModelUsage(model="claude-haiku-4-5", tokens=tokens())
    hour = ModelUsage(model="claude-haiku-4-5", tokens=tokens(), hour=0)
    known = priced(session(model="claude-opus-4-8", usage=(used, other), hours=(hour,)), PRICES)
    assert [each.cost_usd for each in known.usage] == [5, 1]
    assert [each.cost_usd for each in known.hours] == [1]
    assert known.cost_usd == 6
    assert known.context_size == MILLION


def test_models_without_a_price_show_none_and_count_nothing() -> None:
    used = ModelUsage(model="claude-opus-4-8", tokens=tokens())
    other = ModelUsage(model="mystery", tokens=tokens())
    known = priced(session(usage=(used, other)), PRICES)
    assert [each.cost_usd for each in known.usage] == [5, None]
    assert known.cost_usd == 5
    assert priced(session(usage=(other,)), PRICES).cost_usd is None


def test_a_session_that_tells_no_models_costs_what_its_own_one_does() -> None:
    assert priced(session(model="gpt-5.5", tokens=tokens()), PRICES).cost_usd == 5


def test_a_cost_told_for_the_whole_session_is_spread_where_no_model_has_a_price() -> None:
    mystery = ModelUsage(model="mystery", tokens=tokens(3_000))
    other = ModelUsage(model="riddle", tokens=tokens(1_000))
    hour = ModelUsage(model="mystery", tokens=tokens(1_500), hour=0)
    known = priced(session(usage=(mystery, other), hours=(hour,), cost_usd=8.0), PRICES)
    assert [used.cost_usd for used in known.usage] == [6, 2]
    assert [used.cost_usd for used in known.hours] == [3]


def test_a_window_that_holds_more_than_it_can_is_of_unknown_size() -> None:
    assert priced(session(model="claude-haiku-4-5", context_used=200_001), PRICES).context_size is None
    assert priced(session(model="claude-haiku-4-5", context_size=5), PRICES).context_size == 5


def test_a_session_of_which_nothing_is_new_stays_the_very_same() -> None:
    bare = session(model="mystery", usage=(ModelUsage(model="mystery", tokens=tokens()),))
    assert priced(bare, PRICES) is bare
    first = priced(session(model="gpt-5.5", usage=(ModelUsage(model="gpt-5.5", tokens=tokens()),)), PRICES)
    assert priced(first, PRICES) is first


def test_sessions_are_priced_once_and_forgotten_when_they_are_gone() -> None:
    pricer = Pricer(PRICES)
    one = session(model="gpt-5.5", tokens=tokens())
    (first,) = pricer.priced((one,))
    assert pricer.priced((one,))[0] is first
    again = msgspec.structs.replace(one, tokens=tokens(2 * MILLION))
    assert [each.cost_usd for each in pricer.priced((again, one))] == [10, 5]
    assert pricer.priced(()) == ()
    assert pricer._known == {}
