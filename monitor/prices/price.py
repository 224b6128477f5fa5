"""What one model costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from monitor.model import TokenCounts

DIGITS: Final = 9
"""After the point of a dollar: a token of the cheapest model costs more."""
_MILLION: Final = 1_000_000


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model costs, in US dollars per million tokens; it replaces what the program knows of the model."""

    input: Annotated[float, Meta(ge=0, le=100_000, description="For what it reads anew.")]
    output: Annotated[float, Meta(ge=0, le=100_000, description="For what it writes, reasoning included.")]
    cache_read: (
        Annotated[
            float,
            Meta(ge=0, le=100_000, description="For what it reads from its cache; left out: as `input`."),
        ]
        | None
    ) = None
    cache_write: (
        Annotated[
            float, Meta(ge=0, le=100_000, description="For what goes into its cache; left out: as `input`.")
        ]
        | None
    ) = None
    context_size: (
        Annotated[int, Meta(ge=1, le=1_000_000_000, description="Tokens that fit into its context window.")]
        | None
    ) = None

    def cost(self, tokens: TokenCounts) -> float:
        """What these tokens cost, in US dollars; counts below zero, as a damaged log may give, cost nothing."""
        read = self.input if self.cache_read is None else self.cache_read
        write = self.input if self.cache_write is None else self.cache_write
        dollars = (
            max(0, tokens.input) * self.input
            + max(0, tokens.output) * self.output
            + max(0, tokens.cache_read) * read
            + max(0, tokens.cache_write) * write
        )
        return round(dollars / _MILLION, DIGITS)
