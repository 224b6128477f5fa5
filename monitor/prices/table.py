"""The table of prices: what the package knows, and what the settings replace or add."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.prices.names import LARGE_WINDOW, candidates, folded, is_large
from monitor.prices.price import Price

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.model import TokenCounts

_FILE: Final = Path(__file__).with_name("prices.toml")
_REMEMBERED: Final = 500
"""Names of models whose price is remembered."""


class Vendor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Prices of one vendor."""

    page: str
    """Where it tells them."""
    checked: date
    """When they were last compared with what it tells."""
    models: dict[str, Price]


@cache
def packaged() -> Mapping[str, Vendor]:
    """The vendors of the package's own table, by name; read once."""
    return msgspec.toml.decode(_FILE.read_bytes(), type=dict[str, Vendor])


class Prices:
    """The price of every model that has one. Not safe for threads: it remembers what it was asked."""

    def __init__(self, own: Mapping[str, Price] | None = None) -> None:
        """`own` prices, by model, stand before those of the package. With a provider (`openrouter/…`): for it alone."""
        self._prices = {
            folded(name): price for vendor in packaged().values() for name, price in vendor.models.items()
        }
        self._prices.update({folded(name): price for name, price in (own or {}).items()})
        self._found: dict[str, Price | None] = {}

    @property
    def as_of(self) -> date:
        """When the package's table was last compared with what vendors tell, in its newest part."""
        return max(vendor.checked for vendor in packaged().values())

    def find(self, model: str) -> Price | None:
        """The price of a model as an agent names it; None when there is none for it."""
        if model not in self._found:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            known = (self._prices[name] for name in candidates(model) if name in self._prices)
            self._found[model] = next(known, None)
        return self._found[model]

    def cost(self, model: str, tokens: TokenCounts) -> float | None:
        """What these tokens cost, in US dollars; None when the model has no price."""
        price = self.find(model)
        return None if price is None else price.cost(tokens)

    def context_size(self, model: str) -> int | None:
        """Tokens that fit into a model's window; None when nobody knows."""
        price = self.find(model)
        if price is not None and is_large(model):
            return LARGE_WINDOW
        return None if price is None else price.context_size
