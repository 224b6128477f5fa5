"""Who works in the demo fleet: ids, names, roles, kinds and branches, the same for the same seed."""

from __future__ import annotations

import random
from typing import Final, Literal, NamedTuple

Opening = Literal["working", "failing", "waiting", "resting"]

_KNOWN: Final = (
    # The first three are those of the system that seed 001 was written for (checklist SIB-01).
    ("architect", "System Architect", "architecture and interfaces"),
    ("builder", "Full-Stack Builder", "features, both ends"),
    ("validator", "Quality Validator", "verification"),
    ("reviewer", "Code Reviewer", "review"),
    ("tester", "Test Engineer", "tests"),
    ("docs", "Documentation Writer", "documentation"),
    ("frontend", "Frontend Builder", "web pages"),
    ("backend", "Backend Builder", "services"),
    ("database", "Database Engineer", "schema and queries"),
    ("security", "Security Auditor", "audits"),
    ("devops", "Delivery Engineer", "build and deployment"),
    ("search", "Search Engineer", "search and ranking"),
    ("billing", "Billing Builder", "invoices and payments"),
    ("performance", "Performance Engineer", "profiles and budgets"),
    ("release", "Release Manager", "changelog and versions"),
    ("accessibility", "Accessibility Tester", "screen readers and contrast"),
    ("translator", "Translator", "languages"),
    ("data", "Data Engineer", "imports and exports"),
    ("mobile", "Mobile Builder", "small screens"),
    ("triage", "Issue Triager", "bug reports"),
)
_KINDS: Final = (
    "claude-code", "codex", "claude-code", "gemini", "opencode", "aider", "claude-code", "goose", "codex",
    "cursor-agent", "copilot", "amp", "crush", "qwen-code", "droid",
)  # fmt: skip
_FEATURES: Final = {
    3: "review/refund-flow",
    5: "docs/getting-started",
    6: "feat/checkout-page",
    8: "fix/slow-orders-query",
    11: "feat/typo-tolerant-search",
    13: "perf/cold-start",
}
_OPENINGS: Final[tuple[Opening, ...]] = ("working", "failing", "waiting", "working", "resting", "working")


class Member(NamedTuple):
    """One agent of the fleet. `number` counts from 0 and stays its own; `opening` is what it does first."""

    number: int
    id: str
    name: str
    role: str
    kind: str
    branch: str
    opening: Opening


def cast(agents: int, seed: int, now: int) -> tuple[Member, ...]:
    """The members of a fleet of that size; `now` (seconds since the epoch) is when it is built.

    Branches are `agent-<id>-<unix time>` as in checklist SIB-01, or a short feature branch.
    """
    rng = random.Random(f"{seed}:cast")
    members = []
    for number in range(agents):
        known = _KNOWN[number] if number < len(_KNOWN) else None
        identity, name, role = known or (f"agent-{number}", f"Agent {number}", "features")
        created = now - rng.randrange(3 * 86_400, 9 * 86_400)
        branch = _FEATURES.get(number, f"agent-{identity}-{created}")
        opening = (
            _OPENINGS[number] if number < len(_OPENINGS) else rng.choice(("working", "working", "resting"))
        )
        members.append(Member(number, identity, name, role, _KINDS[number % len(_KINDS)], branch, opening))
    return tuple(members)
