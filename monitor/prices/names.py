"""The names under which a price may stand for a model as an agent's log names it.

Logs write `claude-sonnet-4-5-20250929`, `anthropic/claude-sonnet-4.5`, `us.anthropic.claude-sonnet-4-5-20250929-v1:0`,
`claude-opus-4-6[1m]`; the table has one name for all of these. What may mean another price (`-fast`, `:free`, `-pro`)
is no variant: rather no price than a wrong one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGE_WINDOW: Final = 1_000_000
"""Tokens that fit into the window of a model whose name ends in `[1m]`."""
_LARGE: Final = "[1m]"
_NAME_LIMIT: Final = 200
"""Characters of a name that are looked at."""
_LOCAL: Final = frozenset({"ollama", "lmstudio", "llamacpp", "llama-cpp", "vllm", "local", "localhost"})
"""Providers on the user's own machine, which charge nothing for models that cost elsewhere."""
_BEDROCK: Final = re.compile(r"(?:[a-z]{2,6}[.-])?(?:anthropic|openai|google|meta|mistral|deepseek|qwen)[.-]")
_BEDROCK_END: Final = re.compile(r"(?:-v\d+)?:\d+\Z")
_VARIANT: Final = re.compile(
    r"(?:[-@](?:20\d{6}|20\d\d-\d\d-\d\d|\d\d-20\d\d)"
    r"|-(?:latest|preview|exp|experimental|thinking|minimal|low|medium|high|xhigh|customtools))\Z"
)
"""Dates of a version, stages of its life, how much it shall think: none of it has a price of its own."""


def folded(name: str) -> str:
    """A name as it is compared: in small letters, with `-` for the dot of a version."""
    return name.strip()[:_NAME_LIMIT].lower().replace(".", "-")


def is_large(name: str) -> bool:
    """Whether the name asks for the large context window."""
    return name.strip().lower().endswith(_LARGE)


def candidates(name: str) -> Iterator[str]:
    """The folded names to look for, the most particular one first."""
    text = folded(name)
    if not text:
        return
    yield text
    text = text.removesuffix(_LARGE).rstrip()
    yield text
    provider, _, bare = text.rpartition("/")
    if any(part in _LOCAL for part in provider.split("/")):
        return
    yield bare
    found = _BEDROCK.match(bare)
    if found:
        bare = bare[found.end() :]
        yield bare
    shorter = _BEDROCK_END.sub("", bare)
    while shorter != bare:
        yield shorter
        bare, shorter = shorter, _VARIANT.sub("", shorter)
    shorter = _VARIANT.sub("", bare)
    while shorter != bare:
        yield shorter
        bare, shorter = shorter, _VARIANT.sub("", shorter)
